import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createApp } from './app.ts'
import { readSettings } from './config.ts'

/**
 * The HTTP interface as OpenAPI 3.1. It is the same whoever takes the money and wherever the data lies, so the core is put
 * together over an empty folder of its own, with an account at a provider that nobody calls; it does not listen.
 */
export async function describeInterface(rim: Parameters<typeof createApp>[1]): Promise<object> {
  const folder = mkdtempSync(path.join(tmpdir(), 'core-openapi-'))
  try {
    const file = (name: string, contents: string | object) => {
      const at = path.join(folder, name)
      writeFileSync(at, typeof contents === 'string' ? contents : JSON.stringify(contents), { mode: 0o600 })
      return at
    }
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    file('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    file('api-v3.key', 'x'.repeat(32))
    const merchant = file('merchant.json', {
      baseUrl: 'http://127.0.0.1:9',
      mchId: 'none',
      appId: 'none',
      serviceId: 'none',
      merchantSerialNo: 'none',
      merchantPrivateKeyFile: 'key.pem',
      apiV3KeyFile: 'api-v3.key',
    })
    const notices = file('notices.json', { baseUrl: 'http://127.0.0.1:9', keyFile: 'api-v3.key' })
    const { settings } = readSettings(['--data', folder, '--provider', merchant, '--notices', notices])
    const core = await createApp(settings, rim)
    try {
      await core.http.ready()
      return core.http.swagger()
    } finally {
      await core.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
