import type { StuckRefundList } from '#protocol/api/finance.ts'
import type { OrderView } from '#protocol/api/consumer.ts'
import { eventually, expectEqual, expectThat, never } from '#test/support/eventually.ts'
import { buy, expectSoundBooks, reconcile, refundIn } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { arrive, leave, paymentsOf, refundsOf, shop, take } from './steps.ts'
import type { Consumer, World } from './world.ts'

const COMPLETE = { path: '/complete' }

/** One payment stays, each further one went back whole, once. */
async function expectOneLeft(world: World, consumer: Consumer, order: OrderView): Promise<void> {
  const books = await world.provider.books()
  const payments = paymentsOf(books, consumer).filter(({ outOrderNo }) => outOrderNo === order.orderId)
  const back = refundsOf(books, consumer).filter(
    ({ outOrderNo, status }) => outOrderNo === order.orderId && status === 'SUCCESS',
  )
  expectEqual(
    [payments.length - back.length, back.map(({ amountFen }) => amountFen)],
    [1, Array.from({ length: payments.length - 1 }, () => order.totalFen)],
    "what stays taken, and what went back, in the provider's books",
  )
  await expectSoundBooks(world)
}
const refunded = (consumer: Consumer, order: OrderView) => refundIn(consumer, order.orderId, 'succeeded')

export const doubleChargeCallbackFirst: Scenario = {
  name: 'double-charge-callback-first',
  shows:
    'both callbacks come before the answer that they are about, each of them twice: two payments, one of them given back once',
  async run(world) {
    const consumer = await world.consumer()
    for (const kind of ['early_callback', 'duplicate_callback', 'double_payment'])
      await world.provider.fault({ kind, match: { openid: consumer.openid }, times: null })
    const order = await buyDoubled(world, consumer)
    await refunded(consumer, order)
    await expectOneLeft(world, consumer, order)
  },
}

/** A visit that is paid twice: the order may be refunded in part before anybody looks. */
async function buyDoubled(world: World, consumer: Consumer): Promise<OrderView> {
  const { session } = await shop(world, consumer, [take('s4', 'juice-orange')])
  return consumer.orderIn(session.sessionId, ['paid', 'partly_refunded'])
}

export const doubleChargeLostAnswer: Scenario = {
  name: 'double-charge-lost-answer',
  shows:
    'the answer to the completion is lost and so is every callback: asked about, never completed again, paid once',
  async run(world) {
    const consumer = await world.consumer()
    await world.provider.fault({ kind: 'timeout_after_effect', match: COMPLETE, delayMs: 200 })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    const order = await buy(world, consumer)
    await expectOneLeft(world, consumer, order)
    const { calls } = await (await world.staff('lead')).order(order.orderId)
    expectEqual(
      calls.filter(({ operation }) => operation.includes('complete')).length,
      1,
      'completions that were sent',
    )
  },
}

export const doubleChargeErrors: Scenario = {
  name: 'double-charge-errors-then-paid',
  shows:
    'the completion meets a cut line, an error and a limit of rate before it takes effect: taken once in the end',
  async run(world) {
    const consumer = await world.consumer()
    await world.provider.fault({ kind: 'timeout_before_effect', match: COMPLETE, delayMs: 200 })
    await world.provider.fault({ kind: 'http_500', match: COMPLETE })
    await world.provider.fault({ kind: 'rate_limited', match: COMPLETE })
    const { session } = await shop(world, consumer, [take('s4', 'juice-orange')])
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectOneLeft(world, consumer, order)
  },
}

export const doubleChargeForged: Scenario = {
  name: 'double-charge-forged',
  shows:
    "a callback signed by somebody else, a probe and another merchant's callback beside the real one: only what the provider signed for us counts",
  async run(world) {
    const consumer = await world.consumer()
    for (const kind of ['bad_callback_signature', 'signature_probe', 'foreign_callback'])
      await world.provider.fault({ kind, match: { openid: consumer.openid } })
    await world.provider.fault({ kind: 'bad_response_signature', match: COMPLETE })
    const order = await buy(world, consumer)
    expectEqual(order.paidFen, order.totalFen, 'what the order says was paid')
    await expectOneLeft(world, consumer, order)
  },
}

export const doubleChargeRefundClosed: Scenario = {
  name: 'double-charge-refund-closed',
  shows:
    'the provider closes the refund of the second payment for want of money: finance sends it under a new number, and one payment stays',
  async run(world) {
    const [consumer, finance] = [await world.consumer(), await world.staff('finance')]
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid } })
    await world.provider.fault({ kind: 'refund_closed', match: { openid: consumer.openid } })
    const order = await buyDoubled(world, consumer)
    await refundIn(consumer, order.orderId, 'closed')
    const [stuck] = ((await finance.get('stuck-refunds')) as StuckRefundList).refunds
    expectThat(stuck !== undefined, 'finance does not see the closed refund')
    await finance.send('POST', `stuck-refunds/${stuck.refundId}/retry`, {})
    await refunded(consumer, order)
    await expectOneLeft(world, consumer, order)
  },
}

export const doubleChargeRefundRefused: Scenario = {
  name: 'double-charge-refund-refused',
  shows:
    'the provider refuses the refund of the second payment for good: it waits for a person by itself, a consumer who asks is not told that it comes, and an agent sends it again',
  async run(world) {
    const [consumer, agent] = [await world.consumer(), await world.staff('agent')]
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid } })
    await world.provider.fault({ kind: 'refund_account_abnormal', match: { openid: consumer.openid } })
    const order = await buyDoubled(world, consumer)
    await refundIn(consumer, order.orderId, 'rejected')
    const waiting = await eventually('the ticket that the refusal opens', async () =>
      (await agent.tickets()).find(
        ({ orderId, type }) => orderId === order.orderId && type === 'double_charge',
      ),
    )
    const { advice } = await agent.ticket(waiting.ticketId)
    expectEqual([advice?.action, advice?.amountFen], ['refund', order.totalFen], 'the advice to the agent')
    const answer = await consumer.dispute(order.orderId, { reason: 'charged_twice', lines: [] })
    expectEqual([answer.state, answer.isAutomatic], ['in_review', false], 'the answer to the consumer')
    await agent.send('POST', `orders/${order.orderId}/refunds`, {
      refundId: world.ids.next('refund'),
      lines: [],
      amountFen: order.totalFen,
      reason: 'duplicate',
      stock: 'not_returned',
      ticketId: answer.disputeId,
      tellConsumer: true,
    })
    await refunded(consumer, order)
    await expectOneLeft(world, consumer, order)
  },
}

export const doubleChargeSilentGateway: Scenario = {
  name: 'double-charge-silent-gateway',
  shows:
    'nobody takes our message about the second payment: the money waits for it as long as promised and then goes back',
  policy: { noticeBoundMs: 1500 },
  async run(world) {
    const consumer = await world.consumer()
    await world.phone.fault({ kind: 'http_500', times: 1000 })
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid } })
    const order = await buyDoubled(world, consumer)
    await refunded(consumer, order)
    const [back] = refundsOf(await world.provider.books(), consumer)
    const [, second] = paymentsOf(await world.provider.books(), consumer)
    expectThat(back !== undefined && second !== undefined, 'nothing went back')
    expectThat(back.createdAtMs - second.paidAtMs > 500, 'the money did not wait for the message at all')
    await expectOneLeft(world, consumer, order)
  },
}

export const doubleChargeKilled: Scenario = {
  name: 'double-charge-killed',
  shows:
    'the core is killed between the two takings and hears of neither: after the start both are found, and one goes back',
  async run(world) {
    const consumer = await world.consumer()
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid }, delayMs: 1500 })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s4', 'juice-orange'), ...leave])
    await eventually(
      'the first taking',
      async () => paymentsOf(await world.provider.books(), consumer).length > 0,
    )
    await world.system.kill('core')
    await eventually(
      'the second taking',
      async () => paymentsOf(await world.provider.books(), consumer).length === 2,
    )
    await world.system.restart('core')
    const order = await consumer.orderIn(session.sessionId, ['paid', 'partly_refunded'], 40_000)
    await reconcile(world, await world.staff('finance'))
    await refunded(consumer, order)
    await expectOneLeft(world, consumer, order)
  },
}

export const doubleChargeDisputedTwice: Scenario = {
  name: 'double-charge-disputed-twice',
  shows:
    'the consumer says three times at once that they were charged twice while the rule gives the money back: it goes back once, and each is answered at once',
  async run(world) {
    const consumer = await world.consumer()
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid } })
    await world.provider.fault({ kind: 'refund_slow', match: { openid: consumer.openid }, delayMs: 2000 })
    const order = await buyDoubled(world, consumer)
    await eventually(
      'the second taking',
      async () => paymentsOf(await world.provider.books(), consumer).length === 2,
    )
    const answers = await Promise.all(
      [1, 2, 3].map(() => consumer.dispute(order.orderId, { reason: 'charged_twice', lines: [] })),
    )
    expectEqual(
      answers.map(({ state, isAutomatic }) => `${state} ${isAutomatic}`),
      ['settled true', 'settled true', 'settled true'],
      'the answers',
    )
    await refunded(consumer, order)
    await expectOneLeft(world, consumer, order)
    expectEqual((await (await world.staff('agent')).tickets()).length, 0, 'tickets that wait for a person')
  },
}

export const doubleChargeSingle: Scenario = {
  name: 'double-charge-not-true',
  shows:
    'charged once, and disputed as twice: the provider is asked, nothing goes back, and the answer says so with the amount',
  async run(world) {
    const consumer = await world.consumer()
    const order = await buy(world, consumer)
    const answer = await consumer.dispute(order.orderId, { reason: 'charged_twice', lines: [] })
    expectEqual(
      [answer.state, answer.outcomeKey],
      ['settled', 'outcome.single_charge'],
      'the answer to a dispute that is not true',
    )
    await never(
      'something went back',
      async () => refundsOf(await world.provider.books(), consumer).length > 0,
      500,
    )
    await expectSoundBooks(world)
  },
}

export const DOUBLE_CHARGE_STORIES: readonly Scenario[] = [
  doubleChargeCallbackFirst,
  doubleChargeLostAnswer,
  doubleChargeErrors,
  doubleChargeForged,
  doubleChargeRefundClosed,
  doubleChargeRefundRefused,
  doubleChargeSilentGateway,
  doubleChargeKilled,
  doubleChargeDisputedTwice,
  doubleChargeSingle,
]
