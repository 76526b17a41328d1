import type { BillDetail } from '#protocol/api/finance.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { buy, expectSoundBooks, kindsOf, reconcile, today } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { paymentsOf, shop, take } from './steps.ts'

/** A bill that cannot be believed: refused in words, nothing concluded; the right one balances. */
function unbelievable(kind: string, name: string, shows: string, why: RegExp): Scenario {
  return {
    name,
    shows,
    async run(world) {
      const [consumer, finance] = [await world.consumer(), await world.staff('finance')]
      await buy(world, consumer)
      await world.provider.fault({ kind })
      const { status, body } = await finance.trySend('POST', `bills/${today(world)}/reconcile`, {})
      expectThat(status >= 400, `the bill was believed: ${JSON.stringify(body)}`)
      expectThat(why.test((body as { message: string }).message), `the refusal says: ${JSON.stringify(body)}`)
      const before = (await finance.get(`bills/${today(world)}`)) as BillDetail
      expectEqual(
        [before.run, before.differences],
        [null, []],
        'what was concluded from a bill that cannot be read',
      )
      expectEqual((await (await world.staff('agent')).tickets()).length, 0, 'tickets')
      await world.provider.clearFaults()
      const right = await reconcile(world, finance)
      expectEqual([right.run?.report.isBalanced, right.differences], [true, []], 'the right bill')
      await expectSoundBooks(world)
    },
  }
}

export const billUnheard: Scenario = {
  name: 'bill-unheard-payment',
  shows:
    'taken at last, and neither callback nor query had said so: the bill shows it, it is asked about and taken up, and the order is paid without a person',
  policy: { chargeQueryFirstMs: 60_000, chargeQueryLongestMs: 60_000 },
  async run(world) {
    const [consumer, finance] = [await world.consumer(), await world.staff('finance')]
    await world.provider.fault({
      kind: 'delayed_deduction',
      match: { openid: consumer.openid },
      delayMs: 600_000,
    })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    const { session } = await shop(world, consumer, [take('s4', 'juice-orange')])
    const order = await consumer.orderIn(session.sessionId, ['charging'])
    await eventually(
      'the pending deduction',
      async () => (await consumer.order(order.orderId)).chargeState === 'pending',
    )
    await world.provider.deduct(order.orderId)
    const { run, differences } = await reconcile(world, finance)
    expectEqual(
      differences.filter(({ state }) => state === 'open'),
      [],
      'differences that wait for a person',
    )
    expectThat(run?.report.isBalanced === true, 'the report does not balance')
    await eventually(
      'the order being paid',
      async () => (await consumer.order(order.orderId)).state === 'paid',
    )
    expectEqual(paymentsOf(await world.provider.books(), consumer).length, 1, 'payments')
    await expectSoundBooks(world)
  },
}

export const billSettledByHand: Scenario = {
  name: 'bill-settled-by-hand',
  shows:
    'a payment that belongs to no order of ours: finance settles it with a note, it stays settled however often the bill is looked at, and nobody else may',
  async run(world) {
    const [consumer, agent, finance] = [
      await world.consumer(),
      await world.staff('agent'),
      await world.staff('finance'),
    ]
    await buy(world, consumer)
    await world.provider.fault({ kind: 'bill_extra_row' })
    const { differences } = await reconcile(world, finance)
    expectEqual(
      differences.map(({ kind }) => kind),
      ['paid_unknown'],
      'the differences',
    )
    const path = `bill-differences/${differences[0]?.differenceId ?? ''}/settle`
    expectEqual((await agent.trySend('POST', path, { note: 'mine' })).status, 403, 'an agent settling it')
    await finance.send('POST', path, { note: 'a test of the provider, see their ticket 4711' })
    expectEqual(kindsOf(await reconcile(world, finance)), ['paid_unknown settled'], 'after another look')
    expectEqual((await agent.tickets()).length, 0, 'tickets')
    await expectSoundBooks(world)
  },
}

export const BILL_STORIES: readonly Scenario[] = [
  billUnheard,
  billSettledByHand,
  unbelievable(
    'bill_damaged',
    'bill-damaged',
    'a row of the bill lost its last cells: refused in words, nothing concluded, and the right bill balances',
    /cells/,
  ),
  unbelievable(
    'bill_other_currency',
    'bill-other-currency',
    'a row of the bill is in another currency: never read as yuan',
    /HKD/,
  ),
  unbelievable(
    'bill_duplicate_row',
    'bill-duplicate-row',
    'a payment stands in the bill twice: not taken for a second payment',
    /twice/,
  ),
]
