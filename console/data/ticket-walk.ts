import type { TicketDetail, TicketRow } from '#protocol/api/staff/tickets.ts'
import type { TicketView } from './staff-api.ts'
import { compareUrgency } from './staff-sla.ts'

export const VIEWS: readonly TicketView[] = ['open', 'mine', 'breaching', 'snoozed', 'closed']
export function isView(value: string | null): value is TicketView {
  return (VIEWS as readonly (string | null)[]).includes(value)
}

/** How a ticket left the hands of its agent. */
export type WalkEnd = 'resolved' | 'putOff' | 'handedOver'
export interface LastOne {
  readonly ticketId: string
  readonly number: number
  readonly how: WalkEnd
}
/** The queue that the agent looked at, as it stood there. */
export interface Walk {
  readonly view: TicketView
  /** What was searched for; empty when the whole view was shown. */
  readonly text: string
  readonly ticketIds: readonly string[]
  /** What was settled last on this walk. */
  readonly last: LastOne | null
}

const KEY = 'staff.walk'
/** A queue shows no more than this; a tab keeps no more. */
const MOST = 500

/**
 * From ticket to ticket in the order in which the agent saw the queue: kept for one tab, through reloads. It knows nothing of what
 * became of the tickets; `nextOf` asks the queue as it is now.
 */
export class TicketWalk {
  readonly #storage: Storage
  constructor(storage: Storage) {
    this.#storage = storage
  }
  get now(): Walk | undefined {
    const kept = this.#storage.getItem(KEY)
    return kept === null ? undefined : (JSON.parse(kept) as Walk)
  }
  /** The queue is on the screen. What was settled last stays known. */
  look(view: TicketView, text: string, ticketIds: readonly string[]): void {
    this.#keep({ view, text, ticketIds: ticketIds.slice(0, MOST), last: this.now?.last ?? null })
  }
  /** @returns the walk that a ticket is part of; undefined when the agent came to it in another way */
  of(ticketId: string): Walk | undefined {
    const { now } = this
    return now?.ticketIds.includes(ticketId) === true ? now : undefined
  }
  settled(last: LastOne): void {
    const { now } = this
    if (now) this.#keep({ ...now, last })
  }
  #keep(walk: Walk): void {
    this.#storage.setItem(KEY, JSON.stringify(walk))
  }
}

const WAITING = new Set(['waiting_consumer', 'waiting_internal', 'waiting_device', 'waiting_refund'])
const FINISHED = new Set(['resolved', 'closed', 'merged'])

/** What somebody has to do now: neither finished, nor waiting for others, nor in the hands of a colleague. */
export function isWork(ticket: TicketRow, staffId: string): boolean {
  return (
    !FINISHED.has(ticket.state) &&
    !WAITING.has(ticket.state) &&
    ticket.snoozed === null &&
    (ticket.assignee === null || ticket.assignee.staffId === staffId)
  )
}

/**
 * The ticket after this one: the rest of the queue as it was seen, then what came since, most urgent first, then what was passed over.
 * @param rows  the queue as it is now
 * @returns undefined at the end
 */
export function nextOf(
  walk: Walk,
  here: string,
  rows: readonly TicketRow[],
  staffId: string,
  nowMs: number,
): TicketRow | undefined {
  const work = new Map(
    rows
      .filter((row) => row.ticketId !== here && isWork(row, staffId))
      .map((row) => [row.ticketId, row] as const),
  )
  const at = walk.ticketIds.indexOf(here)
  const seen = new Set(walk.ticketIds)
  const later = walk.ticketIds.slice(at + 1)
  const came = [...work.values()]
    .filter(({ ticketId }) => !seen.has(ticketId))
    .toSorted((a, b) => compareUrgency(a, b, nowMs))
    .map(({ ticketId }) => ticketId)
  const passed = walk.ticketIds.slice(0, Math.max(0, at))
  for (const ticketId of [...later, ...came, ...passed]) {
    const row = work.get(ticketId)
    if (row) return row
  }
  return undefined
}

/** Whether the agent's own step took the ticket out of their hands, and how; undefined while it is still theirs to do. */
export function endOf(
  step: 'resolved' | 'snooze' | 'task',
  { ticket }: Pick<TicketDetail, 'ticket'>,
): WalkEnd | undefined {
  if (FINISHED.has(ticket.state)) return 'resolved'
  if (step === 'snooze' && ticket.snoozed !== null) return 'putOff'
  if (step === 'task' && WAITING.has(ticket.state)) return 'handedOver'
  return undefined
}

export interface Rest {
  /** They come back by themselves: at a time, first the soonest, then by an event. */
  readonly putOff: readonly TicketRow[]
  readonly waiting: readonly TicketRow[]
  /** How many a colleague holds. */
  readonly withOthers: number
  /** How many are still there to do, such as outside of the view that was walked. */
  readonly open: number
}
/** What remains when the queue is done. */
export function restOf(open: readonly TicketRow[], snoozed: readonly TicketRow[], staffId: string): Rest {
  const isOthers = ({ assignee }: TicketRow) => assignee !== null && assignee.staffId !== staffId
  const own = open.filter((row) => !isOthers(row))
  const back = (row: TicketRow) => row.snoozed?.untilMs ?? Number.MAX_SAFE_INTEGER
  return {
    putOff: snoozed.filter((row) => !isOthers(row)).toSorted((a, b) => back(a) - back(b)),
    waiting: own.filter(({ state }) => WAITING.has(state)),
    withOthers: open.length - own.length,
    open: own.filter((row) => isWork(row, staffId)).length,
  }
}
