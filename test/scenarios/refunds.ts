import type { StuckRefundList } from '#protocol/api/finance.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { buy, expectSoundBooks, refundAll, refundIn } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { refundsOf, shop, take } from './steps.ts'

const statuses = (books: Parameters<typeof refundsOf>[0], consumer: Parameters<typeof refundsOf>[1]) =>
  refundsOf(books, consumer).map(({ amountFen, status }) => `${status} ${amountFen}`)

export const refundRerouted: Scenario = {
  name: 'refund-abnormal-rerouted',
  shows:
    'the account of the consumer cannot take the money: finance sends it to ours and records the transfer; nobody else may',
  async run(world) {
    const [consumer, agent, finance] = [
      await world.consumer(),
      await world.staff('agent'),
      await world.staff('finance'),
    ]
    const order = await buy(world, consumer)
    await world.provider.fault({ kind: 'refund_abnormal', match: { openid: consumer.openid } })
    const refundId = await refundAll(world, agent, order)
    await refundIn(consumer, order.orderId, 'abnormal')
    const refused = await agent.trySend('POST', `stuck-refunds/${refundId}/reroute`, {})
    expectEqual(refused.status, 403, 'an agent sending the money elsewhere')
    await finance.send('POST', `stuck-refunds/${refundId}/reroute`, {})
    await refundIn(consumer, order.orderId, 'succeeded')
    const card = await finance.trySend('POST', `stuck-refunds/${refundId}/payout`, {
      reference: '6222021234567890123',
    })
    expectEqual(card.status, 400, 'a card number as reference')
    await finance.send('POST', `stuck-refunds/${refundId}/payout`, { reference: 'transfer 2026-77' })
    const [stuck] = ((await finance.get('stuck-refunds')) as StuckRefundList).refunds
    expectEqual(
      [stuck?.actions, stuck?.payoutReference],
      [[], 'transfer 2026-77'],
      'what finance sees in the end',
    )
    await expectSoundBooks(world)
  },
}

export const refundClosedAndUnknown: Scenario = {
  name: 'refund-closed-new-number',
  shows:
    'a refund that the provider closed is sent once more under a new number, one whose answer was lost keeps its number: each gives the money back once',
  async run(world) {
    const [consumer, agent, finance] = [
      await world.consumer(),
      await world.staff('agent'),
      await world.staff('finance'),
    ]
    const first = await buy(world, consumer)
    await world.provider.fault({ kind: 'refund_closed', match: { openid: consumer.openid } })
    const closedId = await refundAll(world, agent, first)
    await refundIn(consumer, first.orderId, 'closed')
    await finance.send('POST', `stuck-refunds/${closedId}/retry`, {})
    await refundIn(consumer, first.orderId, 'succeeded')
    const second = await buy(world, consumer, 's3', 'cola-330')
    await world.provider.fault({
      kind: 'timeout_after_effect',
      match: { path: '/v3/refund/domestic/refunds' },
      delayMs: 100,
    })
    await refundAll(world, agent, second)
    await refundIn(consumer, second.orderId, 'succeeded')
    expectEqual(
      statuses(await world.provider.books(), consumer).toSorted(),
      [`CLOSED ${first.totalFen}`, `SUCCESS ${first.totalFen}`, `SUCCESS ${second.totalFen}`].toSorted(),
      "the refunds in the provider's books",
    )
    await expectSoundBooks(world)
  },
}

export const refundAtOnce: Scenario = {
  name: 'refund-concurrent',
  shows:
    'two agents refund the same line at once, and again with the same request: the money goes back once, line by line and exact',
  async run(world) {
    const consumer = await world.consumer()
    const agents = [await world.staff('agent'), await world.staff('agent-en')]
    const { session } = await shop(world, consumer, [take('s3', 'cola-330'), take('s4', 'juice-orange')])
    const order = await consumer.orderIn(session.sessionId, ['paid'])
    const line = order.lines[0]
    expectThat(line !== undefined && order.lines.length === 2, 'there are not two lines')
    const bodies = agents.map(() => ({
      refundId: world.ids.next('refund'),
      lines: [{ lineId: line.lineId, quantity: line.quantity }],
      reason: 'quality',
      stock: 'not_returned',
      tellConsumer: false,
    }))
    const answers = await Promise.all(
      [...bodies, ...bodies].map(async (body, index) => {
        const answer = await agents[index % 2]?.trySend('POST', `orders/${order.orderId}/refunds`, body)
        return answer?.status ?? 0
      }),
    )
    expectEqual(
      answers.filter((status) => status < 300).length,
      2,
      'requests of one agent that were accepted, the repetition with them',
    )
    await refundIn(consumer, order.orderId, 'succeeded')
    expectEqual(
      statuses(await world.provider.books(), consumer),
      [`SUCCESS ${line.amountFen}`],
      "the refunds in the provider's books",
    )
    const left = await eventually('the order being refunded in part', async () => {
      const view = await consumer.order(order.orderId)
      return view.state === 'partly_refunded' && view
    })
    expectEqual(left.refundedFen, line.amountFen, 'what went back')
    await expectSoundBooks(world)
  },
}
