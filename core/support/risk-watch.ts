import type { Tx } from '#core/platform/database.ts'
import { publicRiskIn } from './public-risk.ts'
import type { TicketClocks } from './ticket-clocks.ts'
import { getTicket, saveTicket } from './ticket-store.ts'

/** Brings what speaks of going further to a lead; once for a ticket, whatever else is written on it. */
export async function watchRisk(tx: Tx, clocks: TicketClocks, ticketId: string, text: string): Promise<void> {
  const risk = publicRiskIn(text)
  if (risk === undefined) return
  const before = await tx
    .selectFrom('ticketEvent')
    .select('version')
    .where('ticketId', '=', ticketId)
    .where('what', 'like', 'publicRisk.%')
    .executeTakeFirst()
  if (before !== undefined) return
  const urgent = await saveTicket(
    tx,
    await getTicket(tx, ticketId),
    { priority: 'urgent' },
    { what: `publicRisk.${risk}` },
  )
  await clocks.handToLead(tx, urgent, 'publicRisk')
}
