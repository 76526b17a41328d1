import path from 'node:path'
import type { DiskRoom } from '#protocol/base/disk-room.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { createAfterRestore } from '#core/backup/after-restore.ts'
import { createBackups } from '#core/backup/backups.ts'
import type { Settings } from '#core/config.ts'
import { createChecker } from '#core/integrity/checker.ts'
import { coreFiles } from '#core/integrity/command.ts'
import { createOnCall } from '#core/integrity/on-call.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import { loadOrCreateKey } from '#core/platform/keys.ts'
import { createHttpTransport } from '#core/platform/transport.ts'
import type { Works } from '#core/works.ts'

const MIB = 1024 * 1024

/** Everything that watches over the core itself: its promises, its disk, its backups, and who is called. */
export function createCare(
  deps: CoreDeps & { auditKey: Uint8Array; publicUrl: () => string; room: DiskRoom },
  settings: Settings,
  works: Pick<Works, 'due' | 'commerce'>,
) {
  const { db, clock, ids, log, random, auditKey, room } = deps
  const files = coreFiles(settings.data)
  const onCall = createOnCall({
    ...deps,
    due: works.due,
    transport: createHttpTransport(clock),
    url: settings['on-call'],
    consoleUrl: deps.publicUrl,
  })
  const checker = createChecker({
    ...deps,
    file: files.database,
    everyMs: settings['check-seconds'] * 1000,
    onCall,
  })
  const backups = createBackups({
    ...deps,
    onCall,
    order: {
      database: files.database,
      evidence: path.join(files.folder, 'evidence'),
      to: settings.backups ?? path.join(settings.data, 'backups'),
      backupKey: loadOrCreateKey(path.join(files.folder, 'backup.key'), random),
      auditKey,
    },
  })
  const afterRestore =
    works.commerce === undefined ? undefined : createAfterRestore({ ...deps, ...works.commerce })

  /** Told by the room; when the disk is full it may not be possible to write it down, and the log says it. */
  async function noteDisk(isLow: boolean, freeBytes: number): Promise<void> {
    const left = `${Math.round(freeBytes / MIB)} MiB`
    if (isLow) log.error({ freeBytes }, 'little room is left on the disk; no new sessions are opened')
    else log.warn({ freeBytes }, 'there is room on the disk again')
    try {
      await db.write('room on the disk', async (tx) => {
        const call = {
          kind: 'disk_low',
          subject: 'disk',
          message: `Only ${left} are left on the disk of the core; no new sessions are opened.`,
        }
        if (isLow) {
          await raiseIncident(tx, ids, call)
          await onCall.call(tx, call)
        } else
          await tx
            .updateTable('incident')
            .set({ resolvedAtMs: clock.now() })
            .where('kind', '=', 'disk_low')
            .where('resolvedAtMs', 'is', null)
            .execute()
      })
    } catch (error) {
      log.error({ err: error }, `the state of the disk could not be recorded: ${messageOf(error)}`)
    }
  }

  return {
    checker,
    backups,
    disk: room,
    noteDisk,
    onCall,
    isSomebodyCalled: settings['on-call'] !== undefined,
    /** Before the works take up what was left: money waits until the database was looked at. */
    async start(): Promise<void> {
      room.start()
      await checker.start()
      afterRestore?.start()
      backups.start()
    },
    async stop(): Promise<void> {
      room.stop()
      afterRestore?.stop()
      await backups.stop()
      await checker.stop()
    },
  }
}
export type Care = ReturnType<typeof createCare>
