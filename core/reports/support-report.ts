import type { Kysely } from 'kysely'
import type { ReportPeriod, ReportTables, SupportReport } from '#protocol/api/reports.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { dayAfter, dayOf, startOfDay } from '#core/ledger/day.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { typeOf } from '#core/support/ticket-types.ts'
import { loadFacts, type ReportSource, type SupportFacts } from './support-facts.ts'
import { compareFigures, countFigures } from './support-figures.ts'

const DAY_MS = 86_400_000
const DAYS_MOST = 366

/** @throws CabinetError bad_request for days that are none, in the wrong order, or too many */
export function periodOf(from: string, to: string): ReportPeriod {
  const [fromMs, toMs] = [startOfDay(from), startOfDay(to)]
  if (fromMs === undefined || toMs === undefined)
    throw new CabinetError('bad_request', 'Name days of the calendar, such as 2026-10-01.')
  if (toMs < fromMs) throw new CabinetError('bad_request', 'The period ends before it begins.')
  if ((toMs - fromMs) / DAY_MS >= DAYS_MOST)
    throw new CabinetError('bad_request', `A report covers at most ${DAYS_MOST} days.`)
  return { from, to, fromMs, untilMs: toMs + DAY_MS }
}
/** As many days, ending where this one begins. */
export function periodBefore({ fromMs, untilMs }: ReportPeriod): ReportPeriod {
  return periodOf(dayOf(fromMs - (untilMs - fromMs)), dayOf(fromMs - 1))
}
/** @throws CabinetError bad_request */
export function monthPeriod(month: string): ReportPeriod {
  const fromMs = startOfDay(`${month}-01`)
  if (fromMs === undefined) throw new CabinetError('bad_request', 'Name a month, such as 2026-10.')
  return periodOf(dayOf(fromMs), dayOf(nextMonthMs(fromMs) - 1))
}
function nextMonthMs(fromMs: number): number {
  let dayMs = fromMs
  do dayMs += DAY_MS
  while (!dayOf(dayMs).endsWith('-01'))
  return dayMs
}
/** A month is compared with the month before, however many days that had. */
export function monthBefore(month: string): string {
  return dayOf((startOfDay(`${month}-01`) ?? 0) - 1).slice(0, 7)
}

/** @param operator  their cabinets only; null is everything */
export async function supportReport(
  source: ReportSource,
  operator: string | null,
  [period, before]: readonly [ReportPeriod, ReportPeriod],
  nowMs: number,
): Promise<SupportReport> {
  const { db } = source
  const now = await loadFacts(source, operator, period.fromMs, period.untilMs)
  const then = await loadFacts(source, operator, before.fromMs, before.untilMs)
  return {
    period,
    before,
    operator,
    figures: compareFigures(countFigures(now, nowMs), countFigures(then, nowMs)),
    tables: {
      types: types(now, then),
      causes: [...new Set([...now.causes.keys(), ...then.causes.keys()])]
        .map((rootCause) => ({
          rootCause,
          cases: now.causes.get(rootCause) ?? 0,
          before: then.causes.get(rootCause) ?? 0,
        }))
        .toSorted((a, b) => b.cases - a.cases),
      refunds: refunds(now, then),
      cabinets: await cabinets(db, now, then),
      products: await products(db, now, then),
      days: days(period, now),
    },
  }
}

function types(now: SupportFacts, then: SupportFacts): ReportTables['types'] {
  const [counts, before] = [countBy(now.opened, 'type'), countBy(then.opened, 'type')]
  return [...new Set([...counts.keys(), ...before.keys()])]
    .map((type) => ({
      type,
      label: typeOf(type).label,
      opened: counts.get(type) ?? 0,
      before: before.get(type) ?? 0,
    }))
    .toSorted((a, b) => b.opened - a.opened)
}
function refunds(now: SupportFacts, then: SupportFacts): ReportTables['refunds'] {
  const sumBy = (facts: SupportFacts) => Map.groupBy(facts.refunds, ({ reason }) => reason)
  const sum = (rows: SupportFacts['refunds'] = []) => rows.reduce((all, { amountFen }) => all + amountFen, 0)
  const [counts, before] = [sumBy(now), sumBy(then)]
  return [...new Set([...counts.keys(), ...before.keys()])]
    .map((reason) => ({
      reason,
      refunds: counts.get(reason)?.length ?? 0,
      amountFen: sum(counts.get(reason)),
      beforeFen: sum(before.get(reason)),
    }))
    .toSorted((a, b) => b.amountFen - a.amountFen)
}
const shareOf = (disputes: number, orders: number) => (orders === 0 ? null : disputes / orders)
const byRate = (a: { rate: number | null; disputes: number }, b: { rate: number | null; disputes: number }) =>
  (b.rate ?? 0) - (a.rate ?? 0) || b.disputes - a.disputes

async function cabinets(
  db: Kysely<Tables>,
  now: SupportFacts,
  then: SupportFacts,
): Promise<ReportTables['cabinets']> {
  const disputes = (facts: SupportFacts) =>
    countBy(
      facts.opened.filter(({ origin }) => origin === 'dispute'),
      'cabinetId',
    )
  const [counts, before] = [disputes(now), disputes(then)]
  const rows = await db.selectFrom('cabinet').select(['cabinetId', 'nameZh', 'nameEn']).execute()
  return rows
    .flatMap(({ cabinetId, nameZh, nameEn }) => {
      const [orders, asked] = [now.ordersByCabinet.get(cabinetId) ?? 0, counts.get(cabinetId) ?? 0]
      if (orders === 0 && asked === 0) return []
      return [
        {
          cabinetId,
          name: { zh: nameZh, en: nameEn },
          orders,
          disputes: asked,
          rate: shareOf(asked, orders),
          before: shareOf(before.get(cabinetId) ?? 0, then.ordersByCabinet.get(cabinetId) ?? 0),
        },
      ]
    })
    .toSorted(byRate)
}
async function products(
  db: Kysely<Tables>,
  now: SupportFacts,
  then: SupportFacts,
): Promise<ReportTables['products']> {
  const skus = new Set([...now.ordersBySku.keys(), ...now.disputesBySku.keys()])
  const rows = await db.selectFrom('product').select(['sku', 'nameZh', 'nameEn']).execute()
  return rows
    .filter(({ sku }) => skus.has(sku))
    .map(({ sku, nameZh, nameEn }) => {
      const [orders, asked] = [now.ordersBySku.get(sku) ?? 0, now.disputesBySku.get(sku) ?? 0]
      return {
        sku,
        name: { zh: nameZh, en: nameEn },
        orders,
        disputes: asked,
        rate: shareOf(asked, orders),
        before: shareOf(then.disputesBySku.get(sku) ?? 0, then.ordersBySku.get(sku) ?? 0),
      }
    })
    .toSorted(byRate)
}
function days({ from, to }: ReportPeriod, facts: SupportFacts): ReportTables['days'] {
  const opened = countBy(
    facts.opened.map(({ openedAtMs }) => ({ day: dayOf(openedAtMs) })),
    'day',
  )
  const solved = countBy(
    facts.solved.map(({ resolvedAtMs }) => ({ day: dayOf(resolvedAtMs) })),
    'day',
  )
  const disputes = countBy(
    facts.opened
      .filter(({ origin }) => origin === 'dispute')
      .map(({ openedAtMs }) => ({ day: dayOf(openedAtMs) })),
    'day',
  )
  const refunded = Map.groupBy(facts.refunds, ({ atMs }) => dayOf(atMs))
  const all: ReportTables['days'] = []
  for (let day = from; day <= to; day = dayAfter(day))
    all.push({
      day,
      fromMs: startOfDay(day) ?? 0,
      opened: opened.get(day) ?? 0,
      solved: solved.get(day) ?? 0,
      disputes: disputes.get(day) ?? 0,
      refundedFen: (refunded.get(day) ?? []).reduce((sum, { amountFen }) => sum + amountFen, 0),
    })
  return all
}
function countBy<K extends string>(
  rows: ReadonlyArray<Readonly<Record<K, string | null>>>,
  key: K,
): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const value = row[key]
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return counts
}
