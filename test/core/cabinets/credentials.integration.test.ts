import { generateKeyPairSync, sign, createHash, X509Certificate } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import { readFileSync } from 'node:fs'
import mqtt, { type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseEnrolmentCode } from '#protocol/base/codes.ts'
import type { CabinetCredentials } from '#protocol/api/credentials.ts'
import { authorityFingerprint } from '#core/authority/authority.ts'
import { makeSigningRequest } from '#edge/enrolment/signing-request.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'
import { eventually } from '#test/support/eventually.ts'

/** Codes, certificates, exchange and withdrawal at a whole core over TLS and HTTPS. */
const OVERLAP_MS = 1500
let bench: CoreBench
let mqttPort: number
let caPem: string
let deviceUrl: string

beforeAll(async () => {
  bench = await createCoreBench({ credentialOverlapMs: OVERLAP_MS, enrolmentCodeMs: 60_000 }, () => [], true)
  const started = await bench.core.start()
  mqttPort = started.mqttPort
  deviceUrl = started.deviceUrl
  caPem = readFileSync(started.caFile, 'utf8')
})
afterAll(() => bench.close())

interface Keys {
  privateKeyPem: string
  publicKeyPem: string
}
function makeKeys(): Keys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
interface Answer {
  status: number
  body: Record<string, unknown> & { code?: string; certificatePem?: string }
}
/** HTTPS as the edge speaks it, trusting only the authority of the core. */
function send(method: string, route: string, body?: object, signer?: Keys): Promise<Answer> {
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body))
  const contentSha256 = createHash('sha256').update(bytes).digest('hex')
  const timestampMs = String(Date.now())
  const text = `${method}\n${route}\n${contentSha256}\n${timestampMs}`
  const headers =
    signer === undefined
      ? { 'content-type': 'application/json' }
      : {
          'content-type': 'application/octet-stream',
          'x-cabinet-id': CABINET,
          'x-timestamp-ms': timestampMs,
          'x-content-sha256': contentSha256,
          'x-signature': sign(null, Buffer.from(text), signer.privateKeyPem).toString('base64'),
        }
  return new Promise((resolve, reject) => {
    const request = httpsRequest(`${deviceUrl}${route}`, { method, ca: caPem, headers }, (response) => {
      let said = ''
      response.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(said || '{}') as Answer['body'] }),
      )
    })
    request.on('error', reject)
    request.end(bytes)
  })
}
const enrol = (code: string, keys: Keys) =>
  send('POST', '/device/enrol', {
    code,
    publicKeyPem: keys.publicKeyPem,
    certificateRequestPem: makeSigningRequest(keys.privateKeyPem),
    hardware: {},
  })
const rotate = (present: Keys, next: Keys) =>
  send(
    'POST',
    '/device/credentials',
    { publicKeyPem: next.publicKeyPem, certificateRequestPem: makeSigningRequest(next.privateKeyPem) },
    present,
  )
function connect(keys: Keys, certificatePem: string): Promise<MqttClient> {
  return mqtt.connectAsync(`mqtts://127.0.0.1:${mqttPort}`, {
    clientId: CABINET,
    ca: caPem,
    cert: certificatePem,
    key: keys.privateKeyPem,
    protocolVersion: 4,
    keepalive: 30,
    reconnectPeriod: 0,
    connectTimeout: 3000,
  })
}
const isLetIn = (keys: Keys, certificatePem: string) =>
  connect(keys, certificatePem).then(
    (client) => client.endAsync(true).then(() => true),
    () => false,
  )
async function view(): Promise<CabinetCredentials> {
  const answer = await bench.core.http.inject({
    url: `/api/staff/cabinets/${CABINET}/credentials`,
    headers: { cookie: await bench.cookieOf('operator') },
  })
  return answer.json()
}

const first = makeKeys()
const second = makeKeys()
let firstPem = ''
let secondPem = ''

describe('a code', () => {
  it('carries the fingerprint of the authority that answers', () => {
    const der = new X509Certificate(caPem).raw
    expect(parseEnrolmentCode(bench.enrolmentCode)?.fingerprint).toBe(authorityFingerprint(der))
  })
  it('is worth nothing after five wrong secrets, even when the right one comes then', async () => {
    const { code } = await bench.core.credentials.createCode(CABINET, 'system')
    const wrong = `${code.slice(0, 5)}${code[5] === '0' ? '1' : '0'}${code.slice(6)}`
    for (let tries = 0; tries < 5; tries++) expect((await enrol(wrong, makeKeys())).status).toBe(401)
    expect((await enrol(code, makeKeys())).body.code).toBe('enrolment_code_invalid')
  })
  it('ends when a newer one is made, and stands nowhere in the database', async () => {
    const old = await bench.core.credentials.createCode(CABINET, 'system')
    const { code } = await bench.core.credentials.createCode(CABINET, 'system')
    expect((await enrol(old.code, makeKeys())).status).toBe(401)
    const rows = JSON.stringify(await bench.core.db.read.selectFrom('enrolmentCode').selectAll().execute())
    const { secret } = parseEnrolmentCode(code) as { secret: string }
    expect(rows).not.toContain(secret)
    const enrolled = await enrol(code, first)
    expect(enrolled.status).toBe(200)
    firstPem = String(enrolled.body.certificatePem)
  })
})

describe('a certificate', () => {
  it('is for the key of the cabinet, under its name, and lets it in', async () => {
    const certificate = new X509Certificate(firstPem)
    expect(certificate.subject).toBe(`CN=${CABINET}`)
    expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).toBe(first.publicKeyPem)
    expect(await isLetIn(first, firstPem)).toBe(true)
    await eventually('its use being noted', async () => (await view()).credentials[0]?.state === 'active')
    expect((await view()).credentials[0]).toMatchObject({ kind: 'certificate', lastAddress: '127.0.0.1' })
  })
  it('is not issued for a key that did not sign the request', async () => {
    const { code } = await bench.core.credentials.createCode(CABINET, 'system')
    const answer = await send('POST', '/device/enrol', {
      code,
      publicKeyPem: makeKeys().publicKeyPem,
      certificateRequestPem: makeSigningRequest(makeKeys().privateKeyPem),
      hardware: {},
    })
    expect([answer.status, answer.body.code]).toEqual([400, 'bad_request'])
    expect(await isLetIn(first, firstPem)).toBe(true)
  })
})

describe('an exchange', () => {
  it('that a person asks for is heard by the cabinet at its next question', async () => {
    const ask = () => send('GET', '/device/credentials', undefined, first)
    expect((await ask()).body).toMatchObject({ isRotationDue: false })
    const answer = await bench.core.http.inject({
      method: 'POST',
      url: `/api/staff/cabinets/${CABINET}/credentials/rotate`,
      headers: { cookie: await bench.cookieOf('operator') },
    })
    expect(answer.json()).toEqual({ when: 'later' })
    expect((await view()).rotationAskedAtMs).not.toBeNull()
    expect((await ask()).body).toMatchObject({ isRotationDue: true })
  })
  it('whose answer was lost leaves the old ones good, and may be asked for again', async () => {
    expect((await rotate(first, makeKeys())).status).toBe(200)
    expect(await isLetIn(first, firstPem)).toBe(true)
    const again = await rotate(first, second)
    expect(again.status).toBe(200)
    secondPem = String(again.body.certificatePem)
    expect((await view()).rotationAskedAtMs).toBeNull()
  })
  it('holds both until the new ones were used, and a little longer; then the old ones are refused and cut off', async () => {
    const old = await connect(first, firstPem)
    const closed = new Promise<void>((resolve) => old.once('close', () => resolve()))
    expect(await isLetIn(second, secondPem)).toBe(true)
    await closed
    // The second connection took the place of the first, which may still come back for a while.
    expect(await isLetIn(first, firstPem)).toBe(true)
    const states = async () => (await view()).credentials.map(({ state }) => state)
    await eventually('the old ones ending', async () => (await states()).includes('ending'))
    await eventually('the old ones having ended', async () => !(await states()).includes('ending'))
    expect(await isLetIn(first, firstPem)).toBe(false)
    expect(await isLetIn(second, secondPem)).toBe(true)
    expect((await send('GET', '/device/credentials', undefined, first)).status).toBe(401)
    expect((await send('GET', '/device/credentials', undefined, second)).status).toBe(200)
  })
  it('cannot be repeated until the registry is full', async () => {
    for (let times = 0; times < 6; times++) expect((await rotate(second, makeKeys())).status).toBe(200)
    const live = (await view()).credentials.filter(({ state }) => state === 'active' || state === 'issued')
    expect(live.length).toBeLessThanOrEqual(3)
    expect(await isLetIn(second, secondPem)).toBe(true)
  })
})

describe('a withdrawal', () => {
  it('by an operator cuts the connection within five seconds, and refuses MQTT and HTTPS', async () => {
    const client = await connect(second, secondPem)
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    const startedMs = performance.now()
    const answer = await bench.core.http.inject({
      method: 'POST',
      url: `/api/staff/cabinets/${CABINET}/revoke`,
      headers: { cookie: await bench.cookieOf('operator') },
    })
    expect(answer.statusCode).toBe(200)
    await closed
    expect(performance.now() - startedMs).toBeLessThan(5000)
    expect(await isLetIn(second, secondPem)).toBe(false)
    expect((await send('GET', '/device/credentials', undefined, second)).status).toBe(401)
    expect(await view()).toMatchObject({ enrolment: 'revoked', openCode: null, actions: ['code'] })
  })
  it('is not for technicians, who may only give out a code', async () => {
    const cookie = await bench.cookieOf('technician')
    const post = (route: string) =>
      bench.core.http.inject({
        method: 'POST',
        url: `/api/staff/cabinets/${CABINET}/${route}`,
        headers: { cookie },
      })
    expect((await post('revoke')).statusCode).toBe(403)
    expect((await post('enrolment-codes')).statusCode).toBe(201)
  })
  it('stands in the audit with who did it', async () => {
    const rows = await bench.core.db.read.selectFrom('audit').select(['action', 'actor']).execute()
    const actions = rows.map(({ action }) => action)
    for (const action of [
      'enrolment_code.created',
      'cabinet.enrolled',
      'credential.rotation_asked',
      'credential.issued',
      'cabinet.revoked',
    ])
      expect(actions).toContain(action)
    expect(rows.find(({ action }) => action === 'cabinet.revoked')?.actor).toMatch(/^staff:/)
  })
})

describe('the HTTPS listener for cabinets', () => {
  it('serves nothing but what cabinets ask', async () => {
    expect((await send('GET', '/api/staff/me')).status).toBe(404)
    expect((await send('GET', '/device/time')).status).toBe(200)
  })
})
