import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { applySettings } from '#core/platform/connection.ts'
import { openDatabase } from '#core/platform/database.ts'
import { openEdgeDatabase } from '#edge/database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'settings-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const SETTINGS = {
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
  trusted_schema: 0,
  cell_size_check: 1,
} as const

describe('the settings on which durability rests', () => {
  it('hold on both connections of the core, at the second start as at the first', async () => {
    for (const start of [1, 2]) {
      const db = openDatabase(path.join(folder, 'core.sqlite'), {
        clock: createSystemClock(),
        auditKey: new Uint8Array(32),
      })
      for (const [name, value] of Object.entries(SETTINGS)) {
        const ask = sql<Record<string, unknown>>`PRAGMA ${sql.raw(name)}`
        const read = (await ask.execute(db.read)).rows[0]
        const written = await db.write('ask', async (tx) => (await ask.execute(tx)).rows[0])
        expect([start, name, read?.[name], written?.[name]]).toEqual([start, name, value, value])
      }
      const timeouts = (await sql<{ timeout: number }>`PRAGMA busy_timeout`.execute(db.read)).rows
      expect(timeouts).toEqual([{ timeout: 5000 }])
      await db.close()
    }
  })

  it('hold on the connection of the agent, at the second start as at the first', () => {
    for (const start of [1, 2]) {
      const db = openEdgeDatabase(path.join(folder, 'edge.sqlite'))
      for (const [name, value] of Object.entries({ ...SETTINGS, busy_timeout: 5000 }))
        expect([start, name, db.sql.pragma(name, { simple: true })]).toEqual([start, name, value])
      db.close()
    }
  })

  it('stop the start when SQLite does not keep one', () => {
    const connection = new Sqlite(':memory:')
    expect(() => applySettings(connection, false)).toThrow('journal_mode')
    connection.close()
  })
})
