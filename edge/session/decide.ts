import { assert } from '#protocol/base/decision.ts'
import type { DomainEvent } from '#protocol/messages/index.ts'
import { type SessionInput, sessionMachine } from './machine.ts'
import type { SessionRecord } from './record.ts'

/** What the cabinet looks like at one moment of the session. null: stale. */
export interface Seen {
  /** Milliseconds since the start of the session. */
  readonly tMs: number
  readonly isDoorOpen: boolean | null
  /** Lock engaged and bolt seated. */
  readonly isLocked: boolean | null
  readonly areWeightsSettled: boolean
  /** For how long this life of the agent has watched the session; short after a restart, when little was weighed yet. */
  readonly watchedMs: number
}
export interface SessionTimes {
  readonly lockRetryMs: number
  readonly settleLongestMs: number
}
export type SessionEffect =
  | { type: 'event'; event: DomainEvent }
  | { type: 'lock' }
  | { type: 'snapshot'; moment: 'open' | 'close' }
  /** Door closed, locked as well as it gets, weights quiet: make the receipt. */
  | { type: 'reconcile' }
  | { type: 'finished' }

export interface SessionDecision {
  readonly record: SessionRecord
  readonly effects: readonly SessionEffect[]
}

/** The door is left alone for this long after it closed, so that a bounce does not meet a moving bolt. */
const LOCK_AFTER_CLOSE_MS = 300
/** Locked again and never seen open: the weights are watched this long before anything is concluded. */
const UNSEEN_SETTLE_MS = 1500
/** After a restart the scales are listened to for this long before what they say is the end of a session. */
const WATCHED_SHORTEST_MS = 1500
/** A lock that has not engaged after this long is reported, whatever the grace. */
export const LOCK_FAILED_AFTER_MS = 3000

function step(record: SessionRecord, input: SessionInput): SessionRecord {
  const phase = sessionMachine.next(record.phase, input)
  assert(phase !== undefined, `session ${record.sessionId}: ${input} in ${record.phase}`)
  return { ...record, phase }
}

/** The lock was read back as released. */
export function decideUnlocked(record: SessionRecord): SessionDecision {
  // The door may have been seen open before the lock was read back.
  if (record.phase !== 'unlocking') return { record, effects: [] }
  return reportStart(step(record, 'unlockConfirmed'))
}

/** The lock did not open, and was engaged again. */
export function decideUnlockFailed(record: SessionRecord): SessionDecision {
  if (record.phase !== 'unlocking') return { record, effects: [] }
  return { record: step(record, 'unlockFailed'), effects: [{ type: 'finished' }] }
}

/** Told once, before anything else of the session. */
function reportStart(record: SessionRecord): SessionDecision {
  if (record.isStartReported) return { record, effects: [] }
  const { sessionId, commandId, kind, planogramVersion, door } = record
  return {
    record: { ...record, isStartReported: true },
    effects: [
      event({ type: 'session.started', data: { sessionId, commandId, kind, planogramVersion } }),
      event({
        type: 'door.unlocked',
        data: { sessionId, commandId, door, by: kind === 'service' ? 'service' : 'command' },
      }),
    ],
  }
}

/** Looks at the cabinet and says what follows. Level-triggered, so that a restart in between loses nothing. */
export function decideSeen(record: SessionRecord, seen: Seen, times: SessionTimes): SessionDecision {
  switch (record.phase) {
    case 'unlocking':
      return decideWhileUnlocking(record, seen)
    case 'unlocked':
      return decideWhileUnlocked(record, seen)
    case 'relocking':
      return decideWhileRelocking(record, seen, times)
    case 'open':
      return decideWhileOpen(record, seen)
    case 'closing':
      return decideWhileClosing(record, seen, times)
    case 'reconciled':
    case 'notOpened':
    case 'failed':
    case 'abandoned':
      return { record, effects: [] }
  }
}

function decideWhileUnlocking(record: SessionRecord, seen: Seen): SessionDecision {
  if (seen.isDoorOpen === true) return opened(record, seen)
  // Within one life of the agent the command itself says what became of the lock.
  if (!record.isResumed) return { record, effects: [] }
  if (seen.isLocked === false) return reportStart(step(record, 'unlockConfirmed'))
  if (seen.isLocked === true) return foundLocked(record, seen)
  return { record, effects: [] }
}

function decideWhileUnlocked(record: SessionRecord, seen: Seen): SessionDecision {
  if (seen.isDoorOpen === true) return opened(record, seen)
  if (seen.isLocked === true) return foundLocked(record, seen)
  if (seen.tMs < record.policy.notOpenedMs) return { record, effects: [] }
  return {
    record: { ...step(record, 'notOpenedDue'), lockAskedMs: seen.tMs, relockSinceMs: seen.tMs },
    effects: [{ type: 'lock' }],
  }
}

function decideWhileRelocking(record: SessionRecord, seen: Seen, times: SessionTimes): SessionDecision {
  if (seen.isDoorOpen === true) return opened(record, seen)
  // Nobody was seen to open, but nobody may have looked: the agent was away or the bus was silent. The weights decide.
  if (seen.isLocked === true) {
    const { sessionId, door } = record
    return {
      record: { ...step(record, 'lockConfirmed'), isLockConfirmed: true, closedMs: seen.tMs },
      effects: [event({ type: 'door.lock-confirmed', data: { sessionId, door } })],
    }
  }
  const sinceMs = record.relockSinceMs ?? seen.tMs
  const failed = reportLockFailure(record, seen.tMs - sinceMs)
  // Until the grace is over whoever opens now is still this consumer; afterwards it is a forced door.
  if (seen.tMs - sinceMs >= Math.max(record.policy.reopenGraceMs, LOCK_FAILED_AFTER_MS)) {
    return { record: { ...step(failed.record, 'graceOver'), closedMs: sinceMs }, effects: failed.effects }
  }
  return askForLock(failed, seen, times)
}

function decideWhileOpen(record: SessionRecord, seen: Seen): SessionDecision {
  const { sessionId, door, policy } = record
  const openMs = seen.tMs - (record.openSinceMs ?? seen.tMs)
  if (seen.isDoorOpen === false) {
    return {
      record: {
        ...step(record, 'doorClosed'),
        closedMs: seen.tMs,
        openSinceMs: null,
        isLockConfirmed: false,
        isLockFailureReported: false,
        lockAskedMs: null,
        leftOpen: 'no',
      },
      effects: [
        event({ type: 'door.closed', data: { sessionId, door, openMs } }),
        { type: 'snapshot', moment: 'close' },
      ],
    }
  }
  if (record.leftOpen !== 'alarm' && openMs >= policy.leftOpenAlarmMs) {
    return {
      record: { ...record, leftOpen: 'alarm' },
      effects: [event({ type: 'door.left-open', data: { sessionId, door, openMs, level: 'alarm' } })],
    }
  }
  if (record.leftOpen === 'no' && openMs >= policy.leftOpenWarningMs) {
    return {
      record: { ...record, leftOpen: 'warning' },
      effects: [event({ type: 'door.left-open', data: { sessionId, door, openMs, level: 'warning' } })],
    }
  }
  return { record, effects: [] }
}

function decideWhileClosing(record: SessionRecord, seen: Seen, times: SessionTimes): SessionDecision {
  if (seen.isDoorOpen === true) {
    const again = opened(record, seen)
    if (!record.isLockConfirmed) return again
    const forced = event({ type: 'door.forced', data: { sessionId: record.sessionId, door: record.door } })
    return { record: again.record, effects: [forced, ...again.effects] }
  }
  const closedForMs = seen.tMs - (record.closedMs ?? seen.tMs)
  let next: SessionDecision = { record, effects: [] }
  if (seen.isLocked === true && !record.isLockConfirmed) {
    const { sessionId, door } = record
    next = {
      record: { ...record, isLockConfirmed: true },
      effects: [event({ type: 'door.lock-confirmed', data: { sessionId, door } })],
    }
  } else if (!record.isLockConfirmed) {
    next = reportLockFailure(record, closedForMs)
    if (closedForMs >= LOCK_AFTER_CLOSE_MS) next = askForLock(next, seen, times)
  }
  const isQuiet =
    record.openedMs === null
      ? closedForMs >= UNSEEN_SETTLE_MS
      : seen.areWeightsSettled || closedForMs >= times.settleLongestMs
  // A door that does not lock may be opened again by the same consumer for as long as the grace lasts.
  const isDoorSettled =
    next.record.isLockConfirmed || closedForMs >= Math.max(record.policy.reopenGraceMs, LOCK_FAILED_AFTER_MS)
  if (!isQuiet || !isDoorSettled || seen.watchedMs < WATCHED_SHORTEST_MS) return next
  return { record: next.record, effects: [...next.effects, { type: 'reconcile' }] }
}

function opened(record: SessionRecord, seen: Seen): SessionDecision {
  const started = reportStart(step(record, 'doorOpened'))
  const { sessionId, door } = record
  return {
    record: {
      ...started.record,
      openedMs: record.openedMs ?? seen.tMs,
      openSinceMs: seen.tMs,
      leftOpen: 'no',
    },
    effects: [
      ...started.effects,
      event({ type: 'door.opened', data: { sessionId, door } }),
      { type: 'snapshot', moment: 'open' },
    ],
  }
}

function foundLocked(record: SessionRecord, seen: Seen): SessionDecision {
  const started = reportStart(step(record, 'foundLocked'))
  return { record: { ...started.record, closedMs: seen.tMs }, effects: started.effects }
}

function reportLockFailure(record: SessionRecord, waitedMs: number): SessionDecision {
  if (record.isLockFailureReported || waitedMs < LOCK_FAILED_AFTER_MS) return { record, effects: [] }
  const { sessionId, door } = record
  return {
    record: { ...record, isLockFailureReported: true },
    effects: [event({ type: 'door.lock-failed', data: { sessionId, door, reason: 'not_engaged' } })],
  }
}

function askForLock(after: SessionDecision, seen: Seen, times: SessionTimes): SessionDecision {
  const { lockAskedMs } = after.record
  if (seen.isLocked !== false || (lockAskedMs !== null && seen.tMs - lockAskedMs < times.lockRetryMs))
    return after
  return { record: { ...after.record, lockAskedMs: seen.tMs }, effects: [...after.effects, { type: 'lock' }] }
}

/** The weights have spoken. @param hasChange  any step or line; without one an unopened session was never a sale */
export function decideEnd(record: SessionRecord, hasChange: boolean, atMs: number): SessionDecision {
  if (record.openedMs === null && !hasChange) {
    return {
      record: step(record, 'nothingHappened'),
      effects: [
        event({ type: 'session.not-opened', data: { sessionId: record.sessionId, waitedMs: atMs } }),
        { type: 'finished' },
      ],
    }
  }
  return { record: step(record, 'settled'), effects: [{ type: 'finished' }] }
}

/** The journal cannot be replayed: nobody can say what was taken. */
export function decideAbandoned(record: SessionRecord, reason: string): SessionDecision {
  return {
    record: step(record, 'journalLost'),
    effects: [
      event({ type: 'session.abandoned', data: { sessionId: record.sessionId, reason } }),
      { type: 'finished' },
    ],
  }
}

/** The agent starts again in the middle of the session. */
export function evolveResumed(record: SessionRecord, atMs: number, isOffline: boolean): SessionRecord {
  const offline = record.offline.map((one) => ({ ...one, toMs: one.toMs ?? atMs }))
  return {
    ...record,
    isResumed: true,
    restarts: record.restarts + 1,
    lockAskedMs: null,
    offline: isOffline ? [...offline, { fromMs: atMs, toMs: null }] : offline,
  }
}

function event(given: DomainEvent): SessionEffect {
  return { type: 'event', event: given }
}
