import type { CallBackPlan } from '#protocol/api/call-backs.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { TicketRow } from '#core/support/ticket-store.ts'
import { typeOf } from '#core/support/ticket-types.ts'
import type { FollowedCase } from './decide-call-back.ts'

const DAY_MS = 86_400_000

/** How often a ticket was opened again. */
export async function roundOf(tx: Tx, ticketId: string): Promise<number> {
  const row = await tx
    .selectFrom('ticketClock')
    .select((eb) => eb.fn.max('round').as('round'))
    .where('ticketId', '=', ticketId)
    .executeTakeFirst()
  return row?.round ?? 0
}

/** What the plan looks at in a case that is over: money, how often it was asked, how it was rated, how to reach them. */
export async function factsOf(tx: Tx, ticket: TicketRow, plan: CallBackPlan): Promise<FollowedCase> {
  const { consumerId, orderId } = ticket
  const { side } = typeOf(ticket.type)
  const sinceMs = nowOf(tx) - plan.repeatedDays * DAY_MS
  const asked =
    consumerId === null
      ? undefined
      : await tx
          .selectFrom('ticket')
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .where('consumerId', '=', consumerId)
          .where('openedAtMs', '>=', sinceMs)
          .where('origin', '<>', 'anomaly')
          .executeTakeFirst()
  const order =
    orderId === null
      ? undefined
      : await tx.selectFrom('order').select('refundedFen').where('orderId', '=', orderId).executeTakeFirst()
  const nps = await tx
    .selectFrom('npsQuestion')
    .select('score')
    .where('ticketId', '=', ticket.ticketId)
    .executeTakeFirst()
  const restriction =
    consumerId === null
      ? undefined
      : await tx
          .selectFrom('restriction')
          .select('level')
          .where('consumerId', '=', consumerId)
          .where('state', '=', 'active')
          .where('expiresAtMs', '>', nowOf(tx))
          .executeTakeFirst()
  const isOperator = side === 'operator'
  return {
    type: ticket.type,
    side,
    refundedFen: order?.refundedFen ?? 0,
    contacts: (asked?.count ?? 1) + (await roundOf(tx, ticket.ticketId)),
    rating: ticket.rating,
    nps: nps?.score ?? null,
    isRestricted: restriction !== undefined,
    canPhone: ticket.phoneSealed !== null || (isOperator && ticket.cabinetId !== null),
    canWrite: consumerId !== null || (isOperator && ticket.openedBy !== ''),
  }
}
