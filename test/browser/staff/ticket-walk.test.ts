import { describe, expect, it } from 'vitest'
import type { TicketRow } from '#protocol/api/staff/tickets.ts'
import { isWork, nextOf, restOf, type Walk } from '#console/data/ticket-walk.ts'

const NOW_MS = 1_000_000
const ME = 'stf_me'
const ANN = { staffId: 'stf_ann', displayName: 'Ann' }
function row(ticketId: string, more: Partial<TicketRow> = {}): TicketRow {
  return {
    ticketId,
    number: 1,
    type: 'other',
    state: 'new',
    priority: 'normal',
    orderId: null,
    cabinetId: null,
    cabinetName: null,
    consumerLabel: null,
    channel: 'hotline',
    amountFen: null,
    openedAtMs: 0,
    firstResponseDueMs: NOW_MS + 900_000,
    firstRespondedAtMs: null,
    resolutionDueMs: NOW_MS + 86_400_000,
    isPaused: false,
    snoozed: null,
    assignee: null,
    owner: null,
    version: 1,
    ...more,
  }
}
const walk: Walk = { view: 'open', text: '', ticketIds: ['a', 'b', 'c'], last: null }
const next = (here: string, rows: TicketRow[]) => nextOf(walk, here, rows, ME, NOW_MS)?.ticketId

describe('the ticket after the one that was settled', () => {
  it('is the one below it, as the queue stood when it was seen', () => {
    expect(next('a', [row('c'), row('b')])).toBe('b')
  })
  it('is not one that is finished, put off, waiting or in the hands of a colleague', () => {
    for (const gone of [
      { state: 'resolved' },
      { snoozed: { kind: 'until', untilMs: NOW_MS + 1 } },
      { state: 'waiting_consumer' },
      { assignee: ANN },
    ] as const)
      expect(next('a', [row('b', gone), row('c')])).toBe('c')
  })
  it('is, after those that were seen, what came since, most urgent first, and then what was passed over', () => {
    const came = [row('new'), row('hot', { priority: 'urgent' })]
    expect(next('c', [row('a'), ...came])).toBe('hot')
    expect(next('c', [row('a')])).toBe('a')
  })
  it('is none at the end, and never the one that the agent stands on', () => {
    expect(next('c', [row('c')])).toBeUndefined()
  })
})

describe('what remains at the end of the queue', () => {
  it('comes back in order of time, and what colleagues hold is only counted', () => {
    const late = row('late', { snoozed: { kind: 'until', untilMs: NOW_MS + 2 } })
    const soon = row('soon', { snoozed: { kind: 'until', untilMs: NOW_MS + 1 } })
    const online = row('online', { snoozed: { kind: 'cabinet_online', untilMs: null } })
    const waiting = row('waiting', { state: 'waiting_refund' })
    const rest = restOf([waiting, row('hers', { assignee: ANN }), row('todo')], [online, late, soon], ME)
    expect(rest.putOff.map(({ ticketId }) => ticketId)).toEqual(['soon', 'late', 'online'])
    expect(rest).toMatchObject({ waiting: [{ ticketId: 'waiting' }], withOthers: 1, open: 1 })
    expect(isWork(waiting, ME)).toBe(false)
  })
})
