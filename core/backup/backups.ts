import { Worker } from 'node:worker_threads'
import { every, type Timer } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { OnCall } from '#core/integrity/on-call.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { BackupAnswer } from './backup-worker.ts'
import { type BackupOrder, type BackupReport, listBackups } from './take-backup.ts'

export interface BackupState {
  readonly isOn: boolean
  readonly lastAtMs: number | null
  readonly lastBytes: number | null
  readonly isLate: boolean
  readonly failure: string | null
  readonly kept: number
}
export interface Backups {
  start(): void
  /** @throws CabinetError when none could be made */
  take(): Promise<BackupReport>
  state(): BackupState
  stop(): Promise<void>
}

const HOUR_MS = 3_600_000
/** Looked at this often whether one is due. */
const LOOK_MS = 60_000
const LATE_MS = 3 * HOUR_MS
const TAKE_WITHIN_MS = 30 * 60_000

/** One backup an hour, in a thread of its own, looked at before it counts. A person is called when none succeeded for hours. */
export function createBackups(
  deps: CoreDeps & { order: Omit<BackupOrder, 'nowMs'>; onCall: OnCall },
): Backups {
  const { db, clock, ids, log, random, order, onCall } = deps
  let timer: Timer | undefined
  let failure: string | null = null
  let running: Promise<BackupReport> | undefined
  let worker: Worker | undefined
  const startedAtMs = clock.now()

  function run(): Promise<BackupReport> {
    return new Promise((resolve, reject) => {
      const thread = new Worker(new URL('./backup-worker.ts', import.meta.url), {
        workerData: { order: { ...order, nowMs: clock.now() } satisfies BackupOrder, seed: random.bytes(32) },
      })
      thread.unref()
      worker = thread
      const end = (why: string) => {
        limit.cancel()
        worker = undefined
        reject(new CabinetError('storage_failed', `No backup was made: ${why}`))
      }
      const limit = clock.setTimer('backup', TAKE_WITHIN_MS, () => {
        void thread.terminate()
        end('it took too long')
      })
      thread.once('message', (answer: BackupAnswer) => {
        limit.cancel()
        worker = undefined
        if ('report' in answer) resolve(answer.report)
        else end(answer.failure)
      })
      thread.once('error', (error) => end(messageOf(error)))
      thread.once('exit', (code) => end(`its thread ended with ${code}`))
    })
  }

  function take(): Promise<BackupReport> {
    running ??= run().finally(() => {
      running = undefined
    })
    return running
  }

  async function takeDue(): Promise<void> {
    const newest = listBackups(order.to)[0]
    if (newest !== undefined && clock.now() - newest.atMs < HOUR_MS) return
    try {
      const { file, bytes } = await take()
      failure = null
      log.info({ file, bytes }, 'a backup was made and looked at')
    } catch (error) {
      failure = messageOf(error)
      log.error({ err: error }, 'a backup failed')
      if (isLate(newest?.atMs)) await callSomebody(failure)
    }
  }
  function isLate(lastAtMs: number | undefined): boolean {
    return clock.now() - Math.max(lastAtMs ?? 0, startedAtMs) > LATE_MS
  }
  async function callSomebody(why: string): Promise<void> {
    await db.write('a backup is late', async (tx) => {
      const call = {
        kind: 'backup_late',
        subject: 'backup',
        message: `There has been no backup for three hours: ${why}`,
      }
      await raiseIncident(tx, ids, call)
      await onCall.call(tx, call)
    })
  }

  return {
    start() {
      timer = every(clock, 'backup', LOOK_MS, async () => {
        try {
          await takeDue()
        } catch (error) {
          log.error({ err: error }, 'a late backup could not be reported')
        }
      })
    },
    take,
    state() {
      const all = listBackups(order.to)
      const newest = all[0]
      return {
        isOn: timer !== undefined,
        lastAtMs: newest?.atMs ?? null,
        lastBytes: newest?.bytes ?? null,
        isLate: timer !== undefined && isLate(newest?.atMs),
        failure,
        kept: all.length,
      }
    },
    async stop() {
      timer?.cancel()
      timer = undefined
      await worker?.terminate()
    },
  }
}
