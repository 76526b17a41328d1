import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { ruleOf } from '#core/anomalies/rules.ts'
import { checkInvariants } from '#core/integrity/invariants.ts'
import { type Database, openDatabase } from '#core/platform/database.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { openPolicyBook, type PolicyBook } from '#core/policies/book.ts'
import { judge } from '#core/policies/judge.ts'
import { askWhatIf } from '#core/policies/what-if.ts'
import { automaticRefundRule } from '#core/refunds/automatic-rule.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const STARTED = { automaticRefundFen: 3000, automaticRefundMonthFen: 10_000 }
const about = { subjectId: 'rf1', orderId: null, sessionId: null, cabinetId: 'cab-001', consumerId: 'co1' }

let folder: string
let db: Database
let book: PolicyBook
async function begin(): Promise<void> {
  db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
  book = await openPolicyBook({
    db,
    clock,
    random,
    ids: createIds(clock, random),
    log: pino({ level: 'silent' }),
    policy: createPolicy(),
  })
}
const save = (limits: Record<string, number>, baseVersion: number) =>
  book.save('automatic_refund', { limits, reason: 'because', baseVersion }, 'st-lead')
const refund = (amountFen: number) =>
  db.write('decide', async (tx) =>
    judge(tx, book, automaticRefundRule, { amountFen, isProven: false, refundedThisMonthFen: 0 }, about),
  )
const whatIf = (limits: Record<string, number>, operator: string | null = null) =>
  askWhatIf({ read: db.read, clock, ruleOf }, { policy: 'automatic_refund', limits, operator })

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'policies-'))
  await begin()
})
afterEach(async () => {
  await db.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('limits that a lead saves', () => {
  it('hold from then on, for everybody who reads the policy', async () => {
    expect(book.held('automatic_refund')).toEqual({ version: 0, limits: STARTED })
    await save({ ...STARTED, automaticRefundFen: 2000 }, 0)
    expect(book.held('automatic_refund')).toMatchObject({ version: 1, limits: { automaticRefundFen: 2000 } })
    expect(book.policy.automaticRefundFen).toBe(2000)
    expect(book.configured.automaticRefundFen).toBe(3000)
  })
  it('hold after a restart', async () => {
    await save({ ...STARTED, automaticRefundFen: 2000 }, 0)
    await save({ ...STARTED, automaticRefundFen: 1000 }, 1)
    await db.close()
    await begin()
    expect(book.held('automatic_refund')).toMatchObject({ version: 2, limits: { automaticRefundFen: 1000 } })
    expect(book.policy.automaticRefundFen).toBe(1000)
  })
  it('are not saved over a version that the lead has not seen', async () => {
    await save({ ...STARTED, automaticRefundFen: 2000 }, 0)
    await expect(save({ ...STARTED, automaticRefundFen: 2500 }, 0)).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(book.policy.automaticRefundFen).toBe(2000)
  })
  it.each([
    ['one is missing', { automaticRefundFen: 2000 }, /is missing/],
    ['one belongs to no policy', { ...STARTED, agentRefundFen: 1 }, /no limit "agentRefundFen"/],
    ['one is out of its range', { ...STARTED, automaticRefundFen: -1 }, /from 0 to/],
    ['one is not whole', { ...STARTED, automaticRefundFen: 10.5 }, /without a fraction/],
    [
      'a case may cost more than a month',
      { automaticRefundFen: 5000, automaticRefundMonthFen: 4000 },
      /above/,
    ],
  ])('are refused with a sentence when %s', async (_when, limits, sentence) => {
    await expect(save(limits as Record<string, number>, 0)).rejects.toThrow(sentence)
    expect(book.held('automatic_refund').version).toBe(0)
  })
  it('stay as they were written: a version is never changed or removed', async () => {
    await save({ ...STARTED, automaticRefundFen: 2000 }, 0)
    const change = db.write('forge', async (tx) => {
      await tx.updateTable('policyVersion').set({ limits: '{}' }).execute()
    })
    await expect(change).rejects.toThrow(/stays as it was written/)
    const remove = db.write('forget', async (tx) => {
      await tx.deleteFrom('policyVersion').execute()
    })
    await expect(remove).rejects.toThrow(/stays/)
  })
  it('are in the audit with what held before, the author and the reason', async () => {
    await save({ ...STARTED, automaticRefundFen: 2000 }, 0)
    const entry = await db.read
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'policy.changed')
      .executeTakeFirstOrThrow()
    expect(entry).toMatchObject({ actor: 'staff:st-lead', subject: 'policy:automatic_refund' })
    expect(JSON.parse(entry.detail)).toMatchObject({
      version: 1,
      before: STARTED,
      after: { automaticRefundFen: 2000 },
      reason: 'because',
    })
  })
})

describe('a decision', () => {
  it('is stored with everything that it saw, and the limits that held then', async () => {
    const { decisionId } = await refund(2500)
    await save({ ...STARTED, automaticRefundFen: 2000 }, 0)
    await refund(2500)
    const rows = await db.read.selectFrom('policyDecision').selectAll().orderBy('decisionId').execute()
    expect(rows.map(({ outcome, limitsVersion }) => [outcome, limitsVersion])).toEqual([
      ['refunded', 0],
      ['person', 1],
    ])
    expect(rows[0]).toMatchObject({ decisionId, policy: 'automatic_refund', rule: 'automatic-refund-1' })
    expect(JSON.parse(rows[0]?.inputs ?? '')).toEqual({
      amountFen: 2500,
      isProven: false,
      refundedThisMonthFen: 0,
    })
  })
  it('cannot be changed afterwards', async () => {
    await refund(2500)
    const forge = db.write('forge', async (tx) => {
      await tx.updateTable('policyDecision').set({ outcome: 'person' }).execute()
    })
    await expect(forge).rejects.toThrow(/stays as it was written/)
  })
})

describe('decisions of the past', () => {
  const broken = async () =>
    (await checkInvariants(db.read, { nowMs: clock.now() })).filter(
      ({ invariantId }) => invariantId === 'I21',
    )
  it('are made again by the check of promises, across versions of the limits', async () => {
    await refund(2500)
    await save({ ...STARTED, automaticRefundFen: 1000 }, 0)
    await refund(2500)
    expect(await broken()).toEqual([])
  })
  it('that say something else than the rule call a person', async () => {
    const { decisionId } = await refund(2500)
    const forger = new Sqlite(path.join(folder, 'core.sqlite'))
    forger.exec(`DROP TRIGGER policyDecisionStaysAsWritten; UPDATE policyDecision SET outcome = 'person'`)
    forger.close()
    expect(await broken()).toMatchObject([{ subject: `decision:${decisionId}` }])
  })
})

describe('what other limits would have decided', () => {
  it('is told by case and in sums, across versions, and changes nothing', async () => {
    await refund(2500)
    await refund(500)
    await save({ ...STARTED, automaticRefundFen: 1000 }, 0)
    await refund(1500)
    const answer = await whatIf({ ...STARTED, automaticRefundFen: 2000 })
    expect(answer).toMatchObject({
      cases: 3,
      isWhole: true,
      changed: 2,
      notReproduced: 0,
      was: { persons: 1, refundedFen: 3000 },
      would: { persons: 1, refundedFen: 2000 },
    })
    expect(answer.rows.map(({ from, to, wasFen, wouldFen }) => [from, to, wasFen, wouldFen])).toEqual([
      ['person', 'refunded', 0, -1500],
      ['refunded', 'person', -2500, 0],
    ])
    expect(answer.moves.reduce((sum, { count }) => sum + count, 0)).toBe(3)
    expect(book.held('automatic_refund').version).toBe(1)
  })
  it('asks all pages of past cases', async () => {
    for (let count = 0; count < 450; count++) await refund(2500)
    expect(await whatIf({ ...STARTED, automaticRefundFen: 0 })).toMatchObject({ cases: 450, changed: 450 })
  })
  it('looks at the cabinets of the reader only', async () => {
    await refund(2500)
    expect((await whatIf(STARTED, 'somebody-else')).cases).toBe(0)
  })
})
