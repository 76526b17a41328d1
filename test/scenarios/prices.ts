import type { PriceBoard } from '#protocol/api/prices.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { expectSoundBooks, refundIn } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { arrive, leave, paymentsOf, refundsOf, shop, take } from './steps.ts'

const HOUR_MS = 3_600_000

export const promotion: Scenario = {
  name: 'promotion',
  shows:
    'a timed price and an amount off, made by the operator: the page shows both, the best of them is taken, one stopped while the door is open still holds, and the refund of a line is what was paid for it',
  async run(world) {
    const [consumer, operator, agent] = [
      await world.consumer(),
      await world.staff('operator'),
      await world.staff('agent'),
    ]
    const nowMs = world.clock.now()
    const common = {
      cabinets: null,
      startsAtMs: nowMs,
      endsAtMs: nowMs + HOUR_MS,
      fromMinute: 0,
      toMinute: 1440,
      weekdays: 127,
      percentOff: null,
      priceFen: null,
      thresholdFen: null,
      offFen: null,
      timesMost: null,
      isExclusive: false,
    }
    await operator.send('POST', 'promotions', {
      ...common,
      name: { zh: '可乐八折', en: 'Cola week' },
      kind: 'timed',
      skus: ['cola-330'],
      percentOff: 20,
    })
    const board = (await operator.send('POST', 'promotions', {
      ...common,
      name: { zh: '满五减一', en: 'One off five' },
      kind: 'threshold',
      skus: null,
      thresholdFen: 500,
      offFen: 100,
      timesMost: 1,
    })) as PriceBoard
    expectThat(
      (await consumer.page(`/c/${world.system.cabinetId}?lang=en`)).includes('Cola week'),
      'the page does not show the promotion',
    )
    const session = await consumer.open()
    const promotions = new Map(board.promotions.map((one) => [one.name.en, one.promotionId]))
    await operator.send('POST', `promotions/${promotions.get('Cola week') ?? ''}/stop`, {})
    await world.workshop.visit([...arrive, take('s3', 'cola-330'), take('s4', 'juice-orange'), ...leave])
    const order = await consumer.orderIn(session.sessionId, ['paid'])
    const gross = order.lines.reduce((sum, line) => sum + line.unitPriceFen * line.quantity, 0)
    const cola = order.lines.find(({ sku }) => sku === 'cola-330')
    expectThat(cola !== undefined, 'there is no cola on the order')
    const colaOff = cola.unitPriceFen - Math.round(cola.unitPriceFen * 0.8)
    expectEqual(
      order.discounts?.map(({ name, amountFen }) => [name.en, amountFen]),
      [
        ['Cola week', colaOff],
        ['One off five', 100],
      ],
      'what was taken off',
    )
    expectEqual(order.totalFen, gross - colaOff - 100, 'what the visit costs')
    expectEqual(
      paymentsOf(await world.provider.books(), consumer).map(({ amountFen }) => amountFen),
      [order.totalFen],
      'what was taken',
    )
    expectThat(
      (await consumer.page(`/o/${order.orderId}?lang=en`)).includes('One off five'),
      'the order page does not explain the discount',
    )
    await agent.send('POST', `orders/${order.orderId}/refunds`, {
      refundId: world.ids.next('refund'),
      lines: [{ lineId: cola.lineId, quantity: 1 }],
      reason: 'quality',
      stock: 'not_returned',
      tellConsumer: false,
    })
    await refundIn(consumer, order.orderId, 'succeeded')
    expectEqual(
      refundsOf(await world.provider.books(), consumer).map(({ amountFen }) => amountFen),
      [cola.amountFen],
      'what went back for the cola',
    )
    const next = await shop(world, consumer, [take('s3', 'cola-330')])
    const full = await eventually('the next order', async () => {
      const { orderId } = await consumer.session(next.session.sessionId)
      const view = orderId === null ? undefined : await consumer.order(orderId)
      return view?.state === 'paid' && view
    })
    expectEqual(full.totalFen, cola.unitPriceFen, 'the price after the stop')
    await expectSoundBooks(world)
  },
}
