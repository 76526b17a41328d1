import type { OrderView } from '#protocol/api/consumer.ts'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import type { ApprovalList, RefundCalculation } from '#protocol/api/staff/refunds.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { SOON, unpaidVisit } from './arrears.ts'
import { buy, expectSoundBooks, refundAll, refundIn } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { refundsOf, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

const REFUNDS = { path: 'POST /v3/refund/domestic/refunds' }
const backFen = async (world: World, consumer: Consumer) =>
  refundsOf(await world.provider.books(), consumer)
    .filter(({ status }) => status === 'SUCCESS')
    .map(({ amountFen }) => amountFen)
const asked = { reason: 'quality', stock: 'not_returned', tellConsumer: false }
const tryRefund = (world: World, staff: Staff, order: OrderView, what: object) =>
  staff.trySend('POST', `orders/${order.orderId}/refunds`, {
    ...asked,
    lines: [],
    refundId: world.ids.next('refund'),
    ...what,
  })

export const refundCallbackTwice: Scenario = {
  name: 'refund-callback-twice',
  shows: 'the result of a refund comes before its answer, and twice: booked once, told once',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const order = await buy(world, consumer)
    for (const kind of ['early_callback', 'duplicate_callback'])
      await world.provider.fault({ kind, match: { openid: consumer.openid }, times: null })
    await refundAll(world, agent, order)
    const view = await refundIn(consumer, order.orderId, 'succeeded')
    expectEqual(
      [view.refundedFen, await backFen(world, consumer)],
      [order.totalFen, [order.totalFen]],
      'back',
    )
    const told = (await world.phone.messages()).filter(({ template }) => template === 'refund_arrived')
    expectEqual(told.length, 1, 'messages that it arrived')
    await expectSoundBooks(world)
  },
}

export const refundCallbackNever: Scenario = {
  name: 'refund-callback-never',
  shows: 'no callback and a lost answer: the refund is asked about until it ends, under one number',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const order = await buy(world, consumer)
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    await world.provider.fault({ kind: 'timeout_after_effect', match: REFUNDS, delayMs: 200 })
    await refundAll(world, agent, order)
    await refundIn(consumer, order.orderId, 'succeeded')
    expectEqual(await backFen(world, consumer), [order.totalFen], 'what went back')
    await expectSoundBooks(world)
  },
}

export const refundKilled: Scenario = {
  name: 'refund-killed',
  shows:
    'the core is killed between asking for a refund and hearing of it: the same number goes on after the start, and it goes back once',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const order = await buy(world, consumer)
    await world.provider.fault({ kind: 'timeout_after_effect', match: REFUNDS, delayMs: 5000 })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    await refundAll(world, agent, order)
    await eventually(
      'the refund at the provider',
      async () => refundsOf(await world.provider.books(), consumer).length === 1,
    )
    await world.system.kill('core')
    await world.system.restart('core')
    await refundIn(consumer, order.orderId, 'succeeded')
    expectEqual(await backFen(world, consumer), [order.totalFen], 'what went back')
    await expectSoundBooks(world)
  },
}

export const refundPartThenAll: Scenario = {
  name: 'refund-part-then-all',
  shows:
    'a free amount, then more than is left (refused with what is left), then the rest, then anything at all (refused): to the fen what was paid',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const order = await buy(world, consumer)
    const [first, restFen] = [123, order.totalFen - 123]
    expectEqual((await tryRefund(world, agent, order, { amountFen: first })).status, 201, 'a part')
    const over = await tryRefund(world, agent, order, { amountFen: restFen + 1 })
    expectEqual(
      [over.status, (over.body as { code: string }).code],
      [409, 'amount_above_paid'],
      'a fen too much',
    )
    const whole = await tryRefund(world, agent, order, {
      lines: order.lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
    })
    expectEqual(whole.status, 409, 'all lines after a part of the money')
    expectEqual((await tryRefund(world, agent, order, { amountFen: restFen })).status, 201, 'the rest')
    await eventually(
      'everything having gone back',
      async () => (await consumer.order(order.orderId)).state === 'refunded',
    )
    expectThat(
      (await tryRefund(world, agent, order, { amountFen: 1 })).status >= 400,
      'a fen more was accepted',
    )
    expectEqual(
      (await backFen(world, consumer)).toSorted((a, b) => a - b),
      [first, restFen],
      'what went back',
    )
    await expectSoundBooks(world)
  },
}

export const refundByPieces: Scenario = {
  name: 'refund-by-pieces',
  shows:
    'three of a kind with a coupon that does not divide by three, refunded one at a time: each says its part of the discount, and together they are the order',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const first = await buy(world, consumer)
    await agent.send('POST', `orders/${first.orderId}/compensations`, {
      compensationId: world.ids.next('compensation'),
      kind: 'coupon',
      amountFen: 100,
      reason: 'goodwill',
      note: 'a small thing',
    })
    const { session } = await shop(world, consumer, [
      take('s3', 'cola-330'),
      take('s3', 'cola-330'),
      take('s3', 'cola-330'),
    ])
    const order = await consumer.orderIn(session.sessionId, ['paid'])
    const [line] = order.lines
    expectThat(line?.quantity === 3, 'there are not three of a kind')
    const parts: number[] = []
    for (let piece = 0; piece < 3; piece++) {
      const lines = [{ lineId: line.lineId, quantity: 1 }]
      const { reason, stock } = asked
      const said = (await agent.send('POST', `orders/${order.orderId}/refunds/calculate`, {
        lines,
        reason,
        stock,
      })) as RefundCalculation
      expectThat((said.lines[0]?.discountFen ?? 0) > 0, 'the discount of the piece is not said')
      parts.push(said.amountFen)
      expectEqual((await tryRefund(world, agent, order, { lines })).status, 201, `piece ${piece + 1}`)
    }
    await eventually(
      'everything having gone back',
      async () => (await consumer.order(order.orderId)).state === 'refunded',
    )
    expectEqual(
      [parts.reduce((sum, fen) => sum + fen, 0), (await backFen(world, consumer)).length],
      [order.totalFen, 3],
      'the pieces together',
    )
    await expectSoundBooks(world)
  },
}

export const refundSlow: Scenario = {
  name: 'refund-slow',
  shows:
    'the provider accepts a refund and takes its time: the consumer sees it on its way with when to expect it, then arrived',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    const order = await buy(world, consumer)
    await world.provider.fault({ kind: 'refund_slow', match: { openid: consumer.openid }, delayMs: 600_000 })
    const refundId = await refundAll(world, agent, order)
    const waiting = await refundIn(consumer, order.orderId, 'processing')
    expectEqual(waiting.refunds[0]?.arrivalKey, 'arrival.balance', 'when to expect it')
    expectThat(
      /working days/.test(await consumer.page(`/o/${order.orderId}?lang=en`)),
      'the page does not say when it arrives',
    )
    await world.provider.settleRefund(refundId)
    await refundIn(consumer, order.orderId, 'succeeded')
    await expectSoundBooks(world)
  },
}

export const refundDecidedTwice: Scenario = {
  name: 'refund-decided-twice',
  shows:
    'a refund above the limit of an agent is approved by two and refused by a third at once: one of them decides, and it goes back at most once',
  policy: { agentRefundFen: 100 },
  async run(world) {
    const consumer = await world.consumer()
    const [agent, lead, finance] = [
      await world.staff('agent'),
      await world.staff('lead'),
      await world.staff('finance'),
    ]
    const order = await buy(world, consumer)
    await refundAll(world, agent, order)
    const [waiting] = ((await lead.get('approvals')) as ApprovalList).approvals
    expectThat(waiting?.mayDecide === true, 'the lead may not decide')
    const decide = (staff: Staff, verdict: string) =>
      staff.trySend('POST', `approvals/${waiting.refundId}/${verdict}`, { reason: 'seen' })
    expectEqual((await decide(agent, 'approve')).status, 403, 'who asked approving')
    const answers = await Promise.all([
      decide(lead, 'approve'),
      decide(finance, 'approve'),
      decide(lead, 'refuse'),
    ])
    expectEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409, 409],
      'one decision',
    )
    const ended = await eventually('the end of the refund', async () => {
      const [refund] = (await consumer.order(order.orderId)).refunds
      return (refund?.state === 'succeeded' || refund?.state === 'rejected') && refund
    })
    expectEqual(
      await backFen(world, consumer),
      ended.state === 'succeeded' ? [order.totalFen] : [],
      'what went back',
    )
    await expectSoundBooks(world)
  },
}

export const refundAfterWriteOff: Scenario = {
  name: 'refund-after-write-off',
  shows:
    'a debt that was let go: there is nothing to refund, nothing to lower and nothing to collect, and each says so',
  policy: { ...SOON, leadWriteOffFen: 10_000 },
  async run(world) {
    const [consumer, lead] = [await world.consumer(), await world.staff('lead')]
    const unpaid = await unpaidVisit(world, consumer)
    await lead.send('POST', `orders/${unpaid.orderId}/write-off`, {
      writeOffId: world.ids.next('writeOff'),
      reason: 'our_fault',
      note: 'the price was wrong',
    })
    await eventually(
      'the debt being let go',
      async () => (await consumer.order(unpaid.orderId)).state === 'written_off',
      { withinMs: 20_000 },
    )
    const lines = unpaid.lines.map(({ lineId, quantity }) => ({ lineId, quantity }))
    const refused = await Promise.all([
      tryRefund(world, lead, unpaid, { lines }),
      lead.trySend('POST', `orders/${unpaid.orderId}/lower`, {
        refundId: world.ids.next('refund'),
        lines,
        reason: 'quality',
      }),
      lead.trySend('POST', `orders/${unpaid.orderId}/collect`, {}),
    ])
    expectEqual(
      refused.map(({ body }) => (body as { code: string }).code),
      ['order_not_refundable', 'order_not_unpaid', 'order_not_unpaid'],
      'the refusals',
    )
    const { actions } = (await lead.order(unpaid.orderId)) as StaffOrder
    expectEqual(
      actions.filter((action) => action !== 'compensate'),
      [],
      'what is offered',
    )
    await expectSoundBooks(world)
  },
}

export const refundRuleAndAgent: Scenario = {
  name: 'refund-rule-and-agent',
  shows:
    'the provider takes twice; the rule gives the second back while an agent refunds the goods of the first and callbacks of both come twice: the consumer ends with nothing paid, and not a fen more',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid } })
    await world.provider.fault({
      kind: 'duplicate_callback',
      match: { openid: consumer.openid },
      times: null,
    })
    const { session } = await shop(world, consumer, [take('s4', 'juice-orange')])
    const order = await consumer.orderIn(session.sessionId, ['paid', 'partly_refunded'])
    const lines = order.lines.map(({ lineId, quantity }) => ({ lineId, quantity }))
    const answers = await Promise.all([
      tryRefund(world, agent, order, { lines }),
      tryRefund(world, agent, order, { lines }),
      consumer.dispute(order.orderId, { reason: 'charged_twice', lines: [] }).then(() => ({ status: 0 })),
    ])
    expectEqual(answers.filter(({ status }) => status === 201).length, 1, 'refunds of the goods')
    await eventually('both having gone back', async () => (await backFen(world, consumer)).length === 2, {
      withinMs: 20_000,
    })
    expectEqual(await backFen(world, consumer), [order.totalFen, order.totalFen], 'what went back')
    await eventually(
      'the order being refunded whole',
      async () => (await consumer.order(order.orderId)).state === 'refunded',
    )
    await expectSoundBooks(world)
  },
}

export const REFUND_STORIES: readonly Scenario[] = [
  refundCallbackTwice,
  refundCallbackNever,
  refundKilled,
  refundPartThenAll,
  refundByPieces,
  refundSlow,
  refundDecidedTwice,
  refundAfterWriteOff,
  refundRuleAndAgent,
]
