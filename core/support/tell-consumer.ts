import type { Notices } from '#core/notices/notices.ts'
import type { Tx } from '#core/platform/database.ts'
import { isOfConsumer, type TicketRow } from './ticket-store.ts'

/** Whoever asked from an order or a cabinet is told outside of our pages that there is something to read. */
export async function tellAnswered(
  tx: Tx,
  notices: Notices,
  ticket: TicketRow,
  subjectId: string,
): Promise<void> {
  if (ticket.cabinetId === null || !isOfConsumer(ticket)) return
  const cabinet = await tx
    .selectFrom('cabinet')
    .selectAll()
    .where('cabinetId', '=', ticket.cabinetId)
    .executeTakeFirstOrThrow()
  await notices.tell(tx, {
    consumerId: ticket.consumerId,
    template: 'answered',
    subjectId,
    path: `/d/${ticket.ticketId}`,
    values: { cabinet: ticket.language === 'zh' ? cabinet.nameZh : cabinet.nameEn },
  })
}
