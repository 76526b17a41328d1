import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import type { OrderView } from '#protocol/api/consumer.ts'
import type { WriteOffList } from '#protocol/api/arrears.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { expectBlocked, SOON, unpaidVisit } from './arrears.ts'
import { expectSoundBooks, refundIn, told } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { paymentsOf, refundsOf, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

/** Two things whose money stays pending at the provider. */
async function pendingVisit(world: World, consumer: Consumer): Promise<OrderView> {
  await world.provider.fault({
    kind: 'delayed_deduction',
    match: { openid: consumer.openid },
    delayMs: 600_000,
  })
  await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
  const { session } = await shop(world, consumer, [take('s3', 'cola-330'), take('s4', 'juice-orange')])
  const order = await consumer.orderIn(session.sessionId, ['charging'])
  await eventually(
    'the pending deduction',
    async () => (await consumer.order(order.orderId)).chargeState === 'pending',
  )
  return consumer.order(order.orderId)
}
const lineOf = (order: OrderView, sku: string) => {
  const line = order.lines.find((one) => one.sku === sku)
  expectThat(line !== undefined, `there is no line of ${sku}`)
  return line
}
function askForLess(world: World, staff: Staff, order: OrderView, sku: string): Promise<unknown> {
  return staff.send('POST', `orders/${order.orderId}/lower`, {
    refundId: world.ids.next('refund'),
    lines: [{ lineId: lineOf(order, sku).lineId, quantity: 1 }],
    reason: 'not_taken',
  })
}

export const deferredLoweredBySecond: Scenario = {
  name: 'deferred-lowered-by-second',
  shows:
    'less than an agent may decide alone waits for a second person, who is never the first: until then the amount stays, then only the lower one is taken',
  policy: { agentRefundFen: 100 },
  async run(world) {
    const [consumer, agent, lead] = [
      await world.consumer(),
      await world.staff('agent'),
      await world.staff('lead'),
    ]
    const order = await pendingVisit(world, consumer)
    const refundId = world.ids.next('refund')
    const asked = {
      refundId,
      lines: [{ lineId: lineOf(order, 'cola-330').lineId, quantity: 1 }],
      reason: 'not_taken',
    }
    const waiting = (await agent.send('POST', `orders/${order.orderId}/lower`, asked)) as StaffOrder
    expectEqual(waiting.loweringRequest?.refundId, refundId, 'what waits for a second person')
    expectEqual(waiting.order.totalFen, order.totalFen, 'the amount until then')
    const own = await agent.trySend('POST', `lowering-requests/${refundId}/approve`, {
      reason: 'it is right',
    })
    expectEqual(own.status, 403, 'deciding what one asked for')
    await lead.send('POST', `lowering-requests/${refundId}/approve`, { reason: 'seen on the pictures' })
    const lowered = await eventually('the lower amount', async () => {
      const view = await consumer.order(order.orderId)
      return view.totalFen < order.totalFen && view
    })
    const late = await lead.trySend('POST', `lowering-requests/${refundId}/refuse`, {
      reason: 'changed my mind',
    })
    expectEqual(late.status, 409, 'deciding twice')
    await world.provider.deduct(order.orderId)
    await eventually('the payment', async () => (await consumer.order(order.orderId)).state === 'paid')
    expectEqual(await takenFen(world, consumer), [lowered.totalFen], 'what was taken')
    await expectSoundBooks(world)
  },
}
const takenFen = async (world: World, consumer: Consumer) =>
  paymentsOf(await world.provider.books(), consumer).map(({ amountFen }) => amountFen)

export const deferredLowered: Scenario = {
  name: 'deferred-lowered',
  shows:
    'an agent asks for less while the deduction is pending, twice with the same request: the page shows the lower amount, and only that is taken',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const order = await pendingVisit(world, consumer)
    const asked = {
      refundId: world.ids.next('refund'),
      lines: [{ lineId: lineOf(order, 'cola-330').lineId, quantity: 1 }],
      reason: 'not_taken',
    }
    await agent.send('POST', `orders/${order.orderId}/lower`, asked)
    const lowered = await eventually('the lower amount', async () => {
      const view = await consumer.order(order.orderId)
      return view.totalFen < order.totalFen && view
    })
    const again = await agent.trySend('POST', `orders/${order.orderId}/lower`, asked)
    expectThat([200, 400].includes(again.status), `the repetition was answered with ${again.status}`)
    expectEqual(
      lowered.lines.map(({ sku }) => sku),
      ['juice-orange'],
      'the lines that are left',
    )
    expectThat(
      lowered.story.some(({ key }) => key === 'story.lowered'),
      'the story does not say that less is collected',
    )
    await told(world, 'charge_lowered')
    await world.provider.deduct(order.orderId)
    await eventually('the payment', async () => (await consumer.order(order.orderId)).state === 'paid')
    expectEqual(await takenFen(world, consumer), [lowered.totalFen], 'what was taken')
    expectEqual(refundsOf(await world.provider.books(), consumer), [], 'refunds')
    await expectSoundBooks(world)
  },
}

export const deferredDisputeLowers: Scenario = {
  name: 'deferred-dispute-lowers',
  shows:
    'something that came back is disputed before its money was taken: settled at once, less is collected, and nothing is refunded later',
  policy: { clearProbability: 1 },
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    await world.provider.fault({
      kind: 'delayed_deduction',
      match: { openid: consumer.openid },
      delayMs: 600_000,
    })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    const { session } = await shop(world, consumer, [
      take('s3', 'cola-330'),
      take('s4', 'juice-orange'),
      { do: 'lean', shelf: 's3', grams: 900, durationMs: 1500 },
      { do: 'put-back', shelf: 's3', sku: 'cola-330' },
    ])
    const held = await consumer.orderIn(session.sessionId, ['held'])
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
    await consumer.orderIn(session.sessionId, ['charging'])
    const pending = await eventually('the pending deduction', async () => {
      const view = await consumer.order(held.orderId)
      return view.chargeState === 'pending' && view
    })
    const dispute = await consumer.dispute(pending.orderId, {
      reason: 'item_returned',
      lines: [{ lineId: lineOf(pending, 'cola-330').lineId, quantity: 1 }],
    })
    expectEqual(
      [dispute.state, dispute.isAutomatic, dispute.outcomeKey],
      ['settled', true, 'outcome.return_lowered'],
      'the dispute',
    )
    const lowered = await eventually('the lower amount', async () => {
      const view = await consumer.order(pending.orderId)
      return view.totalFen < pending.totalFen && view
    })
    await world.provider.deduct(pending.orderId)
    await eventually('the payment', async () => (await consumer.order(pending.orderId)).state === 'paid')
    expectEqual(await takenFen(world, consumer), [lowered.totalFen], 'what was taken')
    expectEqual(refundsOf(await world.provider.books(), consumer), [], 'refunds')
    await expectSoundBooks(world)
  },
}

export const deferredLoweredAnswerLost: Scenario = {
  name: 'deferred-lowered-answer-lost',
  shows:
    'the answer to the lowering is lost and the lower amount is deducted before anybody could ask: taken as lowered, not as a wrong amount, and nothing goes back a second time',
  async run(world) {
    const [consumer, lead] = [await world.consumer(), await world.staff('lead')]
    const order = await pendingVisit(world, consumer)
    await world.provider.fault({ kind: 'timeout_after_effect', match: { path: '/modify' }, delayMs: 1500 })
    await askForLess(world, lead, order, 'cola-330')
    await eventually(
      'the lower amount at the provider',
      async () =>
        ((await world.provider.books()).serviceOrders.find(({ outOrderNo }) => outOrderNo === order.orderId)
          ?.totalFen ?? 0) < order.totalFen,
    )
    await world.provider.deduct(order.orderId)
    const paid = await eventually('the payment', async () => {
      const view = await consumer.order(order.orderId)
      return view.state === 'paid' && view
    })
    const leftFen = order.totalFen - lineOf(order, 'cola-330').amountFen
    expectEqual([paid.totalFen, paid.paidFen], [leftFen, leftFen], 'what the order says')
    expectEqual(await takenFen(world, consumer), [leftFen], 'what was taken')
    expectEqual(refundsOf(await world.provider.books(), consumer), [], 'refunds')
    expectEqual((await lead.order(order.orderId)).anomalies, [], 'doubts about the amount')
    await expectSoundBooks(world)
  },
}

export const deferredLoweredTooLate: Scenario = {
  name: 'deferred-lowered-too-late',
  shows:
    'the money is taken while an agent asks for less: the same goods go back as a refund, once, under the same number',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const order = await pendingVisit(world, consumer)
    await world.provider.fault({ kind: 'timeout_before_effect', match: { path: '/modify' }, delayMs: 800 })
    await askForLess(world, agent, order, 'cola-330')
    await world.provider.deduct(order.orderId)
    const back = await refundIn(consumer, order.orderId, 'succeeded')
    const colaFen = lineOf(order, 'cola-330').amountFen
    expectEqual(
      back.refunds.map(({ amountFen }) => amountFen),
      [colaFen],
      'what went back',
    )
    expectEqual(await takenFen(world, consumer), [order.totalFen], 'what was taken')
    await expectSoundBooks(world)
  },
}

export const deferredNothingOwed: Scenario = {
  name: 'deferred-nothing-owed',
  shows:
    'nothing of an unpaid order is owed: the provider refuses to cancel and is told that it is settled; no money moves and the door opens',
  policy: SOON,
  async run(world) {
    const [consumer, lead] = [await world.consumer(), await world.staff('lead')]
    const unpaid = await unpaidVisit(world, consumer)
    await expectBlocked(consumer, true)
    await lead.send('POST', `orders/${unpaid.orderId}/lower`, {
      refundId: world.ids.next('refund'),
      lines: unpaid.lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
      reason: 'not_taken',
    })
    await eventually(
      'the end of the debt',
      async () => !['arrears', 'charging'].includes((await consumer.order(unpaid.orderId)).state),
      { withinMs: 20_000 },
    )
    await world.provider.setBalance(consumer.openid, 100_000)
    await eventually('the door opening again', async () => !('refusal' in (await consumer.tryOpen())))
    expectEqual(await takenFen(world, consumer), [], 'what was taken')
    expectEqual((await consumer.order(unpaid.orderId)).totalFen, 0, 'what the order costs')
    await expectSoundBooks(world)
  },
}

export const deferredWriteOffOvertaken: Scenario = {
  name: 'deferred-write-off-overtaken',
  shows:
    'the money comes while a second person is still asked to let go of it: the debt is paid, the request is overtaken, and nobody can approve it any more',
  policy: SOON,
  async run(world) {
    const consumer = await world.consumer()
    const [agent, lead] = [await world.staff('agent'), await world.staff('lead')]
    const { orderId } = await unpaidVisit(world, consumer)
    await agent.send('POST', `orders/${orderId}/write-off`, {
      writeOffId: world.ids.next('writeOff'),
      reason: 'uncollectable',
      note: 'no answer to any message',
    })
    const [waiting] = ((await lead.get('write-offs')) as WriteOffList).writeOffs
    expectThat(waiting?.mayDecide === true, 'the lead may not decide')
    await world.provider.setBalance(consumer.openid, 100_000)
    await world.provider.deduct(orderId)
    await eventually('the payment', async () => (await consumer.order(orderId)).state === 'paid')
    const late = await lead.trySend('POST', `write-offs/${waiting.writeOffId}/approve`, { reason: 'late' })
    expectEqual(late.status, 409, 'approving it afterwards')
    const { arrears } = (await lead.order(orderId)) as StaffOrder
    expectEqual(
      arrears?.writeOffs.map(({ state }) => state),
      ['overtaken'],
      'what became of the request',
    )
    await expectSoundBooks(world)
  },
}

export const deferredCollected: Scenario = {
  name: 'deferred-collected',
  shows:
    'an agent asks the payment app to try again: with no money nothing changes, with money it is taken once and the door opens',
  policy: { ...SOON, arrearsReminderFirstMs: 3_600_000, arrearsReminderLongestMs: 3_600_000 },
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const unpaid = await unpaidVisit(world, consumer)
    await agent.send('POST', `orders/${unpaid.orderId}/collect`, {})
    expectEqual((await consumer.order(unpaid.orderId)).state, 'arrears', 'the order without money')
    await world.provider.setBalance(consumer.openid, 100_000)
    await Promise.all([1, 2, 3].map(() => agent.trySend('POST', `orders/${unpaid.orderId}/collect`, {})))
    await eventually('the payment', async () => (await consumer.order(unpaid.orderId)).state === 'paid')
    expectEqual(await takenFen(world, consumer), [unpaid.totalFen], 'what was taken')
    await expectBlocked(consumer, false)
    const again = await agent.trySend('POST', `orders/${unpaid.orderId}/collect`, {})
    expectEqual(again.status, 409, 'collecting a paid order')
    await expectSoundBooks(world)
  },
}

export const deferredRemindersOver: Scenario = {
  name: 'deferred-reminders-over',
  shows:
    'after the last reminder a ticket asks a person to choose; when the money comes after all the ticket settles by itself',
  policy: { ...SOON, arrearsReminderFirstMs: 700, arrearsReminderLongestMs: 700, arrearsRemindersMost: 2 },
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const unpaid = await unpaidVisit(world, consumer)
    const ticket = await eventually('the ticket after the last reminder', async () =>
      (await agent.tickets()).find(({ orderId, type }) => orderId === unpaid.orderId && type === 'unpaid'),
    )
    expectEqual(ticket.amountFen, unpaid.totalFen, 'the amount of the ticket')
    const { arrears, actions } = await agent.order(unpaid.orderId)
    expectEqual([arrears?.reminders, arrears?.nextAtMs], [2, null], 'the reminders')
    expectThat(
      actions.includes('collect') && actions.includes('write_off'),
      'the agent can do nothing about it',
    )
    await world.provider.setBalance(consumer.openid, 100_000)
    await world.provider.deduct(unpaid.orderId)
    await eventually('the ticket settling', async () => (await agent.tickets()).length === 0)
    await expectSoundBooks(world)
  },
}

export const deferredStrangeState: Scenario = {
  name: 'deferred-strange-state',
  shows:
    'the provider answers with a state that nobody knows: nothing is concluded from it, it is asked again, and paid once',
  async run(world) {
    const consumer = await world.consumer()
    await world.provider.fault({ kind: 'unknown_state', times: 3, match: { openid: consumer.openid } })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    const { session } = await shop(world, consumer, [take('s4', 'tea-oolong')])
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    expectEqual(await takenFen(world, consumer), [order.totalFen], 'what was taken')
    await expectSoundBooks(world)
  },
}

export const DEFERRED_STORIES: readonly Scenario[] = [
  deferredLowered,
  deferredLoweredBySecond,
  deferredDisputeLowers,
  deferredLoweredAnswerLost,
  deferredLoweredTooLate,
  deferredNothingOwed,
  deferredWriteOffOvertaken,
  deferredCollected,
  deferredRemindersOver,
  deferredStrangeState,
]
