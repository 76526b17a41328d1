import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

/** The bodies as EMQX 5 sends them over HTTP: every placeholder of a JSON template becomes text. */
const SECRET = 'a secret of more than thirty-two letters'
let bench: CoreBench
let url: string
let password: string

beforeAll(async () => {
  bench = await createCoreBench({}, (folder) => {
    const file = path.join(folder, 'emqx.secret')
    writeFileSync(file, SECRET, { mode: 0o600 })
    return ['--emqx-secret', file]
  })
  const started = await bench.core.start()
  url = started.url
  const { publicKey } = generateKeyPairSync('ed25519')
  const enrolled = await bench.core.credentials.enrol({
    code: bench.enrolmentCode,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    hardware: {},
  })
  password = String(enrolled.password)
})
afterAll(() => bench.close())

async function ask(
  route: string,
  body: object,
  secret = SECRET,
): Promise<{ status: number; result: unknown }> {
  const response = await fetch(`${url}/broker/emqx/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify(body),
  })
  return { status: response.status, result: ((await response.json()) as { result?: unknown }).result }
}
const connect = (changes: object = {}) =>
  ask('authenticate', {
    clientid: CABINET,
    username: CABINET,
    password,
    cert_common_name: 'undefined',
    peerhost: '192.0.2.7',
    ...changes,
  })
const act = (action: 'publish' | 'subscribe', topic: string, changes: object = {}) =>
  ask('authorise', {
    clientid: CABINET,
    username: CABINET,
    topic,
    action,
    qos: '1',
    retain: 'false',
    ...changes,
  })

describe('EMQX asks who may connect', () => {
  it.each([
    ['its password', {}, 'allow'],
    ['a wrong password', { password: 'guess' }, 'deny'],
    ['no password', { password: '' }, 'deny'],
    ["another's client id", { clientid: 'cab-002' }, 'deny'],
    ['a name that nobody enrolled', { clientid: 'cab-9', username: 'cab-9' }, 'deny'],
    ['a certificate that it does not hold', { password: '', cert_common_name: CABINET }, 'deny'],
    [
      "the core's certificate",
      { clientid: 'core.main', username: '', password: '', cert_common_name: 'core.main' },
      'allow',
    ],
    ["the core's name without its certificate", { clientid: 'core.main', username: 'core.main' }, 'deny'],
  ])('with %s', async (_name, changes, result) => {
    expect(await connect(changes)).toEqual({ status: 200, result })
  })
  it('without the secret it is told nothing', async () => {
    expect((await ask('authenticate', { clientid: CABINET }, 'wrong')).status).toBe(401)
    expect((await ask('authorise', { clientid: CABINET, topic: 'x', action: 'publish' }, '')).status).toBe(
      401,
    )
  })
  it('the use is noted with the address of the cabinet', async () => {
    const row = await bench.core.db.read.selectFrom('credential').selectAll().executeTakeFirstOrThrow()
    expect(row).toMatchObject({ lastAddress: '192.0.2.7' })
    expect(row.firstUsedAtMs).not.toBeNull()
  })
})

describe('EMQX asks who may say and hear what', () => {
  it.each([
    ['publish', `vc/1/07/${CABINET}/up/ev`, {}, 'allow'],
    ['publish', `vc/1/07/${CABINET}/up/state`, { retain: 'true' }, 'allow'],
    ['publish', `vc/1/07/${CABINET}/up/ev`, { retain: 'true' }, 'deny'],
    ['publish', `vc/1/07/${CABINET}/up/ev`, { qos: '2' }, 'deny'],
    ['publish', `vc/1/08/${CABINET}/up/ev`, {}, 'deny'],
    ['publish', 'vc/1/07/cab-002/up/ev', {}, 'deny'],
    ['publish', `vc/1/07/${CABINET}/dn/cmd`, {}, 'deny'],
    ['subscribe', `vc/1/07/${CABINET}/dn/+`, {}, 'allow'],
    ['subscribe', `vc/1/07/${CABINET}/up/state`, {}, 'allow'],
    ['subscribe', 'vc/1/07/cab-002/dn/+', {}, 'deny'],
    ['subscribe', '#', {}, 'deny'],
    ['subscribe', `$share/g/vc/1/07/${CABINET}/dn/+`, {}, 'deny'],
    ['publish', `vc/1/07/${CABINET}/dn/cmd`, { clientid: 'core.main', username: 'core.main' }, 'allow'],
    [
      'publish',
      `vc/1/07/${CABINET}/dn/cmd`,
      { clientid: 'core.main', username: 'core.main', retain: 'true' },
      'deny',
    ],
    ['subscribe', 'vc/1/07/+/up/+', { clientid: 'core.main', username: 'core.main' }, 'allow'],
  ] as const)('%s %s %j → %s', async (action, topic, changes, result) => {
    expect(await act(action, topic, changes)).toEqual({ status: 200, result })
  })
  it('after the cabinet was revoked: nothing', async () => {
    await bench.core.credentials.revoke(CABINET, 'system')
    expect((await connect()).result).toBe('deny')
    expect((await act('publish', `vc/1/07/${CABINET}/up/ev`)).result).toBe('deny')
  })
})
