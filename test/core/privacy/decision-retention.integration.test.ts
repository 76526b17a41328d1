import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { type Database, directSql, openDatabase } from '#core/platform/database.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { openPolicyBook, type PolicyBook } from '#core/policies/book.ts'
import { judge } from '#core/policies/judge.ts'
import { createDecisionRetention } from '#core/privacy/decision-retention.ts'
import { automaticRefundRule } from '#core/refunds/automatic-rule.ts'

const DAY = 24 * 3_600_000
const BEGAN = 1_790_000_000_000
const system = createSystemClock()
const random = createSystemRandom()
let nowMs = BEGAN
const clock = { ...system, now: () => nowMs }

let folder: string
let db: Database
let book: PolicyBook
beforeEach(async () => {
  nowMs = BEGAN
  folder = mkdtempSync(path.join(tmpdir(), 'decisions-'))
  db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
  const log = pino({ level: 'silent' })
  book = await openPolicyBook({
    db,
    clock,
    random,
    ids: createIds(clock, random),
    log,
    policy: createPolicy(),
  })
})
afterEach(async () => {
  await db.close()
  rmSync(folder, { recursive: true, force: true })
})

async function decided(about: { orderId?: string; consumerId?: string } = {}): Promise<number> {
  const inputs = { amountFen: 500, isProven: false, refundedThisMonthFen: 0 }
  const nothing = { orderId: null, sessionId: null, cabinetId: null, consumerId: null }
  const { decisionId } = await db.write('decide', async (tx) =>
    judge(tx, book, automaticRefundRule, inputs, { subjectId: 'rf1', ...nothing, ...about }),
  )
  return decisionId
}
const kept = async () =>
  (await db.read.selectFrom('policyDecision').select('decisionId').orderBy('decisionId').execute()).map(
    ({ decisionId }) => decisionId,
  )
const execute = (text: string) => db.write('set up', async (tx) => void directSql(tx).run(text))
const retention = () => createDecisionRetention({ db, clock, policy: createPolicy() })
const ticket = (state: string, closedAtMs: number | null, about: string) =>
  execute(`INSERT INTO ticket (ticketId, number, requestId, type, origin, state, priority, consumerId, lines, language,
      openedAtMs, openedBy, firstResponseDueMs, resolutionDueMs, closedAtMs, isAutomatic, outcomeValues, ratingTags, version)
    VALUES ('t1', 1, 'r1', 'other', 'staff', '${state}', 'normal', '${about}', '[]', 'zh', ${BEGAN}, 'staff', 1, 1, ${closedAtMs}, 0, '{}', '[]', 1)`)

describe('a decision that nothing open is about', () => {
  it('is kept for its days, and goes after them', async () => {
    const old = await decided()
    nowMs = BEGAN + 1095 * DAY
    const young = await decided()
    expect(await retention().pass()).toBe(0)
    expect(await kept()).toEqual([old, young])
    nowMs += 1
    expect(await retention().pass()).toBe(1)
    expect(await kept()).toEqual([young])
  })
  it('goes once when two cores look at the same time', async () => {
    await decided()
    nowMs = BEGAN + 1096 * DAY
    await decided()
    const removed = await Promise.all([retention().pass(), retention().pass()])
    expect(removed.toSorted((a, b) => a - b)).toEqual([0, 1])
  })
  it('goes with hundreds of others, in portions', async () => {
    for (let count = 0; count < 450; count++) await decided()
    nowMs = BEGAN + 1096 * DAY
    const young = await decided()
    expect(await retention().pass()).toBe(450)
    expect(await kept()).toEqual([young])
  })
  it('stays when only the clock says that years have passed', async () => {
    const old = await decided()
    nowMs = BEGAN + 20 * 365 * DAY
    expect(await retention().pass()).toBe(0)
    expect(await kept()).toEqual([old])
  })
})

describe('a decision about something that is open', () => {
  it('stays while its consumer has a ticket, and half a year longer', async () => {
    const old = await decided({ consumerId: 'co1' })
    nowMs = BEGAN + 1200 * DAY
    const young = await decided()
    await ticket('open', null, 'co1')
    expect(await retention().pass()).toBe(0)
    await execute(`UPDATE ticket SET state = 'closed', closedAtMs = ${nowMs}`)
    nowMs += 180 * DAY
    expect(await retention().pass()).toBe(0)
    expect(await kept()).toEqual([old, young])
    nowMs += 1
    expect(await retention().pass()).toBe(1)
  })
  it('goes when the ticket is of somebody else', async () => {
    await decided({ consumerId: 'co1' })
    nowMs = BEGAN + 1200 * DAY
    await decided()
    await ticket('open', null, 'co2')
    expect(await retention().pass()).toBe(1)
  })
  it('stays when an anomaly refers to it, even one that is explained', async () => {
    const old = await decided()
    await execute(`INSERT INTO anomaly (anomalyId, kind, state, subjectId, cabinetId, detectedAtMs, rule, inputs, reasonKey,
        reasonValues, decisionId)
      SELECT 'a1', 'ambiguous', 'explained', 's1', 'cab-001', ${BEGAN}, 'r', '{}', 'k', '{}', ${old}`)
    nowMs = BEGAN + 1200 * DAY
    const young = await decided()
    expect(await retention().pass()).toBe(0)
    expect(await kept()).toEqual([old, young])
  })
})

describe('a decision that somebody else removes', () => {
  it('stays, however old it is', async () => {
    await decided()
    nowMs = BEGAN + 2000 * DAY
    await decided()
    await expect(execute('DELETE FROM policyDecision')).rejects.toThrow(/what was decided stays/)
  })
  it('stays when it is younger than any setting allows, whatever the upkeep says', async () => {
    await decided()
    nowMs = BEGAN + 400 * DAY
    await decided()
    const forged = db.write('forge', async (tx) => {
      directSql(tx).run(`INSERT INTO fact (name, value) VALUES ('policy-decisions-go-before', '${nowMs}')`)
      directSql(tx).run('DELETE FROM policyDecision')
    })
    await expect(forged).rejects.toThrow(/what was decided stays/)
  })
})
