import type { Tx } from '#core/platform/database.ts'
import type { TicketRow } from './ticket-store.ts'

/** A second person may still refuse it, or has. */
const NOT_ON_ITS_WAY = ['requested', 'awaiting_approval', 'rejected'] as const

/**
 * What whoever asked gets: money that is on its way back, of the order, of this ticket and of what was merged into it; and
 * what was asked for and is not, which the provider has confirmed. Both in fen.
 */
export async function givenBack(
  tx: Tx,
  { ticketId, orderId }: Pick<TicketRow, 'ticketId' | 'orderId'>,
): Promise<{ refundedFen: number; loweredFen: number }> {
  const refunded = await tx
    .selectFrom('refund')
    .select((eb) => eb.fn.sum<number | null>('amountFen').as('fen'))
    .where((eb) =>
      eb.or([
        eb('orderId', '=', orderId ?? ''),
        eb('ticketId', '=', ticketId),
        eb(
          'ticketId',
          'in',
          eb.selectFrom('ticket').select('ticket.ticketId').where('mergedIntoId', '=', ticketId),
        ),
      ]),
    )
    .where('state', 'not in', [...NOT_ON_ITS_WAY])
    .executeTakeFirst()
  const lowered = await tx
    .selectFrom('chargeLowering')
    .select((eb) => eb.fn.sum<number | null>('byFen').as('fen'))
    .where('orderId', '=', orderId ?? '')
    .where('state', '=', 'lowered')
    .executeTakeFirst()
  return { refundedFen: refunded?.fen ?? 0, loweredFen: lowered?.fen ?? 0 }
}
