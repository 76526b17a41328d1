import type { EdgeDatabase } from '../database.ts'
import type { BoundPlanogram, SessionRecord } from './record.ts'

/** `[tMs, 1 when the door is open, grams by sensor …]`: as short as it can be read. */
export type SampleRow = [tMs: number, door: 0 | 1, ...grams: Array<number | null>]

export interface StoredSession {
  record: SessionRecord
  planogram: BoundPlanogram
  samples: SampleRow[]
  /** Session time and wall time of the last thing written, from which a restart goes on. */
  lastMs: number
  savedAtMs: number
}

/** The journal of the session in progress. Its methods are called inside the caller's transaction where events go with them. */
export interface SessionJournal {
  begin(record: SessionRecord, planogram: BoundPlanogram, samples: readonly SampleRow[], wallMs: number): void
  save(record: SessionRecord, atMs: number, wallMs: number): void
  appendSamples(sessionId: string, samples: readonly SampleRow[], wallMs: number): void
  finish(record: SessionRecord, atMs: number, wallMs: number): void
  readSamples(sessionId: string): SampleRow[]
  /** The session in progress when the agent stopped. @throws when its rows cannot be read */
  findUnfinished(): StoredSession | undefined
  findUnfinishedId(): string | undefined
}

interface SessionRow {
  session_id: string
  body: string
  planogram: string
  saved_at_ms: number
}
/** Sessions that ended are kept this many, to be looked at by a person beside the cabinet. */
const FINISHED_KEPT = 200

/** @param door  of whose sessions it is; one that cannot be read counts as the first door's */
export function createSessionJournal(db: EdgeDatabase, door: number): SessionJournal {
  const { sql } = db
  const insert = sql.prepare(
    'INSERT INTO session (session_id, body, planogram, is_finished, saved_at_ms) VALUES (?, ?, ?, 0, ?)',
  )
  const update = sql.prepare(
    'UPDATE session SET body = ?, is_finished = ?, saved_at_ms = ? WHERE session_id = ?',
  )
  const touch = sql.prepare('UPDATE session SET saved_at_ms = ? WHERE session_id = ?')
  const unfinished = sql.prepare<[number], SessionRow>(
    `SELECT session_id, body, planogram, saved_at_ms FROM session WHERE is_finished = 0
      AND CASE WHEN json_valid(body) THEN coalesce(json_extract(body, '$.record.door'), 0) ELSE 0 END = ?
      ORDER BY saved_at_ms DESC LIMIT 1`,
  )
  const putChunk = sql.prepare(
    'INSERT INTO session_samples (session_id, chunk, body) SELECT ?, coalesce(max(chunk), 0) + 1, ? FROM session_samples WHERE session_id = +?',
  )
  const chunks = sql.prepare<[string], { body: string }>(
    'SELECT body FROM session_samples WHERE session_id = +? ORDER BY chunk',
  )
  const removeChunks = sql.prepare('DELETE FROM session_samples WHERE session_id = +?')
  const trim = sql.prepare(
    'DELETE FROM session WHERE is_finished = 1 AND session_id NOT IN (SELECT session_id FROM session ORDER BY saved_at_ms DESC LIMIT +?)',
  )
  function readSamples(sessionId: string): SampleRow[] {
    return chunks.all(sessionId).flatMap((row) => JSON.parse(row.body) as SampleRow[])
  }
  return {
    begin(record, planogram, samples, wallMs) {
      insert.run(record.sessionId, JSON.stringify({ record, lastMs: 0 }), JSON.stringify(planogram), wallMs)
      putChunk.run(record.sessionId, JSON.stringify(samples), record.sessionId)
    },
    save(record, atMs, wallMs) {
      update.run(JSON.stringify({ record, lastMs: atMs }), 0, wallMs, record.sessionId)
    },
    appendSamples(sessionId, samples, wallMs) {
      if (samples.length === 0) return
      db.transact(() => {
        putChunk.run(sessionId, JSON.stringify(samples), sessionId)
        touch.run(wallMs, sessionId)
      })
    },
    finish(record, atMs, wallMs) {
      update.run(JSON.stringify({ record, lastMs: atMs }), 1, wallMs, record.sessionId)
      removeChunks.run(record.sessionId)
      trim.run(FINISHED_KEPT)
    },
    readSamples,
    findUnfinishedId: () => unfinished.get(door)?.session_id,
    findUnfinished() {
      const row = unfinished.get(door)
      if (row === undefined) return undefined
      const { record, lastMs } = JSON.parse(row.body) as { record: SessionRecord; lastMs: number }
      const samples = readSamples(row.session_id)
      return {
        record,
        planogram: JSON.parse(row.planogram) as BoundPlanogram,
        samples,
        lastMs: Math.max(lastMs, samples.at(-1)?.[0] ?? 0),
        savedAtMs: row.saved_at_ms,
      }
    },
  }
}
