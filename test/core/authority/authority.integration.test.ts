import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { authorityFingerprint, openAuthority } from '#core/authority/authority.ts'
import { migrate } from '#core/platform/migrate.ts'
import { MIGRATIONS } from '#core/platform/migrations/index.ts'

const DAY_MS = 86_400_000
let folder: string
let nowMs: number
const open = (hosts: string[] = ['127.0.0.1', 'core.example']) =>
  openAuthority({ folder, hosts, clock: { now: () => nowMs }, random: createSystemRandom() })

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'authority-'))
  nowMs = Date.UTC(2026, 10, 22)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the authority of an installation', () => {
  it('is made once, kept in files that only this user reads, and the same after a restart', async () => {
    const first = await open()
    await first.serverIdentity()
    await first.coreIdentity('core.main')
    const again = await open()
    expect(again.caPem).toBe(first.caPem)
    expect(again.fingerprint).toBe(authorityFingerprint(new X509Certificate(first.caPem).raw))
    for (const name of readdirSync(folder)) expect(statSync(path.join(folder, name)).mode & 0o077).toBe(0)
  })
  it('takes a key back from others when somebody copied it with loose rights', async () => {
    await open()
    chmodSync(path.join(folder, 'ca.key'), 0o644)
    await open()
    expect(statSync(path.join(folder, 'ca.key')).mode & 0o077).toBe(0)
  })
  it('with a key that is not its own stops the start and says what to restore', async () => {
    await open()
    const other = mkdtempSync(path.join(tmpdir(), 'authority-'))
    const theirs = await openAuthority({
      folder: other,
      hosts: ['x'],
      clock: { now: () => nowMs },
      random: createSystemRandom(),
    })
    writeFileSync(path.join(folder, 'ca.pem'), theirs.caPem)
    rmSync(other, { recursive: true, force: true })
    await expect(open()).rejects.toThrow(/not the key of ca\.pem.*backup/s)
  })
})

describe("the server's certificate", () => {
  it('is for the names and addresses that were configured, and for no client', async () => {
    const authority = await open()
    const { certificatePem } = await authority.serverIdentity()
    const certificate = new X509Certificate(certificatePem)
    expect([certificate.checkHost('core.example'), certificate.checkIP('127.0.0.1')]).toEqual([
      'core.example',
      '127.0.0.1',
    ])
    expect(certificate.checkHost('elsewhere.example')).toBeUndefined()
    expect(certificate.verify(new X509Certificate(authority.caPem).publicKey)).toBe(true)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })
  it('stays until a third of its life is left, then a new one is made', async () => {
    const { certificatePem } = await (await open()).serverIdentity()
    nowMs += 59 * DAY_MS
    expect(await (await open()).serverIdentity()).toMatchObject({ certificatePem, isNew: false })
    nowMs += 2 * DAY_MS
    const renewed = await (await open()).serverIdentity()
    expect(renewed.isNew).toBe(true)
    expect(renewed.certificatePem).not.toBe(certificatePem)
  })
  it('is made anew when the names change', async () => {
    await (await open()).serverIdentity()
    const changed = await (await open(['127.0.0.1', 'new.example'])).serverIdentity()
    expect(changed.isNew).toBe(true)
    expect(new X509Certificate(changed.certificatePem).checkHost('new.example')).toBe('new.example')
  })
})

describe('a core from before there were several credentials', () => {
  it('keeps the password of each cabinet, and the withdrawal of one', () => {
    const database = new Sqlite(':memory:')
    migrate(database, MIGRATIONS.slice(0, 3), 1)
    const insert = database.prepare(
      `INSERT INTO cabinet (cabinetId, partition, nameZh, nameEn, siteZh, siteEn, operator, contact, timeZone, foodClass,
        createdAtMs, passwordSha256, publicKeyPem, enrolledAtMs, revokedAtMs)
       VALUES (?, 1, '', '', '', '', 'op', '', 'Asia/Shanghai', 'drink', 1, ?, ?, ?, ?)`,
    )
    insert.run('cab-1', 'a'.repeat(64), 'key 1', 5, null)
    insert.run('cab-2', 'b'.repeat(64), 'key 2', 5, 9)
    insert.run('cab-3', null, null, null, null)
    migrate(database, MIGRATIONS.slice(0, 4), 2)
    expect(
      database
        .prepare(
          'SELECT cabinetId, kind, proofSha256, publicKeyPem, revokedAtMs FROM credential ORDER BY cabinetId',
        )
        .all(),
    ).toEqual([
      {
        cabinetId: 'cab-1',
        kind: 'password',
        proofSha256: 'a'.repeat(64),
        publicKeyPem: 'key 1',
        revokedAtMs: null,
      },
      {
        cabinetId: 'cab-2',
        kind: 'password',
        proofSha256: 'b'.repeat(64),
        publicKeyPem: 'key 2',
        revokedAtMs: 9,
      },
    ])
    expect(() => database.prepare('UPDATE credential SET revokedAtMs = NULL').run()).toThrow(/stays revoked/)
    database.close()
  })
})
