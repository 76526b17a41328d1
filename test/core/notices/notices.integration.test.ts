import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { createNotices, loadGateway, type Notices } from '#core/notices/notices.ts'
import { type Database, openDatabase } from '#core/platform/database.ts'
import { createDueWork, type DueWork } from '#core/platform/due.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { createHttpTransport } from '#core/platform/transport.ts'
import { createNoticeStandIn } from '#simulator/notices/notices.ts'
import { eventually } from '#test/support/eventually.ts'

let folder: string
let db: Database
let due: DueWork
let notices: Notices
let gateway: { url: string; stop(): Promise<void> }

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'notices-'))
  const clock = createSystemClock()
  const random = createSystemRandom()
  const ids = createIds(clock, random)
  const standIn = createNoticeStandIn({ dataDir: folder, port: 0, clock, ids, random })
  const { url } = await standIn.start()
  gateway = { url, stop: () => standIn.stop() }
  db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
  const deps = { db, clock, random, ids, log: pino({ level: 'silent' }), policy: createPolicy() }
  due = createDueWork(deps)
  notices = createNotices({
    ...deps,
    due,
    gateway: loadGateway(path.join(folder, 'notices.json')),
    transport: createHttpTransport(clock),
    publicUrl: () => 'https://cabinets.example',
    openidOf: async () => 'oSim0anna',
  })
  await db.write('consumer', async (tx) => {
    await tx
      .insertInto('consumer')
      .values({
        consumerId: 'co1',
        openidSealed: 'x',
        openidIndex: 'x',
        language: 'zh',
        createdAtMs: 0,
        permissionLostAtMs: null,
      })
      .execute()
  })
  due.start()
})
afterEach(async () => {
  await due.stop()
  await db.close()
  await gateway.stop()
  rmSync(folder, { recursive: true, force: true })
})
const tell = () =>
  db.write('tell', (tx) =>
    notices.tell(tx, {
      consumerId: 'co1',
      template: 'refund_arrived',
      subjectId: 'rf1',
      path: '/o/or1',
      values: { amount: '3.50', cabinet: '一号柜' },
    }),
  )
const stateOf = async (noticeId: string) => (await notices.find(db.read, noticeId))?.state
const messages = async () => {
  const body = (await (await fetch(`${gateway.url}/control/messages`)).json()) as {
    messages: Array<{ text: string; url?: string }>
  }
  return body.messages
}
const fault = (kind: string) =>
  fetch(`${gateway.url}/control/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind, times: 1 }),
  })

describe('a notice', () => {
  it('is told once the gateway accepted it, in the language of the consumer, with a link', async () => {
    const noticeId = await tell()
    await eventually('the acceptance', async () => (await stateOf(noticeId)) === 'accepted')
    expect(await messages()).toMatchObject([
      { text: '您在一号柜的购物，支付平台已退出 ¥3.50。', url: 'https://cabinets.example/o/or1' },
    ])
  })
  it('about the same thing is told once', async () => {
    const [first, second] = [await tell(), await tell()]
    expect(second).toBe(first)
    await eventually('the acceptance', async () => (await stateOf(first)) === 'accepted')
    expect(await messages()).toHaveLength(1)
  })
  it('that the gateway could not take is sent again', async () => {
    await fault('http_500')
    const noticeId = await tell()
    await eventually('the acceptance', async () => (await stateOf(noticeId)) === 'accepted')
    expect((await notices.find(db.read, noticeId))?.attempts).toBe(2)
  })
  it('that the gateway refuses for good is not sent for ever', async () => {
    await fault('refuse')
    const noticeId = await tell()
    await eventually('the refusal', async () => (await stateOf(noticeId)) === 'refused')
  })
})
