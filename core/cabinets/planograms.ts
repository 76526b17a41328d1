import type {
  PlanogramLint,
  PlanogramRequest,
  PlanogramShelves,
  PlanogramView,
} from '#protocol/api/staff/planogram.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { planogramOf, type Product, productsBySku, recordMovement, stockOf } from '#core/catalog/queries.ts'
import { recordChange } from '#core/live/changes.ts'
import { type Database, nowOf, type Tx } from '#core/platform/database.ts'
import { type LearnedUnits, withLearned } from './learned-units.ts'
import type { PlanogramLinter } from './planogram-linter.ts'
import { decideStockMoves } from './stock-moves.ts'
import { noteChange } from './twin-parts.ts'

/**
 * Saves a new version and asks the cabinet to hold it. Sessions that are under way keep the version they began with.
 * @throws conflict when somebody saved meanwhile; bad_request naming an unknown product, or a shelf or product listed twice
 */
export async function createPlanogram(
  db: Database,
  request: PlanogramRequest & { cabinetId: string; by: { staffId: string; displayName: string } },
): Promise<number> {
  return db.write('create planogram', async (tx) => {
    const { cabinetId, shelves, expectedVersion, by } = request
    const last = await tx
      .selectFrom('planogram')
      .select('version')
      .where('cabinetId', '=', cabinetId)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst()
    const present = last?.version ?? 0
    if (present !== expectedVersion)
      throw new CabinetError('conflict', `The planogram has version ${present} now, not ${expectedVersion}.`)
    await checkProducts(tx, shelves)
    const version = present + 1
    const before = await planogramOf(tx, cabinetId)
    await insertPlanogram(tx, { cabinetId, version, shelves, createdBy: by.displayName })
    if (request.movesStock === true) {
      for (const { sku, from, to, quantity } of decideStockMoves(
        before?.shelves ?? [],
        shelves,
        await stockOf(tx, cabinetId),
      )) {
        const reason = `carried from ${from} to ${to} with planogram ${version}`
        await recordMovement(tx, { cabinetId, shelf: from, sku, quantity: -quantity, kind: 'count', reason })
        await recordMovement(tx, { cabinetId, shelf: to, sku, quantity, kind: 'count', reason })
      }
    }
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: 'planogram.changed',
      subject: `cabinet:${cabinetId}`,
      detail: { version },
    })
    return version
  })
}

/** The row, and the new version in the desired document. */
export async function insertPlanogram(
  tx: Tx,
  planogram: { cabinetId: string; version: number; shelves: PlanogramShelves; createdBy: string },
): Promise<void> {
  const { cabinetId, version, shelves, createdBy } = planogram
  await tx
    .insertInto('planogram')
    .values({ cabinetId, version, shelves: JSON.stringify(shelves), createdAtMs: nowOf(tx), createdBy })
    .execute()
  await tx
    .updateTable('twin')
    .set((eb) => ({ planogramVersion: version, version: eb('version', '+', 1), sentAtMs: null }))
    .where('cabinetId', '=', cabinetId)
    .execute()
  const twin = await tx
    .selectFrom('twin')
    .select('version')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (twin !== undefined)
    await noteChange(tx, cabinetId, 'planogram', { version: twin.version, by: createdBy, reason: '' })
  await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
}

async function checkProducts(tx: Tx, shelves: PlanogramShelves): Promise<void> {
  checkListedOnce(shelves)
  const known = new Set((await tx.selectFrom('product').select('sku').execute()).map((row) => row.sku))
  for (const shelf of shelves) {
    for (const { sku } of shelf.products) {
      if (!known.has(sku))
        throw new CabinetError('bad_request', `Shelf ${shelf.id}: there is no product ${sku}.`)
    }
  }
}

/** The scales of a cabinet are named by shelf, and its stock is counted by shelf and product: each may stand there once. */
function checkListedOnce(shelves: PlanogramShelves): void {
  const ids = new Set<string>()
  for (const { id, products } of shelves) {
    if (ids.has(id)) throw new CabinetError('bad_request', `Shelf ${id} is listed twice; list it once.`)
    ids.add(id)
    const skus = new Set<string>()
    for (const { sku } of products) {
      if (skus.has(sku))
        throw new CabinetError('bad_request', `Shelf ${id}: ${sku} is listed twice; list it once.`)
      skus.add(sku)
    }
  }
}

/**
 * The planogram as the linter sees it, filled to capacity: what an operator plans must hold on the day it is restocked,
 * not only with what happens to lie there now. Weights are what this cabinet has learned, else the catalogue's.
 * @throws bad_request naming an unknown product, or a shelf or product listed twice
 */
export function lintInput(
  shelves: PlanogramShelves,
  products: ReadonlyMap<string, Product>,
  learned: LearnedUnits,
): WeighingPlanogram {
  checkListedOnce(shelves)
  return {
    shelves: shelves.map((shelf) => ({
      id: shelf.id,
      products: shelf.products.map(({ sku, priceFen, capacity }) => {
        const product = products.get(sku)
        if (product === undefined)
          throw new CabinetError('bad_request', `Shelf ${shelf.id}: there is no product ${sku}.`)
        const { isLearned: _, ...unit } = withLearned(product, learned)
        return { sku, ...unit, priceFen, stock: capacity }
      }),
    })),
  }
}

export interface LintDeps {
  readonly db: Database
  readonly linter: PlanogramLinter
  readonly learnedUnits: (cabinetId: string) => Promise<LearnedUnits>
}

export async function lintShelves(
  { db, linter, learnedUnits }: LintDeps,
  cabinetId: string,
  shelves: PlanogramShelves,
): Promise<PlanogramLint | null> {
  const products = await productsBySku(db.read)
  const learned = await learnedUnits(cabinetId)
  const lint = await linter.lint(lintInput(shelves, products, learned))
  if (lint === null) return null
  const skus = new Set(shelves.flatMap((shelf) => shelf.products.map(({ sku }) => sku)))
  const learnedProducts = [...skus].filter((sku) => {
    const product = products.get(sku)
    return product !== undefined && withLearned(product, learned).isLearned
  }).length
  return { ...lint, learnedProducts }
}

/** @param actions  what the reader may do with it @throws unknown_cabinet */
export async function planogramView(
  deps: LintDeps,
  cabinetId: string,
  actions: string[],
): Promise<PlanogramView> {
  const { db } = deps
  const cabinet = await db.read
    .selectFrom('cabinet')
    .select(['nameZh', 'nameEn'])
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (cabinet === undefined) throw new CabinetError('unknown_cabinet')
  const row = await db.read
    .selectFrom('planogram')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  const products = await productsBySku(db.read)
  const shelves = row === undefined ? [] : (JSON.parse(row.shelves) as PlanogramShelves)
  return {
    cabinetId,
    cabinetName: { zh: cabinet.nameZh, en: cabinet.nameEn },
    version: row?.version ?? 0,
    createdAtMs: row?.createdAtMs ?? null,
    createdBy: row?.createdBy ?? null,
    shelves,
    stock: await stockOf(db.read, cabinetId),
    products: [...products.values()].map(({ sku, name, picture, unitGrams, priceFen }) => ({
      sku,
      name,
      picture,
      unitGrams,
      priceFen,
    })),
    lint: shelves.length === 0 ? null : await lintShelves(deps, cabinetId, shelves),
    actions,
  }
}
