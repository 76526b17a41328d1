import { type Kysely, sql } from 'kysely'
import type { Tables } from '#core/platform/tables/index.ts'
import type { DaySales, Sales } from './day-sales.ts'

export interface TicketFact {
  readonly type: string
  readonly origin: string
  readonly isAutomatic: number
  readonly openedAtMs: number
  readonly firstResponseDueMs: number
  readonly firstRespondedAtMs: number | null
  readonly resolutionDueMs: number
  readonly resolvedAtMs: number | null
  readonly cabinetId: string | null
  readonly lines: string
}
export interface SolvedFact {
  readonly ticketId: string
  readonly origin: string
  readonly isAutomatic: number
  readonly openedAtMs: number
  readonly resolvedAtMs: number
  readonly rating: number | null
}
/** Where figures are read. */
export interface ReportSource {
  readonly db: Kysely<Tables>
  readonly sales: DaySales
}
/** What a period left behind, narrow rows only; everything else is counted from it. */
export interface SupportFacts extends Sales {
  readonly opened: readonly TicketFact[]
  readonly solved: readonly SolvedFact[]
  /** Tickets that were opened again in the period. */
  readonly openedAgain: readonly string[]
  readonly scores: readonly number[]
  readonly nps: ReadonlyArray<number | null>
  readonly refunds: ReadonlyArray<{ reason: string; amountFen: number; atMs: number }>
  /** Questions that named a product. */
  readonly disputesBySku: ReadonlyMap<string, number>
  readonly causes: ReadonlyMap<string, number>
  readonly callBacks: { readonly reached: number; readonly ended: number }
}

/** SQLite takes so many parameters at once, and more. */
const IDS_AT_ONCE = 500

/**
 * @param operator  only what is about their cabinets; null is everything
 * @param fromMs, untilMs  the first instant, and the first after it
 */
export async function loadFacts(
  { db, sales }: ReportSource,
  operator: string | null,
  fromMs: number,
  untilMs: number,
): Promise<SupportFacts> {
  const isAll = operator === null
  const within = sql.raw(`>= ${Math.trunc(fromMs)}`)
  const before = sql.raw(`< ${Math.trunc(untilMs)}`)
  const own = isAll ? sql`` : sql`and operator = ${operator}`
  const ownTicket = isAll ? sql`` : sql`and t.operator = ${operator}`
  const opened = await sql<TicketFact>`
    select type, origin, "isAutomatic", "openedAtMs", "firstResponseDueMs", "firstRespondedAtMs", "resolutionDueMs",
      "resolvedAtMs", "cabinetId", case when origin = 'dispute' then lines else '[]' end as lines
    from ticket where "openedAtMs" ${within} and "openedAtMs" ${before} and state <> 'merged' ${own}`.execute(
    db,
  )
  const solved = await sql<SolvedFact>`
    select "ticketId", origin, "isAutomatic", "openedAtMs", "resolvedAtMs", rating
    from ticket where "resolvedAtMs" ${within} and "resolvedAtMs" ${before} and state <> 'merged' ${own}`.execute(
    db,
  )
  const again = await sql<{ ticketId: string }>`
    select distinct e."ticketId" from "ticketEvent" e join ticket t on t."ticketId" = e."ticketId"
    where substr(e.what, -7) = 'eopened' and e."atMs" ${within} and e."atMs" ${before} ${ownTicket}`.execute(
    db,
  )
  const scores = await sql<{ rating: number }>`
    select rating from ticket where "ratedAtMs" ${within} and "ratedAtMs" ${before} and rating is not null ${own}`.execute(
    db,
  )
  const nps = await sql<{ score: number | null }>`
    select n.score from "npsQuestion" n join ticket t on t."ticketId" = n."ticketId"
    where n."askedAtMs" ${within} and n."askedAtMs" ${before} ${ownTicket}`.execute(db)
  const refunds = await sql<{ reason: string; amountFen: number; atMs: number }>`
    select r.reason, r."amountFen", r."succeededAtMs" as "atMs" from refund r
    ${isAll ? sql`` : sql`join "order" o on o."orderId" = r."orderId" join cabinet c on c."cabinetId" = o."cabinetId"`}
    where r."succeededAtMs" ${within} and r."succeededAtMs" ${before}
    ${isAll ? sql`` : sql`and c.operator = ${operator}`}`.execute(db)
  const sold = await sales.of(operator, fromMs, untilMs)
  const causes = await sql<{ rootCause: string; count: number }>`
    select "rootCause", count(distinct "caseId") as count from "causeCase"
    where "atMs" ${within} and "atMs" ${before} ${own} group by "rootCause"`.execute(db)
  const callBacks = await sql<{ reached: number | null; ended: number }>`
    select sum(b.state in ('reached', 'reopened')) as reached, count(*) as ended
    from "callBack" b join ticket t on t."ticketId" = b."ticketId"
    where b."endedAtMs" ${within} and b."endedAtMs" ${before} and b.state <> 'cancelled' ${ownTicket}`.execute(
    db,
  )
  return {
    opened: opened.rows,
    solved: solved.rows,
    openedAgain: again.rows.map(({ ticketId }) => ticketId),
    scores: scores.rows.map(({ rating }) => rating),
    nps: nps.rows.map(({ score }) => score),
    refunds: refunds.rows,
    ...sold,
    disputesBySku: await disputesBySku(db, opened.rows),
    causes: new Map(causes.rows.map(({ rootCause, count }) => [rootCause, count])),
    callBacks: { reached: callBacks.rows[0]?.reached ?? 0, ended: callBacks.rows[0]?.ended ?? 0 },
  }
}

/** A question that names two products counts for both, and once for each. */
async function disputesBySku(
  db: Kysely<Tables>,
  opened: readonly TicketFact[],
): Promise<Map<string, number>> {
  const named = opened
    .filter(({ origin }) => origin === 'dispute')
    .map(({ lines }) => (JSON.parse(lines) as Array<{ lineId: string }>).map(({ lineId }) => lineId))
  const lineIds = [...new Set(named.flat())]
  const skuOf = new Map<string, string>()
  for (let from = 0; from < lineIds.length; from += IDS_AT_ONCE) {
    const rows = await db
      .selectFrom('orderLine')
      .select(['lineId', 'sku'])
      .where('lineId', 'in', lineIds.slice(from, from + IDS_AT_ONCE))
      .execute()
    for (const { lineId, sku } of rows) skuOf.set(lineId, sku)
  }
  const counts = new Map<string, number>()
  for (const lines of named)
    for (const sku of new Set(lines.map((lineId) => skuOf.get(lineId))))
      if (sku !== undefined) counts.set(sku, (counts.get(sku) ?? 0) + 1)
  return counts
}
