import { describe, expect, it } from 'vitest'
import type Sqlite from 'better-sqlite3'
import { openGoodBooks } from './books-fixture.ts'
import { flipBits } from './flipping.ts'

const FLIPS = 200

describe('a flipped bit', () => {
  it('that changes anything about money or in the audit log is found, wherever in the file it is', async () => {
    const report = await flipBits(FLIPS, 15)
    expect(report.missed).toEqual([])
    // Otherwise only empty room was hit.
    expect(report.changed).toBeGreaterThan(FLIPS / 10)
    expect(report.found).toBeGreaterThanOrEqual(report.changed)
  }, 120_000)

  it('would mostly pass the check of SQLite alone, which is why the seals are there', () => {
    const books: Sqlite.Database = openGoodBooks()
    for (const trigger of books
      .prepare("SELECT name FROM temp.sqlite_schema WHERE type = 'trigger'")
      .pluck()
      .all() as string[])
      books.exec(`DROP TRIGGER temp."${trigger}"`)
    books.exec('UPDATE payment SET amountFen = amountFen + 1')
    expect(books.pragma('integrity_check', { simple: true })).toBe('ok')
    books.close()
  })
})
