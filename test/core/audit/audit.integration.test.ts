import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { appendAudit, findBrokenAudit } from '#core/audit/audit.ts'
import { type Database, openDatabase } from '#core/platform/database.ts'

const auditKey = new Uint8Array(32).fill(7)
let folder: string
let db: Database
const file = () => path.join(folder, 'core.sqlite')

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'core-audit-'))
  db = openDatabase(file(), { clock: createSystemClock(), auditKey })
  await Promise.all(
    [1, 2, 3].map((n) =>
      db.write('entry', (tx) =>
        appendAudit(tx, { actor: 'staff:a', action: 'door.opened', subject: `cabinet:${n}`, detail: { n } }),
      ),
    ),
  )
})
afterEach(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})
/** Somebody with the file in their hands. */
function tamper(sql: string): void {
  const connection = new Sqlite(file())
  connection.exec(`DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_deleted; ${sql}`)
  connection.close()
}

describe('the audit log', () => {
  it('is whole when nobody touched it', async () => {
    expect(await findBrokenAudit(db.read, auditKey)).toBeUndefined()
  })
  it('refuses to be changed or shortened', async () => {
    await expect(
      db.write('change', (tx) => tx.updateTable('audit').set({ actor: 'nobody' }).execute()),
    ).rejects.toThrow(/append-only/)
    await expect(db.write('delete', (tx) => tx.deleteFrom('audit').execute())).rejects.toThrow(/append-only/)
  })
  it('shows a row that was altered in the file', async () => {
    tamper(`UPDATE audit SET subject = 'cabinet:9' WHERE seq = 2`)
    expect(await findBrokenAudit(db.read, auditKey)).toEqual({ seq: 2, reason: 'its contents were changed' })
  })
  it('shows a row that was taken out of the file', async () => {
    tamper('DELETE FROM audit WHERE seq = 2')
    expect(await findBrokenAudit(db.read, auditKey)).toEqual({ seq: 2, reason: 'the row is missing' })
  })
  it('shows a whole log that was written with another key', async () => {
    expect(await findBrokenAudit(db.read, new Uint8Array(32))).toMatchObject({ seq: 1 })
  })
})
