import type { Kysely } from 'kysely'
import type { Twin } from '#protocol/messages/frames.ts'
import { planogramOf, productsBySku, stockOf } from '#core/catalog/queries.ts'
import type { Policy } from '#core/platform/policy.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'

const twinOf = preparedFor((db, cabinetId: string) =>
  db.selectFrom('twin').selectAll().where('cabinetId', '=', cabinetId),
)

/** The desired document as it is sent, made of the rows that hold its parts. */
export async function loadDocument(
  db: Kysely<Tables>,
  cabinetId: string,
  context: { twinEpoch: string; policy: Policy },
): Promise<{ twin: Twin; answeredVersion: number } | undefined> {
  const { twinEpoch, policy } = context
  const [row] = await twinOf(db, cabinetId)
  if (row === undefined) return undefined
  const twin: Twin = {
    v: 1,
    twinEpoch,
    version: row.version,
    setpointDeciCelsius: row.setpointDeciCelsius,
    setpointRange: { lowest: row.lowestDeciCelsius, highest: row.highestDeciCelsius },
    lockout: {
      ...(JSON.parse(row.lockout) as Pick<Twin['lockout'], 'isEnabled' | 'limitDeciCelsius'>),
      afterMs: policy.lockoutAfterMs,
      afterDoorCloseMs: policy.lockoutAfterDoorCloseMs,
      afterDefrostMs: policy.lockoutAfterDefrostMs,
      totalMs: policy.lockoutTotalMs,
      totalWindowMs: policy.lockoutTotalWindowMs,
      unseenMs: policy.lockoutUnseenMs,
    },
    planogram:
      row.planogramVersion === null ? null : await planogramPart(db, cabinetId, row.planogramVersion),
    sessionPolicy: {
      notOpenedMs: policy.notOpenedMs,
      leftOpenWarningMs: policy.leftOpenWarningMs,
      leftOpenAlarmMs: policy.leftOpenAlarmMs,
      reopenGraceMs: policy.reopenGraceMs,
    },
    isOutOfService: row.isOutOfService === 1,
    ...(row.sellingHours === null
      ? {}
      : { sellingHours: JSON.parse(row.sellingHours) as NonNullable<Twin['sellingHours']> }),
    ...(row.cameraPolicy === null
      ? {}
      : { cameraPolicy: JSON.parse(row.cameraPolicy) as NonNullable<Twin['cameraPolicy']> }),
  }
  return { twin, answeredVersion: Math.min(row.answeredVersion, row.partsAnsweredVersion) }
}

async function planogramPart(
  db: Kysely<Tables>,
  cabinetId: string,
  version: number,
): Promise<Twin['planogram']> {
  const planogram = await planogramOf(db, cabinetId, version)
  if (planogram === undefined) return null
  const products = await productsBySku(db)
  const stock = new Map(
    (await stockOf(db, cabinetId)).map((line) => [`${line.shelf}/${line.sku}`, line.quantity]),
  )
  return {
    version,
    shelves: planogram.shelves.map((shelf) => ({
      id: shelf.id,
      products: shelf.products.flatMap(({ sku, priceFen }) => {
        const product = products.get(sku)
        if (product === undefined) return []
        const { unitGrams, sigmaGrams } = product
        // Stock that the ledger believes to be negative is none at all for the scales.
        return [
          {
            sku,
            unitGrams,
            sigmaGrams,
            priceFen,
            stock: Math.max(0, stock.get(`${shelf.id}/${sku}`) ?? 0),
          },
        ]
      }),
    })),
  }
}
