import type { Ids } from '#protocol/base/ids.ts'
import { directSql, nowOf, type Tx } from '#core/platform/database.ts'
import { raiseIncident } from '#core/platform/incidents.ts'

/** What could not be taken, and why. */
export interface Grave {
  readonly cabinetId: string
  readonly topic: string
  readonly receivedAtMs: number
  readonly kind: 'event' | 'frame' | 'stale_epoch' | 'fork'
  readonly reason: string
  readonly epoch?: string
  readonly seq?: number
  readonly body: string
}

/** Bodies of frames are for people; longer ones are cut. An event is smaller than this and whole. */
const BODY_CHARACTERS_MOST = 64 * 1024
/** A cabinet that sends nonsense fills no more than this many; each event that has a number is kept nevertheless. */
const FRAMES_PER_CABINET = 100

/** Keeps what cannot be taken, raw and with its reason, for a person. A frame that comes again and again stands there once. */
export async function bury(tx: Tx, ids: Ids, grave: Grave): Promise<void> {
  const { cabinetId, kind, epoch = null, seq = null } = grave
  const direct = directSql(tx)
  await raiseIncident(tx, ids, {
    kind: `dead_letter_${kind}`,
    subject: cabinetId,
    message: grave.reason.slice(0, 1000),
  })
  const body = grave.body.slice(0, BODY_CHARACTERS_MOST)
  if (kind !== 'event') {
    const open = direct.get<{ count: number; same: number | null }>(
      `SELECT count(*) AS count, sum(body = ? AND kind = ?) AS same FROM deadLetter
        WHERE cabinetId = ? AND resolvedAtMs IS NULL AND kind <> 'event'`,
      body,
      kind,
      cabinetId,
    )
    if ((open?.same ?? 0) > 0 || (open?.count ?? 0) >= FRAMES_PER_CABINET) return
  }
  direct.run(
    `INSERT INTO deadLetter (cabinetId, receivedAtMs, topic, kind, epoch, seq, reason, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    cabinetId,
    grave.receivedAtMs,
    grave.topic,
    kind,
    epoch,
    seq,
    grave.reason.slice(0, 1000),
    body,
  )
}

/** Frames that were refused because of an epoch came again under the one that continues it. */
export function closeRefusedFrames(tx: Tx, cabinetId: string, note: string): void {
  directSql(tx).run(
    `UPDATE deadLetter SET resolvedAtMs = ?, resolution = 'replayed', resolvedBy = 'system', note = ?
      WHERE cabinetId = ? AND resolvedAtMs IS NULL AND kind IN ('fork', 'stale_epoch')`,
    nowOf(tx),
    note,
    cabinetId,
  )
}

/** Ends the incident of a kind of dead letter when none of it is open any more. @returns whether none at all is open */
export function closeIncidents(tx: Tx, cabinetId: string): boolean {
  const direct = directSql(tx)
  direct.run(
    `UPDATE incident SET resolvedAtMs = ? WHERE subject = ? AND resolvedAtMs IS NULL AND kind LIKE 'dead#_letter#_%' ESCAPE '#'
      AND NOT EXISTS (SELECT 1 FROM deadLetter d WHERE d.cabinetId = incident.subject AND d.resolvedAtMs IS NULL
        AND 'dead_letter_' || d.kind = incident.kind)`,
    nowOf(tx),
    cabinetId,
  )
  const open = direct.get<{ count: number }>(
    'SELECT count(*) AS count FROM deadLetter WHERE cabinetId = ? AND resolvedAtMs IS NULL',
    cabinetId,
  )
  return open?.count === 0
}
