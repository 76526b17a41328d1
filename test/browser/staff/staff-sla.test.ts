import { describe, expect, it } from 'vitest'
import type { TicketRow } from '#protocol/api/staff/tickets.ts'
import { compareUrgency, nextClock, slaClocks } from '#console/data/staff-sla.ts'

const MINUTE_MS = 60_000
const NOW_MS = Date.UTC(2026, 10, 23, 2)

/** New, and in time for both clocks. */
function aTicket(number: number, more: Partial<TicketRow> = {}): TicketRow {
  return {
    ticketId: `tk-${number}`,
    number,
    type: 'item_returned',
    state: 'new',
    priority: 'normal',
    channel: 'order',
    orderId: null,
    cabinetId: null,
    cabinetName: null,
    consumerLabel: null,
    amountFen: 650,
    openedAtMs: NOW_MS - 8 * MINUTE_MS,
    firstResponseDueMs: NOW_MS + 7 * MINUTE_MS,
    firstRespondedAtMs: null,
    resolutionDueMs: NOW_MS + 1432 * MINUTE_MS,
    isPaused: false,
    snoozed: null,
    assignee: null,
    owner: null,
    version: 1,
    ...more,
  }
}

const states = (more: Parameters<typeof aTicket>[1], nowMs = NOW_MS) =>
  slaClocks(aTicket(1, more), nowMs).map((clock) => clock.state)

describe('the clocks of a ticket', () => {
  it.each([
    ['seven minutes are left', { firstResponseDueMs: NOW_MS + 7 * MINUTE_MS }, 'in_time'],
    ['five minutes are left', { firstResponseDueMs: NOW_MS + 5 * MINUTE_MS }, 'soon'],
    ['it is due this moment', { firstResponseDueMs: NOW_MS }, 'soon'],
    ['it was due a millisecond ago', { firstResponseDueMs: NOW_MS - 1 }, 'late'],
    ['it was answered in time', { firstRespondedAtMs: NOW_MS - 1, firstResponseDueMs: NOW_MS }, 'done'],
    ['it was answered late', { firstRespondedAtMs: NOW_MS, firstResponseDueMs: NOW_MS - 1 }, 'over'],
  ] as const)('first response: %s', (_name, more, state) => {
    expect(states(more)[0]).toBe(state)
  })
  it('stand still while the consumer is asked, and then nothing is due', () => {
    const asked = { isPaused: true, firstRespondedAtMs: NOW_MS, resolutionDueMs: NOW_MS - MINUTE_MS }
    expect(states(asked)[1]).toBe('paused')
    expect(nextClock(aTicket(1, asked), NOW_MS)).toBeUndefined()
  })
  it('stop when the ticket is resolved', () => {
    expect(states({ state: 'resolved', firstRespondedAtMs: NOW_MS }, NOW_MS + 9000 * MINUTE_MS)[1]).toBe(
      'done',
    )
    expect(nextClock(aTicket(1, { state: 'closed', firstRespondedAtMs: NOW_MS }), NOW_MS)).toBeUndefined()
  })
})

describe('the order of the queue', () => {
  it('is what is late, then priority, then the nearest due time', () => {
    const queue = [
      aTicket(1, { priority: 'low', firstResponseDueMs: NOW_MS + 2 * MINUTE_MS }),
      aTicket(2, { priority: 'urgent', firstResponseDueMs: NOW_MS + 9 * MINUTE_MS }),
      aTicket(3, { priority: 'normal', firstResponseDueMs: NOW_MS - MINUTE_MS }),
      aTicket(4, { priority: 'low', firstResponseDueMs: NOW_MS + MINUTE_MS }),
      aTicket(5, { state: 'closed', firstRespondedAtMs: NOW_MS, priority: 'low' }),
    ]
    const sorted = queue.toSorted((a, b) => compareUrgency(a, b, NOW_MS)).map((ticket) => ticket.number)
    expect(sorted).toEqual([3, 2, 4, 1, 5])
  })
})
