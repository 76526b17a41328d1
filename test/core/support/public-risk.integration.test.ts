import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTicketBench, type DeskPerson, type TicketBench } from './ticket-bench.ts'

let desk: TicketBench
let agent: DeskPerson
beforeAll(async () => {
  desk = await createTicketBench()
  agent = await desk.person('agent')
  await desk.person('lead')
})
afterAll(() => desk.close())

describe('a ticket on which somebody speaks of going further', () => {
  it('is urgent and with a lead at once, and says why in its history, once', async () => {
    const opened = await agent.open({ type: 'purchase_help', note: '再不处理我就打12315了' })
    const { ticketId } = opened.ticket
    const ticket = await agent.ticket(ticketId)
    expect(ticket.ticket.priority).toBe('urgent')
    expect(ticket.ticket.assignee).not.toBeNull()
    expect(ticket.desk.history.map(({ what }) => what)).toEqual([
      'opened',
      'publicRisk.authority',
      'escalated',
    ])
    await agent.act(ticketId, 'note', {
      requestId: desk.ids.next('request'),
      text: 'He will sue, he says: 律师',
      isInternal: true,
    })
    const after = await agent.ticket(ticketId)
    expect(after.desk.history.filter(({ what }) => what.startsWith('publicRisk'))).toHaveLength(1)
  })
  it('keeps its priority when nobody does', async () => {
    const opened = await agent.open({ type: 'purchase_help', note: '怎么开门？' })
    expect((await agent.ticket(opened.ticket.ticketId)).ticket.priority).not.toBe('urgent')
  })
})
