import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate as turn } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createDatabase, type Database, openDatabase, type Tx } from '#core/platform/database.ts'
import { migrate } from '#core/platform/migrate.ts'
import { MIGRATIONS } from '#core/platform/migrations/index.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'

let folder: string
let db: Database
const auditKey = new Uint8Array(32)

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'core-database-'))
  db = openDatabase(path.join(folder, 'core.sqlite'), { clock: createSystemClock(), auditKey })
})
afterEach(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

const insert = (name: string) => async (tx: Tx) => {
  await tx.insertInto('fact').values({ name, value: 'x' }).execute()
  return name
}
const names = async () =>
  (await db.read.selectFrom('fact').select('name').orderBy('name').execute()).map((row) => row.name)

describe('units that arrive together', () => {
  it('share one commit', async () => {
    let commits = 0
    db.onCommit(() => commits++)
    await Promise.all(['a', 'b', 'c'].map((name) => db.write(name, insert(name))))
    expect(await names()).toEqual(['a', 'b', 'c'])
    expect(commits).toBe(1)
  })

  it('do not suffer when one of them fails, and what it wrote is gone', async () => {
    const results = await Promise.allSettled([
      db.write('first', insert('a')),
      db.write('failing', async (tx) => {
        await insert('half')(tx)
        throw new Error('no')
      }),
      db.write('last', insert('c')),
    ])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await names()).toEqual(['a', 'c'])
  })
})

describe('a unit beside which there is no other', () => {
  it('leaves nothing when it fails, and the next one is written', async () => {
    const failing = db.write('failing', async (tx) => {
      await insert('half')(tx)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await names()).toEqual([])
    await db.write('next', insert('a'))
    expect(await names()).toEqual(['a'])
  })
})

describe('a statement that finds no room on the disk', () => {
  it('is told as a failing disk, and the others are committed', async () => {
    const writer = new Sqlite(':memory:')
    migrate(writer, MIGRATIONS, 0)
    let timesFull = 0
    const full = createDatabase({
      clock: createSystemClock(),
      auditKey,
      writer,
      read: createKysely(createRunner(writer)),
      gather: (commit) => void setImmediate(commit),
      close: () => writer.close(),
      onFull: () => timesFull++,
    })
    writer.pragma(`max_page_count = ${String(writer.pragma('page_count', { simple: true }))}`)
    const [large, small] = await Promise.allSettled([
      full.write('large', (tx) =>
        // Of two rows: SQLite takes back the statement and leaves the transaction as it is.
        tx
          .insertInto('fact')
          .values(['a', 'b'].map((name) => ({ name, value: 'x'.repeat(1_000_000) })))
          .execute(),
      ),
      full.write('small', insert('small')),
    ])
    expect(large).toMatchObject({ status: 'rejected', reason: { code: 'storage_failed' } })
    expect(timesFull).toBe(1)
    expect(small.status).toBe('fulfilled')
    expect(await full.read.selectFrom('fact').select('name').execute()).toEqual([{ name: 'small' }])
    await full.close()
  })
})

describe('a unit that awaits something other than SQL', () => {
  it('is refused with a sentence, leaves nothing behind, and cannot write later', async () => {
    let late: Promise<unknown> = Promise.resolve()
    const slow = db.write('slow unit', async (tx) => {
      await insert('early')(tx)
      await turn()
      await turn()
      late = insert('late')(tx)
      await late
    })
    await expect(slow).rejects.toThrow(/"slow unit" awaited something other than SQL/)
    await turn()
    await turn()
    await expect(late).rejects.toThrow(/is over/)
    expect(await names()).toEqual([])
  })
})

describe('the connections', () => {
  it('keep the settings on which durability rests', () => {
    const file = new Sqlite(path.join(folder, 'core.sqlite'), { readonly: true })
    expect(file.pragma('journal_mode', { simple: true })).toBe('wal')
    file.close()
  })
  it('cannot write through the reading one', async () => {
    await expect(db.read.insertInto('fact').values({ name: 'a', value: 'b' }).execute()).rejects.toThrow(
      /readonly/,
    )
  })
})

describe('a process that is killed', () => {
  it('keeps every write that it reported', async () => {
    const file = path.join(folder, 'killed.sqlite')
    for (let round = 0; round < 3; round++) {
      const child = spawn(
        process.execPath,
        [path.join(import.meta.dirname, 'write-until-killed.ts'), file, String(round)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      const reported: string[] = []
      for await (const line of createInterface({ input: child.stdout })) {
        reported.push(line)
        if (reported.length === 200) child.kill('SIGKILL')
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      const survivor = new Sqlite(file, { readonly: true })
      const kept = new Set(survivor.prepare('SELECT name FROM fact').pluck().all())
      survivor.close()
      expect(reported.filter((name) => !kept.has(name))).toEqual([])
    }
  })
})
