import type { SqlBool, ExpressionBuilder } from 'kysely'
import { sql } from 'kysely'
import type { TicketList } from '#protocol/api/staff/tickets.ts'
import { consumerLabel } from '#core/privacy/seal.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Kysely } from 'kysely'
import type { Tables } from '#core/platform/tables/index.ts'
import { OPEN_TICKET_STATES } from './machine.ts'
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

export function ticketRow(ticket: SeenTicket): TicketList['tickets'][number] {
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
    amountFen: ticket.amountFen,
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

/** The queue, most urgent first. A question in words looks everywhere, closed tickets and what sleeps included. */
export async function listTickets(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  view: TicketView,
  query: string | undefined,
  nowMs: number,
): Promise<TicketList> {
  // Which they are is found in the indexes; whole rows are read of those alone that are shown.
  let rows = read
    .selectFrom('ticket as t')
    .leftJoin('cabinet as c', 'c.cabinetId', 't.cabinetId')
    .select('t.ticketId')
  if (staff.operator !== null) rows = rows.where('t.operator', '=', staff.operator)
  const text = query?.trim() ?? ''
  if (text !== '') rows = rows.where((eb) => eb.or(matches(eb, text)))
  else {
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
  }
  const isArchive = text !== '' || view === 'closed'
  const inOrder = isArchive
    ? sql`t.openedAtMs desc`
    : sql`case when t.firstRespondedAtMs is null then t.firstResponseDueMs else t.resolutionDueMs end`
  const found = await ticketsSeenBy(read, staff)
    .where('t.ticketId', 'in', rows.orderBy(inOrder).limit(LIST_LENGTH))
    .orderBy(inOrder)
    .execute()
  return { tickets: found.map(ticketRow), nowMs }
}

type Builder = ExpressionBuilder<Tables & { t: Tables['ticket']; c: Tables['cabinet'] }, 't' | 'c'>

const WHOLE_ID = /^[a-z]{2}[0-9a-z]{30}$/

/** Any id that somebody may read aloud, the end of a telephone number, a cabinet's name, or words. */
function matches(eb: Builder, text: string) {
  const id = text.toLowerCase().replace(/^#/, '')
  const like = `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  const contains = (column: string) => sql<SqlBool>`${sql.ref(column)} like ${like} escape '\\'`
  const isId = /^[a-z0-9-]{4,64}$/.test(id)
  return [
    ...(/^\d{1,9}$/.test(id) ? [eb('t.number', '=', Number(id))] : []),
    ...(/^\d{4}$/.test(id) ? [eb('t.phoneTail', '=', id)] : []),
    // A whole number of a telephone is found by its end.
    ...(/^\+?[\d -]{7,20}$/.test(text) ? [eb('t.phoneTail', '=', text.replaceAll(/\D/g, '').slice(-4))] : []),
    ...(isId
      ? [
          eb('t.ticketId', '=', id),
          eb('t.orderId', '=', id),
          eb('t.sessionId', '=', id),
          eb('t.cabinetId', '=', id),
          eb('t.consumerId', '=', id),
          ...(id.startsWith('c-') ? [eb('t.consumerId', 'like', `%${id.slice(2)}`)] : []),
          eb(
            't.orderId',
            'in',
            eb.selectFrom('payment as p').select('p.orderId').where('p.transactionId', 'in', [text, id]),
          ),
          eb(
            't.orderId',
            'in',
            eb.selectFrom('refund as r').select('r.orderId').where('r.refundId', '=', id),
          ),
          eb(
            't.orderId',
            'in',
            eb.selectFrom('charge as h').select('h.orderId').where('h.outOrderNo', '=', id),
          ),
          eb(
            't.ticketId',
            'in',
            eb
              .selectFrom('providerComplaint as x')
              .select('x.ticketId')
              .where('x.complaintId', '=', text)
              .$castTo<{ ticketId: string }>(),
          ),
        ]
      : []),
    // A whole id is no word that somebody wrote.
    ...(WHOLE_ID.test(id)
      ? []
      : [
          contains('t.note'),
          contains('c.nameZh'),
          contains('c.nameEn'),
          eb(
            't.ticketId',
            'in',
            eb.selectFrom('ticketMessage as m').select('m.ticketId').where(contains('m.text')),
          ),
        ]),
  ]
}
