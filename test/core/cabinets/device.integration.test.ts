import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CABINET, type CoreBench, createCoreBench, PARTITION } from '#test/core/core-bench.ts'

let bench: CoreBench
const keys = generateKeyPairSync('ed25519')
const publicKeyPem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()

beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())

const enrol = (code: string, key = publicKeyPem) =>
  bench.core.http.inject({
    method: 'POST',
    url: '/device/enrol',
    payload: { code, publicKeyPem: key, hardware: { profile: 'reference' } },
  })

describe('a technician enrols a cabinet', () => {
  it('with a wrong code: refused, and the sentence says what to do', async () => {
    const answer = await enrol('00000-00000')
    expect([answer.statusCode, answer.json().code]).toEqual([401, 'enrolment_code_invalid'])
  })
  it('with a key of another kind: refused, and the code stays good', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    expect((await enrol(bench.enrolmentCode, rsa)).statusCode).toBe(400)
  })
  it('with the code, typed carelessly: gets its identity once', async () => {
    const answer = await enrol(` ${bench.enrolmentCode.toLowerCase().replaceAll('-', ' ')} `)
    expect(answer.json()).toMatchObject({
      cabinetId: CABINET,
      partition: PARTITION,
      mqtt: { username: CABINET },
    })
    const { password } = answer.json().mqtt
    expect(Buffer.from(password, 'base64url')).toHaveLength(32)
    const rows = await bench.core.db.read.selectFrom('credential').selectAll().execute()
    expect(rows[0]).toMatchObject({
      kind: 'password',
      proofSha256: createHash('sha256').update(password).digest('hex'),
    })
    expect(JSON.stringify(rows)).not.toContain(password)
  })
  it('with the same code and key again, because the answer was lost: gets in', async () => {
    expect((await enrol(bench.enrolmentCode)).statusCode).toBe(200)
  })
  it('with the same code and another key: refused', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect((await enrol(bench.enrolmentCode, other)).statusCode).toBe(401)
  })
})

const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(400_000, 7)])
const sha256 = createHash('sha256').update(bytes).digest('hex')
const target = (offset: number, hash = sha256, total = bytes.length) =>
  `/device/evidence/se-1/${hash}?offset=${offset}&total=${total}&kind=snapshot&mediaType=image%2Fjpeg`

/** Signs as a cabinet does; `changes` spoils a part of it afterwards. */
function request(method: 'PUT' | 'HEAD', url: string, body: Buffer, changes: Record<string, string> = {}) {
  const contentSha256 = createHash('sha256').update(body).digest('hex')
  const timestampMs = changes['x-timestamp-ms'] ?? String(Date.now())
  const signature = sign(
    null,
    Buffer.from(`${method}\n${url}\n${contentSha256}\n${timestampMs}`),
    keys.privateKey,
  ).toString('base64')
  return bench.core.http.inject({
    method,
    url,
    headers: {
      'x-cabinet-id': CABINET,
      'x-timestamp-ms': timestampMs,
      'x-content-sha256': contentSha256,
      'x-signature': signature,
      ...(method === 'PUT' ? { 'content-type': 'application/octet-stream' } : {}),
      ...changes,
    },
    ...(method === 'PUT' ? { payload: body } : {}),
  })
}
const first = bytes.subarray(0, 262_144)
const rest = bytes.subarray(262_144)

describe('a cabinet sends a picture in pieces', () => {
  it.each([
    ['without a signature', { 'x-signature': '' }, 401],
    ['in the name of another cabinet', { 'x-cabinet-id': 'cab-002' }, 401],
    ['with a time that is ten minutes old', { 'x-timestamp-ms': String(Date.now() - 600_000) }, 401],
    ['with the hash of other bytes', { 'x-content-sha256': '0'.repeat(64) }, 401],
  ])('%s: refused', async (_name, changes, status) => {
    expect((await request('PUT', target(0), first, changes)).statusCode).toBe(status)
  })
  it('continues where it broke off, and the file stands under its hash', async () => {
    expect((await request('HEAD', target(0), Buffer.alloc(0))).headers['upload-offset']).toBe('0')
    expect((await request('PUT', target(0), first)).json()).toEqual({ offset: 262_144, done: false })
    expect((await request('HEAD', target(0), Buffer.alloc(0))).headers['upload-offset']).toBe('262144')
    // A piece that was sent twice changes nothing and says how far we are.
    expect((await request('PUT', target(0), first)).json()).toEqual({ offset: 262_144, done: false })
    expect((await request('PUT', target(262_144), rest)).json()).toEqual({ offset: bytes.length, done: true })
    expect((await request('PUT', target(0), first)).json()).toEqual({ offset: bytes.length, done: true })
    const file = await bench.core.evidence.readEvidence(sha256)
    const pieces: Buffer[] = []
    for await (const piece of file?.stream ?? []) pieces.push(piece as Buffer)
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
  })
  it('with bytes that are not what was announced: refused, and it may begin again', async () => {
    const wrong = 'a'.repeat(64)
    const answer = await request(
      'PUT',
      target(0, wrong, 10),
      Buffer.from([0xff, 0xd8, 0xff, 1, 2, 3, 4, 5, 6, 7]),
    )
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'evidence_hash_mismatch'])
    expect((await request('HEAD', target(0, wrong, 10), Buffer.alloc(0))).headers['upload-offset']).toBe('0')
  })
  it('with something that is no picture: refused', async () => {
    const script = Buffer.from('<script>alert(1)</script>')
    const hash = createHash('sha256').update(script).digest('hex')
    expect((await request('PUT', target(0, hash, script.length), script)).statusCode).toBe(400)
  })
  it('that is larger than 5 MiB: refused before a byte is stored', async () => {
    const answer = await request('PUT', target(0, 'b'.repeat(64), 6_000_000), first)
    expect([answer.statusCode, answer.json().code]).toEqual([413, 'payload_too_large'])
  })
  it('to which no event ever refers: it goes when a day has passed, and not before', async () => {
    await bench.core.evidence.removeUnreferenced(Date.now() - 60_000)
    expect(await bench.core.evidence.readEvidence(sha256)).toBeDefined()
    expect(await bench.core.evidence.removeUnreferenced(Date.now() + 60_000)).toBeGreaterThan(0)
    expect(await bench.core.evidence.readEvidence(sha256)).toBeUndefined()
  })
  it('after its credentials were withdrawn: refused', async () => {
    await bench.core.credentials.revoke(CABINET, 'system')
    expect((await request('PUT', target(0), first)).statusCode).toBe(401)
  })
})
