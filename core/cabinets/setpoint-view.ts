import type { SetpointView } from '#protocol/api/staff/cabinets.ts'
import type { Presence } from './presence.ts'

/** What the view is made of: the desired document, what the cabinet answered, and whether it can be heard. */
export interface SetpointFacts {
  readonly desired: number
  /** The version with which the setpoint was last changed. */
  readonly setpointVersion: number
  readonly setpointBy: string | null
  readonly setpointAtMs: number | null
  readonly isSent: boolean
  readonly lowest: number
  readonly highest: number
  readonly answeredVersion: number
  readonly answeredStatus: 'applied' | 'rejected' | 'overridden' | null
  readonly answeredReason: string | null
  readonly answeredAtMs: number | null
  /** The version that the cabinet said to hold when it last greeted. */
  readonly heldVersion: number
  readonly reported: number | null
  readonly reportedAtMs: number | null
}

/** For this long after the confirmation a page says "applied", afterwards that all is well. */
const JUST_APPLIED_MS = 30_000
/** An online cabinet answers in seconds; after this it does not. */
const ANSWER_WITHIN_MS = 5 * 60_000

export function setpointView(facts: SetpointFacts, presence: Presence, nowMs: number): SetpointView {
  return {
    state: setpointState(facts, presence, nowMs),
    desired: facts.desired,
    desiredVersion: facts.setpointVersion,
    desiredBy: facts.setpointBy,
    desiredAtMs: facts.setpointAtMs,
    reported: facts.reported,
    reportedAtMs: facts.reportedAtMs,
    lowest: facts.lowest,
    highest: facts.highest,
    // Why the cabinet holds something else than was asked: refused, made safe, or turned at the controls.
    rejectReason: facts.answeredStatus === 'applied' ? null : facts.answeredReason,
  }
}

function setpointState(facts: SetpointFacts, presence: Presence, nowMs: number): SetpointView['state'] {
  if (facts.answeredVersion >= facts.setpointVersion && facts.answeredStatus !== null) {
    if (facts.answeredStatus === 'rejected') return 'rejected'
    if (facts.reported !== facts.desired) return 'drift'
    const isFresh = facts.answeredAtMs !== null && nowMs - facts.answeredAtMs < JUST_APPLIED_MS
    return isFresh && facts.setpointBy !== null ? 'applied' : 'in_sync'
  }
  if (presence === 'offline' || presence === 'unknown') return 'queued_offline'
  if (facts.setpointAtMs !== null && nowMs - facts.setpointAtMs > ANSWER_WITHIN_MS) return 'timed_out'
  if (facts.heldVersion >= facts.setpointVersion) return 'delivered'
  return 'sending'
}
