import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { checkMerchant } from '#core/payments/payscore/check.ts'
import { loadMerchant } from '#core/payments/payscore/merchant.ts'
import { createPayScore } from '#core/payments/payscore/payscore.ts'
import { createSignedWire } from '#core/payments/payscore/signed-wire.ts'
import { createHttpTransport } from '#core/platform/transport.ts'
import { createProviderStandIn } from '#simulator/provider/provider.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const ids = createIds(clock, random)
const stops: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

interface MerchantFile {
  baseUrl: string
  [name: string]: unknown
}
/** @param change  what stands in the file of the merchant, before it is read */
async function merchantWith(
  change: (file: MerchantFile, folder: string) => void = () => undefined,
  verifiedBy: 'publicKey' | 'certificate' = 'publicKey',
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'check-'))
  const standIn = createProviderStandIn({
    dataDir: folder,
    port: 0,
    clock,
    ids,
    random,
    behaviour: { verifiedBy },
  })
  const { url } = await standIn.start()
  stops.push(async () => {
    await standIn.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const file = path.join(folder, 'merchant.json')
  const contents = JSON.parse(readFileSync(file, 'utf8')) as MerchantFile
  change(contents, folder)
  writeFileSync(file, JSON.stringify(contents))
  const merchant = loadMerchant(file)
  const wire = createSignedWire({
    clock,
    random,
    merchant,
    transport: createHttpTransport(clock),
    answerWithinMs: 3000,
  })
  return { url, merchant, wire, file }
}
async function check(...given: Parameters<typeof merchantWith>): Promise<Record<string, string>> {
  const { merchant, wire } = await merchantWith(...given)
  const checks = await checkMerchant({ merchant, wire, clock, ids, publicUrl: 'https://shop.example' })
  return Object.fromEntries(checks.map(({ name, state, detail }) => [name, `${state}: ${detail}`]))
}

describe('the check of the provider account', () => {
  it('says that everything fits when it does', async () => {
    const checks = await check()
    expect(Object.values(checks).every((one) => one.startsWith('ok'))).toBe(true)
    expect(Object.keys(checks)).toEqual([
      'merchant key',
      'provider keys',
      'address and answer',
      'clock',
      'our signature and service',
      'APIv3 key',
      'callbacks',
    ])
  })
  it('says that nobody answers', async () => {
    const checks = await check((file) => {
      file.baseUrl = 'http://127.0.0.1:9'
    })
    expect(checks['address and answer']).toMatch(/failed.*gave no answer.*baseUrl/)
  })
  it("says that the answer cannot be proven with the provider's key", async () => {
    const checks = await check((file) => {
      file['providerPublicKeyId'] = 'PUB_KEY_ID_another'
      delete file['providerPublicKeys']
    })
    expect(checks['address and answer']).toMatch(/failed.*cannot be proven.*providerPublicKeyId/)
  })
  it('says that our signature is not accepted', async () => {
    const checks = await check((file) => {
      file['merchantSerialNo'] = '0000'
    })
    expect(checks['our signature and service']).toMatch(/failed.*merchantSerialNo/)
  })
  it('says that the service is another one', async () => {
    const checks = await check((file) => {
      file['serviceId'] = '0000'
    })
    expect(checks['our signature and service']).toMatch(/failed.*serviceId/)
  })
  it('says that the APIv3 key is another one', async () => {
    const checks = await check((file, folder) => {
      const other = path.join(folder, 'other-key.txt')
      writeFileSync(other, 'x'.repeat(32))
      file['apiV3KeyFile'] = other
    })
    expect(checks['APIv3 key']).toMatch(/failed.*apiV3KeyFile/)
  })
  it('says that the two halves of a key belong together, before anything is asked', async () => {
    await expect(
      check((file) => {
        delete file['providerPublicKeyFile']
      }),
    ).rejects.toThrow(/belong together/)
  })
})

describe('an account from before public keys', () => {
  const withoutKeys = (file: MerchantFile) => {
    for (const name of ['providerPublicKeyId', 'providerPublicKeyFile', 'providerPublicKeys'])
      delete file[name]
  }
  it('fetches the platform certificates, proves them with the APIv3 key and believes what they sign', async () => {
    const { merchant, wire } = await merchantWith(withoutKeys, 'certificate')
    const provider = createPayScore({ merchant, wire, clock, notifyUrl: () => 'http://127.0.0.1:9/' })
    expect((await provider.queryOrder('or-unknown')).kind).toBe('absent')
  })
  it('takes a new certificate without a restart', async () => {
    const { url, merchant, wire } = await merchantWith(withoutKeys, 'certificate')
    const provider = createPayScore({ merchant, wire, clock, notifyUrl: () => 'http://127.0.0.1:9/' })
    const post = (address: string, body: object) =>
      fetch(`${url}/control/keys/${address}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      })
    const { id } = (await (await post('announce', {})).json()) as { id: string }
    expect((await provider.queryOrder('or-unknown')).kind).toBe('absent')
    expect((await post('switch', { id })).ok).toBe(true)
    expect((await provider.queryOrder('or-unknown')).kind).toBe('absent')
  })
  it('does not believe certificates that its APIv3 key does not open', async () => {
    const { merchant, wire } = await merchantWith((file, folder) => {
      withoutKeys(file)
      const other = path.join(folder, 'other-key.txt')
      writeFileSync(other, 'x'.repeat(32))
      file['apiV3KeyFile'] = other
    }, 'certificate')
    const provider = createPayScore({ merchant, wire, clock, notifyUrl: () => 'http://127.0.0.1:9/' })
    expect((await provider.queryOrder('or-unknown')).kind).toBe('unknown')
  })
})
