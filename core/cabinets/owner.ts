import type { Kysely } from 'kysely'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { operatorOf } from './registry.ts'

/**
 * A cabinet of another operator does not exist for this person.
 * @returns the person. @throws not_signed_in, unknown_cabinet
 */
export async function checkCabinetOf(
  db: Kysely<Tables>,
  staff: StaffIdentity | null,
  cabinetId: string,
): Promise<StaffIdentity> {
  if (staff === null) throw new CabinetError('not_signed_in')
  const operator = await operatorOf(db, cabinetId)
  if (operator === undefined || (staff.operator !== null && staff.operator !== operator))
    throw new CabinetError('unknown_cabinet')
  return staff
}
