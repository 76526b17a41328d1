import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { copyKeys, restoreBackup } from '#core/backup/restore.ts'
import { takeBackup } from '#core/backup/take-backup.ts'
import type { Settings } from '#core/config.ts'
import type { CommandResult } from '#core/finance-command.ts'
import { checkFolder, coreFiles, describeCheck } from '#core/integrity/command.ts'
import { loadOrCreateKey } from '#core/platform/keys.ts'

/** Commands on the data folder that need no core of their own; all but `restore` may be given while one runs. */
const COMMANDS = ['check-invariants', 'backup', 'keys', 'restore'] as const
type FolderCommand = (typeof COMMANDS)[number]

export function isFolderCommand(command: string): command is FolderCommand {
  return (COMMANDS as readonly string[]).includes(command)
}

export async function folderCommand(
  command: FolderCommand,
  settings: Settings,
  surroundings: { clock: Clock; ids: Ids; random: Random },
): Promise<CommandResult> {
  const { clock } = surroundings
  switch (command) {
    case 'check-invariants':
      return describeCheck(await checkFolder(settings.data, clock), settings.json)
    case 'backup':
      return backupNow(settings, surroundings)
    case 'keys':
      return keysCommand(settings)
    case 'restore':
      return restoreCommand(settings, surroundings)
  }
}

async function backupNow(
  settings: Settings,
  { clock, random }: { clock: Clock; random: Random },
): Promise<CommandResult> {
  const files = coreFiles(settings.data)
  if (!existsSync(files.database))
    throw new CabinetError(
      'config_invalid',
      `There is no ${path.resolve(files.database)}; give the data folder of a core with --data.`,
    )
  const report = await takeBackup(
    {
      database: files.database,
      evidence: path.join(files.folder, 'evidence'),
      to: settings.to ?? settings.backups ?? path.join(settings.data, 'backups'),
      nowMs: clock.now(),
      backupKey: loadOrCreateKey(path.join(files.folder, 'backup.key'), random),
      auditKey: Buffer.from(readFileSync(files.auditKey, 'utf8').trim(), 'base64'),
    },
    random,
  )
  if (settings.json) return { code: 0, text: JSON.stringify(report, null, 2) }
  return {
    code: 0,
    text: [
      `The backup ${path.resolve(report.file)} was made, opened again and found whole (${report.bytes} bytes inside).`,
      `Evidence: ${report.evidenceAdded} new files. Backups kept: ${report.kept}, removed: ${report.removed}.`,
      'It does not hold the keys: copy them to another place once with "npm run core -- keys --to FOLDER".',
    ].join('\n'),
  }
}

function keysCommand(settings: Settings): CommandResult {
  if (settings.to === undefined)
    throw new CabinetError(
      'config_invalid',
      'Say where the keys go: keys --to FOLDER. Not beside the backups.',
    )
  const copied = copyKeys(settings.data, settings.to)
  return {
    code: 0,
    text: [
      `${copied.length} files were copied to ${path.resolve(settings.to)}: ${copied.join(', ')}.`,
      'Whoever has them and a backup can read everything: keep them apart.',
    ].join('\n'),
  }
}

async function restoreCommand(
  settings: Settings,
  { clock, ids }: { clock: Clock; ids: Ids },
): Promise<CommandResult> {
  const report = await restoreBackup(
    {
      from: settings.from ?? settings.backups ?? path.join(settings.data, 'backups'),
      data: settings.data,
      keysFrom: settings.keys,
    },
    { clock, ids },
  )
  const code = report.violations.length === 0 ? 0 : 1
  if (settings.json) return { code, text: JSON.stringify(report, null, 2) }
  return {
    code,
    text: [
      `${path.resolve(report.database)} is as it was on ${new Date(report.backupAtMs).toISOString()}.`,
      `Evidence: ${report.evidence} files came back, ${report.evidenceMissing} are not in the backups.`,
      ...report.violations.map(
        ({ invariantId, subject, message }) => `  broken: ${invariantId} ${subject}: ${message}`,
      ),
      'Start the core as always: it asks the provider before any money moves, and the cabinets for what happened since.',
    ].join('\n'),
  }
}
