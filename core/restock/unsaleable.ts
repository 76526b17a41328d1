import type { Kysely } from 'kysely'
import type { BatchLine } from '#protocol/api/restock.ts'
import { operatorOf } from '#core/cabinets/registry.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { batchesOf } from './batches.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const blocksFor = preparedFor((db, operator: string) =>
  db
    .selectFrom('batchBlock')
    .select(['sku', 'batch', 'expiresOn'])
    .where('state', '=', 'blocked')
    .where((eb) => eb.or([eb('operator', 'is', null), eb('operator', '=', operator)])),
)

/** Goods of one make; null is any. */
export interface BlockedGoods {
  readonly sku: string
  readonly batch: string | null
  readonly expiresOn: string | null
}

/** Pure. */
export function isOfBlocked(
  goods: { sku: string; batch: string | null; expiresOn: string | null },
  blocked: BlockedGoods,
): boolean {
  return (
    goods.sku === blocked.sku &&
    (blocked.batch === null || blocked.batch === goods.batch) &&
    (blocked.expiresOn === null || blocked.expiresOn === goods.expiresOn)
  )
}

/** What may not be sold in the cabinets of an operator. */
export async function blockedGoodsOf(db: Kysely<Tables>, operator: string): Promise<BlockedGoods[]> {
  return blocksFor(db, operator)
}

/**
 * What may still lie in a cabinet although its batch is blocked. A door shows all goods, so that one of them stops the sales
 * of the whole cabinet.
 */
export async function blockedAt(db: Kysely<Tables>, cabinetId: string): Promise<BatchLine[]> {
  const operator = await operatorOf(db, cabinetId)
  const blocked = operator === undefined ? [] : await blockedGoodsOf(db, operator)
  // Most days nothing is blocked anywhere, and nothing needs summing up.
  if (blocked.length === 0) return []
  const left = await batchesOf(db, cabinetId)
  return left.filter((line) => blocked.some((one) => isOfBlocked(line, one)))
}
