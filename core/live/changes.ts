import type { LIVE_KINDS } from '#protocol/api/staff.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'

export type LiveKind = (typeof LIVE_KINDS)[number]

/** Tells pages that something changed, in the transaction that changed it. Read by the live stream of every core. */
export async function recordChange(
  tx: Tx,
  change: { kind: LiveKind; subjectId: string; cabinetId?: string; data?: object },
): Promise<void> {
  await tx
    .insertInto('change')
    .values({
      atMs: nowOf(tx),
      kind: change.kind,
      subjectId: change.subjectId,
      cabinetId: change.cabinetId ?? null,
      data: change.data === undefined ? null : JSON.stringify(change.data),
    })
    .execute()
}
