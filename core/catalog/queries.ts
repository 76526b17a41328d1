import type { Kysely } from 'kysely'
import type { Picture } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import type { MovementKind } from '#core/platform/tables/catalog.ts'
import type { Tables } from '#core/platform/tables/index.ts'

export interface Product {
  readonly sku: string
  readonly name: { readonly zh: string; readonly en: string }
  readonly picture: Picture
  readonly unitGrams: number
  readonly sigmaGrams: number
  readonly priceFen: number
  readonly foodClass: string
}
/** What may lie on a shelf, with the price that holds while this version does. */
export interface PlanogramShelf {
  readonly id: string
  readonly products: ReadonlyArray<{
    readonly sku: string
    readonly priceFen: number
    readonly capacity: number
  }>
}
export interface Planogram {
  readonly cabinetId: string
  readonly version: number
  readonly shelves: readonly PlanogramShelf[]
}
export interface StockLine {
  readonly shelf: string
  readonly sku: string
  readonly quantity: number
}
type Reader = Kysely<Tables>

const products = preparedFor((db) => db.selectFrom('product').selectAll())
const planogramOfVersion = preparedFor((db, cabinetId: string, version: number) =>
  db.selectFrom('planogram').selectAll().where('cabinetId', '=', cabinetId).where('version', '=', version),
)
const latestPlanogram = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('planogram')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .orderBy('version', 'desc')
    .limit(1),
)
const stock = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('stockMovement')
    .select((eb) => ['shelf', 'sku', eb.fn.sum<number>('quantity').as('quantity')])
    .where('cabinetId', '=', cabinetId)
    .groupBy(['shelf', 'sku'])
    .orderBy('shelf')
    .orderBy('sku'),
)

/** All products by their code. The catalogue is small; pages ask for it as a whole. */
export async function productsBySku(db: Reader): Promise<Map<string, Product>> {
  const rows = await products(db)
  return new Map(
    rows.map((row) => [
      row.sku,
      {
        sku: row.sku,
        name: { zh: row.nameZh, en: row.nameEn },
        picture: JSON.parse(row.picture) as Picture,
        unitGrams: row.unitGrams,
        sigmaGrams: row.sigmaGrams,
        priceFen: row.priceFen,
        foodClass: row.foodClass,
      },
    ]),
  )
}

/** @param version  the latest when absent */
export async function planogramOf(
  db: Reader,
  cabinetId: string,
  version?: number,
): Promise<Planogram | undefined> {
  const [row] = await (version === undefined
    ? latestPlanogram(db, cabinetId)
    : planogramOfVersion(db, cabinetId, version))
  return row && { cabinetId, version: row.version, shelves: JSON.parse(row.shelves) as PlanogramShelf[] }
}

/** Pieces by shelf and product: the sum of all movements, negative when more was taken than was ever put in. */
export async function stockOf(db: Reader, cabinetId: string): Promise<StockLine[]> {
  const rows = await stock(db, cabinetId)
  return rows.map((row) => ({ shelf: row.shelf, sku: row.sku, quantity: Number(row.quantity) }))
}

/**
 * One line of the ledger of goods; stock is the sum of these and nothing else.
 * @param movement.quantity  signed pieces: negative leaves the cabinet
 * @param movement.shelf  where it happened; the product's shelf in the present planogram when absent
 */
export async function recordMovement(
  tx: Tx,
  movement: {
    cabinetId: string
    shelf?: string
    sku: string
    quantity: number
    kind: MovementKind
    sessionId?: string
    orderId?: string
    reason?: string
  },
): Promise<void> {
  if (movement.quantity === 0) return
  const shelf = movement.shelf ?? (await shelfOf(tx, movement.cabinetId, movement.sku))
  await tx
    .insertInto('stockMovement')
    .values({
      cabinetId: movement.cabinetId,
      shelf,
      sku: movement.sku,
      quantity: movement.quantity,
      kind: movement.kind,
      sessionId: movement.sessionId ?? null,
      orderId: movement.orderId ?? null,
      reason: movement.reason ?? null,
      atMs: nowOf(tx),
    })
    .execute()
}

async function shelfOf(tx: Tx, cabinetId: string, sku: string): Promise<string> {
  const planogram = await planogramOf(tx, cabinetId)
  const shelf = planogram?.shelves.find((one) => one.products.some((product) => product.sku === sku))
  if (shelf !== undefined) return shelf.id
  const last = await tx
    .selectFrom('stockMovement')
    .select('shelf')
    .where('cabinetId', '=', cabinetId)
    .where('sku', '=', sku)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last === undefined)
    throw new CabinetError('not_found', `The cabinet ${cabinetId} has never held ${sku}.`)
  return last.shelf
}
