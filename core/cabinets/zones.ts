import type { Kysely } from 'kysely'
import type { Tables } from '#core/platform/tables/index.ts'

/** Before there is a cabinet there is no wall clock to agree with. */
const NOWHERE = 'UTC'

/** IANA name of the zone in which a cabinet stands; undefined when there is no such cabinet. */
export async function zoneOfCabinet(db: Kysely<Tables>, cabinetId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('cabinet')
    .select('timeZone')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  return row?.timeZone
}

/** The zone in which most cabinets stand, of one operator or of all: for pages about more than one cabinet. */
export async function homeZone(db: Kysely<Tables>, operator?: string): Promise<string> {
  let select = db
    .selectFrom('cabinet')
    .select('timeZone')
    .groupBy('timeZone')
    .orderBy((eb) => eb.fn.countAll(), 'desc')
    .orderBy('timeZone')
  if (operator !== undefined) select = select.where('operator', '=', operator)
  const row = await select.executeTakeFirst()
  return row?.timeZone ?? NOWHERE
}
