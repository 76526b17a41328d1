import { homeZone, zoneOfCabinet } from '#core/cabinets/zones.ts'
import type { createCommerce } from '#core/commerce.ts'
import type { PagesDeps } from '#core/pages/pages-deps.ts'
import type { CoreDeps } from '#core/platform/deps.ts'

/** What the pages of consumers ask of the rest of the core. */
export function pagesOf(
  deps: CoreDeps,
  commerce: ReturnType<typeof createCommerce> | undefined,
  about: Pick<PagesDeps, 'distFolder' | 'publicUrl' | 'workshopUrl'>,
): PagesDeps {
  const { db, clock, ids, policy } = deps
  return {
    ...about,
    clock,
    ids,
    contact: (cabinetId) => contactOf(deps, cabinetId),
    timeZoneOf: async (cabinetId) =>
      (cabinetId === undefined ? undefined : await zoneOfCabinet(db.read, cabinetId)) ?? homeZone(db.read),
    retention: () => ({
      pictureDays: policy.routinePictureDays,
      traceDays: policy.weightTraceDays,
      disputeDays: policy.disputedEvidenceDays,
      moneyYears: policy.moneyRecordYears,
      decisionDays: policy.decisionDays,
    }),
    orders: commerce && {
      find: async (request, orderId) => {
        const tokenSha256 = commerce.consumers.tokenSha256Of(request)
        return tokenSha256 === undefined ? undefined : commerce.orders.ownOrder(tokenSha256, orderId)
      },
      orderForConsumer: (consumerId, orderId) => commerce.orders.orderForConsumer(consumerId, orderId),
      limits: () => `${policy.chargeUsualMs}/${policy.delayedChargeMs}`,
    },
    cabinets: async () => {
      const rows = await db.read
        .selectFrom('cabinet')
        .select(['cabinetId', 'nameZh', 'nameEn', 'siteZh', 'siteEn'])
        .limit(50)
        .execute()
      return rows.map((row) => ({
        cabinetId: row.cabinetId,
        name: { zh: row.nameZh, en: row.nameEn },
        site: { zh: row.siteZh, en: row.siteEn },
      }))
    },
  }
}

async function contactOf({ db }: CoreDeps, cabinetId: string | undefined): Promise<string> {
  let rows = db.read.selectFrom('cabinet').select('contact').limit(1)
  if (cabinetId !== undefined) rows = rows.where('cabinetId', '=', cabinetId)
  const row = await rows.executeTakeFirst()
  return row?.contact ?? ''
}
