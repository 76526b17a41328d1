import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { copyKeys, restoreBackup } from '#core/backup/restore.ts'
import { takeBackup } from '#core/backup/take-backup.ts'
import { findMoneyStop } from '#core/payments/stop.ts'
import { openDatabase } from '#core/platform/database.ts'
import { loadOrCreateKey } from '#core/platform/keys.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

let folder: string
const { clock } = createManualClock()
const random = createSeededRandom(1)
const data = () => path.join(folder, 'data')
const core = (...parts: string[]) => path.join(data(), 'core', ...parts)
const backups = () => path.join(folder, 'backups')
const keys = () => path.join(folder, 'keys')

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'backup-'))
  mkdirSync(core(), { recursive: true })
  loadOrCreateKey(core('backup.key'), random)
  const auditKey = loadOrCreateKey(core('audit.key'), random)
  const db = openDatabase(core('core.sqlite'), { clock, auditKey })
  await db.write('entry', (tx) =>
    appendAudit(tx, { actor: 'system', action: 'test', subject: 'a secret word' }),
  )
  await db.close()
  copyKeys(data(), keys())
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const key = (name: string) => Buffer.from(readFileSync(core(name), 'utf8').trim(), 'base64')
const take = () =>
  takeBackup(
    {
      database: core('core.sqlite'),
      evidence: core('evidence'),
      to: backups(),
      nowMs: clock.now(),
      backupKey: key('backup.key'),
      auditKey: key('audit.key'),
    },
    random,
  )
const restore = (from = backups()) =>
  restoreBackup({ from, data: data(), keysFrom: keys() }, { clock, ids: createIds(clock, random) })

describe('a backup', () => {
  it('is sealed, readable by its owner alone, and leaves nothing open behind', async () => {
    const { file } = await take()
    const bytes = readFileSync(file)
    expect(bytes.includes('a secret word') || bytes.includes('SQLite format')).toBe(false)
    expect(statSync(file).mode & 0o077).toBe(0)
    expect(readdirSync(core()).filter((name) => name.includes('partial'))).toEqual([])
  })

  it('comes back into an empty folder; money waits, and the loss is remembered', async () => {
    const { atMs } = await take()
    rmSync(core(), { recursive: true })
    const report = await restore()
    expect([report.backupAtMs, report.violations]).toEqual([atMs, []])
    const db = openDatabase(core('core.sqlite'), { clock, auditKey: key('audit.key') })
    expect((await findMoneyStop(db.read))?.why).toBe('restored')
    const actions = await db.read.selectFrom('audit').select('action').orderBy('seq').execute()
    expect(actions.map(({ action }) => action)).toEqual(['test', 'database.restored'])
    await db.close()
  })

  it('is not put over a database that is there', async () => {
    await take()
    await expect(restore()).rejects.toThrow('would be lost')
  })

  it('that was altered in a single bit is refused, wherever the bit is', async () => {
    const { file } = await take()
    rmSync(core(), { recursive: true })
    const whole = readFileSync(file)
    for (const at of [3, 20, 200, Math.floor(whole.length / 2), whole.length - 1]) {
      const altered = Buffer.from(whole)
      altered[at] = (altered[at] as number) ^ 1
      writeFileSync(file, altered)
      await expect(restore(file)).rejects.toThrow()
      expect(existsSync(core('core.sqlite'))).toBe(false)
    }
  })

  it('of a database that somebody changed is not made', async () => {
    const connection = new Sqlite(core('core.sqlite'))
    connection.exec(`DROP TRIGGER audit_is_never_changed; UPDATE audit SET subject = 'another'`)
    connection.close()
    await expect(take()).rejects.toThrow('not whole')
    expect(readdirSync(backups())).toEqual([])
  })

  it('without its key says which one is missing', async () => {
    await take()
    rmSync(core(), { recursive: true })
    rmSync(path.join(keys(), 'backup.key'))
    await expect(restore()).rejects.toThrow('backup.key')
  })
})
