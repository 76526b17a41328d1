import { NO_MONEY, type Rule } from '#core/policies/judge.ts'

/** A settled case that speaks of a pattern. What is still open, or was dismissed by a person, is never among them. */
export interface Signal {
  readonly kind: 'camera_covered' | 'unpaid'
  readonly orderId: string
  readonly atMs: number
  /**
   * camera_covered: other consumers whose visits at the same cabinet within a day were blind as well. Then it is the camera
   * that is blocked, not this person who blocks it.
   */
  readonly othersBlind: number
  /** How sure the receipt of that visit was; an unclear bill may stay unpaid. */
  readonly receiptProbability: number
  /** A person has looked and found it to be so. */
  readonly isConfirmed: boolean
}
export interface RestrictionInputs {
  readonly atMs: number
  /** Of at most the longest window, the newest first; one of each kind for an order. */
  readonly signals: readonly Signal[]
  /** When a person last lifted a restriction: what was before it was forgiven. */
  readonly forgivenAtMs: number | null
}
export interface RestrictionDecision {
  readonly outcome: 'none' | 'limited' | 'blocked'
  /** The pattern that led to it. */
  readonly kind: Signal['kind'] | null
  readonly counted: number
  readonly windowDays: number
  readonly orderIds: readonly string[]
  readonly expiresAtMs: number | null
  readonly capFen: number | null
}
interface RestrictionLimits {
  readonly restrictionWindowDays: number
  readonly cameraCoveredLimited: number
  readonly cameraCoveredBlocked: number
  readonly unpaidLimited: number
  readonly unpaidBlocked: number
  readonly restrictedSessionFen: number
  readonly restrictionDays: number
}

const DAY_MS = 86_400_000
/** One case is a misfortune. Whatever the limits say, a pattern begins with the second. */
const PATTERN_LEAST = 2
/** A bill below this may be wrong, and then not paying it is no pattern. */
const CLEAR_FROM = 0.97

/**
 * What the cases of a consumer call for: a pattern of clear ones limits a visit, a longer one stops opening for a while. It
 * does not ask what holds already, so that other limits can be tried on it; nobody is restricted for what was forgiven.
 */
export function decideRestriction(inputs: RestrictionInputs, limits: RestrictionLimits): RestrictionDecision {
  const { atMs, forgivenAtMs } = inputs
  const sinceMs = atMs - limits.restrictionWindowDays * DAY_MS
  const counted = (kind: Signal['kind']) =>
    inputs.signals.filter(
      (signal) =>
        signal.kind === kind && signal.atMs > sinceMs && signal.atMs > (forgivenAtMs ?? 0) && isClear(signal),
    )
  const covered = counted('camera_covered')
  const unpaid = counted('unpaid')
  const reached = (signals: readonly Signal[], limit: number) =>
    signals.length >= Math.max(PATTERN_LEAST, limit)
  const found = reached(unpaid, limits.unpaidBlocked)
    ? ({ level: 'blocked', kind: 'unpaid', signals: unpaid } as const)
    : reached(covered, limits.cameraCoveredBlocked)
      ? ({ level: 'blocked', kind: 'camera_covered', signals: covered } as const)
      : reached(unpaid, limits.unpaidLimited)
        ? ({ level: 'limited', kind: 'unpaid', signals: unpaid } as const)
        : reached(covered, limits.cameraCoveredLimited)
          ? ({ level: 'limited', kind: 'camera_covered', signals: covered } as const)
          : undefined
  const none: RestrictionDecision = {
    outcome: 'none',
    kind: null,
    counted: Math.max(covered.length, unpaid.length),
    windowDays: limits.restrictionWindowDays,
    orderIds: [],
    expiresAtMs: null,
    capFen: null,
  }
  if (found === undefined) return none
  return {
    outcome: found.level,
    kind: found.kind,
    counted: found.signals.length,
    windowDays: limits.restrictionWindowDays,
    orderIds: found.signals.map(({ orderId }) => orderId),
    expiresAtMs: atMs + limits.restrictionDays * DAY_MS,
    capFen: found.level === 'limited' ? limits.restrictedSessionFen : null,
  }
}

function isClear(signal: Signal): boolean {
  if (signal.isConfirmed) return true
  return signal.kind === 'camera_covered' ? signal.othersBlind === 0 : signal.receiptProbability >= CLEAR_FROM
}

/** It only ever becomes stricter: who is blocked is not limited by a later case, and the same again is not said again. */
export function isStricter(
  level: RestrictionDecision['outcome'],
  present: 'none' | 'limited' | 'blocked',
): boolean {
  const rank = { none: 0, limited: 1, blocked: 2 }
  return rank[level] > rank[present]
}

export const restrictionRule: Rule<RestrictionInputs, RestrictionDecision> = {
  policy: 'restriction',
  rule: 'restriction-1',
  decide: (inputs, limits) =>
    decideRestriction(inputs, {
      restrictionWindowDays: limits['restrictionWindowDays'] ?? 1,
      cameraCoveredLimited: limits['cameraCoveredLimited'] ?? Number.MAX_SAFE_INTEGER,
      cameraCoveredBlocked: limits['cameraCoveredBlocked'] ?? Number.MAX_SAFE_INTEGER,
      unpaidLimited: limits['unpaidLimited'] ?? Number.MAX_SAFE_INTEGER,
      unpaidBlocked: limits['unpaidBlocked'] ?? Number.MAX_SAFE_INTEGER,
      restrictedSessionFen: limits['restrictedSessionFen'] ?? 0,
      restrictionDays: limits['restrictionDays'] ?? 1,
    }),
  verdict: ({ outcome }) => ({ outcome: outcome === 'none' ? 'unrestricted' : outcome, ...NO_MONEY }),
}
