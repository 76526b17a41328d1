import type { Kysely, Selectable } from 'kysely'
import { CabinetError } from '#protocol/base/errors.ts'
import type { TicketEvent } from '#protocol/api/tickets.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'

export type TicketRow = Selectable<Tables['ticket']>
export type TicketMessageRow = Selectable<Tables['ticketMessage']>

export interface Author {
  readonly staffId: string
  readonly displayName: string
}
/** One line of a ticket's history. */
export interface Happening {
  readonly what: string
  readonly by?: Author
  readonly values?: Readonly<Record<string, string | number>>
}
/** Not put off. */
export const AWAKE = { snoozeKind: null, snoozeUntilMs: null, snoozedBy: null } as const

/** A page shows what changed since it looked; more than this nobody reads. */
const CHANGES_SHOWN = 20

/**
 * A ticket that a consumer opened, from an order or from the code on a cabinet, or that was split from one: they read it,
 * write in it, open it again and rate it. What a rule or staff opened about them is not theirs to see.
 */
export function isOfConsumer(
  ticket: Pick<TicketRow, 'consumerId' | 'origin' | 'openedBy' | 'splitFromId' | 'channel'>,
): ticket is TicketRow & { consumerId: string } {
  if (ticket.consumerId === null) return false
  return (
    ticket.origin === 'dispute' ||
    ticket.openedBy === ticket.consumerId ||
    (ticket.splitFromId !== null && (ticket.channel === 'order' || ticket.channel === 'code'))
  )
}

/** @throws not_found */
export async function getTicket(db: Kysely<Tables>, ticketId: string): Promise<TicketRow> {
  const ticket = await db.selectFrom('ticket').selectAll().where('ticketId', '=', ticketId).executeTakeFirst()
  if (ticket === undefined) throw new CabinetError('not_found', 'There is no such ticket.')
  return ticket
}

/** The ticket that this request opened, when it came before. @param openedBy  who sent it: a consumer, staff or a rule */
export async function findSent(
  db: Kysely<Tables>,
  openedBy: string,
  requestId: string,
): Promise<TicketRow | undefined> {
  return db
    .selectFrom('ticket')
    .selectAll()
    .where('openedBy', '=', openedBy)
    .where('requestId', '=', requestId)
    .executeTakeFirst()
}
/** What was merged goes on in another ticket of the same person. */
export async function goesOn(db: Kysely<Tables>, ticket: TicketRow): Promise<TicketRow> {
  let last = ticket
  while (last.mergedIntoId !== null) last = await getTicket(db, last.mergedIntoId)
  return last
}

/**
 * Somebody else's change must be read before one's own is written.
 * @throws conflict with every change since `version`
 */
export async function getUnchanged(tx: Tx, ticketId: string, version: number): Promise<TicketRow> {
  const ticket = await getTicket(tx, ticketId)
  if (ticket.version === version) return ticket
  throw new CabinetError('conflict', 'The ticket has changed.', {
    context: { version: ticket.version, changes: await historyOf(tx, ticketId, version) },
  })
}

/** Every write makes a version, a line of the history, and a change that pages hear of. */
export async function saveTicket(
  tx: Tx,
  ticket: TicketRow,
  change: Partial<TicketRow>,
  happening: Happening,
): Promise<TicketRow> {
  const next = { ...ticket, ...change, version: ticket.version + 1 }
  await tx
    .updateTable('ticket')
    .set({ ...change, version: next.version })
    .where('ticketId', '=', ticket.ticketId)
    .execute()
  await writeEvent(tx, next, happening)
  await tellPages(tx, next)
  return next
}
export async function writeEvent(tx: Tx, ticket: TicketRow, happening: Happening): Promise<void> {
  const { what, by, values = {} } = happening
  await tx
    .insertInto('ticketEvent')
    .values({
      ticketId: ticket.ticketId,
      version: ticket.version,
      atMs: nowOf(tx),
      actor: by === undefined ? 'system' : `staff:${by.staffId}`,
      actorName: by?.displayName ?? '',
      what,
      eventValues: JSON.stringify(values),
    })
    .execute()
}
export async function tellPages(tx: Tx, ticket: TicketRow): Promise<void> {
  await recordChange(tx, {
    kind: 'ticket',
    subjectId: ticket.ticketId,
    ...(ticket.cabinetId === null ? {} : { cabinetId: ticket.cabinetId }),
    data: { state: ticket.state, version: ticket.version },
  })
}

/** The newest last, those after `afterVersion` only. */
export async function historyOf(
  db: Kysely<Tables>,
  ticketId: string,
  afterVersion = 0,
): Promise<TicketEvent[]> {
  const rows = await db
    .selectFrom('ticketEvent')
    .selectAll()
    .where('ticketId', '=', ticketId)
    .where('version', '>', afterVersion)
    .orderBy('version', 'desc')
    .limit(afterVersion === 0 ? 200 : CHANGES_SHOWN)
    .execute()
  return rows.reverse().map((row) => ({
    version: row.version,
    atMs: row.atMs,
    by: row.actorName,
    what: row.what,
    values: JSON.parse(row.eventValues) as TicketEvent['values'],
  }))
}
