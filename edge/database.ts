import { mkdirSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { assert } from '#protocol/base/decision.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'

/**
 * The one small file of the agent: outbox, session journal, command journal, twin, evidence queue.
 * Everything here is synchronous; a transaction is durable when `transact` returns.
 */
export interface EdgeDatabase {
  /**
   * What runs often hides its limits, and what it compares with besides keys, behind `+?`: for a mere `?` there SQLite looks at
   * the value and compiles the statement again each time.
   */
  readonly sql: Database.Database
  /** Runs `work` in one transaction (joined when already inside one). Callbacks of `afterCommit` run once it is durable. */
  transact<T>(work: () => T): T
  /** Inside a transaction: `run` after the commit, never after a rollback. */
  afterCommit(run: () => void): void
  readDocument<T>(name: string): T | undefined
  saveDocument(name: string, body: unknown): void
  close(): void
}

/** Steps of the schema, the oldest first; a file of any earlier version begins where it is. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE document (name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    data TEXT NOT NULL,
    byte_count INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE session (
    session_id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    planogram TEXT NOT NULL,
    is_finished INTEGER NOT NULL,
    saved_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE session_samples (
    session_id TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (session_id, chunk)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE command (
    command_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    args TEXT NOT NULL,
    boot INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    result TEXT,
    received_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX command_by_time ON command (received_at_ms);
  CREATE TABLE evidence (
    sha256 TEXT NOT NULL,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    byte_count INTEGER NOT NULL,
    refers_seq INTEGER,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    PRIMARY KEY (session_id, sha256)
  ) STRICT;
  CREATE INDEX evidence_by_status ON evidence (status, created_at_ms);
  CREATE TABLE camera_reference (camera TEXT PRIMARY KEY, pixels BLOB NOT NULL, body TEXT NOT NULL) STRICT;
  `,
  // A lockout outlives the change of how it is written down.
  `
  UPDATE document SET body = json_object(
    'state', json_set(body, '$.warmSpans', json('[]'), '$.peakDeciCelsius', null, '$.gapMs', 0),
    'excursion', json('{"isTold":false,"warmSinceMs":null,"peak":null}'),
    'moment', json_object('wallMs', json_extract(body, '$.savedAtWallMs'), 'knownMs', null, 'machineBoot', null, 'uptimeMs', null)
  ) WHERE name = 'lockout';
  `,
]

/** @param file path, or ':memory:' for a database that lives as long as the process. @throws data_folder_unusable */
export function openEdgeDatabase(file: string, whenFailing: WhenFailing = {}): EdgeDatabase {
  let sql: Database.Database
  try {
    if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    sql = new Database(file)
    applySettings(sql, file === ':memory:')
    migrate(sql)
  } catch (error) {
    throw new CabinetError(
      'data_folder_unusable',
      `The database ${file} cannot be opened: ${messageOf(error)}.`,
      { cause: error },
    )
  }
  return createEdgeDatabase(sql, whenFailing)
}

/**
 * As above, and something was written to it.
 * @throws as above, and what the disk says when it takes nothing
 */
export function openWritable(file: string, whenFailing: WhenFailing = {}): EdgeDatabase {
  const db = openEdgeDatabase(file, whenFailing)
  try {
    db.transact(() => db.saveDocument('opened', (db.readDocument<number>('opened') ?? 0) + 1))
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** What else happens when a transaction fails for want of room, or because the disk failed. */
export interface WhenFailing {
  onFull?: () => void
  /** Nothing is written after it. Without it the process ends. */
  onBroken?: (fault: Error) => void
}

/** The settings on which durability rests. @throws when SQLite kept another value */
function applySettings(sql: Database.Database, isInMemory: boolean): void {
  sql.pragma('journal_mode = WAL')
  // better-sqlite3 opens an existing WAL database at NORMAL, which loses acknowledged commits at a power cut.
  sql.pragma('synchronous = FULL')
  sql.pragma('foreign_keys = ON')
  sql.pragma('busy_timeout = 5000')
  sql.pragma('trusted_schema = OFF')
  sql.pragma('cell_size_check = ON')
  const expected: ReadonlyArray<readonly [string, unknown]> = [
    ['journal_mode', isInMemory ? 'memory' : 'wal'],
    ['synchronous', 2],
    ['foreign_keys', 1],
    ['busy_timeout', 5000],
    ['trusted_schema', 0],
    ['cell_size_check', 1],
  ]
  for (const [name, value] of expected)
    assert(sql.pragma(name, { simple: true }) === value, `SQLite runs with ${name}=${String(value)}`)
}

/** The door over a connection that is open and up to date. */
export function createEdgeDatabase(sql: Database.Database, whenFailing: WhenFailing = {}): EdgeDatabase {
  const getDocument = sql.prepare<[string], { body: string }>('SELECT body FROM document WHERE name = ?')
  const putDocument = sql.prepare(
    'INSERT INTO document (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body',
  )
  const inTransaction = sql.transaction((work: () => unknown) => work())
  let waiting: Array<() => void> = []
  let broken: Error | undefined

  /** After a failed sync nobody knows what is on the disk, so this process writes nothing more. */
  function noteFailure(error: unknown): void {
    const trouble = storageTroubleOf(error)
    if (trouble === 'full') whenFailing.onFull?.()
    if (trouble !== 'broken' || broken !== undefined) return
    const fault = new CabinetError('storage_failed', `The disk failed: ${messageOf(error)}.`, {
      cause: error,
    })
    broken = fault
    if (whenFailing.onBroken !== undefined) whenFailing.onBroken(fault)
    else
      queueMicrotask(() => {
        throw fault
      })
  }
  function guarded<T>(work: () => T): T {
    if (broken !== undefined) throw broken
    try {
      return work()
    } catch (error) {
      noteFailure(error)
      throw error
    }
  }

  return {
    sql,
    transact(work) {
      if (sql.inTransaction) return work()
      waiting = []
      const result = guarded(() => inTransaction.immediate(work)) as ReturnType<typeof work>
      const due = waiting
      waiting = []
      for (const run of due) run()
      return result
    },
    afterCommit(run) {
      assert(sql.inTransaction, 'afterCommit is called inside a transaction')
      waiting.push(run)
    },
    readDocument<T>(name: string) {
      const row = getDocument.get(name)
      return row === undefined ? undefined : (JSON.parse(row.body) as T)
    },
    saveDocument(name, body) {
      guarded(() => putDocument.run(name, JSON.stringify(body)))
    },
    close: () => void sql.close(),
  }
}

/** Brings the schema up to date, each step in one transaction of its own. */
export function migrate(sql: Database.Database, steps: readonly string[] = MIGRATIONS): void {
  const version = sql.pragma('user_version', { simple: true }) as number
  if (version > steps.length) {
    throw new Error(`it was written by a newer agent (schema ${version}, this one knows ${steps.length})`)
  }
  for (let next = version; next < steps.length; next++) {
    sql
      .transaction(() => {
        sql.exec(steps[next] as string)
        sql.pragma(`user_version = ${next + 1}`)
      })
      .immediate()
  }
}
