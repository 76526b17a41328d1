import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { createNoticeStandIn } from '#simulator/notices/notices.ts'

type Json = Record<string, unknown>
const folder = mkdtempSync(join(tmpdir(), 'notices-'))
const clock = createSystemClock()
const random = createSystemRandom()
const create = () =>
  createNoticeStandIn({ dataDir: folder, port: 0, clock, random, ids: createIds(clock, random) })
let standIn = create()
let baseUrl = ''
let key = ''

beforeAll(async () => {
  await standIn.start()
  readSettings()
})
afterEach(() => fetch(`${baseUrl}/control/faults`, { method: 'DELETE' }))
afterAll(async () => {
  await standIn.stop()
  rmSync(folder, { recursive: true })
})

function readSettings(): void {
  const settings = JSON.parse(readFileSync(standIn.noticesFile, 'utf8')) as {
    baseUrl: string
    keyFile: string
  }
  baseUrl = settings.baseUrl
  key = readFileSync(settings.keyFile, 'utf8')
  expect(statSync(settings.keyFile).mode & 0o777).toBe(0o600)
}
async function post(path: string, body: Json, bearer = key): Promise<{ status: number; body: Json }> {
  const answer = await fetch(`${baseUrl}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${bearer}` },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Json }
}
const messages = async () =>
  (await (await fetch(`${baseUrl}/control/messages`)).json()) as { messages: Json[]; refused: Json[] }
const notice = (changes: Json = {}): Json => ({
  id: 'no1',
  channel: 'wechat',
  to: 'oSim0liwei',
  template: 'order_paid',
  language: 'zh',
  title: '扣款成功',
  text: '可乐 ×1，¥3.50',
  url: 'http://127.0.0.1/o/1',
  ...changes,
})
const send = (changes: Json = {}) => post('/v1/messages', notice(changes))

describe('a message', () => {
  it('is accepted once under its id, however often it is sent', async () => {
    const first = await send()
    expect(first).toMatchObject({
      status: 202,
      body: { messageId: expect.any(String), acceptedAtMs: expect.any(Number) },
    })
    expect(await send()).toEqual(first)
    expect((await messages()).messages).toHaveLength(1)
  })

  it('with other contents under a used id is a conflict', async () => {
    expect(await send({ text: '别的' })).toMatchObject({
      status: 409,
      body: { code: 'exists_with_different_contents' },
    })
  })

  it('is still known after a restart', async () => {
    await standIn.stop()
    standIn = create()
    await standIn.start()
    readSettings()
    expect((await send()).status).toBe(202)
    expect((await messages()).messages).toHaveLength(1)
  })

  it('is shown as the phone would, with nothing of it taken for HTML', async () => {
    await send({ id: 'no2', to: 'oSim0anna', language: 'en', title: '<b>Refund</b>', text: 'is on its way' })
    const page = await (await fetch(`${baseUrl}/?to=oSim0anna`)).text()
    expect(page).toContain('&lt;b&gt;Refund&lt;/b&gt;')
    expect(page).not.toContain('扣款成功')
  })
})

describe('a request that is wrong', () => {
  it.each<[string, Json, string]>([
    ['an unknown channel', { channel: 'pigeon' }, 'channel'],
    ['no text', { text: '' }, 'text'],
    ['a link that is no web address', { url: 'javascript:alert(1)' }, 'url'],
    ['a field nobody knows', { colour: 'red' }, '/colour is not a field'],
  ])('%s is named in the answer', async (_what, changes, word) => {
    const answer = await send({ id: 'bad', ...changes })
    expect(answer.status).toBe(400)
    expect(answer.body['message']).toContain(word)
  })

  it('without the key is refused', async () => {
    expect((await post('/v1/messages', notice(), 'wrong')).status).toBe(401)
  })
})

describe('what was set to go wrong', () => {
  it('refuses as often as asked, and then takes the same id', async () => {
    await post('/control/faults', { kind: 'refuse', times: 1, match: { channel: 'sms' } })
    expect((await send({ id: 'no3' })).status).toBe(202)
    const sms = { id: 'no4', channel: 'sms', to: '13800000000' }
    expect(await send(sms)).toMatchObject({ status: 422, body: { code: 'recipient_refused' } })
    expect((await send(sms)).status).toBe(202)
    expect((await messages()).refused).toMatchObject([{ status: 422, request: { id: 'no4' } }])
  })

  it('fails or takes its time', async () => {
    await post('/control/faults', { kind: 'http_500' })
    expect((await send({ id: 'no5' })).status).toBe(500)
    await post('/control/faults', { kind: 'slow', delayMs: 120 })
    const before = clock.monoMs()
    expect((await send({ id: 'no5' })).status).toBe(202)
    expect(clock.monoMs() - before).toBeGreaterThanOrEqual(110)
  })

  it('answers an unknown kind with the list of kinds', async () => {
    expect((await post('/control/faults', { kind: 'rain' })).body['message']).toContain(
      'refuse, slow, http_500',
    )
  })
})
