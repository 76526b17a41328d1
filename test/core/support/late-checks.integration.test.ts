import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { type AnomalyRow, createAnomalies } from '#core/anomalies/anomalies.ts'
import type { StoredReturn } from '#core/anomalies/returned-goods.ts'
import { createDueWork, type DueWork } from '#core/platform/due.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { openPolicyBook } from '#core/policies/book.ts'
import { createLateChecks } from '#core/support/late-checks.ts'
import { createMoneyRig, type MoneyRig, PRICE_FEN } from '#test/core/payments/money-rig.ts'
import { eventually } from '#test/support/eventually.ts'

/** Late charges of three colas, paid for real; what weighing again shows is what each test says. */
let rig: MoneyRig
let due: DueWork
let asked: AnomalyRow[]
let visit: Awaited<ReturnType<MoneyRig['visit']>>
let schedule: (orderId: string) => Promise<void>
let weigh: () => Promise<StoredReturn | undefined>

beforeEach(async () => {
  rig = await createMoneyRig()
  asked = []
  const [clock, log, policy] = [
    createSystemClock(),
    pino({ level: 'silent' }),
    createPolicy({ lateCheckMostMs: 10 }),
  ]
  const deps = { db: rig.db(), clock, ids: rig.ids, random: createSystemRandom(), log, policy }
  due = createDueWork(deps)
  const anomalies = createAnomalies({
    ...deps,
    charges: rig.charges(),
    refunds: rig.refunds(),
    reactions: {
      personNeeded: async (_tx, anomaly) => void asked.push(anomaly),
      carriedOut: async () => undefined,
    },
  })
  const checks = createLateChecks({
    ...deps,
    due,
    policies: await openPolicyBook(deps),
    disputes: { weighAgain: () => weigh() },
    refunds: rig.refunds(),
    anomalies,
  })
  schedule = (orderId) => deps.db.write('schedule', (tx) => checks.schedule(tx, orderId))
  due.start()
  visit = await rig.visit(3)
  await rig.charges().authorise(visit.chargeId)
  await rig.settle(visit.chargeId, visit.orderId)
  await eventually('the payment', async () => (await orderOf()).state === 'paid', { withinMs: 20_000 })
})
afterEach(async () => {
  await due.stop()
  expect(rig.violations).toEqual([])
  await rig.stop()
})

const orderOf = () =>
  rig.db().read.selectFrom('order').selectAll().where('orderId', '=', visit.orderId).executeTakeFirstOrThrow()
const refunds = () => rig.db().read.selectFrom('refund').selectAll().orderBy('requestedAtMs').execute()
const kinds = async () =>
  (await rig.db().read.selectFrom('anomaly').select(['kind', 'outcome']).execute()).map(
    ({ kind, outcome }) => `${kind} ${outcome ?? 'a person'}`,
  )
const checked = () =>
  eventually('the check', async () =>
    (
      await rig
        .db()
        .read.selectFrom('audit')
        .select('detail')
        .where('action', '=', 'charge.late_checked')
        .execute()
    ).at(-1),
  )

/** Three were billed; weighing again is this sure that so many were kept. */
async function found(kept: number, probability: number): Promise<StoredReturn> {
  const [line] = await rig
    .db()
    .read.selectFrom('orderLine')
    .selectAll()
    .where('orderId', '=', visit.orderId)
    .execute()
  const left = (line?.quantity ?? 0) - (line?.refundedQuantity ?? 0)
  const receipt = {
    engineVersion: 'weighing-3',
    lines: [{ sku: 'cola', quantity: kept, probability }],
    probability,
    verdict: probability >= 0.97 ? ('clear' as const) : ('review' as const),
    reasons: [],
    unexplainedGrams: 0,
  }
  return {
    disputed: [{ lineId: visit.lineId, sku: 'cola', quantity: 3 }],
    billed: [{ lineId: visit.lineId, sku: 'cola', quantity: left, amountFen: PRICE_FEN * left }],
    first: { ...receipt, alternatives: [] },
    again: { receipt, alternatives: [], steps: [] },
    unitGrams: { cola: { unitGrams: 350, sigmaGrams: 1 } },
  } as StoredReturn
}

describe('a late charge that is weighed again', () => {
  it('and was right needs nobody', async () => {
    weigh = () => found(3, 0.999)
    await schedule(visit.orderId)
    await checked()
    expect([await kinds(), await refunds(), asked]).toEqual([[], [], []])
  })

  it('and was wrong gives the difference back without a person', async () => {
    weigh = () => found(2, 0.999)
    await schedule(visit.orderId)
    await checked()
    await eventually('the refund', async () => (await refunds())[0]?.state === 'succeeded', {
      withinMs: 20_000,
    })
    expect((await refunds()).map(({ amountFen, reason }) => [amountFen, reason])).toEqual([
      [PRICE_FEN, 'delayed_charge'],
    ])
    expect([await kinds(), asked]).toEqual([['item_returned refunded'], []])
  })

  it('and stays unclear is looked at by a person, and nothing goes back', async () => {
    weigh = () => found(2, 0.7)
    await schedule(visit.orderId)
    await checked()
    expect([await kinds(), await refunds()]).toEqual([['delayed_charge a person'], []])
    expect(asked).toHaveLength(1)
  })

  it('and has no record to weigh is looked at once its record was waited for long enough', async () => {
    weigh = async () => undefined
    await schedule(visit.orderId)
    await eventually('a person being asked', async () => asked.length === 1, { withinMs: 20_000 })
    expect(await refunds()).toEqual([])
  })

  it('while an agent gives the same goods back goes back once', async () => {
    // The agent is quicker: between weighing and writing.
    weigh = async () => {
      const seen = await found(2, 0.999)
      if ((await refunds()).length === 0)
        await rig.db().write('the agent refunds', (tx) =>
          rig.refunds().ask(tx, {
            refundId: rig.ids.next('refund'),
            orderId: visit.orderId,
            lines: [{ lineId: visit.lineId, quantity: 3 }],
            reason: 'quality',
            stock: 'not_returned',
            by: 'st-agent',
            authority: { kind: 'staff', role: 'lead' },
            tellConsumer: false,
          }),
        )
      return seen
    }
    await schedule(visit.orderId)
    await eventually('the order being refunded', async () => (await orderOf()).state === 'refunded', {
      withinMs: 20_000,
    })
    await eventually(
      'the check having ended',
      async () =>
        (
          await rig
            .db()
            .read.selectFrom('dueWork')
            .select('kind')
            .where('kind', '=', 'order.late_check')
            .execute()
        ).length === 0,
      { withinMs: 20_000 },
    )
    expect((await refunds()).map(({ amountFen }) => amountFen)).toEqual([3 * PRICE_FEN])
    expect(await kinds()).toEqual([])
  })
})
