import type { Kysely } from 'kysely'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { TicketRow } from '#core/support/ticket-store.ts'
import type { CallerCheckRow } from './tries.ts'
import { isFromCaller } from './decide-caller.ts'

/** What of a ticket says whether its purchase may be shown. */
export type Shown = Pick<
  TicketRow,
  'ticketId' | 'state' | 'consumerId' | 'openedBy' | 'origin' | 'channel' | 'splitFromId'
>
type Check = Pick<CallerCheckRow, 'ticketId' | 'state' | 'validUntilMs'>

/** Nobody speaks on a ticket that is over; what was open to the agent then may be read again. Pure. */
export function isHiddenBy(ticket: Shown, checks: readonly Check[], nowMs: number): boolean {
  const isOver = ticket.state === 'closed' || ticket.state === 'merged'
  const isKnown = checks.some(({ state, validUntilMs }) => state === 'passed' && (validUntilMs ?? 0) > nowMs)
  const wasKnown = checks.some(({ state }) => state === 'passed' || state === 'ended')
  return !isKnown && !(isOver && wasKnown)
}

/**
 * The tickets among these on which somebody speaks about a purchase who would have to be known. What was merged into one
 * counts: somebody called there. A consumer's own question stays their own, and operators are asked nothing personal.
 * @returns ticket ids
 */
export async function withCaller(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  tickets: readonly Shown[],
): Promise<Set<string>> {
  if (staff.operator !== null) return new Set()
  const theirs = tickets.filter((one) => one.consumerId !== null && one.openedBy !== one.consumerId)
  const found = new Set(theirs.filter(isFromCaller).map(({ ticketId }) => ticketId))
  const gathering = theirs.filter(({ channel }) => channel === 'system').map(({ ticketId }) => ticketId)
  if (gathering.length === 0) return found
  const merged = await db
    .selectFrom('ticket')
    .select(['mergedIntoId', 'origin', 'channel', 'openedBy', 'consumerId', 'splitFromId'])
    .where('mergedIntoId', 'in', gathering)
    .execute()
  for (const one of merged) if (one.mergedIntoId !== null && isFromCaller(one)) found.add(one.mergedIntoId)
  return found
}

/**
 * The tickets among these whose purchase is not shown, because nobody knows yet who speaks.
 * @returns ticket ids
 */
export async function hiddenAmong(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  tickets: readonly Shown[],
  nowMs: number,
): Promise<Set<string>> {
  const called = await withCaller(db, staff, tickets)
  if (called.size === 0) return called
  const checks = await db
    .selectFrom('callerCheck')
    .select(['ticketId', 'state', 'validUntilMs'])
    .where('ticketId', 'in', [...called])
    .where('state', 'in', ['passed', 'ended'])
    .execute()
  const isHidden = (ticket: Shown) =>
    called.has(ticket.ticketId) &&
    isHiddenBy(
      ticket,
      checks.filter(({ ticketId }) => ticketId === ticket.ticketId),
      nowMs,
    )
  return new Set(tickets.filter(isHidden).map(({ ticketId }) => ticketId))
}
