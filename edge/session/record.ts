import type { Twin } from '#protocol/messages/frames.ts'
import type { EvidenceRef, SessionKind } from '#protocol/messages/session.ts'
import type { WeighingShelf } from '#protocol/weighing/types.ts'
import type { SessionPhase } from './machine.ts'

export type SessionPolicy = Twin['sessionPolicy']

/** `toMs` is null while the interval lasts. Milliseconds since the start of the session. */
export interface OpenInterval {
  fromMs: number
  toMs: number | null
}

/** Everything about the session in progress that must survive a restart, but for its weighings. */
export interface SessionRecord {
  readonly sessionId: string
  readonly commandId: string
  readonly kind: SessionKind
  readonly door: number
  readonly planogramVersion: number
  readonly policy: SessionPolicy
  readonly phase: SessionPhase
  /** The agent was restarted since the unlock: what happened meanwhile is read from the hardware. */
  readonly isResumed: boolean
  readonly isStartReported: boolean
  readonly openedMs: number | null
  /** The last time that the door closed. */
  readonly closedMs: number | null
  readonly openSinceMs: number | null
  readonly leftOpen: 'no' | 'warning' | 'alarm'
  readonly isLockConfirmed: boolean
  readonly isLockFailureReported: boolean
  readonly lockAskedMs: number | null
  readonly relockSinceMs: number | null
  readonly offline: readonly OpenInterval[]
  readonly cameraTroubles: ReadonlyArray<OpenInterval & { camera: string; kind: string }>
  readonly framesChecked: number
  readonly evidence: readonly EvidenceRef[]
  /** Pictures that should be there and are not, as already told. Absent in journals of older agents. */
  readonly missing?: ReadonlyArray<{ readonly camera: string; readonly moment: string }>
  readonly restarts: number
}

/** What the core says that one unit weighs. */
export interface ListedUnit {
  readonly unitGrams: number
  readonly sigmaGrams: number
}

/** Shelves, products and the sensors under them as they were when the door was unlocked; weights as learned by then. */
export interface BoundPlanogram {
  readonly version: number
  readonly sensors: readonly string[]
  readonly shelves: ReadonlyArray<WeighingShelf & { sensors: string[] }>
  /** By product: the weight before anything was learned. */
  readonly catalogue: Readonly<Record<string, ListedUnit>>
}

export function startRecord(
  about: Pick<SessionRecord, 'sessionId' | 'commandId' | 'kind' | 'door' | 'planogramVersion' | 'policy'>,
  isOffline: boolean,
): SessionRecord {
  return {
    ...about,
    phase: 'unlocking',
    isResumed: false,
    isStartReported: false,
    openedMs: null,
    closedMs: null,
    openSinceMs: null,
    leftOpen: 'no',
    isLockConfirmed: false,
    isLockFailureReported: false,
    lockAskedMs: null,
    relockSinceMs: null,
    offline: isOffline ? [{ fromMs: 0, toMs: null }] : [],
    cameraTroubles: [],
    framesChecked: 0,
    evidence: [],
    restarts: 0,
  }
}

/** Closes what is still open, and keeps the longest when there are too many for a message. */
export function closedIntervals<T extends OpenInterval>(
  intervals: readonly T[],
  atMs: number,
  most: number,
): Array<T & { toMs: number }> {
  const closed = intervals.map((one) => ({ ...one, toMs: one.toMs ?? Math.max(one.fromMs, atMs) }))
  if (closed.length <= most) return closed
  return closed
    .toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
    .slice(0, most)
    .toSorted((a, b) => a.fromMs - b.fromMs)
}
