import { type Kysely, sql } from 'kysely'
import type { Tables } from '#core/platform/tables/index.ts'

/** Orders of a stretch of time: what disputes are counted over. */
export interface Sales {
  readonly ordersByCabinet: ReadonlyMap<string, number>
  /** Orders with the product in them. */
  readonly ordersBySku: ReadonlyMap<string, number>
}
export interface DaySales {
  /** @param fromMs, untilMs  whole days */
  of(operator: string | null, fromMs: number, untilMs: number): Promise<Sales>
}

const DAY_MS = 86_400_000
/** An order is written when it is created: after this nothing comes to a day that has ended. */
const SETTLED_AFTER_MS = 3_600_000
/** About two years of days for a few readers at a time; the oldest go first. */
const DAYS_KEPT_MOST = 2400

/**
 * What was sold day by day. Orders of a day that ended do not change their day, cabinet or number, so each such day is
 * counted once and remembered: a report over a quarter reads the orders of today only.
 */
export function createDaySales(db: Kysely<Tables>, now: () => number): DaySales {
  const kept = new Map<string, Sales>()
  /** What is being counted for somebody else who asks in the same moment. */
  const counting = new Map<string, Promise<Map<number, Sales>>>()

  function count(operator: string | null, fromMs: number, untilMs: number): Promise<Map<number, Sales>> {
    const key = `${operator ?? ''}/${fromMs}/${untilMs}`
    const known = counting.get(key)
    if (known !== undefined) return known
    const counted = countByDay(db, operator, fromMs, untilMs).finally(() => counting.delete(key))
    counting.set(key, counted)
    return counted
  }
  function keep(key: string, dayMs: number, sales: Sales): void {
    if (now() < dayMs + DAY_MS + SETTLED_AFTER_MS) return
    kept.set(key, sales)
    const [oldest] = kept.keys()
    if (kept.size > DAYS_KEPT_MOST && oldest !== undefined) kept.delete(oldest)
  }

  return {
    async of(operator, fromMs, untilMs) {
      const keyOf = (dayMs: number) => `${operator ?? ''}/${dayMs}`
      const days = Array.from(
        { length: Math.round((untilMs - fromMs) / DAY_MS) },
        (_, day) => fromMs + day * DAY_MS,
      )
      const missing = days.filter((dayMs) => !kept.has(keyOf(dayMs)))
      const [first, last] = [missing[0], missing.at(-1)]
      // What is missing is counted in one go, from its first day to its last.
      const counted =
        first === undefined || last === undefined
          ? new Map<number, Sales>()
          : await count(operator, first, last + DAY_MS)
      const [cabinets, skus] = [new Map<string, number>(), new Map<string, number>()]
      for (const dayMs of days) {
        const sales = kept.get(keyOf(dayMs)) ?? counted.get(dayMs) ?? NOTHING
        addTo(cabinets, sales.ordersByCabinet)
        addTo(skus, sales.ordersBySku)
        keep(keyOf(dayMs), dayMs, sales)
      }
      return { ordersByCabinet: cabinets, ordersBySku: skus }
    },
  }
}
const NOTHING: Sales = { ordersByCabinet: new Map(), ordersBySku: new Map() }
function addTo(sums: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [key, count] of more) sums.set(key, (sums.get(key) ?? 0) + count)
}

async function countByDay(
  db: Kysely<Tables>,
  operator: string | null,
  fromMs: number,
  untilMs: number,
): Promise<Map<number, Sales>> {
  const own = operator === null ? sql`` : sql`and c.operator = ${operator}`
  // A number that is bound is a fraction to SQLite, and so would the day be.
  const day = sql.raw(`(o."createdAtMs" - ${Math.trunc(fromMs)}) / ${DAY_MS}`)
  // Over an index of each cabinet: the rows of the orders are never read.
  const cabinets = await sql<{ day: number; key: string; count: number }>`
    select ${day} as day, c."cabinetId" as key, count(*) as count from cabinet c
    join "order" o indexed by "orderByCabinet" on o."cabinetId" = c."cabinetId"
    where o."createdAtMs" >= ${fromMs} and o."createdAtMs" < ${untilMs} ${own} group by 1, 2`.execute(db)
  const products = await sql<{ day: number; key: string; count: number }>`
    select ${day} as day, l.sku as key, count(distinct l."orderId") as count from "order" o
    ${operator === null ? sql`` : sql`join cabinet c on c."cabinetId" = o."cabinetId"`}
    join "orderLine" l on l."orderId" = o."orderId"
    where o."createdAtMs" >= ${fromMs} and o."createdAtMs" < ${untilMs} ${own} group by 1, 2`.execute(db)
  const [byCabinet, bySku] = [cabinets.rows, products.rows].map((rows) => Map.groupBy(rows, (row) => row.day))
  const counts = (rows: ReadonlyArray<{ key: string; count: number }> = []) =>
    new Map(rows.map(({ key, count }) => [key, count]))
  return new Map(
    [...new Set([...(byCabinet?.keys() ?? []), ...(bySku?.keys() ?? [])])].map((index) => [
      fromMs + index * DAY_MS,
      { ordersByCabinet: counts(byCabinet?.get(index)), ordersBySku: counts(bySku?.get(index)) },
    ]),
  )
}
