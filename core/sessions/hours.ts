import type { Kysely } from 'kysely'
import type { SellingHours } from '#protocol/base/twin-parts.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const hoursOf = preparedFor((db, cabinetId: string) =>
  db.selectFrom('twin').select('sellingHours').where('cabinetId', '=', cabinetId),
)

/** When a cabinet sells; null: always. */
export async function sellingHoursOf(db: Kysely<Tables>, cabinetId: string): Promise<SellingHours | null> {
  const [twin] = await hoursOf(db, cabinetId)
  return twin?.sellingHours == null ? null : (JSON.parse(twin.sellingHours) as SellingHours)
}
