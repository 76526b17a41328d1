import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Clock } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { checkFile, coreFiles } from '#core/integrity/command.ts'
import type { Violation } from '#core/integrity/invariants.ts'
import { openDatabase } from '#core/platform/database.ts'
import { stopMoney } from '#core/payments/stop.ts'
import { openSealedFile, settleFile } from './sealed-file.ts'
import { evidenceFile, listBackups } from './take-backup.ts'
import { addRestoreWindow } from './windows.ts'

export interface RestoreReport {
  readonly database: string
  readonly backupAtMs: number
  readonly evidence: number
  readonly evidenceMissing: number
  readonly violations: readonly Violation[]
}

/** Keys and secrets that no backup holds; without them a restored database is mute. */
const KEY_FILES = ['backup.key', 'audit.key', 'seal.key', 'index.key', 'enrolment.key']
const KEY_FOLDERS = ['authority']

/** Copies what no backup holds to a place of the operator's choice. @returns what was copied */
export function copyKeys(dataFolder: string, to: string): string[] {
  const { folder } = coreFiles(dataFolder)
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const copied: string[] = []
  const copy = (name: string) => {
    const target = path.join(to, name)
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 })
    copyFileSync(path.join(folder, name), `${target}.partial`)
    settleFile(`${target}.partial`, target)
    copied.push(name)
  }
  for (const name of KEY_FILES) if (existsSync(path.join(folder, name))) copy(name)
  for (const name of KEY_FOLDERS)
    if (existsSync(path.join(folder, name)))
      for (const file of readdirSync(path.join(folder, name))) copy(path.join(name, file))
  return copied
}

/**
 * Puts a backup into an empty data folder. The core that starts on it asks the provider before it moves money, and the
 * cabinets for what they told since.
 * @param from  a backup, or a folder of them: the newest
 * @param keysFrom  folder with the keys; those of the data folder when absent
 * @throws CabinetError with what to do
 */
export async function restoreBackup(
  order: { from: string; data: string; keysFrom: string | undefined },
  surroundings: { clock: Clock; ids: Ids },
): Promise<RestoreReport> {
  const { clock, ids } = surroundings
  const { folder, database, auditKey } = coreFiles(order.data)
  if (existsSync(database))
    throw new CabinetError(
      'config_invalid',
      `${path.resolve(database)} exists and would be lost. Stop the core and move the file away (with its -wal and -shm) if it is not wanted any more.`,
    )
  const file =
    existsSync(order.from) && !order.from.endsWith('.backup') ? listBackups(order.from)[0]?.file : order.from
  if (file === undefined || !existsSync(file))
    throw new CabinetError(
      'config_invalid',
      `There is no backup in ${path.resolve(order.from)} (--from FILE or FOLDER).`,
    )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (order.keysFrom !== undefined) bringKeys(order.keysFrom, folder)
  const key = readKey(path.join(folder, 'backup.key'))
  const audit = readKey(auditKey)
  const draft = path.join(folder, 'restored.partial')
  const header = openSealedFile(file, draft, key)
  try {
    // It was sealed with its log folded in; opening it here must not leave one behind.
    const connection = new Sqlite(draft)
    connection.pragma('journal_mode = WAL')
    connection.close()
    const { violations } = await checkFile(draft, audit, clock)
    settleFile(draft, database)
    await markRestored(database, {
      auditKey: audit,
      backupAtMs: header.createdAtMs,
      clock,
      ids,
      file: path.basename(file),
    })
    const evidence = bringEvidence(
      path.join(path.dirname(file), 'evidence'),
      path.join(folder, 'evidence'),
      database,
      key,
    )
    return { database, backupAtMs: header.createdAtMs, ...evidence, violations }
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(`${draft}${end}`, { force: true })
  }
}

function bringKeys(from: string, folder: string): void {
  if (!existsSync(from))
    throw new CabinetError('config_invalid', `There is no folder ${path.resolve(from)} (--keys FOLDER).`)
  for (const name of KEY_FILES)
    if (existsSync(path.join(from, name))) copyFileSync(path.join(from, name), path.join(folder, name))
  for (const name of KEY_FOLDERS) {
    if (!existsSync(path.join(from, name))) continue
    mkdirSync(path.join(folder, name), { recursive: true, mode: 0o700 })
    for (const file of readdirSync(path.join(from, name)))
      copyFileSync(path.join(from, name, file), path.join(folder, name, file))
  }
}

function readKey(file: string): Uint8Array {
  if (!existsSync(file))
    throw new CabinetError(
      'config_invalid',
      `There is no ${path.resolve(file)}. No backup holds the keys; give the folder to which "core -- keys --to FOLDER" copied them as --keys.`,
    )
  return Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
}

/** The database learns that it came back: cabinets count its wishes anew, and money waits until the provider was asked. */
async function markRestored(
  database: string,
  about: { auditKey: Uint8Array; backupAtMs: number; clock: Clock; ids: Ids; file: string },
): Promise<void> {
  const { auditKey, backupAtMs, clock, ids, file } = about
  const db = openDatabase(database, { clock, auditKey })
  try {
    await db.write('restored', async (tx) => {
      const restoredAtMs = clock.now()
      await addRestoreWindow(tx, { backupAtMs, restoredAtMs })
      const value = ids.next('epoch')
      await tx
        .insertInto('fact')
        .values({ name: 'identity', value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute()
      await stopMoney(tx, { why: 'restored', detail: `restored from ${file}; the provider is asked first` })
      await appendAudit(tx, {
        actor: 'system',
        action: 'database.restored',
        subject: 'system',
        detail: { file, backupAtMs },
      })
    })
  } finally {
    await db.close()
  }
}

function bringEvidence(
  from: string,
  to: string,
  database: string,
  key: Uint8Array,
): { evidence: number; evidenceMissing: number } {
  const connection = new Sqlite(database, { readonly: true })
  let evidence = 0
  let evidenceMissing = 0
  try {
    for (const sha256 of connection.prepare('SELECT sha256 FROM blob').pluck().all() as string[]) {
      const target = evidenceFile(to, sha256)
      const source = path.join(from, sha256)
      if (existsSync(target)) continue
      if (!existsSync(source)) {
        evidenceMissing++
        continue
      }
      mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 })
      openSealedFile(source, target, key)
      evidence++
    }
  } finally {
    connection.close()
  }
  return { evidence, evidenceMissing }
}
