import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import { runPass } from '#core/integrity/pass.ts'
import { applySettings } from '#core/platform/connection.ts'
import { decideKept, nameOfBackup, timeOfBackup } from './keep.ts'
import { openSealedFile, sealFile } from './sealed-file.ts'

export interface BackupOrder {
  /** The core's database. */
  readonly database: string
  /** Folder of the evidence files. */
  readonly evidence: string
  /** Where backups go; another disk, at best. */
  readonly to: string
  readonly nowMs: number
  readonly backupKey: Uint8Array
  readonly auditKey: Uint8Array
}
export interface BackupReport {
  readonly file: string
  readonly bytes: number
  readonly atMs: number
  readonly evidenceAdded: number
  readonly evidenceRemoved: number
  readonly removed: number
  readonly kept: number
}

/** Evidence that the database does not know any more stays in the backups for as long as the oldest of them. */
const EVIDENCE_AFTER_MS = 35 * 24 * 3_600_000
/** Pages that are copied before the event loop of this thread turns; all of them, so that one state is copied. */
const PAGES_AT_ONCE = 1_000_000_000

/**
 * Copies the database while it is used, looks at the copy as at the original, and puts it away sealed. Never `cp`: that
 * loses what stands in the write-ahead log. Meant for a thread or a process of its own.
 * @throws CabinetError when the copy does not hold what it should; nothing is put away then
 */
export async function takeBackup(order: BackupOrder, random: Pick<Random, 'bytes'>): Promise<BackupReport> {
  const { to, nowMs } = order
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const copy = path.join(path.dirname(order.database), 'backup.partial')
  const file = path.join(to, nameOfBackup(nowMs))
  try {
    await copyDatabase(order.database, copy)
    await checkCopy(copy, order)
    const header = sealFile(copy, file, {
      kind: 'database',
      createdAtMs: nowMs,
      key: order.backupKey,
      random,
    })
    // Read back: a backup that was never opened is a hope.
    openSealedFile(file, copy, order.backupKey)
    const evidence = await copyEvidence(copy, order, random)
    const removed = removeOld(to)
    return { file, bytes: header.bytes, atMs: nowMs, ...evidence, ...removed }
  } finally {
    for (const end of ['', '-wal', '-shm', '-journal', '.partial']) rmSync(`${copy}${end}`, { force: true })
  }
}

async function copyDatabase(database: string, copy: string): Promise<void> {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${copy}${end}`, { force: true })
  const source = new Sqlite(database, { readonly: true })
  try {
    await source.backup(copy, { progress: () => PAGES_AT_ONCE })
  } finally {
    source.close()
  }
}

/** The promises hold in the copy, or it is no backup. */
async function checkCopy(copy: string, order: BackupOrder): Promise<void> {
  const connection = new Sqlite(copy)
  try {
    applySettings(connection, false)
    const { violations } = await runPass(connection, {
      auditKey: order.auditKey,
      nowMs: order.nowMs,
      since: undefined,
    })
    // What only a person must look at does not make the copy a bad one.
    const damage = violations.find(({ invariantId }) => invariantId === 'I15')
    if (damage !== undefined)
      throw new CabinetError(
        'data_folder_unusable',
        `The copy is not whole (${damage.subject}: ${damage.message}), so nothing was put away.`,
      )
    connection.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    connection.close()
  }
}

/** Evidence is named by what it holds, so what is there already need not be copied again. */
async function copyEvidence(
  copy: string,
  order: BackupOrder,
  random: Pick<Random, 'bytes'>,
): Promise<{ evidenceAdded: number; evidenceRemoved: number }> {
  const folder = path.join(order.to, 'evidence')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const connection = new Sqlite(copy, { readonly: true })
  let evidenceAdded = 0
  let evidenceRemoved = 0
  try {
    const wanted = new Set(connection.prepare('SELECT sha256 FROM blob').pluck().all() as string[])
    const there = new Set(readdirSync(folder))
    for (const sha256 of wanted) {
      const source = evidenceFile(order.evidence, sha256)
      if (there.has(sha256) || !existsSync(source)) continue
      sealFile(source, path.join(folder, sha256), {
        kind: 'evidence',
        createdAtMs: order.nowMs,
        key: order.backupKey,
        random,
      })
      evidenceAdded++
    }
    for (const name of there) {
      if (wanted.has(name) || order.nowMs - statSync(path.join(folder, name)).mtimeMs < EVIDENCE_AFTER_MS)
        continue
      rmSync(path.join(folder, name), { force: true })
      evidenceRemoved++
    }
  } finally {
    connection.close()
  }
  return { evidenceAdded, evidenceRemoved }
}

/** Where the evidence store keeps the file of a hash. */
export function evidenceFile(folder: string, sha256: string): string {
  return path.join(folder, sha256.slice(0, 2), sha256)
}

export function listBackups(to: string): Array<{ file: string; atMs: number; bytes: number }> {
  if (!existsSync(to)) return []
  return readdirSync(to)
    .flatMap((name) => {
      const atMs = timeOfBackup(name)
      const file = path.join(to, name)
      return atMs === undefined ? [] : [{ file, atMs, bytes: statSync(file).size }]
    })
    .toSorted((a, b) => b.atMs - a.atMs)
}

function removeOld(to: string): { removed: number; kept: number } {
  const all = listBackups(to)
  const kept = decideKept(all.map(({ atMs }) => atMs))
  const old = all.filter(({ atMs }) => !kept.has(atMs))
  for (const { file } of old) rmSync(file, { force: true })
  return { removed: old.length, kept: all.length - old.length }
}
