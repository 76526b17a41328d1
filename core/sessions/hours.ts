import type { Kysely } from 'kysely'
import type { SellingHours } from '#protocol/base/twin-parts.ts'
import type { Tables } from '#core/platform/tables/index.ts'

/** When a cabinet sells; null: always. */
export async function sellingHoursOf(db: Kysely<Tables>, cabinetId: string): Promise<SellingHours | null> {
  const twin = await db
    .selectFrom('twin')
    .select('sellingHours')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  return twin?.sellingHours == null ? null : (JSON.parse(twin.sellingHours) as SellingHours)
}
