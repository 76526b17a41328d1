import type { VisitDetail, VisitLine, VisitList, VisitSummary } from '#protocol/api/restock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { doorsOf } from '#core/cabinets/doors.ts'
import { planogramOf, productsBySku, stockOf } from '#core/catalog/queries.ts'
import type { Database } from '#core/platform/database.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'
import { batchesOf } from './batches.ts'
import { dateAt } from './local-date.ts'
import { findVisit, type VisitRow } from './store.ts'
import { differencesOf, needsDate } from './visits.ts'

const VISITS_SHOWN = 30
const DAY_MS = 24 * 3_600_000

function summaryOf(row: VisitRow): VisitSummary {
  const { visitId, cabinetId, door, kind, state, endReason, reason, startedAtMs, openedAtMs, closedAtMs } =
    row
  return {
    visitId,
    cabinetId,
    door,
    kind,
    state,
    endReason,
    by: row.byName,
    reason,
    startedAtMs,
    openedAtMs,
    closedAtMs,
    confirmedAtMs: row.confirmedAtMs,
    lineCount: (JSON.parse(row.lines) as VisitLine[]).length,
    note: row.note,
  }
}

/** The last visits of staff, newest first, and what lies there by batch. */
export async function visitList(db: Database, cabinetId: string): Promise<VisitList> {
  const rows = await db.read
    .selectFrom('staffVisit')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .orderBy('startedAtMs', 'desc')
    .limit(VISITS_SHOWN)
    .execute()
  const products = await productsBySku(db.read)
  const batches = (await batchesOf(db.read, cabinetId)).flatMap((batch) => {
    const product = products.get(batch.sku)
    return product === undefined ? [] : [{ ...batch, name: product.name, picture: product.picture }]
  })
  const doors = (await doorsOf(db.read, cabinetId)).map(({ shelves }, door) => ({
    door,
    shelves: [...shelves],
  }))
  return { doors, visits: rows.map(summaryOf), batches }
}

/** @param actions  what the reader may do with it @throws not_found */
export async function visitDetail(
  deps: { db: Database; clock: { now(): number }; evidence: Pick<EvidenceStore, 'evidenceOf'> },
  visitId: string,
  mayWork: boolean,
): Promise<VisitDetail> {
  const { read } = deps.db
  const visit = await findVisit(read, visitId)
  if (visit === undefined) throw new CabinetError('not_found')
  const { cabinetId } = visit
  const cabinet = await read
    .selectFrom('cabinet')
    .select(['nameZh', 'nameEn', 'timeZone'])
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirstOrThrow()
  const planogram = await planogramOf(read, cabinetId)
  const products = await productsBySku(read)
  const shelfLife = new Map(
    (await read.selectFrom('product').select(['sku', 'shelfLifeDays']).execute()).map((row) => [
      row.sku,
      row.shelfLifeDays,
    ]),
  )
  const stock = await stockOf(read, cabinetId)
  const behind = (await doorsOf(read, cabinetId))[visit.door]?.shelves
  const isBehind = ({ id }: { id: string }) => behind === undefined || behind.includes(id)
  const lines = JSON.parse(visit.lines) as VisitLine[]
  return {
    ...summaryOf(visit),
    cabinetName: { zh: cabinet.nameZh, en: cabinet.nameEn },
    lines,
    expected: (planogram?.shelves ?? []).filter(isBehind).flatMap((shelf) =>
      shelf.products.flatMap(({ sku, capacity }) => {
        const product = products.get(sku)
        if (product === undefined) return []
        const days = shelfLife.get(sku) ?? 0
        return [
          {
            shelf: shelf.id,
            sku,
            name: product.name,
            picture: product.picture,
            unitGrams: product.unitGrams,
            quantity: stock.find((one) => one.shelf === shelf.id && one.sku === sku)?.quantity ?? 0,
            capacity,
            needsDate: needsDate(product.foodClass),
            usualExpiresOn: days > 0 ? dateAt(deps.clock.now() + days * DAY_MS, cabinet.timeZone) : null,
          },
        ]
      }),
    ),
    batches: await batchesOf(read, cabinetId),
    differences: differencesOf(visit, lines, products, planogram?.shelves ?? []),
    pictures: (await deps.evidence.evidenceOf(visitId))
      .filter(({ kind }) => kind === 'snapshot')
      .map(({ sha256, moment, isUploaded }) => ({
        sha256,
        moment,
        href: `/api/staff/visits/${visitId}/pictures/${sha256}`,
        isUploaded,
      })),
    actions: mayWork ? actionsOf(visit) : [],
  }
}

function actionsOf({ state }: VisitRow): string[] {
  if (state === 'weighed') return ['lines', 'confirm', 'giveUp']
  return state === 'opening' || state === 'open' ? ['lines'] : []
}
