import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'

/**
 * A database that many runs of one thread share, one after the other. Opening one and preparing three hundred statements
 * costs more than many a run writes, so the connection stays, and what is under it is put back to an image.
 */
export interface Disk {
  readonly sqlite: Sqlite.Database
  /** As the image is; the schema must be the one that the disk was made with, or statements would fit no more. */
  reset(): void
  close(): void
}

/** @param image  of a database without a write-ahead log */
export function createDisk(image: Buffer): Disk {
  const dir = mkdtempSync(path.join(tmpdir(), 'simulation-'))
  const file = path.join(dir, 'disk.sqlite')
  writeFileSync(file, image)
  const handle = openSync(file, 'r+')
  const sqlite = new Sqlite(file)
  // Durability is the subject of other tests, with real files and recorded writes; here a commit only has to be whole.
  sqlite.pragma('journal_mode = MEMORY')
  sqlite.pragma('synchronous = OFF')
  lock('EXCLUSIVE')
  const remove = () => rmSync(dir, { recursive: true, force: true })
  // Where a file that is open may be removed nothing is left behind, however the thread ends.
  if (process.platform === 'win32') process.once('exit', remove)
  else remove()
  keepStatements(sqlite)

  /** A connection that holds the file alone does not look whether somebody else wrote to it. */
  function lock(mode: 'NORMAL' | 'EXCLUSIVE'): void {
    sqlite.pragma(`locking_mode = ${mode}`)
    sqlite.prepare('SELECT count(*) FROM sqlite_schema').get()
  }
  return {
    sqlite,
    reset() {
      if (sqlite.inTransaction) sqlite.exec('ROLLBACK')
      lock('NORMAL')
      writeSync(handle, image, 0, image.length, 0)
      ftruncateSync(handle, image.length)
      lock('EXCLUSIVE')
    },
    close() {
      sqlite.close()
      closeSync(handle)
    },
  }
}

/** Each text is compiled once for the connection, whichever process of the simulation asks for it. */
function keepStatements(sqlite: Sqlite.Database): void {
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
