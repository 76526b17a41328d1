import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
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
  /** The core can be reached, or not any more. */
  onReachable(): void
  start(): void
  stop(): void
}

/** A look that failed, on a full disk for example, is made again. */
const LOOK_AGAIN_MS = 1000
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
  let isStarted = false

  /** Wakes when the next end has waited long enough; while the core can be reached none does. */
  function arm(soonestMs = 0): void {
    timer?.cancel()
    timer = undefined
    if (!isStarted || isReachable()) return
    const now = clock.monoMs()
    let nextMonoMs = Number.POSITIVE_INFINITY
    for (const { sessionId, isReported } of waiting)
      if (!isReported) nextMonoMs = Math.min(nextMonoMs, (sinceMonoMs.get(sessionId) ?? now) + afterMs)
    if (nextMonoMs === Number.POSITIVE_INFINITY) return
    timer = clock.setTimer('look for deferred charges', Math.max(soonestMs, nextMonoMs - now), () => {
      lookPatiently()
      arm(LOOK_AGAIN_MS)
    })
  }
  const lookPatiently = patiently(log, 'the look for deferred charges', look)

  function save(next: WaitingEnd[]): void {
    db.saveDocument('waiting-ends', next)
    db.afterCommit(() => {
      waiting = next
      arm()
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
    onReachable: () => arm(),
    start() {
      isStarted = true
      arm()
    },
    stop() {
      isStarted = false
      timer?.cancel()
    },
  }
}
