import type { CompensationList } from '#protocol/api/compensation.ts'
import type { OrderView } from '#protocol/api/consumer.ts'
import type { IncidentPreview, RefundCaseDetail } from '#protocol/api/refund-cases.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { buy, expectSoundBooks, refundAll, refundIn, told } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { paymentsOf, refundsOf, shop, take } from './steps.ts'
import type { Consumer, World } from './world.ts'

export const refundCompensationSpent: Scenario = {
  name: 'refund-compensation-spent',
  shows:
    'a coupon by an agent, points above the limit of an agent approved by a lead: the consumer is told, sees both at the cabinet, and spends them on the next visit',
  async run(world) {
    const [consumer, agent, lead] = [
      await world.consumer(),
      await world.staff('agent'),
      await world.staff('lead'),
    ]
    const first = await buy(world, consumer)
    const path = `orders/${first.orderId}/compensations`
    const coupon = {
      compensationId: world.ids.next('compensation'),
      kind: 'coupon',
      amountFen: 300,
      reason: 'quality',
      note: 'the juice was warm',
    }
    await agent.send('POST', path, coupon)
    // An answer that was lost is asked for again: it stays one coupon.
    await agent.send('POST', path, coupon)
    const points = {
      ...coupon,
      compensationId: world.ids.next('compensation'),
      kind: 'points',
      amountFen: 900,
    }
    await agent.send('POST', path, points)
    const [waiting] = ((await agent.get('compensations')) as CompensationList).compensations
    expectThat(waiting !== undefined && !waiting.mayDecide, 'who asked may decide')
    const approve = `compensations/${waiting.compensationId}/approve`
    expectEqual((await agent.trySend('POST', approve, { reason: 'mine' })).status, 403, 'the agent approving')
    await lead.send('POST', approve, { reason: 'the second time this week' })
    expectEqual((await lead.trySend('POST', approve, { reason: 'again' })).status, 409, 'approving twice')
    await told(world, 'compensation_coupon')
    await told(world, 'compensation_points')
    const page = await consumer.page(`/c/${world.system.cabinetId}?lang=en`)
    expectThat(/3\.00/.test(page) && /9\.00/.test(page), 'the cabinet page does not show coupon and points')
    const { session } = await shop(world, consumer, [take('s4', 'juice-orange'), take('s3', 'cola-330')])
    const order = await consumer.orderIn(session.sessionId, ['paid'])
    const grossFen = order.lines.reduce((sum, line) => sum + line.unitPriceFen * line.quantity, 0)
    expectEqual(
      order.discounts?.map(({ kind, amountFen }) => [kind, amountFen]),
      [
        ['coupon', 300],
        ['points', Math.min(900, grossFen - 300)],
      ],
      'what was taken off the next visit',
    )
    expectEqual(
      paymentsOf(await world.provider.books(), consumer).map(({ amountFen }) => amountFen),
      [first.totalFen, order.totalFen].filter((fen) => fen > 0),
      'what was taken',
    )
    await expectSoundBooks(world)
  },
}

/** Four orders of the same juice: one refunded already, one with something else, two of the juice alone. */
async function incident(world: World): Promise<{ consumer: Consumer; orders: OrderView[]; fromMs: number }> {
  const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
  const fromMs = world.clock.now() - 1000
  const orders: OrderView[] = []
  for (let round = 0; round < 3; round++) orders.push(await buy(world, consumer))
  const { session } = await shop(world, consumer, [take('s4', 'juice-orange'), take('s3', 'cola-330')])
  orders.push(await consumer.orderIn(session.sessionId, ['paid']))
  const [first] = orders
  expectThat(first !== undefined, 'there are no orders')
  await refundAll(world, agent, first)
  await refundIn(consumer, first.orderId, 'succeeded')
  return { consumer, orders, fromMs }
}

export const refundBulk: Scenario = {
  name: 'refund-bulk',
  shows:
    'one incident, four orders, one of them refunded before: previewed, approved by a second person, the core killed in the middle; every order gets its goods back once',
  async run(world) {
    const { consumer, orders, fromMs } = await incident(world)
    const [lead, finance] = [await world.staff('lead'), await world.staff('finance')]
    const selection = {
      cabinetIds: [world.system.cabinetId],
      sku: 'juice-orange',
      fromMs,
      toMs: world.clock.now(),
    }
    const preview = (await lead.send('POST', 'refund-cases/preview', selection)) as IncidentPreview
    expectEqual(
      preview.orders.map(({ exclusion }) => exclusion),
      ['refunded_already', null, null, null],
      'what the preview leaves out',
    )
    const [, second] = orders
    const juiceFen = second?.totalFen ?? 0
    expectEqual([preview.count, preview.totalFen], [3, 3 * juiceFen], 'what the preview comes to')
    const caseId = world.ids.next('refundCase')
    const wish = {
      caseId,
      title: 'Warm juice, shelf 4',
      selection,
      reason: 'quality',
      stock: 'written_off',
      note: 'the cooling failed at noon',
      count: preview.count,
      totalFen: preview.totalFen,
    }
    const stale = await lead.trySend('POST', 'refund-cases', { ...wish, totalFen: preview.totalFen - 1 })
    expectEqual(stale.status, 409, 'a case of other orders than were looked at')
    await lead.send('POST', 'refund-cases', wish)
    await lead.send('POST', 'refund-cases', wish)
    const approve = `refund-cases/${caseId}/approve`
    expectEqual((await lead.trySend('POST', approve, { reason: 'mine' })).status, 403, 'who asked approving')
    // Some answers get lost on the way, so that the case is still under way when the core dies.
    for (const kind of ['timeout_after_effect', 'timeout_before_effect'])
      await world.provider.fault({
        kind,
        match: { path: 'POST /v3/refund/domestic/refunds' },
        delayMs: 3000,
      })
    await finance.send('POST', approve, { reason: 'seen the curve of the temperature' })
    await eventually('the case being under way', async () => {
      const { case: row } = (await finance.get(`refund-cases/${caseId}`)) as RefundCaseDetail
      return row.asked + row.arrived > 0
    })
    await world.system.kill('core')
    await world.system.restart('core')
    const done = await eventually(
      'the end of the case',
      async () => {
        const detail = (await finance.get(`refund-cases/${caseId}`)) as RefundCaseDetail
        return detail.case.state === 'done' && detail
      },
      { withinMs: 40_000 },
    )
    expectEqual(
      [done.case.arrived, done.case.skipped, done.case.failed, done.case.arrivedFen],
      [3, 0, 0, 3 * juiceFen],
      'how the case ended',
    )
    expectEqual(
      refundsOf(await world.provider.books(), consumer)
        .map(({ amountFen, status }) => `${status} ${amountFen}`)
        .toSorted(),
      Array.from({ length: 4 }, () => `SUCCESS ${juiceFen}`),
      "the refunds in the provider's books",
    )
    const mixed = await consumer.order(orders[3]?.orderId ?? '')
    expectEqual([mixed.state, mixed.refundedFen], ['partly_refunded', juiceFen], 'the order with the cola')
    const again = (await lead.send('POST', 'refund-cases/preview', selection)) as IncidentPreview
    expectEqual([again.count, again.totalFen], [0, 0], 'what is left of the incident')
    await expectSoundBooks(world)
  },
}
