import type { CommandStatus, Hello } from '#protocol/messages/frames.ts'
import type { EdgeDatabase } from '../database.ts'
import { isImpossibleSql } from '../row-times.ts'

export interface CommandRecord {
  readonly id: string
  readonly name: string
  readonly args: Record<string, unknown>
  readonly boot: number
  readonly status: CommandStatus
  readonly reason?: string
  readonly detail?: string
  readonly result?: Record<string, unknown>
}

/** What became of every command, for at least a day: the same id again gets the recorded answer and moves nothing. */
export interface CommandJournal {
  find(id: string): CommandRecord | undefined
  /** Durable before anything moves. @param atMs  true time, `TIME_UNKNOWN` while nobody told it */
  begin(record: CommandRecord, atMs: number): void
  finish(record: CommandRecord): void
  /** Commands whose outcome was not written when the agent stopped. */
  unfinished(): CommandRecord[]
  tail(): Hello['commands']
  /** No further command is taken: each of so many rows may still be asked for again. */
  isFull(): boolean
  /**
   * Removes what is older than `keepMs`, and earlier when there are many, but nothing that is younger than a day.
   * @param nowMs  true time; while it is unknown nothing is old
   */
  prune(nowMs: number | undefined, keepMs: number): void
}

interface Row {
  command_id: string
  name: string
  args: string
  boot: number
  status: CommandStatus
  reason: string | null
  detail: string | null
  result: string | null
}
const TAIL = 20
/** For so long the same id may come again, and must find its answer: what the protocol promises. */
const REPEATED_WITHIN_MS = 86_400_000
/** Beyond this share of the bound the oldest go as soon as they may, so that there is room before it is reached. */
const ROOMY_SHARE = 0.9

/** @param rowsMost  so many commands are remembered at most; with more, new ones are refused rather than old ones forgotten */
export function createCommandJournal(db: EdgeDatabase, rowsMost: number): CommandJournal {
  const { sql } = db
  const byId = sql.prepare<[string], Row>('SELECT * FROM command WHERE command_id = ?')
  const insert = sql.prepare(
    'INSERT INTO command (command_id, name, args, boot, status, reason, detail, result, received_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const update = sql.prepare(
    'UPDATE command SET status = ?, reason = ?, detail = ?, result = ? WHERE command_id = ?',
  )
  const executing = sql.prepare<[], Row>("SELECT * FROM command WHERE status = 'executing' ORDER BY rowid")
  const latest = sql.prepare<[number], Row>('SELECT * FROM command ORDER BY rowid DESC LIMIT +?')
  /** Its age counts from now on: a row must neither go early nor stay for ever. */
  const settle = sql.prepare(
    `UPDATE command SET received_at_ms = ? WHERE ${isImpossibleSql('received_at_ms')}`,
  )
  const remove = sql.prepare("DELETE FROM command WHERE received_at_ms < ? AND status <> 'executing'")
  const rowBeyond = sql.prepare<[number], unknown>('SELECT 1 FROM command LIMIT 1 OFFSET +?')
  const removeBeyond = sql.prepare(
    `DELETE FROM command WHERE received_at_ms < ? AND status <> 'executing'
      AND rowid <= (SELECT rowid FROM command ORDER BY rowid DESC LIMIT 1 OFFSET +?)`,
  )
  return {
    find(id) {
      const row = byId.get(id)
      return row && recordOf(row)
    },
    begin(record, atMs) {
      insert.run(
        record.id,
        record.name,
        JSON.stringify(record.args),
        record.boot,
        record.status,
        record.reason ?? null,
        record.detail ?? null,
        record.result ? JSON.stringify(record.result) : null,
        atMs,
      )
    },
    finish(record) {
      update.run(
        record.status,
        record.reason ?? null,
        record.detail ?? null,
        record.result ? JSON.stringify(record.result) : null,
        record.id,
      )
    },
    unfinished: () => executing.all().map(recordOf),
    tail: () =>
      latest.all(TAIL).map((row) => ({
        id: row.command_id,
        name: row.name,
        status: row.status,
        ...(row.reason === null ? {} : { reason: row.reason }),
      })),
    isFull: () => rowBeyond.get(rowsMost - 1) !== undefined,
    prune(nowMs, keepMs) {
      if (nowMs === undefined) return
      settle.run(nowMs, nowMs)
      remove.run(nowMs - keepMs)
      removeBeyond.run(nowMs - REPEATED_WITHIN_MS, Math.floor(rowsMost * ROOMY_SHARE))
    },
  }
}

function recordOf(row: Row): CommandRecord {
  return {
    id: row.command_id,
    name: row.name,
    args: JSON.parse(row.args) as Record<string, unknown>,
    boot: row.boot,
    status: row.status,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.detail === null ? {} : { detail: row.detail }),
    ...(row.result === null ? {} : { result: JSON.parse(row.result) as Record<string, unknown> }),
  }
}
