import type { StatementList } from '#protocol/api/finance.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import {
  buy,
  coreCommand,
  expectSoundBooks,
  kindsOf,
  reconcile,
  refundAll,
  refundIn,
  today,
} from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { paymentsOf, refundsOf } from './steps.ts'

export const billBalances: Scenario = {
  name: 'bill-balances',
  shows:
    "a sale and a refund stand in the provider's bill as in our books, to the fen; fees arrive in the statement, and the commands say the same",
  async run(world) {
    const [consumer, agent, finance] = [
      await world.consumer(),
      await world.staff('agent'),
      await world.staff('finance'),
    ]
    const order = await buy(world, consumer)
    await refundAll(world, agent, order)
    await refundIn(consumer, order.orderId, 'succeeded')
    const { run, differences } = await reconcile(world, finance)
    expectEqual(differences, [], 'the differences')
    expectThat(run?.report.isBalanced === true && run.report.isSummaryRight, 'the bill does not balance')
    expectEqual(run.report.payments.matched.fen, order.totalFen, 'what is the same in both')
    expectEqual(run.report.fundFlowNetFen, run.report.netFen, 'the fund-flow bill')
    const [statement] = ((await finance.get(`statements/${today(world)}`)) as StatementList).statements
    expectEqual(
      [statement?.grossFen, statement?.refundFen, statement?.feeFen],
      [order.totalFen, order.totalFen, run.report.feesFen],
      'the statement of the operator',
    )
    const printed = await coreCommand(world, 'statement', '--day', today(world), '--csv')
    expectThat(
      printed.code === 0 && printed.text.includes('operator-demo'),
      `the command printed: ${printed.text}`,
    )
    await expectSoundBooks(world)
  },
}

export const billDouble: Scenario = {
  name: 'bill-double',
  shows:
    'a second payment that no callback and no query told of: the bill shows it, and it goes back without a person',
  async run(world) {
    const [consumer, finance] = [await world.consumer(), await world.staff('finance')]
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid }, delayMs: 1500 })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    const order = await buy(world, consumer)
    await eventually(
      'the second taking',
      async () => paymentsOf(await world.provider.books(), consumer).length === 2,
    )
    expectEqual((await consumer.order(order.orderId)).refunds, [], 'refunds before the bill was looked at')
    expectEqual(kindsOf(await reconcile(world, finance)), ['paid_twice settled'], 'what the bill showed')
    await refundIn(consumer, order.orderId, 'succeeded')
    expectEqual(
      refundsOf(await world.provider.books(), consumer).map(({ amountFen, status }) => [amountFen, status]),
      [[order.totalFen, 'SUCCESS']],
      "the refunds in the provider's books",
    )
    await expectSoundBooks(world)
  },
}

export const billDifferences: Scenario = {
  name: 'bill-differences',
  shows:
    'a payment unknown to us, one that the bill does not have, one of another amount, a refund that is missing and one that we did not make: each is named once, becomes a ticket, and the report still balances',
  async run(world) {
    const [consumer, agent, finance] = [
      await world.consumer(),
      await world.staff('agent'),
      await world.staff('finance'),
    ]
    const first = await buy(world, consumer)
    await buy(world, consumer, 's3', 'cola-330')
    await refundAll(world, agent, first)
    await refundIn(consumer, first.orderId, 'succeeded')
    for (const kind of [
      'bill_missing_row',
      'bill_amount_differs',
      'bill_extra_row',
      'bill_missing_refund',
      'bill_extra_refund',
    ])
      await world.provider.fault({ kind })
    const detail = await reconcile(world, finance)
    expectEqual(
      kindsOf(detail),
      [
        'amount_differs open',
        'known_unpaid open',
        'paid_unknown open',
        'refund_missing open',
        'refund_unknown open',
      ],
      'the differences',
    )
    expectThat(detail.run?.report.isBalanced === true, 'the report does not balance')
    expectEqual((await agent.tickets()).length, 5, 'tickets')
    expectEqual(kindsOf(await reconcile(world, finance)).length, 5, 'differences after another look')
    await world.provider.clearFaults()
    const healed = await reconcile(world, finance)
    expectEqual(
      healed.differences.map(({ resolution }) => resolution),
      Array.from({ length: 5 }, () => 'found_later' as const),
      'how they were settled once the bill was right',
    )
    expectEqual((await agent.tickets()).length, 0, 'tickets when everything has explained itself')
    await expectSoundBooks(world)
  },
}

export const billNotReady: Scenario = {
  name: 'bill-not-ready',
  shows: 'a bill that the provider has not made yet: said so in words, and nothing is concluded from it',
  async run(world) {
    const [consumer, finance] = [await world.consumer(), await world.staff('finance')]
    await buy(world, consumer)
    await world.provider.fault({ kind: 'bill_not_ready', times: null })
    const { status, body } = await finance.trySend('POST', `bills/${today(world)}/reconcile`, {})
    expectEqual([status, (body as { code: string }).code], [409, 'bill_not_ready'], 'the refusal')
    await world.provider.clearFaults()
    expectEqual(kindsOf(await reconcile(world, finance)), [], 'differences once it is there')
  },
}
