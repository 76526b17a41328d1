import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Clock } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { applySettings } from '#core/platform/connection.ts'
import { INVARIANTS } from './invariants.ts'
import { type PassResult, runPass } from './pass.ts'

/** The files of a core in its data folder. */
export function coreFiles(dataFolder: string): { folder: string; database: string; auditKey: string } {
  const folder = path.join(dataFolder, 'core')
  return { folder, database: path.join(folder, 'core.sqlite'), auditKey: path.join(folder, 'audit.key') }
}

/**
 * One look at everything, beside a core that runs or without one. Nothing is written.
 * @throws CabinetError when there is no database or no key
 */
export async function checkFolder(dataFolder: string, clock: Clock): Promise<PassResult> {
  const { database, auditKey } = coreFiles(dataFolder)
  for (const file of [database, auditKey])
    if (!existsSync(file))
      throw new CabinetError(
        'config_invalid',
        `There is no ${path.resolve(file)}; give the data folder of a core with --data.`,
      )
  return checkFile(database, Buffer.from(readFileSync(auditKey, 'utf8').trim(), 'base64'), clock)
}

/** One look at everything in one file. @throws CabinetError when it cannot be read at all */
export async function checkFile(database: string, auditKey: Uint8Array, clock: Clock): Promise<PassResult> {
  let connection: Sqlite.Database | undefined
  try {
    connection = new Sqlite(database, { readonly: true })
    applySettings(connection, true)
    return await runPass(connection, { auditKey, nowMs: clock.now(), since: undefined })
  } catch (error) {
    throw new CabinetError('data_folder_unusable', `${database} cannot be checked: ${messageOf(error)}.`, {
      cause: error,
    })
  } finally {
    connection?.close()
  }
}

/** What `npm run core -- check-invariants` prints, and its exit code. */
export function describeCheck(result: PassResult, isJson: boolean): { text: string; code: 0 | 1 } {
  const { violations } = result
  const code: 0 | 1 = violations.length === 0 ? 0 : 1
  const checked = INVARIANTS.map(({ id }) => id)
  if (isJson) return { text: JSON.stringify({ ok: code === 0, checked, violations }, null, 2), code }
  if (code === 0) return { text: `All promises hold: ${checked.join(', ')}.`, code }
  const lines = violations.map(
    ({ invariantId, subject, message }) => `  ${invariantId.padEnd(4)} ${subject}: ${message}`,
  )
  return {
    text: [
      `${violations.length} promises are broken:`,
      ...lines,
      'No money moves until somebody has looked; docs/explain/reliability.md says what each number means.',
    ].join('\n'),
    code,
  }
}
