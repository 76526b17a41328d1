import { closeSync, copyFileSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Insertable } from 'kysely'
import { applySettings } from '#core/platform/connection.ts'
import { FILL_TICKET_SEARCH } from '#core/platform/migrations/0034-ticket-search.ts'
import { sealAddedRows } from '#core/platform/row-seals.ts'
import type { Tables } from '#core/platform/tables/index.ts'

/**
 * A copy of the database that very many rows are written into, beside the real one, which it replaces when it is whole. A
 * seed that is cut off leaves everything as it was. While rows are added, indexes and triggers wait: they are built again
 * over all rows at once, rows about money are sealed, and references are checked.
 */
export interface Bulk {
  add<T extends keyof Tables>(table: T, row: Insertable<Tables[T]>): void
  /** The copy becomes the database; nobody else may have it open. */
  finish(): void
}

/** @param file  core.sqlite, which nobody has open */
export function openBulk(file: string, auditKey: Uint8Array): Bulk {
  const part = `${file}.seeding`
  for (const left of [part, `${part}-wal`, `${part}-shm`, `${part}-journal`]) rmSync(left, { force: true })
  copyFileSync(file, part)
  const connection = new Sqlite(part)
  // A database with a write-ahead log keeps it until it has left that mode.
  connection.pragma('journal_mode = DELETE')
  connection.pragma('journal_mode = OFF')
  connection.pragma('synchronous = OFF')
  connection.pragma('locking_mode = EXCLUSIVE')
  connection.pragma('cache_size = -1048576')
  connection.pragma('foreign_keys = OFF')
  const laid = connection
    .prepare<[], { type: string; name: string; sql: string }>(
      "SELECT type, name, sql FROM main.sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    )
    .all()
  for (const { type, name } of laid) connection.exec(`DROP ${type} main."${name}"`)
  const statements = new Map<string, { statement: Sqlite.Statement; columns: string[] }>()
  connection.exec('BEGIN')
  return {
    add(table, row) {
      let prepared = statements.get(table)
      if (prepared === undefined) {
        const columns = Object.keys(row)
        const names = columns.map((name) => `"${name}"`).join(', ')
        const places = columns.map(() => '?').join(', ')
        prepared = {
          columns,
          statement: connection.prepare(`INSERT INTO "${table}" (${names}) VALUES (${places})`),
        }
        statements.set(table, prepared)
      }
      const values = row as Readonly<Record<string, unknown>>
      prepared.statement.run(prepared.columns.map((name) => values[name]))
    },
    finish() {
      sealAddedRows(connection, auditKey)
      connection.exec('COMMIT')
      for (const { sql } of laid) connection.exec(sql)
      connection.exec(FILL_TICKET_SEARCH)
      const dangling = connection.pragma('foreign_key_check') as unknown[]
      if (dangling.length > 0)
        throw new Error(`assertion failed: ${dangling.length} invented rows refer to nothing`)
      connection.exec('ANALYZE')
      // Averages are enough. With samples of values SQLite plans anew for a consumer who buys very often, and reads a whole table.
      connection.exec('DROP TABLE IF EXISTS main.sqlite_stat4')
      connection.close()
      // Its settings and its place on the disk are those of every other database from here on.
      const whole = new Sqlite(part)
      applySettings(whole, false)
      whole.close()
      syncFile(part)
      for (const left of [`${file}-wal`, `${file}-shm`]) rmSync(left, { force: true })
      renameSync(part, file)
      syncFile(path.dirname(file))
    },
  }
}

function syncFile(name: string): void {
  const opened = openSync(name, 'r')
  fsyncSync(opened)
  closeSync(opened)
}
