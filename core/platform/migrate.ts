import { createHash } from 'node:crypto'
import type Sqlite from 'better-sqlite3'
import { CabinetError } from '#protocol/base/errors.ts'

/** One step of the schema. Once released its statements never change; a correction is a new step. */
export interface Migration {
  /** 1, 2, 3 … without holes. */
  readonly version: number
  readonly name: string
  readonly statements: string
}

/**
 * Brings the schema up to date, each step in one transaction of its own.
 * @throws CabinetError when a step that was applied has been changed, or the database is newer than this program
 */
export function migrate(
  connection: Sqlite.Database,
  migrations: readonly Migration[],
  nowMs: number,
): number[] {
  connection.exec(`CREATE TABLE IF NOT EXISTS migration (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, appliedAtMs INTEGER NOT NULL) STRICT`)
  const applied = connection
    .prepare('SELECT version, name, checksum FROM migration ORDER BY version')
    .all() as Array<{
    version: number
    name: string
    checksum: string
  }>
  for (const row of applied) {
    const known = migrations.find((one) => one.version === row.version)
    if (known === undefined) {
      throw new CabinetError(
        'data_folder_unusable',
        `The database has schema version ${row.version} (${row.name}), this program knows ${migrations.length}; start the newer program.`,
      )
    }
    if (checksumOf(known) !== row.checksum) {
      throw new CabinetError(
        'data_folder_unusable',
        `Schema step ${row.version} (${row.name}) was applied with other statements than this program has; start the program that made this database, or an empty data folder.`,
      )
    }
  }
  const pending = migrations.filter((one) => one.version > applied.length)
  for (const step of pending) {
    connection.transaction(() => {
      connection.exec(step.statements)
      connection
        .prepare('INSERT INTO migration (version, name, checksum, appliedAtMs) VALUES (?, ?, ?, ?)')
        .run(step.version, step.name, checksumOf(step), nowMs)
    })()
  }
  return pending.map((step) => step.version)
}

function checksumOf(step: Migration): string {
  return createHash('sha256').update(step.statements).digest('hex')
}

/** `'a', 'b'` for a CHECK, from the states of a machine. */
export function sqlList(values: readonly string[]): string {
  return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')
}

/** Triggers that refuse every change and removal of rows. */
export function appendOnly(table: string): string {
  return `
    CREATE TRIGGER ${table}_is_never_changed BEFORE UPDATE ON ${table}
      BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;
    CREATE TRIGGER ${table}_is_never_deleted BEFORE DELETE ON ${table}
      BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`
}
