import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ORDERS = 900
const TICKETS = 30
const MAIN = path.resolve(import.meta.dirname, '../../../core/main.ts')
let folder: string
let seeded: ReturnType<typeof core>

function core(...flags: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...flags, '--data', folder], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}
function ask<R>(text: string): R[] {
  const connection = new Sqlite(path.join(folder, 'core', 'core.sqlite'), { readonly: true })
  try {
    return connection.prepare(text).all() as R[]
  } finally {
    connection.close()
  }
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'seed-history-'))
  seeded = core('seed', '--orders', String(ORDERS), '--tickets', String(TICKETS))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('two years of invented business', () => {
  it('is made in an empty folder, and said with its size', () => {
    expect(seeded.status, seeded.stderr).toBe(0)
    const { history } = JSON.parse(seeded.stdout) as { history: Record<string, unknown> }
    expect(history).toMatchObject({ orders: ORDERS, tickets: TICKETS, cabinets: 8, operators: 4 })
  })

  it('has books that hold, and keeps every promise of a living core', () => {
    const books = core('audit-ledger', '--json')
    expect([books.status, books.stdout]).toEqual([0, expect.stringContaining('"ok": true')])
    const promises = core('check-invariants')
    expect([promises.status, promises.stdout]).toEqual([0, expect.stringContaining('All promises hold')])
  })

  it('has refunds, late charges, closed days and questions in it, and triggers and indexes as ever', () => {
    const [counts] = ask<Record<string, number>>(`SELECT
      (SELECT count(*) FROM refund WHERE state = 'succeeded') AS refunds,
      (SELECT count(*) FROM session WHERE reconciledAtMs - closedAtMs > 600000) AS late,
      (SELECT count(*) FROM ledgerEntry WHERE kind = 'day_closed') AS days,
      (SELECT count(*) FROM ticket) AS tickets,
      (SELECT count(*) FROM sqlite_master WHERE type = 'trigger') AS triggers`)
    expect(counts?.['refunds']).toBeGreaterThan(3)
    expect(counts?.['late']).toBeGreaterThan(0)
    expect(counts?.['days']).toBeGreaterThan(100)
    expect(counts?.['tickets']).toBe(TICKETS)
    expect(counts?.['triggers']).toBeGreaterThan(50)
  })

  it('never mixes with what is there', () => {
    const again = core('seed', '--orders', '10')
    expect([again.status, again.stderr]).toEqual([
      2,
      expect.stringContaining('Give an empty folder with --data'),
    ])
    expect(ask<{ orders: number }>('SELECT count(*) AS orders FROM "order"')).toEqual([{ orders: ORDERS }])
  })
})
