import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { paymentsOf, priceOf, refundsOf, shop, take } from './steps.ts'

export const doubleCharge: Scenario = {
  name: 'double-charge',
  shows:
    'the provider takes the money twice for one session: found, the later refunded without a person, the notice accepted before the refund is asked',
  async run(world) {
    const consumer = await world.consumer()
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid } })
    const { session, truth } = await shop(world, consumer, [take('s4', 'juice-orange')])
    await consumer.orderIn(session.sessionId, ['paid', 'partly_refunded'])
    const amount = priceOf(truth.taken)
    const [first, second] = await eventually('the second payment', async () => {
      const payments = paymentsOf(await world.provider.books(), consumer)
      return payments.length === 2 && payments
    })
    expectThat(first !== undefined && second !== undefined, 'there are not two payments')
    const refund = await eventually('the refund of the later payment', async () => {
      const refunds = refundsOf(await world.provider.books(), consumer)
      return refunds.find(({ status }) => status === 'SUCCESS')
    })
    const later = first.paidAtMs <= second.paidAtMs && first.seq < second.seq ? second : first
    expectEqual(
      [refund.transactionId, refund.amountFen],
      [later.transactionId, amount],
      'the refund is of the later payment, whole',
    )
    const notice = (await world.phone.messages()).find(({ template }) => template.includes('double'))
    expectThat(notice, 'the consumer was not told of the double charge')
    expectThat(notice.acceptedAtMs <= refund.createdAtMs, 'the refund was asked before the consumer was told')

    const order = await eventually('the order showing the refund', async () => {
      const view = await consumer.order((await consumer.session(session.sessionId)).orderId ?? '')
      return view.refunds.some(({ state }) => state === 'succeeded') && view
    })
    expectEqual(
      order.refunds.map(({ isAutomatic }) => isAutomatic),
      [true],
      'the refund was made by a rule',
    )
    expectEqual(order.paidFen - order.refundedFen, amount, 'what the consumer has paid in the end')
    const agent = await world.staff('agent')
    expectEqual((await agent.tickets()).length, 0, 'tickets that wait for a person')
  },
}
