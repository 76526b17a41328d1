import type { HaltReason } from '#protocol/messages/frames.ts'
import { directSql, nowOf, type Tx } from '#core/platform/database.ts'
import { recordChange } from '#core/live/changes.ts'

/** An outbox that may not go on under its epoch, as far as it is known. */
export interface Halt {
  readonly cabinetId: string
  readonly reason: HaltReason
  readonly epoch: string
  /** The first event that differs. */
  readonly seq?: number
  readonly linkId?: string
  readonly boot?: number
  readonly firmware?: string
  readonly firstSeq?: number
  readonly lastSeq?: number
}

/** Writes down who is refused and why; what was known before of the same outbox stays, and so does a permission. */
export async function recordHalt(tx: Tx, halt: Halt): Promise<void> {
  const nowMs = nowOf(tx)
  directSql(tx).run(
    `INSERT INTO streamHalt (cabinetId, reason, epoch, seq, linkId, boot, firmware, firstSeq, lastSeq, sinceMs, lastAtMs, count)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
      ON CONFLICT (cabinetId) DO UPDATE SET
        reason = excluded.reason, lastAtMs = excluded.lastAtMs, count = count + 1,
        seq = iif(epoch = excluded.epoch, coalesce(excluded.seq, seq), excluded.seq),
        linkId = coalesce(excluded.linkId, linkId), boot = coalesce(excluded.boot, boot),
        firmware = coalesce(excluded.firmware, firmware), firstSeq = coalesce(excluded.firstSeq, firstSeq),
        lastSeq = coalesce(excluded.lastSeq, lastSeq),
        sinceMs = iif(epoch = excluded.epoch, sinceMs, excluded.sinceMs),
        permittedBy = iif(epoch = excluded.epoch, permittedBy, NULL),
        permittedAtMs = iif(epoch = excluded.epoch, permittedAtMs, NULL),
        permitNote = iif(epoch = excluded.epoch, permitNote, NULL),
        epoch = excluded.epoch`,
    halt.cabinetId,
    halt.reason,
    halt.epoch,
    halt.seq ?? null,
    halt.linkId ?? null,
    halt.boot ?? null,
    halt.firmware ?? null,
    halt.firstSeq ?? null,
    halt.lastSeq ?? null,
    nowMs,
    nowMs,
  )
  await recordChange(tx, { kind: 'cabinet', subjectId: halt.cabinetId, cabinetId: halt.cabinetId })
}

/**
 * Whether this outbox may go on: somebody pressed the button for it, or the machine was enrolled with a new code after
 * the stream last moved, which cuts every other holder of the identity off.
 */
export function mayGoOn(tx: Tx, cabinetId: string, epoch: string): boolean {
  const row = directSql(tx).get<{ may: number | null }>(
    `SELECT (h.permittedAtMs IS NOT NULL AND h.epoch = +?) OR coalesce(c.enrolledAtMs > r.lastAtMs, 0) AS may
      FROM cabinet c LEFT JOIN receiver r ON r.cabinetId = c.cabinetId LEFT JOIN streamHalt h ON h.cabinetId = c.cabinetId
      WHERE c.cabinetId = +?`,
    epoch,
    cabinetId,
  )
  return row?.may === 1
}

/** Whether we hold other events than this outbox under its numbers; nobody has decided about it yet. */
export function isForked(tx: Tx, cabinetId: string, epoch: string): boolean {
  return (
    directSql(tx).get(
      `SELECT 1 FROM streamHalt WHERE cabinetId = ? AND epoch = ? AND reason = 'fork' AND seq IS NOT NULL`,
      cabinetId,
      epoch,
    ) !== undefined
  )
}

/** @returns whether there was one: the stream goes on */
export function endHalt(tx: Tx, cabinetId: string): boolean {
  return directSql(tx).run('DELETE FROM streamHalt WHERE cabinetId = ?', cabinetId) > 0
}
