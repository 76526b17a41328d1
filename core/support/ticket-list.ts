import { sql } from 'kysely'
import type { TicketList } from '#protocol/api/staff/tickets.ts'
import { hiddenAmong } from '#core/callers/hidden.ts'
import { consumerLabel } from '#core/privacy/seal.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Kysely } from 'kysely'
import type { Tables } from '#core/platform/tables/index.ts'
import { OPEN_TICKET_STATES } from './machine.ts'
import { searchTickets } from './ticket-search.ts'
import type { TicketRow } from './ticket-store.ts'

export const TICKET_VIEWS = ['open', 'mine', 'breaching', 'snoozed', 'closed'] as const
export type TicketView = (typeof TICKET_VIEWS)[number]
const LIST_LENGTH = 200
/** Shown as breaching when a deadline is this near, or past. */
export const NEAR_MS = 5 * 60_000

/** Operators see what concerns their own cabinets, and what they asked themselves. */
export function ticketsSeenBy(read: Kysely<Tables>, staff: StaffIdentity) {
  const all = read
    .selectFrom('ticket as t')
    .leftJoin('cabinet as c', 'c.cabinetId', 't.cabinetId')
    .leftJoin('staff as s', 's.staffId', 't.assigneeId')
    .leftJoin('staff as w', 'w.staffId', 't.ownerId')
    .selectAll('t')
    .select(['c.nameZh', 'c.nameEn', 's.displayName as assigneeName', 'w.displayName as ownerName'])
  return staff.operator === null ? all : all.where('t.operator', '=', staff.operator)
}
export type SeenTicket = TicketRow & {
  nameZh: string | null
  nameEn: string | null
  assigneeName: string | null
  ownerName: string | null
}

/** @param isHidden  nobody knows yet who speaks on it: what the purchase came to is one of the questions */
export function ticketRow(ticket: SeenTicket, isHidden: boolean): TicketList['tickets'][number] {
  return {
    ticketId: ticket.ticketId,
    number: ticket.number,
    type: ticket.type,
    state: ticket.state,
    priority: ticket.priority,
    channel: ticket.channel,
    orderId: ticket.orderId,
    cabinetId: ticket.cabinetId,
    cabinetName: ticket.nameZh === null ? null : { zh: ticket.nameZh, en: ticket.nameEn ?? ticket.nameZh },
    consumerLabel: ticket.consumerId === null ? null : consumerLabel(ticket.consumerId),
    amountFen: isHidden ? null : ticket.amountFen,
    openedAtMs: ticket.openedAtMs,
    firstResponseDueMs: ticket.firstResponseDueMs,
    firstRespondedAtMs: ticket.firstRespondedAtMs,
    resolutionDueMs: ticket.resolutionDueMs,
    isPaused: ticket.isPaused === 1,
    snoozed: ticket.snoozeKind === null ? null : { kind: ticket.snoozeKind, untilMs: ticket.snoozeUntilMs },
    assignee:
      ticket.assigneeId === null
        ? null
        : { staffId: ticket.assigneeId, displayName: ticket.assigneeName ?? '' },
    owner: ticket.ownerId === null ? null : { staffId: ticket.ownerId, displayName: ticket.ownerName ?? '' },
    version: ticket.version,
  }
}

/** How many wait, how many are the reader's, how many are near or past a deadline that runs. */
export async function countTickets(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  nowMs: number,
): Promise<{ openTickets: number; myTickets: number; breachingTickets: number }> {
  const near = nowMs + NEAR_MS
  let rows = read
    .selectFrom('ticket as t')
    .select([
      sql<number>`count(*)`.as('openTickets'),
      sql<number>`coalesce(sum(t.assigneeId = ${staff.staffId} or t.ownerId = ${staff.staffId}), 0)`.as(
        'myTickets',
      ),
      sql<number>`coalesce(sum((t.firstRespondedAtMs is null and t.firstResponseDueMs < ${near})
        or (t.isPaused = 0 and t.resolutionDueMs < ${near})), 0)`.as('breachingTickets'),
    ])
    .where('t.state', 'in', [...OPEN_TICKET_STATES])
    .where('t.snoozeKind', 'is', null)
  if (staff.operator !== null) rows = rows.where('t.operator', '=', staff.operator)
  return rows.executeTakeFirstOrThrow()
}

/** The queue, most urgent first. A question looks everywhere, closed tickets and what sleeps included, and shows the best first. */
export async function listTickets(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  view: TicketView,
  query: string | undefined,
  nowMs: number,
): Promise<TicketList> {
  const text = query?.trim() ?? ''
  if (text !== '') return { tickets: await answerTo(read, staff, text, nowMs), nowMs }
  // Which they are is found in the indexes; whole rows are read of those alone that are shown.
  let rows = read.selectFrom('ticket as t').select('t.ticketId')
  if (staff.operator !== null) rows = rows.where('t.operator', '=', staff.operator)
  rows =
    view === 'closed'
      ? rows.where('t.state', 'in', ['resolved', 'closed', 'merged'])
      : rows.where('t.state', 'in', [...OPEN_TICKET_STATES])
  if (view === 'snoozed') rows = rows.where('t.snoozeKind', 'is not', null)
  else if (view !== 'closed') rows = rows.where('t.snoozeKind', 'is', null)
  if (view === 'mine')
    rows = rows.where((eb) =>
      eb.or([eb('t.assigneeId', '=', staff.staffId), eb('t.ownerId', '=', staff.staffId)]),
    )
  if (view === 'breaching')
    rows = rows.where((eb) =>
      eb.or([
        eb.and([eb('t.firstRespondedAtMs', 'is', null), eb('t.firstResponseDueMs', '<', nowMs + NEAR_MS)]),
        eb.and([eb('t.isPaused', '=', 0), eb('t.resolutionDueMs', '<', nowMs + NEAR_MS)]),
      ]),
    )
  const inOrder =
    view === 'closed'
      ? sql`t.openedAtMs desc`
      : sql`case when t.firstRespondedAtMs is null then t.firstResponseDueMs else t.resolutionDueMs end`
  const found = await ticketsSeenBy(read, staff)
    .where('t.ticketId', 'in', rows.orderBy(inOrder).limit(LIST_LENGTH))
    .orderBy(inOrder)
    .execute()
  const hidden = await hiddenAmong(read, staff, found, nowMs)
  return { tickets: found.map((ticket) => ticketRow(ticket, hidden.has(ticket.ticketId))), nowMs }
}

async function answerTo(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  text: string,
  nowMs: number,
): Promise<TicketList['tickets']> {
  const found = await searchTickets(read, staff, text, LIST_LENGTH)
  if (found.length === 0) return []
  const whole = await ticketsSeenBy(read, staff)
    .where(
      't.ticketId',
      'in',
      found.map(({ ticketId }) => ticketId),
    )
    .execute()
  const hidden = await hiddenAmong(read, staff, whole, nowMs)
  const byId = new Map(whole.map((ticket) => [ticket.ticketId, ticket]))
  return found.flatMap(({ ticketId, found: where }) => {
    const ticket = byId.get(ticketId)
    if (ticket === undefined) return []
    const row = ticketRow(ticket, hidden.has(ticketId))
    return [{ ...row, ...(where === undefined ? {} : { found: where }) }]
  })
}
