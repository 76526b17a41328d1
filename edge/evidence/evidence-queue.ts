import type { EdgeDatabase } from '../database.ts'
import { isImpossibleSql } from '../row-times.ts'

export type EvidenceKind = 'weight-trace' | 'snapshot'
export interface EvidenceRow {
  sha256: string
  session_id: string
  kind: EvidenceKind
  media_type: 'image/jpeg' | 'application/json'
  byte_count: number
  /** Seq of the event that refers to it; it is uploaded once the core has that event. */
  refers_seq: number | null
  status: 'waiting' | 'accepted' | 'set-aside'
  attempts: number
  created_at_ms: number
  finished_at_ms: number | null
}

/** Which evidence still has to go to the core. Rows are written in the transaction of the event that names the file. */
export interface EvidenceQueue {
  add(
    row: Pick<EvidenceRow, 'sha256' | 'session_id' | 'kind' | 'media_type' | 'byte_count' | 'refers_seq'>,
    atMs: number,
  ): void
  /** The oldest waiting file whose event the core has. */
  next(ackedSeq: number): EvidenceRow | undefined
  failed(row: EvidenceRow, attemptsMost: number, atMs: number): void
  /** @param atMs  true time, `TIME_UNKNOWN` while nobody told it */
  accepted(row: EvidenceRow, atMs: number): void
  /** What has an impossible time was accepted now. @param nowMs  true time */
  settleTimes(nowMs: number): void
  /** Accepted long enough ago, or the oldest accepted ones when there is too much; the rows are removed. @returns hashes whose file can go */
  takeDeletable(acceptedBeforeMs: number, excessBytes: number): string[]
  byteCount(): number
}

const DELETED_AT_ONCE = 100

export function createEvidenceQueue(db: EdgeDatabase): EvidenceQueue {
  const { sql } = db
  const insert = sql.prepare(
    `INSERT INTO evidence (sha256, session_id, kind, media_type, byte_count, refers_seq, status, attempts, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, ?)
     ON CONFLICT (session_id, sha256) DO NOTHING`,
  )
  const select = sql.prepare<[number], EvidenceRow>(
    `SELECT * FROM evidence WHERE status = 'waiting' AND refers_seq IS NOT NULL AND refers_seq <= ?
     ORDER BY kind = 'snapshot', created_at_ms LIMIT 1`,
  )
  const waiting = sql.prepare("SELECT 1 FROM evidence WHERE status = 'waiting' LIMIT 1")
  /** False: nothing waits. Most of the time that is so, and then nobody asks the database at every acknowledgement. */
  let mayWait = true
  const update = sql.prepare(
    'UPDATE evidence SET status = ?, attempts = ?, finished_at_ms = ? WHERE session_id = ? AND sha256 = ?',
  )
  const accepted = sql.prepare<
    [number, number],
    Pick<EvidenceRow, 'session_id' | 'sha256' | 'byte_count' | 'finished_at_ms'>
  >(
    `SELECT session_id, sha256, byte_count, finished_at_ms FROM evidence
     WHERE status = 'accepted' AND finished_at_ms <= ? ORDER BY finished_at_ms LIMIT +?`,
  )
  const settle = sql.prepare(
    `UPDATE evidence SET finished_at_ms = ? WHERE status = 'accepted' AND ${isImpossibleSql('finished_at_ms')}`,
  )
  const remove = sql.prepare('DELETE FROM evidence WHERE session_id = ? AND sha256 = ?')
  const others = sql.prepare<[string], { n: number }>('SELECT count(*) AS n FROM evidence WHERE sha256 = ?')
  const sum = sql.prepare<[], { bytes: number }>('SELECT coalesce(sum(byte_count), 0) AS bytes FROM evidence')
  return {
    add(row, atMs) {
      mayWait = true
      insert.run(row.sha256, row.session_id, row.kind, row.media_type, row.byte_count, row.refers_seq, atMs)
    },
    next(ackedSeq) {
      if (!mayWait) return undefined
      const row = select.get(ackedSeq)
      if (row === undefined) mayWait = waiting.get() !== undefined
      return row
    },
    failed(row, attemptsMost, atMs) {
      const attempts = row.attempts + 1
      const isOver = attempts >= attemptsMost
      update.run(isOver ? 'set-aside' : 'waiting', attempts, isOver ? atMs : null, row.session_id, row.sha256)
    },
    accepted(row, atMs) {
      update.run('accepted', row.attempts, atMs, row.session_id, row.sha256)
    },
    settleTimes: (nowMs) => void settle.run(nowMs, nowMs),
    takeDeletable(acceptedBeforeMs, excessBytes) {
      // Too much is reason enough for any age.
      const rows = accepted.all(excessBytes > 0 ? Number.MAX_SAFE_INTEGER : acceptedBeforeMs, DELETED_AT_ONCE)
      if (rows.length === 0) return []
      return db.transact(() => {
        const gone: string[] = []
        let excess = excessBytes
        for (const row of rows) {
          if ((row.finished_at_ms ?? 0) > acceptedBeforeMs && excess <= 0) continue
          excess -= row.byte_count
          remove.run(row.session_id, row.sha256)
          if (others.get(row.sha256)?.n === 0) gone.push(row.sha256)
        }
        return gone
      })
    },
    byteCount: () => sum.get()?.bytes ?? 0,
  }
}
