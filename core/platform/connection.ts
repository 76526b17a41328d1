import type Sqlite from 'better-sqlite3'

/**
 * The settings on which durability rests, for every connection to the core's database.
 * @throws when SQLite kept another value
 */
export function applySettings(connection: Sqlite.Database, isReadonly: boolean): void {
  if (!isReadonly) connection.pragma('journal_mode = WAL')
  // better-sqlite3 opens WAL files at NORMAL, which loses acknowledged commits at a power cut; hence FULL, and the check.
  connection.pragma('synchronous = FULL')
  connection.pragma('foreign_keys = ON')
  // Pages of the log before they are moved into the database, 32 MiB, and of memory, 64 MiB: a thousand cabinets write to
  // as many pages in a commit, and SQLite's 4 MiB would be moved every time.
  connection.pragma('wal_autocheckpoint = 8000')
  connection.pragma('cache_size = -65536')
  connection.pragma('busy_timeout = 5000')
  connection.pragma('trusted_schema = OFF')
  connection.pragma('cell_size_check = ON')
  const expected: ReadonlyArray<readonly [string, unknown]> = [
    ['journal_mode', 'wal'],
    ['synchronous', 2],
    ['foreign_keys', 1],
    ['busy_timeout', 5000],
    ['trusted_schema', 0],
    ['cell_size_check', 1],
  ]
  for (const [name, value] of expected) {
    const found = connection.pragma(name, { simple: true })
    if (found !== value)
      throw new Error(`SQLite kept ${name} at ${String(found)} although ${String(value)} is required`)
  }
}
