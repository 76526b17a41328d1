import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { refundsOf, shop, take } from './steps.ts'
import type { Staff } from './world.ts'

async function stockOf(operator: Staff, sku: string): Promise<number> {
  return (await operator.cabinet()).stock
    .filter((row) => row.sku === sku)
    .reduce((sum, { quantity }) => sum + quantity, 0)
}

export const itemReturned: Scenario = {
  name: 'item-returned',
  shows:
    'charged for something that the trace shows coming back (the first receipt doubted it, a person decided wrongly): the dispute weighs the trace again, the line is refunded at once, stock right',
  // Every receipt with the least doubt goes to a person, who then makes the mistake.
  policy: { clearProbability: 1 },
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    const [colaBefore, juiceBefore] = [
      await stockOf(operator, 'cola-330'),
      await stockOf(operator, 'juice-orange'),
    ]
    const { session, truth } = await shop(world, consumer, [
      take('s3', 'cola-330'),
      take('s4', 'juice-orange'),
      { do: 'lean', shelf: 's3', grams: 900, durationMs: 1500 },
      { do: 'put-back', shelf: 's3', sku: 'cola-330' },
    ])
    expectEqual(truth.taken, { 'juice-orange': 1 }, 'what the shopper really took')
    const held = await consumer.orderIn(session.sessionId, ['held'])
    const agent = await world.staff('agent')
    const doubt = await eventually('the question for a person', async () =>
      (await agent.order(held.orderId)).anomalies.find(({ state }) => state === 'in_review'),
    )
    await agent.send('POST', `anomalies/${doubt.anomalyId}/decide`, {
      decision: 'charge_corrected',
      lines: [
        { sku: 'cola-330', quantity: 1 },
        { sku: 'juice-orange', quantity: 1 },
      ],
    })
    const paid = await consumer.orderIn(session.sessionId, ['paid'])
    expectEqual(paid.totalFen, 1200, 'what the mistaken decision charges')
    const line = paid.lines.find(({ sku }) => sku === 'cola-330')
    expectThat(line, 'the order has no line of the cola')

    const dispute = await consumer.dispute(paid.orderId, {
      reason: 'item_returned',
      lines: [{ lineId: line.lineId, quantity: 1 }],
    })
    expectEqual([dispute.state, dispute.isAutomatic], ['settled', true], 'the dispute')
    expectEqual(
      dispute.refunds.map(({ amountFen }) => amountFen),
      [350],
      'the refunds that the consumer sees at once',
    )
    const refund = await eventually('the refund at the provider', async () =>
      refundsOf(await world.provider.books(), consumer).find(({ status }) => status === 'SUCCESS'),
    )
    expectEqual(refund.amountFen, 350, "the refund in the provider's books")
    expectEqual(
      [await stockOf(operator, 'cola-330'), await stockOf(operator, 'juice-orange')],
      [colaBefore, juiceBefore - 1],
      'the stock of cola and juice',
    )

    const again = await consumer.dispute(paid.orderId, {
      reason: 'item_returned',
      lines: [{ lineId: line.lineId, quantity: 1 }],
    })
    expectThat(again.refunds.length === 1, 'the same line was refunded twice')
  },
}
