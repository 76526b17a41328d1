import Type from 'typebox'
import { Sku } from '#protocol/api/common.ts'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { type Database, nowOf, type Tx } from '#core/platform/database.ts'

const closed = { additionalProperties: false } as const
/** PUT /api/staff/cabinets/:id/planogram */
export const PlanogramRequest = Type.Object(
  {
    expectedVersion: Type.Integer({ minimum: 0, description: '0: there is none yet' }),
    shelves: Type.Array(
      Type.Object(
        {
          id: Type.String({ pattern: ID_PATTERN }),
          products: Type.Array(
            Type.Object(
              {
                sku: Sku,
                priceFen: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
                capacity: Type.Integer({ minimum: 1, maximum: 1000 }),
              },
              closed,
            ),
            { maxItems: 40 },
          ),
        },
        closed,
      ),
      { minItems: 1, maxItems: 64 },
    ),
  },
  closed,
)
export type PlanogramRequest = Type.Static<typeof PlanogramRequest>

/**
 * Saves a new version and asks the cabinet to hold it. Sessions that are under way keep the version they began with.
 * @throws conflict when somebody saved meanwhile; bad_request naming an unknown product
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
    await insertPlanogram(tx, { cabinetId, version, shelves, createdBy: by.displayName })
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
  planogram: { cabinetId: string; version: number; shelves: PlanogramRequest['shelves']; createdBy: string },
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
  await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
}

async function checkProducts(tx: Tx, shelves: PlanogramRequest['shelves']): Promise<void> {
  const known = new Set((await tx.selectFrom('product').select('sku').execute()).map((row) => row.sku))
  for (const shelf of shelves) {
    for (const { sku } of shelf.products) {
      if (!known.has(sku))
        throw new CabinetError('bad_request', `Shelf ${shelf.id}: there is no product ${sku}.`)
    }
  }
}
