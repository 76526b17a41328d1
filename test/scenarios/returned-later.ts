import type { OrderView } from '#protocol/api/consumer.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { expectSoundBooks } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { paymentsOf, putBack, refundsOf, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

async function stockOf(operator: Staff, sku: string): Promise<number> {
  return (await operator.cabinet()).stock
    .filter((row) => row.sku === sku)
    .reduce((sum, { quantity }) => sum + quantity, 0)
}
/** What was bought on a visit before; the shopper keeps it in the hand until the next one. */
async function buy(world: World, consumer: Consumer, shelf: string, sku: string): Promise<OrderView> {
  const { session } = await shop(world, consumer, [take(shelf, sku)])
  return consumer.orderIn(session.sessionId, ['paid'])
}
async function release(agent: Staff, orderId: string): Promise<void> {
  const { anomalies } = await agent.order(orderId)
  const doubt = anomalies.find(({ kind, state }) => kind === 'foreign_object' && state === 'in_review')
  expectThat(doubt, 'the order is held and nobody is asked why')
  await agent.send('POST', `anomalies/${doubt.anomalyId}/decide`, { decision: 'charge_as_recognised' })
}
const told = (world: World, template: string) =>
  eventually(`the message ${template}`, async () =>
    (await world.phone.messages()).find((message) => message.template === template),
  )

export const returnedLater: Scenario = {
  name: 'returned-later',
  shows:
    'bought, and brought back on the next visit: recognised, refunded without a person, told, stock right, the shelf is looked at; food that was out too long goes to a person and is not sold again',
  policy: { returnPerishableMs: 1000 },
  async run(world) {
    const [operator, agent] = [await world.staff('operator'), await world.staff('agent')]
    const consumer = await world.consumer()
    const before = await stockOf(operator, 'tea-oolong')
    const bought = await buy(world, consumer, 's4', 'tea-oolong')

    // Brought back, and something else is bought on the same visit: each is told apart.
    const later = await shop(world, consumer, [putBack('s4', 'tea-oolong'), take('s3', 'cola-330')])
    const second = await consumer.orderIn(later.session.sessionId, ['paid'])
    expectEqual(
      second.lines.map(({ sku, quantity }) => [sku, quantity]),
      [['cola-330', 1]],
      'the lines of the second visit',
    )
    const refund = await eventually('the refund at the provider', async () =>
      refundsOf(await world.provider.books(), consumer).find(({ status }) => status === 'SUCCESS'),
    )
    expectEqual(refund.amountFen, bought.totalFen, "the refund in the provider's books")
    const first = await eventually('the first order being refunded', async () => {
      const order = await consumer.order(bought.orderId)
      return order.state === 'refunded' && order
    })
    expectEqual(first.refundedFen, bought.totalFen, 'what the first order says went back')
    expectEqual(await stockOf(operator, 'tea-oolong'), before, 'the stock of tea')
    const message = await told(world, 'returned_refunded')
    expectThat(message.text.includes((bought.totalFen / 100).toFixed(2)), 'the message does not say how much')
    const seen = await agent.order(bought.orderId)
    const anomaly = seen.anomalies.find(({ reasonKey }) => reasonKey === 'anomaly.returned_later.refunded')
    expectThat(anomaly?.state === 'explained', 'the agent does not see what was decided and why')
    expectEqual(paymentsOf(await world.provider.books(), consumer).length, 2, 'payments')

    // A salad that was out of the cold for longer than it may be: nothing goes back by itself.
    const salad = await buy(world, consumer, 's2', 'salad-chicken')
    const saladBefore = await stockOf(operator, 'salad-chicken')
    await shop(world, consumer, [putBack('s2', 'salad-chicken')])
    const question = await eventually('the question for a person', async () =>
      (await agent.order(salad.orderId)).anomalies.find(({ state }) => state === 'in_review'),
    )
    expectEqual(question.reasonKey, 'anomaly.returned_later.too_late', 'why a person looks')
    await told(world, 'returned_look')
    expectEqual(
      await stockOf(operator, 'salad-chicken'),
      saladBefore,
      'the stock of salad, which is thrown away',
    )
    expectEqual((await consumer.order(salad.orderId)).refunds.length, 0, 'refunds before a person looked')
    await agent.send('POST', `anomalies/${question.anomalyId}/decide`, {
      decision: 'refund',
      lines: [{ sku: 'salad-chicken', quantity: 1 }],
      note: 'The seal is whole on the picture.',
    })
    await eventually('the refund that a person decided', async () => {
      const { refunds } = await consumer.order(salad.orderId)
      return refunds.some(({ state }) => state === 'succeeded')
    })
    expectEqual(await stockOf(operator, 'salad-chicken'), saladBefore, 'the stock of salad after the refund')
    await expectSoundBooks(world)
  },
}

export const returnedLaterOther: Scenario = {
  name: 'returned-later-other-consumer',
  shows:
    'what one consumer bought is brought back by another: neither is refunded by a rule, nobody is charged for it, a person sees who may have bought it',
  async run(world) {
    const [operator, agent] = [await world.staff('operator'), await world.staff('agent')]
    const buyer = await world.consumer()
    const stranger = await world.consumer('王芳')
    const bought = await buy(world, buyer, 's4', 'water-550')
    const stock = await stockOf(operator, 'water-550')

    const { session } = await shop(world, stranger, [putBack('s4', 'water-550'), take('s3', 'cola-330')])
    // The scales may think that it is something foreign; then a person looks before the cola is charged.
    const order = await stranger.orderIn(session.sessionId, ['paid', 'held'])
    if (order.state === 'held') await release(agent, order.orderId)
    await stranger.orderIn(session.sessionId, ['paid'])
    expectEqual(
      order.lines.map(({ sku }) => sku),
      ['cola-330'],
      'what the other consumer is charged for',
    )
    const question = await eventually('the question for a person', async () =>
      (await agent.order(order.orderId)).anomalies.find(({ kind }) => kind === 'item_returned'),
    )
    expectEqual(
      [question.state, question.reasonKey],
      ['in_review', 'anomaly.returned_later.not_theirs'],
      'what becomes of it',
    )
    const soldHere = question.inputs['soldHere'] as Array<{ orderId: string }>
    expectThat(
      soldHere.some(({ orderId }) => orderId === bought.orderId),
      'the agent does not see who may have bought it',
    )
    expectEqual(await stockOf(operator, 'water-550'), stock + 1, 'the stock of water')
    const books = await world.provider.books()
    expectEqual(
      [refundsOf(books, buyer).length, refundsOf(books, stranger).length],
      [0, 0],
      'refunds to the buyer and to the one who brought it',
    )
    expectThat(
      !(await world.phone.messages()).some(({ template }) => template.startsWith('returned')),
      'somebody was told of a return that is not theirs',
    )
    await expectSoundBooks(world)
  },
}
