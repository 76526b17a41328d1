import { expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { expectChargedOnce, paymentsOf, priceOf, putBack, shop, take } from './steps.ts'

export const putBackScenario: Scenario = {
  name: 'put-back',
  shows:
    'take three, put one back on its shelf: charged for two; put one on another shelf: charged right or held, never wrong in silence',
  async run(world) {
    const consumer = await world.consumer()
    const own = await shop(world, consumer, [
      take('s3', 'cola-330'),
      take('s4', 'juice-orange'),
      take('s2', 'milk-250'),
      putBack('s4', 'juice-orange'),
    ])
    expectEqual(own.truth.taken, { 'cola-330': 1, 'milk-250': 1 }, 'what the shopper really took')
    await expectChargedOnce(
      world,
      consumer,
      await consumer.orderIn(own.session.sessionId, ['paid']),
      own.truth.taken,
    )

    const other = await world.consumer('王芳')
    const elsewhere = await shop(world, other, [
      take('s3', 'coffee-latte'),
      take('s4', 'tea-oolong'),
      putBack('s1', 'coffee-latte'),
    ])
    expectEqual(elsewhere.truth.taken, { 'tea-oolong': 1 }, 'what the shopper really took')
    const order = await other.orderIn(elsewhere.session.sessionId, ['paid', 'held'])
    const payments = paymentsOf(await world.provider.books(), other)
    if (order.state === 'held') {
      expectThat(order.heldReason !== undefined, 'the order is held without a reason')
      expectEqual(payments.length, 0, 'payments while the order is held')
    } else {
      expectEqual(
        payments.map(({ amountFen }) => amountFen),
        [priceOf(elsewhere.truth.taken)],
        'payments for what was really taken',
      )
    }
  },
}
