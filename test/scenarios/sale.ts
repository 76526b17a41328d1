import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { expectChargedOnce, shop, take } from './steps.ts'

export const sale: Scenario = {
  name: 'sale',
  shows:
    'scan, consent, open, take two different items, close; charged once, right lines, right amount, evidence present',
  async run(world) {
    const consumer = await world.consumer()
    const { session, truth } = await shop(world, consumer, [
      take('s3', 'cola-330'),
      take('s4', 'juice-orange'),
    ])
    expectEqual(truth.taken, { 'cola-330': 1, 'juice-orange': 1 }, 'what the shopper really took')
    const paid = await consumer.orderIn(session.sessionId, ['paid'])
    await expectChargedOnce(world, consumer, paid, truth.taken)

    // A camera that is slow sends a picture after the receipt; none may be lost.
    const order = await eventually(
      'a picture of opening, of each step and of closing, and the weights, all uploaded',
      async () => {
        const view = await consumer.order(paid.orderId)
        const moments = new Set(view.evidence.map(({ moment }) => moment))
        return (
          (['open', 'step', 'close', 'whole'] as const).every((moment) => moments.has(moment)) &&
          view.evidence.every(({ isUploaded }) => isUploaded) &&
          view
        )
      },
    )
    for (const { url, mediaType } of order.evidence) {
      const { status, headers } = await consumer.visitor.get(url)
      expectEqual(
        [status, headers.get('content-type')?.split(';')[0]],
        [200, mediaType],
        `the evidence at ${url}`,
      )
    }
    expectThat(order.weights.length > 0, 'the order shows no weight curve')
    expectEqual(order.steps.length, 2, 'the steps that the order shows')

    const page = await consumer.page(`/o/${order.orderId}?lang=en`)
    expectThat(
      page.includes('12.00') && page.includes('Cola'),
      'the page of the order does not say the amount and the goods without JavaScript',
    )

    const stranger = await world.consumer('王芳')
    const foreign = await stranger.visitor.get(`/api/consumer/orders/${order.orderId}`)
    expectThat(
      foreign.status === 401 || foreign.status === 404,
      `a stranger who asks for the order gets ${foreign.status}`,
    )
  },
}

export const nothingTaken: Scenario = {
  name: 'nothing-taken',
  shows: "open and close: no charge, order void, provider's order closed at zero",
  async run(world) {
    const consumer = await world.consumer()
    const { session } = await shop(world, consumer, [])
    const order = await consumer.orderIn(session.sessionId, ['void'])
    expectEqual(
      [order.totalFen, order.paidFen, order.lines.length],
      [0, 0, 0],
      'total, paid and lines of the order',
    )
    const books = await eventually("the provider's order being closed", async () => {
      const now = await world.provider.books()
      const own = now.serviceOrders.find(({ openid }) => openid === consumer.openid)
      return own?.triple.state === 'DONE' && now
    })
    expectEqual(books.transactions.length, 0, 'payments at the provider')
    expectEqual(
      books.serviceOrders.find(({ openid }) => openid === consumer.openid)?.totalFen,
      0,
      "the amount of the provider's order",
    )
  },
}
