import type { Selectable } from 'kysely'
import type { CallBackQuestion, CallBackSegment } from '#protocol/api/call-backs.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'

export type CallBackRow = Selectable<Tables['callBack']>

/** @throws not_found for what is the lead's */
export async function callBackSeenBy(tx: Tx, staff: StaffIdentity, callBackId: string): Promise<CallBackRow> {
  const row = await tx
    .selectFrom('callBack')
    .selectAll()
    .where('callBackId', '=', callBackId)
    .executeTakeFirst()
  if (row === undefined || (row.audience === 'lead' && !staff.permissions.has('callBack.lead')))
    throw new CabinetError('not_found', 'There is no such call-back.')
  return row
}
export function reasonsOf(row: Pick<CallBackRow, 'reasons'>): CallBackSegment[] {
  return JSON.parse(row.reasons) as CallBackSegment[]
}
export function questionsOf(row: Pick<CallBackRow, 'questions'>): CallBackQuestion[] {
  return JSON.parse(row.questions) as CallBackQuestion[]
}
