import type { Kysely } from 'kysely'
import type { TicketDesk, TicketMerge, TicketSplit } from '#protocol/api/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { OPEN_TICKET_STATES } from '../machine.ts'
import {
  type Author,
  findSent,
  getTicket,
  getUnchanged,
  saveTicket,
  type TicketRow,
} from '../ticket-store.ts'
import { TICKET_TYPES } from '../ticket-types.ts'
import { AWAKE, type Tickets } from '../tickets.ts'
import type { Tasks } from './tasks.ts'

/** Two questions about one cabinet belong together when they are this near. */
const NEAR_MS = 2 * 3_600_000
/** One consumer's questions of this long may be about the same. */
const SAME_PERSON_MS = 3 * 86_400_000
const SHOWN = 5

type Alike = TicketDesk['alike'][number]
export type Comparable = Pick<
  TicketRow,
  | 'ticketId'
  | 'number'
  | 'type'
  | 'openedAtMs'
  | 'sessionId'
  | 'orderId'
  | 'consumerId'
  | 'cabinetId'
  | 'operator'
  | 'channel'
  | 'incidentId'
>

/** Which of the others ask the same, the likeliest first. Pure. */
export function decideAlike(ticket: Comparable, others: readonly Comparable[]): Alike[] {
  const scored = others.flatMap((other) => {
    if (other.ticketId === ticket.ticketId || !mayMerge(ticket, other)) return []
    const apartMs = Math.abs(other.openedAtMs - ticket.openedAtMs)
    const same = (key: 'sessionId' | 'orderId' | 'consumerId' | 'cabinetId') =>
      ticket[key] !== null && ticket[key] === other[key]
    const because: Alike['because'] = [
      ...(same('sessionId') ? (['session'] as const) : []),
      ...(same('orderId') ? (['order'] as const) : []),
      ...(same('consumerId') && apartMs < SAME_PERSON_MS ? (['consumer'] as const) : []),
      ...(same('cabinetId') && apartMs < NEAR_MS ? (['cabinet'] as const) : []),
    ]
    const score = because.reduce((sum, reason) => sum + WEIGHT[reason], 0)
    return score >= ENOUGH ? [{ other, because, score, apartMs }] : []
  })
  return scored
    .sort((a, b) => b.score - a.score || a.apartMs - b.apartMs)
    .slice(0, SHOWN)
    .map(({ other: { ticketId, number, type, openedAtMs }, because }) => ({
      ticketId,
      number,
      type,
      openedAtMs,
      because,
    }))
}
const WEIGHT: Record<Alike['because'][number], number> = { session: 4, order: 4, consumer: 2, cabinet: 1 }
const ENOUGH = 2

/** Two people's questions are never one: each would read what the other wrote. Nor are two emergencies: each has an end of its own. */
function mayMerge(
  a: Pick<Comparable, 'consumerId' | 'operator' | 'channel' | 'incidentId'>,
  b: typeof a,
): boolean {
  if (a.incidentId !== null && b.incidentId !== null && a.incidentId !== b.incidentId) return false
  // What an operator wrote is not for consumers.
  if ((a.channel === 'console') !== (b.channel === 'console')) return false
  if (a.consumerId !== null && b.consumerId !== null) return a.consumerId === b.consumerId
  return a.operator === null || b.operator === null || a.operator === b.operator
}

/** What may be alike, by index only. */
export async function alikeOf(db: Kysely<Tables>, ticket: TicketRow): Promise<Alike[]> {
  const { sessionId, orderId, consumerId, cabinetId } = ticket
  const others = await db
    .selectFrom('ticket')
    .select([
      'ticketId',
      'number',
      'type',
      'openedAtMs',
      'sessionId',
      'orderId',
      'consumerId',
      'cabinetId',
      'operator',
      'channel',
      'incidentId',
    ])
    .where('state', 'in', [...OPEN_TICKET_STATES])
    .where('ticketId', '<>', ticket.ticketId)
    .where((eb) =>
      eb.or([
        eb('sessionId', '=', sessionId ?? ''),
        eb('orderId', '=', orderId ?? ''),
        eb('consumerId', '=', consumerId ?? ''),
        eb.and([
          eb('cabinetId', '=', cabinetId ?? ''),
          eb('openedAtMs', '>', ticket.openedAtMs - NEAR_MS),
          eb('openedAtMs', '<', ticket.openedAtMs + NEAR_MS),
        ]),
      ]),
    )
    .limit(100)
    .execute()
  return decideAlike(ticket, others)
}

export interface Merging {
  /** @returns the ticket that goes on */
  merge(tx: Tx, ticketId: string, by: Author, wish: TicketMerge): Promise<TicketRow>
  /** @returns the new ticket */
  split(tx: Tx, ticketId: string, by: Author, wish: TicketSplit): Promise<TicketRow>
}

export function createMerging({
  tickets,
  tasks,
  due,
}: {
  tickets: Tickets
  tasks: Pick<Tasks, 'move'>
  due: DueWork
}): Merging {
  return {
    async merge(tx, ticketId, by, { version, intoTicketId, reason }) {
      const from = await getUnchanged(tx, ticketId, version)
      const into = await getTicket(tx, intoTicketId)
      if (from.ticketId === into.ticketId || !mayMerge(from, into))
        throw new CabinetError(
          'conflict',
          'Only two tickets of the same person and about the same emergency can be merged.',
        )
      if (!(OPEN_TICKET_STATES as readonly string[]).includes(into.state))
        throw new CabinetError('conflict', 'The other ticket is closed; merge into one that is open.')
      const dues = await tickets.clocks.merge(tx, into, from)
      const gone = await tickets.advance(
        tx,
        ticketId,
        'merged',
        { ...AWAKE, mergedIntoId: into.ticketId },
        { what: 'merged', by, values: { into: into.number, reason } },
      )
      if (gone === undefined)
        throw new CabinetError('conflict', 'The ticket cannot be merged in its present state.')
      await due.cancel(tx, 'ticket.wake', ticketId)
      await tasks.move(tx, from.ticketId, into.ticketId)
      await moveBound(tx, from.ticketId, into.ticketId)
      await appendAudit(tx, {
        actor: `staff:${by.staffId}`,
        action: 'ticket.merged',
        subject: `ticket:${ticketId}`,
        detail: { into: into.ticketId, reason },
      })
      // Whoever was answered on the one still waits on the other.
      const isOwed = into.firstRespondedAtMs !== null && from.firstRespondedAtMs === null
      return saveTicket(
        tx,
        into,
        {
          ...dues,
          ...(isOwed ? { firstRespondedAtMs: null } : {}),
          orderId: into.orderId ?? from.orderId,
          sessionId: into.sessionId ?? from.sessionId,
          cabinetId: into.cabinetId ?? from.cabinetId,
          consumerId: into.consumerId ?? from.consumerId,
          operator: into.operator ?? from.operator,
          incidentId: into.incidentId ?? from.incidentId,
          priority: higher(into.priority, from.priority),
          severity: Math.min(into.severity, from.severity),
        },
        { what: 'absorbed', by, values: { from: from.number, reason } },
      )
    },
    async split(tx, ticketId, by, { requestId, version, type, messageIds, reason }) {
      const before = await findSent(tx, by.staffId, requestId)
      if (before !== undefined) return before
      const ticket = await getUnchanged(tx, ticketId, version)
      const known = TICKET_TYPES[type]
      if (known?.isEntered !== true)
        throw new CabinetError('intake_invalid', `There is no type ${type} that a person may enter.`, {
          context: { fields: [{ key: 'type', problem: 'unknown' }] },
        })
      const opened = await tickets.open(tx, {
        requestId,
        type,
        origin: 'staff',
        reason: null,
        priority: known.priority,
        orderId: ticket.orderId,
        cabinetId: ticket.cabinetId,
        consumerId: ticket.consumerId,
        amountFen: null,
        lines: [],
        note: reason,
        language: ticket.language,
        openedBy: by.staffId,
        channel: ticket.channel,
        operator: ticket.operator,
        splitFromId: ticketId,
      })
      if (messageIds.length > 0)
        await tx
          .updateTable('ticketMessage')
          .set({ ticketId: opened.ticketId })
          .where('ticketId', '=', ticketId)
          .where('messageId', 'in', messageIds)
          .execute()
      await saveTicket(tx, ticket, {}, { what: 'split', by, values: { to: opened.number, reason } })
      await appendAudit(tx, {
        actor: `staff:${by.staffId}`,
        action: 'ticket.split',
        subject: `ticket:${ticketId}`,
        detail: { to: opened.ticketId, messages: messageIds.length, reason },
      })
      return opened
    },
  }
}

/** What the provider waits for, and what was merged before, belongs to the ticket that goes on. */
async function moveBound(tx: Tx, fromId: string, intoId: string): Promise<void> {
  await tx.updateTable('providerComplaint').set({ ticketId: intoId }).where('ticketId', '=', fromId).execute()
  await tx.updateTable('ticket').set({ mergedIntoId: intoId }).where('mergedIntoId', '=', fromId).execute()
}

const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const
function higher(a: TicketRow['priority'], b: TicketRow['priority']): TicketRow['priority'] {
  return PRIORITIES.indexOf(a) >= PRIORITIES.indexOf(b) ? a : b
}
