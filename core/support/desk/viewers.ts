import type { Kysely } from 'kysely'
import type { DOINGS, PresenceReport, TicketViewer } from '#protocol/api/tickets.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type Author, getTicket } from '../ticket-store.ts'

/** A page reports every 20 s; two reports may be lost before it counts as gone. */
const VIEWING_MS = 50_000
const RANK: Record<(typeof DOINGS)[number], number> = { refunding: 0, replying: 1, viewing: 2 }

/** Who looks at a ticket now, each person once with the strongest of what their pages say. */
export async function viewersOf(
  db: Kysely<Tables>,
  ticketId: string,
  nowMs: number,
  exceptStaffId?: string,
): Promise<TicketViewer[]> {
  const rows = await db
    .selectFrom('ticketViewer as v')
    .innerJoin('staff as s', 's.staffId', 'v.staffId')
    .select(['v.staffId', 's.displayName', 'v.doing', 'v.untilMs'])
    .where('v.ticketId', '=', ticketId)
    .where('v.untilMs', '>', nowMs)
    .where('v.staffId', '<>', exceptStaffId ?? '')
    .orderBy('v.untilMs')
    .execute()
  const people = new Map<string, TicketViewer>()
  for (const row of rows) {
    const known = people.get(row.staffId)
    if (known === undefined || RANK[row.doing] < RANK[known.doing]) people.set(row.staffId, row)
  }
  return [...people.values()]
}

/** Others hear of it at once; a report that says the same again only lasts longer. */
export async function reportPresence(
  tx: Tx,
  ticketId: string,
  by: Author,
  { tab, doing }: PresenceReport,
): Promise<void> {
  const ticket = await getTicket(tx, ticketId)
  const nowMs = nowOf(tx)
  const before = await viewersOf(tx, ticketId, nowMs)
  await tx.deleteFrom('ticketViewer').where('ticketId', '=', ticketId).where('untilMs', '<=', nowMs).execute()
  if (doing === 'left')
    await tx
      .deleteFrom('ticketViewer')
      .where('ticketId', '=', ticketId)
      .where('staffId', '=', by.staffId)
      .where('tab', '=', tab)
      .execute()
  else {
    const values = { doing, untilMs: nowMs + VIEWING_MS }
    await tx
      .insertInto('ticketViewer')
      .values({ ticketId, staffId: by.staffId, tab, ...values })
      .onConflict((conflict) => conflict.columns(['ticketId', 'staffId', 'tab']).doUpdateSet(values))
      .execute()
  }
  const after = await viewersOf(tx, ticketId, nowMs)
  const said = (viewers: TicketViewer[]) =>
    viewers
      .map(({ staffId, doing: what }) => `${staffId} ${what}`)
      .sort()
      .join()
  if (said(before) === said(after)) return
  await recordChange(tx, {
    kind: 'desk',
    subjectId: ticketId,
    ...(ticket.cabinetId === null ? {} : { cabinetId: ticket.cabinetId }),
    data: { viewers: after },
  })
}
