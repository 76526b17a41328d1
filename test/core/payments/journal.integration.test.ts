import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { createMoneyRig, type MoneyRig, PRICE_FEN } from './money-rig.ts'

let rig: MoneyRig
beforeEach(async () => {
  rig = await createMoneyRig()
})
afterEach(async () => {
  expect(rig.violations).toEqual([])
  await rig.stop()
})

const chargeState = async (chargeId: string) =>
  (
    await rig
      .db()
      .read.selectFrom('charge')
      .select('state')
      .where('chargeId', '=', chargeId)
      .executeTakeFirstOrThrow()
  ).state
const isPaid = (chargeId: string) =>
  eventually('the charge being paid', async () => (await chargeState(chargeId)) === 'paid', {
    withinMs: 15_000,
  })
const amounts = async () => (await rig.books()).transactions.map(({ amountFen }) => amountFen)
/** Everything that was sent to change something, by operation, as often as it was saved. */
const calls = async (chargeId: string) =>
  (
    await rig
      .db()
      .read.selectFrom('providerCall')
      .select(['operation', 'state'])
      .where('subjectId', '=', chargeId)
      .orderBy('savedAtMs')
      .execute()
  ).map(({ operation, state }) => `${operation}: ${state}`)

describe('a charge', () => {
  it('is opened, completed and paid once, and the order knows it', async () => {
    const { chargeId, orderId } = await rig.visit()
    expect(await rig.charges().authorise(chargeId)).toEqual({ ok: true })
    await rig.settle(chargeId, orderId)
    await isPaid(chargeId)
    expect(await amounts()).toEqual([PRICE_FEN])
    expect(await calls(chargeId)).toEqual(['create_order: answered', 'complete_order: answered'])
    const order = await rig
      .db()
      .read.selectFrom('order')
      .selectAll()
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow()
    expect([order.state, order.paidFen]).toEqual(['paid', PRICE_FEN])
  })

  it('whose opening had no answer is found by asking, not opened again', async () => {
    await rig.control('POST', 'faults', {
      kind: 'timeout_after_effect',
      match: { path: 'POST /v3/payscore/serviceorder' },
    })
    const { chargeId } = await rig.visit()
    expect(await rig.charges().authorise(chargeId)).toEqual({ ok: true })
    expect((await rig.books()).serviceOrders).toHaveLength(1)
  })

  it('whose completion had no answer is unknown, and is found paid by asking', async () => {
    const { chargeId, orderId } = await rig.visit()
    await rig.charges().authorise(chargeId)
    await rig.control('POST', 'faults', { kind: 'timeout_after_effect', match: { path: '/complete' } })
    await rig.settle(chargeId, orderId)
    await isPaid(chargeId)
    expect(await amounts()).toEqual([PRICE_FEN])
    expect(await calls(chargeId)).toEqual(['create_order: answered', 'complete_order: unknown'])
  })

  it('whose completion never arrived is sent again with the same bytes', async () => {
    const { chargeId, orderId } = await rig.visit()
    await rig.charges().authorise(chargeId)
    await rig.control('POST', 'faults', { kind: 'timeout_before_effect', match: { path: '/complete' } })
    await rig.settle(chargeId, orderId)
    await isPaid(chargeId)
    expect(await amounts()).toEqual([PRICE_FEN])
    const bodies = await rig
      .db()
      .read.selectFrom('providerCall')
      .select('body')
      .where('operation', '=', 'complete_order')
      .execute()
    expect(bodies).toHaveLength(2)
    expect(new Set(bodies.map(({ body }) => body)).size).toBe(1)
  })

  it('with an answer that somebody else signed is not believed', async () => {
    const { chargeId, orderId } = await rig.visit()
    await rig.charges().authorise(chargeId)
    await rig.control('POST', 'faults', { kind: 'bad_response_signature', match: { path: '/complete' } })
    await rig.settle(chargeId, orderId)
    await isPaid(chargeId)
    expect(await calls(chargeId)).toEqual(['create_order: answered', 'complete_order: unknown'])
    expect(await amounts()).toEqual([PRICE_FEN])
  })

  it('that is taken twice shows the second payment as a duplicate', async () => {
    const { chargeId, orderId } = await rig.visit()
    await rig.charges().authorise(chargeId)
    await rig.control('POST', 'faults', { kind: 'double_payment', delayMs: 20 })
    await rig.settle(chargeId, orderId)
    await eventually(
      'the second payment',
      async () => (await rig.charges().check(chargeId)) && rig.duplicates.length === 1,
    )
    const payments = await rig
      .db()
      .read.selectFrom('payment')
      .select('isDuplicate')
      .orderBy('foundAtMs')
      .execute()
    expect(payments.map(({ isDuplicate }) => isDuplicate).toSorted((a, b) => a - b)).toEqual([0, 1])
  })

  it('asked for many times at once is taken once', async () => {
    const { chargeId, orderId } = await rig.visit()
    await rig.charges().authorise(chargeId)
    await Promise.all(Array.from({ length: 20 }, () => rig.settle(chargeId, orderId)))
    await isPaid(chargeId)
    await rig.settle(chargeId, orderId)
    await rig.charges().check(chargeId)
    expect(await amounts()).toEqual([PRICE_FEN])
  })
  it('is one a session: a second one is refused by the database', async () => {
    const { chargeId } = await rig.visit()
    const { sessionId, ...row } = await rig
      .db()
      .read.selectFrom('charge')
      .selectAll()
      .where('chargeId', '=', chargeId)
      .executeTakeFirstOrThrow()
    const second = { ...row, sessionId, chargeId: 'ch-second', outOrderNo: 'or-second' }
    await expect(
      rig.db().write('second', async (tx) => {
        await tx.insertInto('charge').values(second).execute()
      }),
    ).rejects.toThrow('UNIQUE')
  })

  it('of a session that came to nothing is given back', async () => {
    const { chargeId } = await rig.visit()
    await rig.charges().authorise(chargeId)
    await rig.db().write('release', (tx) => rig.charges().release(tx, chargeId))
    await eventually('the release', async () => (await chargeState(chargeId)) === 'cancelled')
    expect((await rig.books()).serviceOrders[0]?.triple.state).toBe('REVOKED')
  })
})

describe('a core that is killed', () => {
  /** Every call that completes an order disappears on the way out, or its answer on the way back. */
  const losing = (what: 'request' | 'answer') => ({
    transport: (
      real: Parameters<NonNullable<NonNullable<Parameters<MoneyRig['start']>[0]>['transport']>>[0],
    ) =>
      (async (call) => {
        if (!call.url.includes('/complete')) return real(call)
        if (what === 'answer') await real(call)
        throw new Error('the process ends here')
      }) satisfies typeof real,
  })

  it.each(['request', 'answer'] as const)(
    'before its %s passed the wire charges exactly once after the restart',
    async (lost) => {
      await rig.kill()
      await rig.start(losing(lost))
      const { chargeId, orderId } = await rig.visit()
      await rig.charges().authorise(chargeId)
      await rig.settle(chargeId, orderId)
      await eventually('the call being saved', async () => (await calls(chargeId)).length >= 2)
      await rig.kill()
      await rig.start()
      await isPaid(chargeId)
      expect(await amounts()).toEqual([PRICE_FEN])
    },
  )

  it('right after saving the call asks the provider before anything else', async () => {
    const { chargeId, orderId } = await rig.visit()
    await rig.charges().authorise(chargeId)
    await rig.settle(chargeId, orderId)
    await rig.kill()
    await rig.start()
    await isPaid(chargeId)
    expect(await amounts()).toEqual([PRICE_FEN])
  })
})

describe('a refund', () => {
  const ask = (orderId: string, lineId: string, refundId: string) =>
    rig.db().write('ask', (tx) =>
      rig.refunds().ask(tx, {
        refundId,
        orderId,
        lines: [{ lineId, quantity: 1 }],
        reason: 'quality',
        stock: 'not_returned',
        by: 'st-anna',
        authority: { kind: 'staff', role: 'agent' },
        tellConsumer: false,
      }),
    )
  async function paidVisit() {
    const visit = await rig.visit()
    await rig.charges().authorise(visit.chargeId)
    await rig.settle(visit.chargeId, visit.orderId)
    await isPaid(visit.chargeId)
    return visit
  }
  const succeeded = () =>
    eventually(
      'the refund',
      async () =>
        (await rig.db().read.selectFrom('refund').select('state').execute()).some(
          ({ state }) => state === 'succeeded',
        ),
      { withinMs: 15_000 },
    )

  it('asked fifty times at once goes back once', async () => {
    const { orderId, lineId } = await paidVisit()
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => ask(orderId, lineId, `rf-${index}`)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await succeeded()
    expect((await rig.books()).refunds.map(({ amountFen }) => amountFen)).toEqual([PRICE_FEN])
  })

  it('sent again by the page is the same refund', async () => {
    const { orderId, lineId } = await paidVisit()
    await ask(orderId, lineId, 'rf-1')
    await ask(orderId, lineId, 'rf-1')
    await succeeded()
    expect((await rig.books()).refunds).toHaveLength(1)
    const order = await rig
      .db()
      .read.selectFrom('order')
      .selectAll()
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow()
    expect([order.state, order.refundedFen]).toEqual(['refunded', PRICE_FEN])
  })

  it('whose answer was lost keeps its number', async () => {
    const { orderId, lineId } = await paidVisit()
    await rig.control('POST', 'faults', {
      kind: 'timeout_after_effect',
      match: { path: 'POST /v3/refund/domestic/refunds' },
    })
    await ask(orderId, lineId, 'rf-1')
    await succeeded()
    expect((await rig.books()).refunds.map(({ outRefundNo }) => outRefundNo)).toEqual(['rf-1'])
  })
})
