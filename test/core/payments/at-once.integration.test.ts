import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CabinetError } from '#protocol/base/errors.ts'
import { balancesOf } from '#core/ledger/journal.ts'
import type { Database } from '#core/platform/database.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { eventually } from '#test/support/eventually.ts'
import { createMoneyRig, type MoneyRig, PRICE_FEN, type TwinCore } from './money-rig.ts'

/** Two cores on one database file, each with its own connection, its own work and the same provider over HTTP. */
let rig: MoneyRig
let twin: TwinCore
beforeEach(async () => {
  rig = await createMoneyRig()
  twin = await rig.twin()
})
afterEach(async () => {
  await twin.stop()
  expect(rig.violations).toEqual([])
  await rig.stop()
})

interface Core {
  readonly db: Database
  readonly refunds: Refunds
}
const cores = (): Core[] => [{ db: rig.db(), refunds: rig.refunds() }, twin]

type Visit = Awaited<ReturnType<MoneyRig['visit']>>
const chargeOf = (visit: Visit) =>
  rig
    .db()
    .read.selectFrom('charge')
    .selectAll()
    .where('chargeId', '=', visit.chargeId)
    .executeTakeFirstOrThrow()
async function paidVisit(quantity: number): Promise<Visit> {
  const visit = await rig.visit(quantity)
  await rig.charges().authorise(visit.chargeId)
  await rig.settle(visit.chargeId, visit.orderId)
  await eventually('the payment', async () => (await chargeOf(visit)).state === 'paid', { withinMs: 20_000 })
  return visit
}
/** @returns the code of the refusal, or `accepted` */
async function refund(core: Core, visit: Visit, refundId: string, quantity: number, isRule = false) {
  try {
    await core.db.write('refund', (tx) =>
      core.refunds.ask(tx, {
        refundId,
        orderId: visit.orderId,
        lines: [{ lineId: visit.lineId, quantity }],
        reason: 'quality',
        stock: 'not_returned',
        by: isRule ? 'rule:test-1' : 'st-agent',
        authority: isRule
          ? { kind: 'rule', isProven: true, refundedThisMonthFen: 0 }
          : { kind: 'staff', role: 'lead' },
        tellConsumer: false,
      }),
    )
    return 'accepted'
  } catch (error) {
    if (!(error instanceof CabinetError)) throw error
    return error.code
  }
}
const backFen = async () =>
  (await rig.books()).refunds
    .filter(({ status }) => status === 'SUCCESS')
    .reduce((sum, { amountFen }) => sum + amountFen, 0)
const allSettled = () =>
  eventually(
    'every refund having ended',
    async () =>
      (await rig.db().read.selectFrom('refund').select('state').execute()).every(
        ({ state }) => state === 'succeeded',
      ),
    { withinMs: 20_000 },
  )

describe('two cores on one database', () => {
  it('give no more back than was taken, however many agents and rules ask at once', async () => {
    const visit = await paidVisit(3)
    const asked = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        refund(cores()[index % 2] as Core, visit, rig.ids.next('refund'), 1, index % 3 === 0),
      ),
    )
    expect(asked.filter((answer) => answer === 'accepted')).toHaveLength(3)
    expect(new Set(asked)).toEqual(new Set(['accepted', 'amount_above_paid']))
    await allSettled()
    expect(await backFen()).toBe(3 * PRICE_FEN)
    expect(await balancesOf(rig.db().read)).toMatchObject({ refunds: 3 * PRICE_FEN, provider_clearing: 0 })
  })

  it('take one request that reaches both as one refund', async () => {
    const visit = await paidVisit(2)
    const refundId = rig.ids.next('refund')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => refund(cores()[index % 2] as Core, visit, refundId, 1)),
    )
    expect(new Set(answers)).toEqual(new Set(['accepted']))
    await allSettled()
    expect([(await rig.books()).refunds.length, await backFen()]).toEqual([1, PRICE_FEN])
  })

  it('complete one session once, although both are told to', async () => {
    const visit = await rig.visit(2)
    await rig.charges().authorise(visit.chargeId)
    const bill = {
      lines: [{ description: '可乐', count: 2, amountFen: 2 * PRICE_FEN }],
      totalFen: 2 * PRICE_FEN,
    }
    const told = await Promise.allSettled([
      rig.db().write('settle', (tx) => rig.charges().settle(tx, visit.chargeId, bill)),
      twin.db.write('settle', (tx) => twin.charges.settle(tx, visit.chargeId, bill)),
      rig.db().write('settle', (tx) => rig.charges().settle(tx, visit.chargeId, bill)),
    ])
    expect(told.some(({ status }) => status === 'fulfilled')).toBe(true)
    await eventually('the payment', async () => (await chargeOf(visit)).state === 'paid', {
      withinMs: 20_000,
    })
    await Promise.all([rig.charges().check(visit.chargeId), twin.charges.check(visit.chargeId)])
    expect((await rig.books()).transactions.map(({ amountFen }) => amountFen)).toEqual([2 * PRICE_FEN])
    expect(rig.duplicates).toEqual([])
    const sales = await rig
      .db()
      .read.selectFrom('ledgerEntry')
      .select('kind')
      .where('orderId', '=', visit.orderId)
      .orderBy('seq')
      .execute()
    expect(new Set(sales.map(({ kind }) => kind)).size).toBe(sales.length)
  })

  it('lower one pending charge by what two people ask for, once each, and what is taken is what is left', async () => {
    await rig.control('POST', 'faults', { kind: 'delayed_deduction' })
    const visit = await rig.visit(4)
    await rig.charges().authorise(visit.chargeId)
    await rig.settle(visit.chargeId, visit.orderId)
    await eventually('the pending charge', async () => (await chargeOf(visit)).state === 'pending', {
      withinMs: 20_000,
    })
    const ids = [rig.ids.next('refund'), rig.ids.next('refund')]
    const wishes = [
      { charges: rig.charges(), db: rig.db(), refundId: ids[0] },
      { charges: twin.charges, db: twin.db, refundId: ids[1] },
      // The same request once more, at the other core.
      { charges: twin.charges, db: twin.db, refundId: ids[0] },
    ]
    await Promise.all(
      wishes.map(({ charges, db, refundId }) =>
        db.write('lower', (tx) =>
          charges.lower(tx, visit.chargeId, {
            refundId: refundId ?? '',
            lines: [{ lineId: visit.lineId, quantity: 1 }],
            reason: 'not_taken',
            by: 'st-agent',
          }),
        ),
      ),
    )
    await eventually('the lower amount', async () => (await chargeOf(visit)).amountFen === 2 * PRICE_FEN, {
      withinMs: 20_000,
    })
    await rig.control('POST', `serviceorders/${visit.orderId}/deduct`, {})
    await eventually('the payment', async () => (await chargeOf(visit)).state === 'paid', {
      withinMs: 20_000,
    })
    expect((await rig.books()).transactions.map(({ amountFen }) => amountFen)).toEqual([2 * PRICE_FEN])
    expect(rig.tooLate).toEqual([])
  })
})
