import type { LIVE_KINDS } from '#protocol/api/staff/desk.ts'
import { contextOf, type Tx } from '#core/platform/database.ts'

export type LiveKind = (typeof LIVE_KINDS)[number]

/** Tells pages that something changed, in the transaction that changed it. Read by the live stream of every core. */
export async function recordChange(
  tx: Tx,
  change: { kind: LiveKind; subjectId: string; cabinetId?: string; data?: object },
): Promise<void> {
  const { nowMs, direct, told } = contextOf(tx)
  const { kind, subjectId, cabinetId = null, data } = change
  if (data === undefined) {
    const subject = `${kind}/${subjectId}/${cabinetId ?? ''}`
    if (told.has(subject)) return
    told.add(subject)
  }
  direct.run(
    'INSERT INTO change (atMs, kind, subjectId, cabinetId, data) VALUES (?, ?, ?, ?, ?)',
    nowMs,
    kind,
    subjectId,
    cabinetId,
    data === undefined ? null : JSON.stringify(data),
  )
}
