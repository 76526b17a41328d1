import type { Kysely } from 'kysely'
import type { BatchLine } from '#protocol/api/restock.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { batchesOf } from './batches.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const oneExpired = preparedFor((db, cabinetId: string, nowMs: number) =>
  db
    .selectFrom('batchMovement')
    .select('cabinetId')
    .where('cabinetId', '=', cabinetId)
    .where('expiresAtMs', '<=', nowMs)
    .limit(1),
)

/**
 * What may still lie in a cabinet although its date is over, in the cabinet's own zone. A door shows all goods, so that one
 * of them stops the sales of the whole cabinet.
 */
export async function expiredAt(db: Kysely<Tables>, cabinetId: string, nowMs: number): Promise<BatchLine[]> {
  const [dated] = await oneExpired(db, cabinetId, nowMs)
  // Most cabinets have nothing of that age at all, and need no summing up.
  if (dated === undefined) return []
  const left = await batchesOf(db, cabinetId)
  return left.filter(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= nowMs)
}
