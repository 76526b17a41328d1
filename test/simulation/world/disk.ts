import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { nestCommits } from './nested-commits.ts'

/**
 * A database that many runs of one thread share, one after the other. Opening one and preparing three hundred statements
 * costs more than many a run writes, so the connection stays, and what is under it is put back to an image.
 */
export interface Disk {
  readonly sqlite: Sqlite.Database
  /** The connection as one process has it: with the process it ends, and what a dead one still tries throws. */
  open(isAlive: () => boolean): Sqlite.Database
  /** No page more than there are now: what only changes rows still goes, what grows does not. */
  fill(): void
  free(): void
  readonly isFull: boolean
  /** The next commit over the connection fails as on a dying disk; `isKept` says whether it is on the disk all the same. */
  breakCommit(isKept: boolean): void
  /** What is on it now. */
  copy(): Buffer
  /** Another one in its place; the schema must be the one that the disk was made with, or statements would fit no more. */
  put(image: Buffer): void
  /** As it was made, or as it was when `keep` was called. */
  reset(): void
  keep(): void
  close(): void
}

const PAGES_MOST = 1_000_000
/** More than any run makes. */
const COMMITS_MOST = 1_000_003
/** In the header of a database. */
const CHANGE_COUNTER_AT = 24
const VALID_FOR_AT = 92
/** Where files are memory. */
const MEMORY = '/dev/shm'

/** @param made  of a database without a write-ahead log */
export function createDisk(made: Buffer): Disk {
  let image = made
  const dir = mkdtempSync(path.join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'simulation-'))
  const file = path.join(dir, 'disk.sqlite')
  writeFileSync(file, image)
  const handle = openSync(file, 'r+')
  const sqlite = new Sqlite(file)
  // Durability is the subject of other tests, with real files and recorded writes; here a commit only has to be whole.
  sqlite.pragma('journal_mode = MEMORY')
  sqlite.pragma('synchronous = OFF')
  // Once and not for each run: SQLite compiles every statement again after a switch like these was touched.
  sqlite.pragma('foreign_keys = ON')
  sqlite.pragma('trusted_schema = OFF')
  lock('EXCLUSIVE')
  const remove = () => rmSync(dir, { recursive: true, force: true })
  // Where a file that is open may be removed nothing is left behind, however the thread ends.
  if (process.platform === 'win32') process.once('exit', remove)
  else remove()
  let isFull = false
  /** Under it is the image that it was made with. */
  let isAsMade = true
  let generation = image.readUInt32BE(CHANGE_COUNTER_AT)
  let breaks: { isKept: boolean } | undefined
  keepStatements(sqlite)
  const commits = nestCommits(sqlite, () => {
    const broken = breaks
    breaks = undefined
    if (broken?.isKept === false) throw diskError()
    return () => {
      if (broken !== undefined) throw diskError()
    }
  })

  /** A connection that holds the file alone does not look whether somebody else wrote to it. */
  function lock(mode: 'NORMAL' | 'EXCLUSIVE'): void {
    sqlite.pragma(`locking_mode = ${mode}`)
    sqlite.prepare('SELECT count(*) FROM sqlite_schema').get()
  }
  function put(contents: Buffer): void {
    commits.undo()
    breaks = undefined
    free()
    lock('NORMAL')
    // What is cached of the file stays valid as long as this number does not change, and each commit raises it by one.
    generation = (generation + COMMITS_MOST) % 2 ** 32
    contents.writeUInt32BE(generation, CHANGE_COUNTER_AT)
    contents.writeUInt32BE(generation, VALID_FOR_AT)
    writeSync(handle, contents, 0, contents.length, 0)
    ftruncateSync(handle, contents.length)
    lock('EXCLUSIVE')
    isAsMade = contents === image
    commits.begin()
  }
  function reset(): void {
    if (!commits.undo() || !isAsMade) {
      put(image)
      return
    }
    breaks = undefined
    commits.begin()
  }
  function free(): void {
    if (!isFull) return
    isFull = false
    sqlite.pragma(`max_page_count = ${PAGES_MOST}`)
  }
  return {
    sqlite: commits.sqlite,
    get isFull() {
      return isFull
    },
    open: (isAlive) => connect(commits.sqlite, isAlive),
    fill() {
      commits.write()
      isAsMade = false
      isFull = true
      sqlite.pragma(`max_page_count = ${String(sqlite.pragma('page_count', { simple: true }))}`)
    },
    free,
    breakCommit(isKept) {
      breaks = { isKept }
    },
    copy: () => sqlite.serialize(),
    put,
    reset,
    keep() {
      image = sqlite.serialize()
      put(image)
    },
    close() {
      sqlite.close()
      closeSync(handle)
    },
  }
}

/** Each text is compiled once for the connection, whichever process of the simulation asks for it. */
export function keepStatements(sqlite: Sqlite.Database): void {
  const kept = new Map<string, Sqlite.Statement>()
  const prepare = sqlite.prepare.bind(sqlite)
  sqlite.prepare = ((text: string) => {
    let statement = kept.get(text)
    if (statement === undefined) {
      statement = prepare(text)
      kept.set(text, statement)
    }
    return statement
  }) as typeof sqlite.prepare
}

/** As SQLite tells of a disk that does not take what it is given. */
export function diskError(): Error {
  return new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC')
}

/** What a killed process meets on its way down. */
export class Killed extends Error {}

function connect(sqlite: Sqlite.Database, isAlive: () => boolean): Sqlite.Database {
  let isOpen = true
  const check = () => {
    if (!isAlive()) throw new Killed('this agent was killed')
    if (!isOpen) throw new Error('the database connection is not open')
  }
  const connection = Object.create(sqlite) as Sqlite.Database
  connection.prepare = ((text: string) => {
    check()
    const statement = sqlite.prepare(text)
    return {
      run(...values: unknown[]) {
        check()
        return statement.run(...values)
      },
      get(...values: unknown[]) {
        check()
        return statement.get(...values)
      },
      all(...values: unknown[]) {
        check()
        return statement.all(...values)
      },
    } as Sqlite.Statement
  }) as typeof sqlite.prepare
  connection.close = () => {
    isOpen = false
    return connection
  }
  return connection
}
