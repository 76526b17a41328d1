import type Sqlite from 'better-sqlite3'

/** What the processes of a run call transactions, on a connection that puts a whole run back at its end. */
export interface NestedCommits {
  /** The connection as processes have it. */
  readonly sqlite: Sqlite.Database
  /** Everything since the last call is undone, unless it was written. @returns whether that was so */
  undo(): boolean
  /** A run begins. */
  begin(): void
  /** From now on until the next run commits are real: SQLite ends a transaction that finds no room, and all that is in it. */
  write(): void
}

/**
 * A run is one transaction of SQLite, which is rolled back at its end; what a process calls a transaction is a savepoint
 * in it. So a commit writes no page, and nothing has to be copied before the next run. What a process may notice is the
 * same, except for constraints that are deferred to the commit: they are asked for at the end of a run.
 * @param fails  called before each commit of a process; throws when it fails without reaching the disk, and what it
 *   returns is called after it
 */
export function nestCommits(sqlite: Sqlite.Database, fails: () => () => void): NestedCommits {
  const statement = (text: string) => sqlite.prepare(text)
  const real = {
    begin: statement('BEGIN IMMEDIATE'),
    commit: statement('COMMIT'),
    rollback: statement('ROLLBACK'),
  }
  const nested = {
    begin: statement('SAVEPOINT ofProcess'),
    commit: statement('RELEASE ofProcess'),
    rollback: statement('ROLLBACK TO ofProcess'),
  }
  let isNested = false
  /** A process is in one. */
  let isOpen = false

  const isInTransaction = () => (isNested ? isOpen : sqlite.inTransaction)
  function begin(): void {
    if (isNested) {
      if (isOpen) throw new Error('cannot start a transaction within a transaction')
      nested.begin.run()
      isOpen = true
    } else real.begin.run()
  }
  function commit(): void {
    const afterwards = fails()
    if (isNested) {
      nested.commit.run()
      isOpen = false
    } else real.commit.run()
    afterwards()
  }
  function rollback(): void {
    if (isNested) {
      nested.rollback.run()
      nested.commit.run()
      isOpen = false
    } else real.rollback.run()
  }

  const own = new Map([
    ['BEGIN IMMEDIATE', { run: begin } as unknown as Sqlite.Statement],
    ['COMMIT', { run: commit } as unknown as Sqlite.Statement],
  ])
  // All else is the real connection's: it lies on the way to the prototype.
  const facade = Object.create(sqlite, { inTransaction: { get: isInTransaction } }) as Sqlite.Database
  facade.prepare = ((text: string) => own.get(text) ?? sqlite.prepare(text)) as typeof sqlite.prepare
  facade.exec = (text) => {
    if (text === 'ROLLBACK') rollback()
    else sqlite.exec(text)
    return facade
  }
  facade.transaction = ((work: (...values: unknown[]) => unknown) => {
    const immediate = (...values: unknown[]) => {
      begin()
      try {
        const result = work(...values)
        commit()
        return result
      } catch (error) {
        if (isInTransaction()) rollback()
        throw error
      }
    }
    return { immediate }
  }) as unknown as typeof sqlite.transaction

  return {
    sqlite: facade,
    undo() {
      const wasNested = isNested
      isNested = false
      isOpen = false
      if (sqlite.inTransaction) real.rollback.run()
      return wasNested
    },
    begin() {
      real.begin.run()
      isNested = true
    },
    write() {
      if (!isNested) return
      if (isOpen) throw new Error('assertion failed: between two steps no process is in a transaction')
      real.commit.run()
      isNested = false
    },
  }
}
