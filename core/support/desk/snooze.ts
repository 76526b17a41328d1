import type { TicketSnooze } from '#protocol/api/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Presence, PresenceBook } from '#core/cabinets/presence.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { type Author, getTicket, getUnchanged, saveTicket, type TicketRow } from '../ticket-store.ts'
import { OPEN_TICKET_STATES } from '../machine.ts'
import { AWAKE } from '../tickets.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const waitingFor = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('ticket')
    .selectAll()
    .where('snoozeKind', '=', 'cabinet_online')
    .where('cabinetId', '=', cabinetId),
)

const KIND = 'ticket.wake'
const LONGEST_MS = 30 * 86_400_000
/** Refunds that will not change by themselves any more. */
const SETTLED = ['succeeded', 'rejected', 'closed'] as const

export interface Snoozing {
  /** @throws conflict, intake_invalid when what it would wait for has happened already */
  snooze(tx: Tx, ticketId: string, by: Author, wish: TicketSnooze): Promise<TicketRow>
  wake(tx: Tx, ticketId: string, version: number, by: Author): Promise<TicketRow>
  /** In the transaction in which a refund of the order ended. */
  refundSettled(tx: Tx, orderId: string): Promise<void>
}

/**
 * Puts tickets off until something happens. What it waits for is a row; the event itself wakes it (a presence that
 * changed, a refund that ended, a due row for a time), so nothing is looked at again and again and a restart loses nothing.
 */
export function createSnoozing(deps: CoreDeps & { due: DueWork; presence: PresenceBook }): Snoozing {
  const { db, log, due, presence } = deps
  due.on(KIND, async ({ subjectId }) => {
    await db.write('wake a ticket', async (tx) => {
      const ticket = await getTicket(tx, subjectId)
      if (ticket.snoozeKind === 'until') await rouse(tx, ticket)
    })
  })
  presence.onChange((cabinetId, now) => {
    if (now === 'online') cabinetOnline(cabinetId, now)
  })

  function cabinetOnline(cabinetId: string, now: Presence): void {
    db.write('wake tickets of a cabinet', async (tx) => {
      const tickets = await waitingFor(tx, cabinetId)
      for (const ticket of tickets) await rouse(tx, ticket)
    }).catch((error: unknown) => log.error({ err: error, cabinetId, now }, 'tickets could not be woken'))
  }

  async function rouse(tx: Tx, ticket: TicketRow): Promise<void> {
    const reason = ticket.snoozeKind ?? 'until'
    await saveTicket(tx, ticket, AWAKE, { what: 'woke', values: { reason } })
  }

  return {
    async snooze(tx, ticketId, by, { version, kind, untilMs }) {
      const ticket = await getUnchanged(tx, ticketId, version)
      if (!(OPEN_TICKET_STATES as readonly string[]).includes(ticket.state))
        throw new CabinetError('conflict', 'A ticket that is closed is not put off.')
      const refuse = (problem: string, key: string): never => {
        throw new CabinetError('intake_invalid', problem, {
          context: { fields: [{ key, problem: 'wrong' }] },
        })
      }
      if (kind === 'until') {
        if (untilMs === undefined || untilMs <= nowOf(tx) || untilMs > nowOf(tx) + LONGEST_MS)
          refuse('It can be put off to a time within the next 30 days.', 'untilMs')
        else await due.schedule(tx, { kind: KIND, subjectId: ticketId, dueAtMs: untilMs })
      } else await due.cancel(tx, KIND, ticketId)
      if (kind === 'cabinet_online') {
        if (ticket.cabinetId === null) refuse('This ticket names no cabinet to wait for.', 'kind')
        else if (presence.nowOf(ticket.cabinetId).presence === 'online')
          refuse('The cabinet is online already.', 'kind')
      }
      if (kind === 'refund_settled') {
        const open = await tx
          .selectFrom('refund')
          .select('refundId')
          .where('orderId', '=', ticket.orderId ?? '')
          .where('state', 'not in', [...SETTLED])
          .executeTakeFirst()
        if (open === undefined) refuse('No refund of this order is on its way.', 'kind')
      }
      return saveTicket(
        tx,
        ticket,
        {
          snoozeKind: kind,
          snoozeUntilMs: kind === 'until' ? (untilMs ?? null) : null,
          snoozedBy: by.staffId,
          assigneeId: ticket.assigneeId ?? by.staffId,
          ownerId: ticket.ownerId ?? by.staffId,
        },
        { what: 'snoozed', by, values: { reason: kind } },
      )
    },
    async wake(tx, ticketId, version, by) {
      const ticket = await getUnchanged(tx, ticketId, version)
      if (ticket.snoozeKind === null) return ticket
      await due.cancel(tx, KIND, ticketId)
      return saveTicket(tx, ticket, AWAKE, { what: 'woke', by, values: { reason: 'asked' } })
    },
    async refundSettled(tx, orderId) {
      const tickets = await tx
        .selectFrom('ticket')
        .selectAll()
        .where('snoozeKind', '=', 'refund_settled')
        .where('orderId', '=', orderId)
        .execute()
      for (const ticket of tickets) await rouse(tx, ticket)
    },
  }
}
