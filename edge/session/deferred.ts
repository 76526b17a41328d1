import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { every } from '#protocol/base/clock.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { patiently } from '../patiently.ts'

interface WaitingEnd {
  sessionId: string
  /** Of its session.reconciled. */
  seq: number
  endedAtWallMs: number
  isReported: boolean
}

/** Ends of sessions that the core has not confirmed yet: when one waits long without a link, the core is told so, and why. */
export interface DeferredCharges {
  /** Inside the transaction of the session's end. */
  watch(sessionId: string, seq: number): void
  onConfirmed(ackedSeq: number): void
  start(): void
  stop(): void
}

const LOOK_EVERY_MS = 250
/** More ends than this cannot wait: the outbox refuses new sessions first. */
const WAITING_MOST = 5000

export function createDeferredCharges(
  db: EdgeDatabase,
  outbox: Outbox,
  clock: Clock,
  log: Logger,
  afterMs: number,
  isReachable: () => boolean,
): DeferredCharges {
  let waiting = db.readDocument<WaitingEnd[]>('waiting-ends') ?? []
  const sinceMonoMs = new Map<string, number>(waiting.map((one) => [one.sessionId, clock.monoMs()]))
  let timer: Timer | undefined

  function save(next: WaitingEnd[]): void {
    db.saveDocument('waiting-ends', next)
    db.afterCommit(() => {
      waiting = next
    })
  }
  function look(): void {
    if (isReachable()) return
    const now = clock.monoMs()
    const due = waiting.filter(
      (one) => !one.isReported && now - (sinceMonoMs.get(one.sessionId) ?? now) >= afterMs,
    )
    if (due.length === 0) return
    db.transact(() => {
      for (const { sessionId } of due) {
        const sinceMs = Math.round(now - (sinceMonoMs.get(sessionId) ?? now))
        outbox.append('charge.deferred', { sessionId, reason: 'offline', sinceMs })
      }
      save(waiting.map((one) => (due.includes(one) ? { ...one, isReported: true } : one)))
    })
    for (const { sessionId } of due)
      log.warn({ sessionId }, 'the charge will be late: the core cannot be reached')
  }
  return {
    watch(sessionId, seq) {
      sinceMonoMs.set(sessionId, clock.monoMs())
      save(
        [...waiting, { sessionId, seq, endedAtWallMs: clock.now(), isReported: false }].slice(-WAITING_MOST),
      )
    },
    onConfirmed(ackedSeq) {
      const done = waiting.filter((one) => one.seq <= ackedSeq)
      if (done.length === 0) return
      db.transact(() => {
        for (const one of done) {
          sinceMonoMs.delete(one.sessionId)
          if (one.isReported) outbox.append('charge.cleared', { sessionId: one.sessionId })
        }
        save(waiting.filter((one) => one.seq > ackedSeq))
      })
    },
    start() {
      timer = every(
        clock,
        'look for deferred charges',
        LOOK_EVERY_MS,
        patiently(log, 'the look for deferred charges', look),
      )
    },
    stop: () => timer?.cancel(),
  }
}
