import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RefundAsk } from '#core/refunds/refunds.ts'
import { stuckRefunds } from '#core/reports/finance-queries.ts'
import { createMoneyRig, type MoneyRig, PRICE_FEN } from '#test/core/payments/money-rig.ts'
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
async function paidVisit(quantity = 1): Promise<Visit> {
  const visit = await rig.visit(quantity)
  await rig.charges().authorise(visit.chargeId)
  await rig.settle(visit.chargeId, visit.orderId)
  await eventually(
    'the payment',
    async () =>
      (await rig.db().read.selectFrom('payment').selectAll().where('orderId', '=', visit.orderId).execute())
        .length === 1,
    { withinMs: 15_000 },
  )
  return visit
}
const ask = (visit: Visit, refundId: string, more: Partial<RefundAsk> = {}) =>
  rig.db().write('ask', (tx) =>
    rig.refunds().ask(tx, {
      refundId,
      orderId: visit.orderId,
      lines: [{ lineId: visit.lineId, quantity: 1 }],
      reason: 'quality',
      stock: 'not_returned',
      by: 'st-agent',
      authority: { kind: 'staff', role: 'lead' },
      tellConsumer: false,
      ...more,
    }),
  )
const refund = (refundId: string) =>
  rig.db().read.selectFrom('refund').selectAll().where('refundId', '=', refundId).executeTakeFirstOrThrow()
const isIn = (refundId: string, state: string) =>
  eventually(`the refund being ${state}`, async () => (await refund(refundId)).state === state, {
    withinMs: 15_000,
  })
const nextLookInMs = async (refundId: string) => {
  const work = await rig
    .db()
    .read.selectFrom('dueWork')
    .select('dueAtMs')
    .where('kind', '=', 'refund.drive')
    .where('subjectId', '=', refundId)
    .executeTakeFirstOrThrow()
  return work.dueAtMs - Date.now()
}
const atProvider = async () =>
  (await rig.books()).refunds.map(
    ({ outRefundNo, status, amountFen }) => `${outRefundNo} ${status} ${amountFen}`,
  )

describe('a refund', () => {
  it('that the account of the consumer cannot take is sent to ours by finance, then paid out by hand', async () => {
    const visit = await paidVisit()
    await rig.control('POST', 'faults', { kind: 'refund_abnormal' })
    await ask(visit, 'rf1')
    await isIn('rf1', 'abnormal')
    expect((await stuckRefunds(rig.db().read)).refunds.map((one) => one.actions)).toEqual([['reroute']])
    await rig.db().write('reroute', (tx) => rig.refunds().reroute(tx, 'rf1', 'st-finance'))
    await isIn('rf1', 'succeeded')
    expect((await rig.books()).refunds.map((one) => one.reroutedTo)).toEqual(['MERCHANT_BANK_CARD'])
    expect((await stuckRefunds(rig.db().read)).refunds.map((one) => one.actions)).toEqual([['record_payout']])
    await rig
      .db()
      .write('pay out', (tx) => rig.refunds().recordPayout(tx, 'rf1', 'st-finance', 'transfer 77'))
    expect((await stuckRefunds(rig.db().read)).refunds).toMatchObject([
      { actions: [], payoutReference: 'transfer 77' },
    ])
    await expect(
      rig.db().write('again', (tx) => rig.refunds().recordPayout(tx, 'rf1', 'st-finance', 'transfer 78')),
    ).rejects.toMatchObject({ code: 'already_decided' })
  })

  it('whose re-routing had no answer is found by asking', async () => {
    const visit = await paidVisit()
    await rig.control('POST', 'faults', { kind: 'refund_abnormal' })
    await ask(visit, 'rf1')
    await isIn('rf1', 'abnormal')
    await rig.control('POST', 'faults', {
      kind: 'timeout_after_effect',
      match: { path: 'apply-abnormal-refund' },
    })
    await rig.db().write('reroute', (tx) => rig.refunds().reroute(tx, 'rf1', 'st-finance'))
    await isIn('rf1', 'succeeded')
    expect(await atProvider()).toEqual(['rf1 SUCCESS 350'])
  })

  it('that the provider closed gets a new number, and goes back once', async () => {
    const visit = await paidVisit()
    await rig.control('POST', 'faults', { kind: 'refund_closed' })
    await ask(visit, 'rf1')
    await isIn('rf1', 'closed')
    expect((await stuckRefunds(rig.db().read)).refunds.map((one) => one.actions)).toEqual([['retry']])
    await rig.db().write('retry', (tx) => rig.refunds().retryClosed(tx, 'rf1', 'st-finance'))
    await isIn('rf1', 'succeeded')
    expect(await atProvider()).toEqual(['rf1 CLOSED 350', 'rf1-2 SUCCESS 350'])
  })

  it('that is closed while its answer is on the way is not sent again before the account had time to be filled', async () => {
    const visit = await paidVisit()
    await rig.control('POST', 'faults', { kind: 'refund_closed' })
    await rig.control('POST', 'faults', {
      kind: 'timeout_after_effect',
      match: { path: '/v3/refund/domestic/refunds' },
    })
    await ask(visit, 'rf1')
    await isIn('rf1', 'submitted')
    const closed = {
      outRefundNo: 'rf1',
      providerRefundId: '503',
      state: 'closed',
      amountFen: PRICE_FEN,
      succeededAtMs: null,
    } as const
    await rig.db().write('the callback', (tx) => rig.refunds().observe(tx, closed))
    await eventually('the answer being given up', async () => {
      const calls = await rig
        .db()
        .read.selectFrom('providerCall')
        .selectAll()
        .where('subjectId', '=', 'rf1')
        .execute()
      return calls.length === 1 && calls[0]?.answeredAtMs !== null
    })
    expect((await refund('rf1')).state).toBe('closed')
    expect(await nextLookInMs('rf1')).toBeGreaterThan(5 * 60_000)
  })

  it('that is closed just when it is looked at is not sent again before the account had time to be filled', async () => {
    const visit = await paidVisit()
    await rig.control('POST', 'faults', { kind: 'refund_closed' })
    await ask(visit, 'rf1')
    await isIn('rf1', 'closed')
    await rig
      .db()
      .write('a look from before it was closed', (tx) =>
        tx
          .updateTable('dueWork')
          .set({ dueAtMs: 0, payload: '{}' })
          .where('kind', '=', 'refund.drive')
          .where('subjectId', '=', 'rf1')
          .execute(),
      )
    await eventually('the look', async () => (await nextLookInMs('rf1')) > 0, { withinMs: 15_000 })
    expect((await refund('rf1')).state).toBe('closed')
    expect(await nextLookInMs('rf1')).toBeGreaterThan(5 * 60_000)
  })

  it('whose application had no answer keeps its number, and is found by asking', async () => {
    const visit = await paidVisit()
    await rig.control('POST', 'faults', {
      kind: 'timeout_after_effect',
      match: { path: '/v3/refund/domestic/refunds' },
    })
    await ask(visit, 'rf1')
    await isIn('rf1', 'succeeded')
    expect(await atProvider()).toEqual(['rf1 SUCCESS 350'])
  })

  it('of parts of a line is exact, and all parts together are the line', async () => {
    const visit = await paidVisit(3)
    await ask(visit, 'rf1')
    await ask(visit, 'rf2', { lines: [{ lineId: visit.lineId, quantity: 2 }] })
    await isIn('rf1', 'succeeded')
    await isIn('rf2', 'succeeded')
    const order = await rig.db().read.selectFrom('order').selectAll().executeTakeFirstOrThrow()
    expect([order.state, order.refundedFen]).toEqual(['refunded', 3 * PRICE_FEN])
    await expect(ask(visit, 'rf3')).rejects.toMatchObject({ code: 'amount_above_paid' })
  })
})

describe('the same order at once', () => {
  it('refunded by two agents, the policy and once more by a repeated request gives the money back once', async () => {
    const visit = await paidVisit()
    const policy = { kind: 'rule', isProven: true, refundedThisMonthFen: 0 } as const
    const outcomes = await Promise.allSettled([
      ask(visit, 'rf-agent-1'),
      ask(visit, 'rf-agent-2', { by: 'st-other' }),
      ask(visit, 'rf-policy', { by: 'rule:returned-1', authority: policy }),
      ask(visit, 'rf-amount', { lines: [], amountFen: PRICE_FEN }),
      ask(visit, 'rf-agent-1'),
    ])
    const refusals = outcomes.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as { code: string }).code] : [],
    )
    expect(refusals).toEqual(['amount_above_paid', 'amount_above_paid', 'amount_above_paid'])
    await isIn('rf-agent-1', 'succeeded')
    expect(await atProvider()).toEqual(['rf-agent-1 SUCCESS 350'])
  })

  it('with the callback, the query and the answer of one refund at once counts it once', async () => {
    const visit = await paidVisit(2)
    await ask(visit, 'rf1')
    const seen = {
      outRefundNo: 'rf1',
      providerRefundId: '503',
      state: 'succeeded',
      amountFen: PRICE_FEN,
      succeededAtMs: Date.now(),
    } as const
    await isIn('rf1', 'succeeded')
    await Promise.all(
      Array.from({ length: 20 }, () => rig.db().write('callback', (tx) => rig.refunds().observe(tx, seen))),
    )
    const payment = await rig.db().read.selectFrom('payment').selectAll().executeTakeFirstOrThrow()
    expect([payment.reservedFen, payment.refundedFen]).toEqual([PRICE_FEN, PRICE_FEN])
  })

  it('fifty refunds of one fen over what was paid leave the fen that is too much', async () => {
    const visit = await paidVisit()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => ask(visit, `rf-${index}`, { lines: [], amountFen: 8 })),
    )
    const accepted = outcomes.filter((one) => one.status === 'fulfilled').length
    expect(accepted).toBe(Math.floor(PRICE_FEN / 8))
    const payment = await rig.db().read.selectFrom('payment').selectAll().executeTakeFirstOrThrow()
    expect(payment.reservedFen).toBeLessThanOrEqual(PRICE_FEN)
  })
})
