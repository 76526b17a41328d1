import { mkdirSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Kysely } from 'kysely'
import type { Clock } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import { applySettings } from './connection.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { keepSeals } from './row-seals.ts'
import { createKysely, createPreparer, createRunner } from './sqlite-driver.ts'
import type { Tables } from './tables/index.ts'

/** What a unit of work receives: SQL and nothing else. Inside a unit only SQL may be awaited. */
export type Tx = Kysely<Tables>

/** What a unit may know besides its rows. */
export interface UnitContext {
  /** Wall clock of the moment at which the unit runs. */
  readonly nowMs: number
  /** Key of the audit chain. */
  readonly auditKey: Uint8Array
  readonly direct: DirectSql
  /** Subjects of which the change table says already that they changed, so that it says so once in a unit. */
  readonly told: Set<string>
}
/**
 * Prepared statements of the running unit, for the few paths where composing a query costs more than running it. Values
 * stand in the order of their question marks. Limits, and what is compared besides keys, hide behind `+?`, as
 * `sqlite-driver.ts` explains.
 */
export interface DirectSql {
  /** @returns how many rows changed */
  run(text: string, ...values: ReadonlyArray<SqlValue>): number
  get<R>(text: string, ...values: ReadonlyArray<SqlValue>): R | undefined
  all<R>(text: string, ...values: ReadonlyArray<SqlValue>): R[]
}
export type SqlValue = string | number | null
const contexts = new WeakMap<Tx, UnitContext>()
/** The context of the unit that this transaction belongs to. */
export function contextOf(tx: Tx): UnitContext {
  const context = contexts.get(tx)
  if (context === undefined)
    throw new Error('assertion failed: this is not the transaction of database.write')
  return context
}
/** Wall clock inside a unit, so that everything it writes carries one time. */
export function nowOf(tx: Tx): number {
  return contextOf(tx).nowMs
}

export function directSql(tx: Tx): DirectSql {
  return contextOf(tx).direct
}

/** The one door to storage. */
export interface Database {
  /**
   * Queued units share one BEGIN IMMEDIATE with a SAVEPOINT each, if they are several; the promise resolves after the COMMIT
   * (synchronous=FULL), so what it resolved with survives a power cut. A unit may be run again, therefore it returns
   * its effects instead of having them.
   * @throws what the unit throws; the units beside it are not affected
   */
  write<T>(name: string, unit: (tx: Tx) => Promise<T>): Promise<T>
  /** Keyed look-ups on a second connection that cannot write and sees committed rows only. */
  readonly read: Kysely<Tables>
  /** Calls back after each commit, for example to look for new rows of the change table. @returns unsubscribe */
  onCommit(listener: () => void): () => void
  close(): Promise<void>
}

/** At most this many units in one commit, so that the first of them does not wait for ever. */
const UNITS_PER_COMMIT = 256
/** A unit is run again at most this often when a neighbour tore the whole transaction down. */
const RUNS_MOST = 3

interface QueuedUnit {
  readonly name: string
  readonly run: (tx: Tx) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  runs: number
}
type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown }

/**
 * Opens the file, brings the schema up to date and checks the settings on which durability rests.
 * @param file  path of the database; `:memory:` is refused, because there could be no second connection
 */
export function openDatabase(
  file: string,
  options: { clock: Clock; auditKey: Uint8Array; onBroken?: (fault: Error) => void; onFull?: () => void },
): Database {
  const { writer, reader } = openConnections(file, options.clock.now(), options.auditKey)
  return createDatabase({
    ...options,
    writer,
    read: createKysely(createRunner(reader)),
    // One turn of the event loop gathers what arrived together, and lets it share one fsync.
    gather: (commit) => void setImmediate(commit),
    close() {
      reader.close()
      writer.close()
    },
  })
}

/** The door over connections that are open. `gather` runs what it is given soon: the units queued until then share a commit. */
export function createDatabase(options: {
  clock: Clock
  auditKey: Uint8Array
  writer: Sqlite.Database
  read: Kysely<Tables>
  gather: (commit: () => void) => void
  close: () => void
  /** Called once, when the storage failed; nothing is written after it. Without it the process ends. */
  onBroken?: (fault: Error) => void
  /** Called when there was no room for a commit. */
  onFull?: () => void
}): Database {
  const { clock, auditKey, writer, read } = options
  const listeners = new Set<() => void>()
  const runWrite = createRunner(writer)
  const prepare = createPreparer(writer)
  const queue: QueuedUnit[] = []
  let isPumping = false
  let isClosed = false
  let broken: Error | undefined
  let idle: () => void = () => undefined
  let whenIdle: Promise<void> = Promise.resolve()

  function write<T>(name: string, unit: (tx: Tx) => Promise<T>): Promise<T> {
    if (isClosed) return Promise.reject(new Error(`the database is closed; "${name}" was not run`))
    if (broken !== undefined) return Promise.reject(broken)
    return new Promise<T>((resolve, reject) => {
      queue.push({ name, run: unit, resolve: resolve as (value: unknown) => void, reject, runs: 0 })
      if (isPumping) return
      isPumping = true
      whenIdle = new Promise((done) => {
        idle = done
      })
      options.gather(() => void pump())
    })
  }

  async function pump(): Promise<void> {
    while (queue.length > 0) await commitTogether(queue.splice(0, UNITS_PER_COMMIT))
    isPumping = false
    idle()
  }

  /** Stops writing for good when the storage itself failed. @returns what the units are told */
  function faultOf(error: unknown): Error {
    const fault = storageFault(error)
    if (storageTroubleOf(error) === 'full') options.onFull?.()
    if (storageTroubleOf(error) !== 'broken' || broken !== undefined) return broken ?? fault
    broken = fault
    for (const unit of queue.splice(0)) unit.reject(fault)
    if (options.onBroken !== undefined) options.onBroken(fault)
    else
      queueMicrotask(() => {
        throw fault
      })
    return fault
  }

  async function commitTogether(units: QueuedUnit[]): Promise<void> {
    const outcomes: Outcome[] = []
    try {
      prepare('BEGIN IMMEDIATE').run()
      for (const unit of units) {
        const outcome = await (units.length === 1 ? runInTransaction(unit) : runUnit(unit))
        outcomes.push(outcome)
        if (!outcome.ok && storageTroubleOf(outcome.error) === 'broken') throw outcome.error
        // A full disk or an I/O error ends the whole transaction, not only the savepoint.
        if (!writer.inTransaction) {
          settleTorn(units, outcomes)
          return
        }
      }
      // Beside nobody a unit needs no savepoint: the transaction is its own.
      if (units.length === 1 && outcomes[0]?.ok === false) writer.exec('ROLLBACK')
      else prepare('COMMIT').run()
    } catch (error) {
      const fault = faultOf(error)
      if (writer.inTransaction && broken === undefined) writer.exec('ROLLBACK')
      for (const unit of units) unit.reject(fault)
      return
    }
    for (const [index, unit] of units.entries()) {
      const outcome = outcomes[index] as Outcome
      // Not every statement that found no room tears its transaction down; whoever waits is told the same.
      if (!outcome.ok && storageTroubleOf(outcome.error) === 'full') unit.reject(faultOf(outcome.error))
      else settle(unit, outcome)
    }
    for (const listener of listeners) listener()
  }

  /** The neighbours of the unit that tore the transaction down did nothing wrong: they run again. */
  function settleTorn(units: QueuedUnit[], outcomes: Outcome[]): void {
    const culprit = outcomes.length - 1
    for (const [index, unit] of units.entries()) {
      const outcome = outcomes[index]
      if (outcome !== undefined && !outcome.ok)
        unit.reject(index === culprit ? faultOf(outcome.error) : outcome.error)
      else if (unit.runs >= RUNS_MOST) unit.reject(storageFault(new Error('the transaction was torn down')))
      else queue.push(unit)
    }
  }

  /** What a unit did that failed is undone, and its neighbours' work is not. */
  async function runUnit(unit: QueuedUnit): Promise<Outcome> {
    prepare('SAVEPOINT unit').run()
    const outcome = await runInTransaction(unit)
    if (writer.inTransaction) {
      if (!outcome.ok) prepare('ROLLBACK TO unit').run()
      prepare('RELEASE unit').run()
    }
    return outcome
  }

  async function runInTransaction(unit: QueuedUnit): Promise<Outcome> {
    unit.runs++
    let isOver = false
    const open = (text: string) => {
      if (isOver) throw new Error(`the unit "${unit.name}" is over; its transaction cannot be used any more`)
      return prepare(text)
    }
    const tx = createKysely((query) => {
      if (isOver) throw new Error(`the unit "${unit.name}" is over; its transaction cannot be used any more`)
      return runWrite(query)
    })
    const direct: DirectSql = {
      run: (text, ...values) => open(text).run(...values).changes,
      get: <R>(text: string, ...values: readonly SqlValue[]) => open(text).get(...values) as R | undefined,
      all: <R>(text: string, ...values: readonly SqlValue[]) => open(text).all(...values) as R[],
    }
    contexts.set(tx, { nowMs: clock.now(), auditKey, direct, told: new Set() })
    const outcome = await settledByNextTurn(unit, tx)
    isOver = true
    return outcome
  }

  return {
    write,
    read,
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      isClosed = true
      await whenIdle
      await read.destroy()
      options.close()
    },
  }
}

/**
 * SQL here is synchronous, so a unit that awaits only SQL settles within microtasks. One that is still running when the
 * event loop turns has awaited a timer, a file or the network while it held the write lock.
 */
async function settledByNextTurn(unit: QueuedUnit, tx: Tx): Promise<Outcome> {
  return new Promise((resolve) => {
    const turn = setImmediate(() =>
      resolve({
        ok: false,
        error: new Error(
          `the unit "${unit.name}" awaited something other than SQL; do that before or after the write, not inside it`,
        ),
      }),
    )
    const end = (outcome: Outcome) => {
      clearImmediate(turn)
      resolve(outcome)
    }
    // A unit that throws before its first await has failed like any other; its neighbours have not.
    void (async () => unit.run(tx))().then(
      (value) => end({ ok: true, value }),
      (error: unknown) => end({ ok: false, error }),
    )
  })
}

function settle(unit: QueuedUnit, outcome: Outcome): void {
  if (outcome.ok) unit.resolve(outcome.value)
  else unit.reject(outcome.error)
}

function storageFault(error: unknown): Error {
  return new CabinetError('storage_failed', `The database could not commit: ${messageOf(error)}.`, {
    cause: error,
  })
}

function openConnections(
  file: string,
  nowMs: number,
  auditKey: Uint8Array,
): { writer: Sqlite.Database; reader: Sqlite.Database } {
  if (file === ':memory:') throw new Error('assertion failed: the core database is a file')
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    const writer = new Sqlite(file)
    applySettings(writer, false)
    migrate(writer, MIGRATIONS, nowMs)
    keepSeals(writer, auditKey)
    const reader = new Sqlite(file, { readonly: true })
    applySettings(reader, true)
    return { writer, reader }
  } catch (error) {
    if (error instanceof CabinetError) throw error
    throw new CabinetError(
      'data_folder_unusable',
      `The database ${file} could not be opened: ${messageOf(error)}.`,
      {
        cause: error,
      },
    )
  }
}
