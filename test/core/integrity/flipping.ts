import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { createSeededRandom, integerBelow } from '#protocol/base/random.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { runPass } from '#core/integrity/pass.ts'
import { post } from '#core/ledger/journal.ts'
import { openDatabase } from '#core/platform/database.ts'
import { SEALED_TABLES } from '#core/platform/row-seals.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'
import { AUDIT_KEY, NOW_MS, openGoodBooks } from './books-fixture.ts'

const MONEY_AND_AUDIT = [...Object.keys(SEALED_TABLES), 'audit', 'ledgerEntry', 'ledgerLine']

export interface FlipReport {
  flips: number
  /** Flips that changed a row about money or of the audit log, or made it unreadable. */
  changed: number
  /** Flips that a look at everything told of, with those in places that hold nothing. */
  found: number
  /** Where a change was not found. */
  missed: string[]
}

/** A database with money, a journal and an audit log, all in one file. */
async function writeBooks(file: string): Promise<void> {
  const { clock } = createManualClock(NOW_MS)
  openGoodBooks(file).close()
  const db = openDatabase(file, { clock, auditKey: AUDIT_KEY })
  for (let n = 0; n < 200; n++)
    await db.write('entry', (tx) =>
      appendAudit(tx, { actor: 'staff:anna', action: 'door.opened', subject: `cabinet:${n}`, detail: { n } }),
    )
  for (let n = 0; n < 50; n++)
    await db.write('post', (tx) =>
      post(
        tx,
        {
          kind: 'payment',
          lines: [
            { account: 'provider_clearing', amountFen: n + 1 },
            { account: 'consumer_receivable', amountFen: -n - 1 },
          ],
        },
        { subjectId: `p${n}`, orderId: null, cabinetId: null, operator: 'op', occurredAtMs: NOW_MS },
      ),
    )
  await db.close()
  const connection = new Sqlite(file)
  connection.pragma('wal_checkpoint(TRUNCATE)')
  connection.pragma('journal_mode = DELETE')
  connection.close()
}

/** Every row about money and of the audit log, as whoever reads the database gets it. */
function contentsOf(database: string): string {
  const connection = new Sqlite(database, { readonly: true })
  try {
    return JSON.stringify(
      MONEY_AND_AUDIT.map((table) => connection.prepare(`SELECT * FROM "${table}"`).raw().all()),
    )
  } finally {
    connection.close()
  }
}
/** What a look at everything finds, or that nobody could overlook it. */
async function findingsIn(database: string): Promise<string> {
  const connection = new Sqlite(database, { readonly: true })
  try {
    const { violations } = await runPass(connection, { auditKey: AUDIT_KEY, nowMs: NOW_MS, since: undefined })
    return JSON.stringify(violations)
  } catch {
    return 'it cannot be read'
  } finally {
    connection.close()
  }
}

/** Flips one bit at a time, in the pages of money, audit and seals, and looks at everything. */
export async function flipBits(count: number, seed: number): Promise<FlipReport> {
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'flipped-bits-'))
  const file = path.join(folder, 'core.sqlite')
  const random = createSeededRandom(seed)
  try {
    await writeBooks(file)
    const whole = readFileSync(file)
    const before = contentsOf(file)
    // The books of this test are small and not all written by the core itself: what is told about them stays the same.
    const usual = await findingsIn(file)
    if (usual.includes('I15')) throw new Error(`the books were not whole before: ${usual}`)
    // Pages of these tables and of their seals, not the empty room of others.
    const connection = new Sqlite(file, { readonly: true })
    const pages = connection
      .prepare(
        `SELECT pageno FROM dbstat WHERE name IN (${[...MONEY_AND_AUDIT, 'rowSeal'].map((name) => `'${name}'`).join(', ')})`,
      )
      .pluck()
      .all() as number[]
    const pageBytes = connection.pragma('page_size', { simple: true }) as number
    connection.close()
    const copy = path.join(folder, 'flipped.sqlite')
    const missed: string[] = []
    let changed = 0
    let found = 0
    for (let n = 0; n < count; n++) {
      const page = pages[integerBelow(random, pages.length)] as number
      const at = (page - 1) * pageBytes + integerBelow(random, pageBytes)
      const bit = integerBelow(random, 8)
      writeFileSync(copy, whole)
      const descriptor = openSync(copy, 'r+')
      writeSync(descriptor, Buffer.from([(whole[at] as number) ^ (1 << bit)]), 0, 1, at)
      closeSync(descriptor)
      const isNoticed = (await findingsIn(copy)) !== usual
      if (isNoticed) found++
      let after: string
      try {
        after = contentsOf(copy)
      } catch {
        after = 'unreadable'
      }
      if (after === before) continue
      changed++
      if (!isNoticed) missed.push(`byte ${at}, bit ${bit}`)
    }
    return { flips: count, changed, found, missed }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
