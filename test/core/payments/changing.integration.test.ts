import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { balancesOf } from '#core/ledger/journal.ts'
import { createMoneyRig, type MoneyRig, PRICE_FEN } from './money-rig.ts'
import { eventually } from '#test/support/eventually.ts'

let rig: MoneyRig
beforeEach(async () => {
  rig = await createMoneyRig()
})
afterEach(async () => {
  expect(rig.violations).toEqual([])
  await rig.stop()
})

type Visit = Awaited<ReturnType<MoneyRig['visit']>>
const charge = ({ chargeId }: Visit) =>
  rig.db().read.selectFrom('charge').selectAll().where('chargeId', '=', chargeId).executeTakeFirstOrThrow()
const order = ({ orderId }: Visit) =>
  rig.db().read.selectFrom('order').selectAll().where('orderId', '=', orderId).executeTakeFirstOrThrow()
const isIn = (visit: Visit, state: string) =>
  eventually(`the charge being ${state}`, async () => (await charge(visit)).state === state, {
    withinMs: 15_000,
  })
const taken = async () => (await rig.books()).transactions.map((one) => one.amountFen)

/** The provider holds the deduction until somebody acts. */
async function pendingVisit(quantity: number): Promise<Visit> {
  await rig.control('POST', 'faults', { kind: 'delayed_deduction' })
  const visit = await rig.visit(quantity)
  await rig.charges().authorise(visit.chargeId)
  await rig.settle(visit.chargeId, visit.orderId)
  await isIn(visit, 'pending')
  return visit
}
const lower = (visit: Visit, quantity: number) =>
  rig.db().write('lower', (tx) =>
    rig.charges().lower(tx, visit.chargeId, {
      refundId: rig.ids.next('refund'),
      lines: [{ lineId: visit.lineId, quantity }],
      reason: 'not_taken',
      by: 'st-agent',
    }),
  )

describe('an amount that was asked for and not taken yet', () => {
  it('is lowered when less is owed, and the lower amount is what is taken', async () => {
    const visit = await pendingVisit(3)
    await lower(visit, 1)
    await eventually('the lower amount', async () => (await charge(visit)).amountFen === 2 * PRICE_FEN)
    expect((await order(visit)).totalFen).toBe(2 * PRICE_FEN)
    await rig.control('POST', `serviceorders/${visit.orderId}/deduct`, {})
    await isIn(visit, 'paid')
    expect(await taken()).toEqual([2 * PRICE_FEN])
    expect(await balancesOf(rig.db().read)).toEqual({
      consumer_receivable: 0,
      provider_clearing: 2 * PRICE_FEN,
      revenue: -3 * PRICE_FEN,
      refunds: PRICE_FEN,
    })
  })

  it('is lowered once more, and each step is on record', async () => {
    const visit = await pendingVisit(3)
    await lower(visit, 1)
    await eventually('the lower amount', async () => (await charge(visit)).amountFen === 2 * PRICE_FEN)
    await lower(visit, 1)
    await eventually('the lowest amount', async () => (await charge(visit)).amountFen === PRICE_FEN)
  })

  it('is found lowered by asking when the answer is lost', async () => {
    const visit = await pendingVisit(2)
    await rig.control('POST', 'faults', { kind: 'timeout_after_effect', match: { path: '/modify' } })
    await lower(visit, 1)
    await eventually('the lower amount', async () => (await charge(visit)).amountFen === PRICE_FEN, {
      withinMs: 10_000,
    })
  })

  it('is given up when nothing is owed at all: no money moves and the consumer owes nothing', async () => {
    const visit = await pendingVisit(1)
    await lower(visit, 1)
    await eventually('the end of the collection', async () => (await charge(visit)).state === 'paid', {
      withinMs: 10_000,
    })
    expect((await order(visit)).state).toBe('paid_elsewhere')
    expect([(await order(visit)).totalFen, await taken()]).toEqual([0, []])
    expect((await balancesOf(rig.db().read)).consumer_receivable).toBe(0)
  })

  it('that was taken in the meantime goes back as a refund instead', async () => {
    const visit = await rig.visit(2)
    await rig.charges().authorise(visit.chargeId)
    await rig.settle(visit.chargeId, visit.orderId)
    await isIn(visit, 'paid')
    await lower(visit, 1)
    await eventually('the refund instead', async () => rig.tooLate.includes(visit.chargeId))
    expect((await charge(visit)).amountFen).toBe(2 * PRICE_FEN)
  })

  it('is not touched when more is to go than was taken', async () => {
    const visit = await pendingVisit(1)
    await lower(visit, 2)
    await eventually('the wish being looked at', async () => {
      const due = await rig
        .db()
        .read.selectFrom('dueWork')
        .select('kind')
        .where('kind', '=', 'charge.lower')
        .execute()
      return due.length === 0
    })
    expect((await charge(visit)).amountFen).toBe(PRICE_FEN)
  })

  it('is settled when the consumer paid in another way', async () => {
    const visit = await pendingVisit(2)
    await rig
      .db()
      .write('paid', (tx) => rig.charges().markPaidElsewhere(tx, visit.chargeId, { paidAtMs: Date.now() }))
    await isIn(visit, 'paid')
    expect((await order(visit)).state).toBe('paid_elsewhere')
    expect(await balancesOf(rig.db().read)).toEqual({
      consumer_receivable: 0,
      outside_cash: 2 * PRICE_FEN,
      revenue: -2 * PRICE_FEN,
    })
  })

  it('is tried once more when we ask for it', async () => {
    const visit = await pendingVisit(1)
    await rig.db().write('collect', (tx) => rig.charges().collect(tx, visit.chargeId))
    await isIn(visit, 'paid')
    expect(await taken()).toEqual([PRICE_FEN])
  })
})
