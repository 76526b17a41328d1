import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { paymentsOf, refundsOf, shop, take } from './steps.ts'

const MINUTE_MS = 60_000

export const dispute: Scenario = {
  name: 'dispute',
  shows:
    'a consumer disputes in three taps; clear evidence → refund under way at once; unclear → ticket with a 15 min clock, agent answers and refunds partly',
  async run(world) {
    const consumer = await world.consumer()
    // The provider takes the money twice and says nothing: only asking it shows the second payment.
    await world.provider.fault({ kind: 'double_payment', match: { openid: consumer.openid } })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    const first = await shop(world, consumer, [take('s4', 'juice-orange')])
    const paid = await consumer.orderIn(first.session.sessionId, ['paid', 'partly_refunded'], 30_000)
    await eventually(
      'the second payment at the provider',
      async () => paymentsOf(await world.provider.books(), consumer).length === 2,
    )
    const clear = await consumer.dispute(paid.orderId, { reason: 'charged_twice', lines: [] })
    expectEqual([clear.state, clear.isAutomatic], ['settled', true], 'the dispute with clear evidence')
    expectThat(
      clear.refunds.length === 1,
      `the answer to a clear dispute shows ${clear.refunds.length} refunds`,
    )
    await eventually(
      'the refund in the provider’s books',
      async () => refundsOf(await world.provider.books(), consumer).length === 1,
    )
    await world.provider.clearFaults()

    const other = await world.consumer('王芳')
    const second = await shop(world, other, [take('s1', 'fruit-cup'), take('s2', 'salad-chicken')])
    const order = await other.orderIn(second.session.sessionId, ['paid'])
    const line = order.lines.find(({ sku }) => sku === 'fruit-cup')
    expectThat(line, 'the order has no line of the fruit cup')
    const unclear = await other.dispute(order.orderId, {
      reason: 'quality',
      lines: [{ lineId: line.lineId, quantity: 1 }],
    })
    expectEqual([unclear.state, unclear.isAutomatic], ['in_review', false], 'the dispute that needs a person')
    expectEqual(
      unclear.firstResponseDueMs - unclear.openedAtMs,
      15 * MINUTE_MS,
      'the clock of the first response',
    )

    const agent = await world.staff('agent')
    const row = (await agent.tickets()).find(({ orderId }) => orderId === order.orderId)
    expectThat(row, 'the ticket is not in the queue')
    await agent.send('POST', `tickets/${row.ticketId}/claim`, { version: row.version })
    const detail = await agent.ticket(row.ticketId)
    expectThat(
      detail.order !== null && detail.order.timeline.length > 0,
      'the ticket does not show the evidence on a time axis',
    )
    await agent.send('POST', `tickets/${row.ticketId}/reply`, {
      requestId: world.ids.next('request'),
      version: detail.ticket.version,
      text: '很抱歉给您带来不便，水果杯的金额已为您退回。',
      isInternal: false,
    })
    const lines = [{ lineId: line.lineId, quantity: 1 }]
    const asked = { lines, reason: 'quality', stock: 'not_returned' }
    const calculation = (await agent.send('POST', `orders/${order.orderId}/refunds/calculate`, asked)) as {
      amountFen: number
    }
    expectEqual(calculation.amountFen, line.amountFen, 'the calculated refund')
    const refundId = world.ids.next('refund')
    const create = { ...asked, refundId, ticketId: row.ticketId, tellConsumer: true }
    await agent.send('POST', `orders/${order.orderId}/refunds`, create)
    // The page may send it again when an answer was lost: the same id is the same refund.
    await agent.send('POST', `orders/${order.orderId}/refunds`, create)
    const seen = await eventually('the consumer seeing answer and refund', async () => {
      const view = await other.disputeView(unclear.disputeId)
      return (
        view.messages.some(({ from }) => from === 'agent') &&
        view.refunds.some(({ state }) => state === 'succeeded') &&
        view
      )
    })
    expectEqual(
      seen.refunds.map(({ amountFen }) => amountFen),
      [line.amountFen],
      'the refunds that the consumer sees',
    )
    expectEqual(
      refundsOf(await world.provider.books(), other).map(({ amountFen }) => amountFen),
      [line.amountFen],
      "the refunds in the provider's books",
    )
  },
}
