import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DisputeView } from '#protocol/api/consumer.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

let selling: SellingBench
let agent: string
beforeAll(async () => {
  selling = await createSellingBench(3, { agentRefundFen: 400 })
  agent = await selling.bench.cookieOf('agent')
})
afterAll(() => selling.close())

const ask = (method: 'GET' | 'POST', url: string, cookie: string, payload?: object) =>
  selling.bench.core.http.inject({
    method,
    url,
    headers: { cookie },
    ...(payload === undefined ? {} : { payload }),
  })
async function raise(orderId: string, lineId: string, requestId = `request-${orderId}`): Promise<string> {
  const answer = await ask('POST', `/api/consumer/orders/${orderId}/disputes`, selling.cookie, {
    requestId,
    reason: 'quality',
    lines: [{ lineId, quantity: 1 }],
  })
  return answer.json<DisputeView>().disputeId
}
async function resolve(ticketId: string) {
  const { version } = (await ask('GET', `/api/staff/tickets/${ticketId}`, agent)).json<TicketDetail>().ticket
  const body = { version, outcome: 'refunded', rootCause: 'quality' }
  const answer = await ask('POST', `/api/staff/tickets/${ticketId}/resolve`, agent, body)
  return answer.statusCode === 200 ? 'resolved' : answer.json<{ code: string }>().code
}

describe('a ticket that is ended as refunded', () => {
  it('is not while nobody asked for a refund, nor while a second person decides; then it names what goes back', async () => {
    const [order] = selling.orders
    const { orderId, lineId } = order ?? { orderId: '', lineId: '' }
    const ticketId = await raise(orderId, lineId)
    const lines = await selling.bench.core.db.read
      .selectFrom('orderLine')
      .select(['lineId', 'amountFen'])
      .where('orderId', '=', orderId)
      .execute()
    const refund = async (amountFen: number, refundId: string) => {
      const line = lines.find((one) => one.amountFen === amountFen)
      const answer = await ask('POST', `/api/staff/orders/${orderId}/refunds`, agent, {
        refundId,
        ticketId,
        lines: [{ lineId: line?.lineId, quantity: 1 }],
        reason: 'quality',
        stock: 'written_off',
        tellConsumer: false,
      })
      return answer.json<{ refund: { state: string } }>().refund.state
    }
    expect(await resolve(ticketId)).toBe('nothing_given_back')
    expect(await refund(850, 'refund-large')).toBe('awaiting_approval')
    expect(await resolve(ticketId)).toBe('nothing_given_back')
    expect(await refund(350, 'refund-small')).toBe('approved')
    expect(await resolve(ticketId)).toBe('resolved')
    const view = (await ask('GET', `/api/consumer/disputes/${ticketId}`, selling.cookie)).json<DisputeView>()
    expect([view.outcomeKey, view.outcomeValues]).toEqual(['outcome.refunded', { amount: '3.50' }])
  })
  it('names what is not charged when less was asked for before anything was taken', async () => {
    const order = selling.orders[1]
    const ticketId = await raise(order?.orderId ?? '', order?.lineId ?? '')
    await selling.bench.core.db.write('the provider asks for less', async (tx) => {
      const { chargeId } = await tx
        .selectFrom('charge')
        .select('chargeId')
        .where('orderId', '=', order?.orderId ?? '')
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('chargeLowering')
        .values({
          refundId: 'refund-lowered',
          chargeId,
          orderId: order?.orderId ?? '',
          wish: '{}',
          state: 'lowered',
          byFen: 350,
          askedAtMs: 1,
          endedAtMs: 2,
        })
        .execute()
    })
    expect(await resolve(ticketId)).toBe('resolved')
    const view = (await ask('GET', `/api/consumer/disputes/${ticketId}`, selling.cookie)).json<DisputeView>()
    expect([view.outcomeKey, view.outcomeValues]).toEqual(['outcome.lowered', { amount: '3.50' }])
  })
})

describe('a refund of a ticket that is merged', () => {
  it('is told on the ticket that goes on, which waits for it, when a second person approves it afterwards', async () => {
    const { orderId, lineId } = selling.orders[2] ?? { orderId: '', lineId: '' }
    const [asked, goesOn] = [
      await raise(orderId, lineId, 'request-first'),
      await raise(orderId, lineId, 'request-second'),
    ]
    const wish = await ask('POST', `/api/staff/orders/${orderId}/refunds`, agent, {
      refundId: 'refund-late',
      ticketId: asked,
      lines: [],
      amountFen: 700,
      reason: 'goodwill',
      stock: 'not_returned',
      tellConsumer: false,
    })
    expect(wish.json<{ refund: { state: string } }>().refund.state).toBe('awaiting_approval')
    const detail = async (ticketId: string) =>
      (await ask('GET', `/api/staff/tickets/${ticketId}`, agent)).json<TicketDetail>()
    const { version } = (await detail(asked)).ticket
    const merged = await ask('POST', `/api/staff/tickets/${asked}/merge`, agent, {
      version,
      intoTicketId: goesOn,
      reason: 'asked twice',
    })
    expect(merged.statusCode).toBe(200)
    const told = async () =>
      (await detail(goesOn)).messages.flatMap(({ key, values }) =>
        key === 'message.refund' ? [values?.['amount']] : [],
      )
    expect(await told()).toEqual([])
    const lead = await selling.bench.cookieOf('lead')
    await ask('POST', '/api/staff/approvals/refund-late/approve', lead, { reason: 'it leaked' })
    expect(await told()).toEqual(['7.00'])
    expect((await detail(goesOn)).ticket.state).toBe('waiting_refund')
  })
})
