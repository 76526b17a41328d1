import type { TicketRow } from '#protocol/api/staff/tickets.ts'

export type SlaState = 'done' | 'late' | 'soon' | 'in_time' | 'over' | 'paused'
export interface SlaClock {
  readonly which: 'first_response' | 'resolution'
  readonly state: SlaState
  readonly dueMs: number
  /** Milliseconds until the due time; negative when it has passed. */
  readonly leftMs: number
}

/** The same figure as the server's "breaching" view. */
export const SOON_MS = 5 * 60_000

const FINISHED = new Set(['resolved', 'closed', 'merged'])

/** Both clocks of a ticket, as they stand at `nowMs`. The due times are the server's. */
export function slaClocks(ticket: TicketRow, nowMs: number): [SlaClock, SlaClock] {
  const isFinished = FINISHED.has(ticket.state)
  return [
    clockOf('first_response', ticket.firstResponseDueMs, ticket.firstRespondedAtMs, isFinished, nowMs),
    ticket.isPaused && !isFinished
      ? {
          which: 'resolution',
          state: 'paused',
          dueMs: ticket.resolutionDueMs,
          leftMs: ticket.resolutionDueMs - nowMs,
        }
      : clockOf('resolution', ticket.resolutionDueMs, null, isFinished, nowMs),
  ]
}

function clockOf(
  which: SlaClock['which'],
  dueMs: number,
  doneAtMs: number | null,
  isFinished: boolean,
  nowMs: number,
): SlaClock {
  const leftMs = dueMs - nowMs
  if (doneAtMs !== null) return { which, state: doneAtMs <= dueMs ? 'done' : 'over', dueMs, leftMs }
  if (isFinished) return { which, state: 'done', dueMs, leftMs }
  return { which, state: leftMs < 0 ? 'late' : leftMs <= SOON_MS ? 'soon' : 'in_time', dueMs, leftMs }
}

/** The clock that runs out first, of those that still run; undefined when none does. */
export function nextClock(ticket: TicketRow, nowMs: number): SlaClock | undefined {
  return slaClocks(ticket, nowMs)
    .filter((clock) => clock.state !== 'done' && clock.state !== 'over' && clock.state !== 'paused')
    .sort((a, b) => a.dueMs - b.dueMs)[0]
}

const PRIORITY_RANK = { urgent: 0, high: 1, normal: 2, low: 3 } as const

/** Most urgent first: what is late, then priority, then the nearest due time. */
export function compareUrgency(a: TicketRow, b: TicketRow, nowMs: number): number {
  const dueA = nextClock(a, nowMs)?.dueMs ?? Number.MAX_SAFE_INTEGER
  const dueB = nextClock(b, nowMs)?.dueMs ?? Number.MAX_SAFE_INTEGER
  const lateA = dueA < nowMs ? 0 : 1
  const lateB = dueB < nowMs ? 0 : 1
  return lateA - lateB || PRIORITY_RANK[a.priority] - PRIORITY_RANK[b.priority] || dueA - dueB
}
