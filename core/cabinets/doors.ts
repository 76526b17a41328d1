import type { Kysely } from 'kysely'
import type { Tables } from '#core/platform/tables/index.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const reportedDoors = preparedFor((db, cabinetId: string) =>
  db.selectFrom('cabinetReport').select('doors').where('cabinetId', '=', cabinetId),
)

/** The shelves behind one door. */
export interface Door {
  readonly shelves: readonly string[]
}

/** As the cabinet said with its last hello. @returns nothing for a cabinet with one door, behind which everything is */
export async function doorsOf(db: Kysely<Tables>, cabinetId: string): Promise<readonly Door[]> {
  const [row] = await reportedDoors(db, cabinetId)
  return row?.doors == null ? [] : (JSON.parse(row.doors) as Door[])
}

/** Whether consumers may open a door: something is sold behind it. What is not is for staff only. Pure. */
export function isForSale(
  doors: readonly Door[],
  door: number,
  shelves: ReadonlyArray<{ id: string; products: readonly unknown[] }>,
): boolean {
  if (doors.length === 0) return door === 0
  const behind = doors[door]?.shelves ?? []
  return shelves.some(({ id, products }) => products.length > 0 && behind.includes(id))
}
