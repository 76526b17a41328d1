import { assert } from '#protocol/base/decision.ts'
import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'
import type { DeciCelsius } from '#protocol/base/units.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import { addSpan, type Span, warmTotalMs } from './warm-spans.ts'

/**
 * Food safety: sales stop when the air stays too warm, latched until a person on site clears it. Works without the core.
 * `coldAgain` unlatches nothing. Numbers and their sources: docs/explain/cold.md and FDA Food Code 4-204.111.
 */
export const lockoutMachine = machine({
  name: 'lockout',
  initial: 'armed',
  states: {
    armed: { warm: 'warming', unseen: 'latched' },
    warming: { coldAgain: 'armed', timeUp: 'latched', unseen: 'latched' },
    latched: { clearedOnSite: 'armed' },
  },
  terminal: [],
})
export type LockoutPhase = StateOf<typeof lockoutMachine>
export type LockoutInput = InputOf<typeof lockoutMachine>

export type LockoutPolicy = Twin['lockout']
/** Each has a sentence in the words of the console. */
export const LOCKOUT_CAUSES = [
  'too_warm',
  'too_warm_after_door',
  'too_warm_after_defrost',
  'too_warm_in_total',
  'probe_fault',
  'power_loss',
  'unseen',
] as const
export type LockoutCause = (typeof LOCKOUT_CAUSES)[number]

/** Persisted whole. Times are on a clock of this record that only runs forward: `ageMs` since it was first written. */
export interface LockoutState {
  readonly phase: LockoutPhase
  /** Advances with monotonic time while the agent runs, and by the length of every stop. */
  readonly ageMs: number
  readonly warmSinceMs: number | null
  readonly lastColdMs: number
  readonly doorClosedMs: number | null
  readonly defrostEndedMs: number | null
  /** Warm times that are over, for the sum over the last hours. */
  readonly warmSpans: readonly Span[]
  /** Warmest air since it last was cold. */
  readonly peakDeciCelsius: DeciCelsius | null
  /** A stop whose end no reading has judged yet; 0: none. */
  readonly gapMs: number
  readonly latchedCause: LockoutCause | null
}
export interface ClimateView {
  /** null: probe fault or silence, which counts as unsafe. */
  readonly airDeciCelsius: DeciCelsius | null
  readonly isDoorOpen: boolean | null
  readonly isDefrosting: boolean | null
}
export interface Latched {
  readonly cause: LockoutCause
  /** How long it had been warm, or unseen. */
  readonly sinceMs: number
  readonly peakDeciCelsius: DeciCelsius | null
}

export function initialLockout(): LockoutState {
  return {
    phase: 'armed',
    ageMs: 0,
    warmSinceMs: null,
    lastColdMs: 0,
    doorClosedMs: null,
    defrostEndedMs: null,
    warmSpans: [],
    peakDeciCelsius: null,
    gapMs: 0,
    latchedCause: null,
  }
}

/** What the policy leaves open follows from the time after the door: an hour in any two, four hours unseen by default. */
export function totalLimitOf(policy: LockoutPolicy): { totalMs: number; windowMs: number; unseenMs: number } {
  return {
    totalMs: policy.totalMs ?? 2 * policy.afterDoorCloseMs,
    windowMs: policy.totalWindowMs ?? 4 * policy.afterDoorCloseMs,
    unseenMs: policy.unseenMs ?? 8 * policy.afterDoorCloseMs,
  }
}

/** After a stop or a power cut: the time without readings counts as warm, until a cold reading shows otherwise. */
export function evolveLockoutAfterStop(state: LockoutState, gapMs: number): LockoutState {
  return { ...state, ageMs: state.ageMs + gapMs, gapMs: state.gapMs + gapMs }
}

/**
 * The stop turns out to have been longer than the wall clock said after the boot: everything since then lies later, and
 * what was warm before and still is has been warm for longer.
 * @param resumedAgeMs  `ageMs` with which the agent went on after the stop
 */
export function evolveLongerStop(state: LockoutState, resumedAgeMs: number, moreMs: number): LockoutState {
  const later = (ms: number) => (ms > resumedAgeMs ? ms + moreMs : ms)
  const laterOrNull = (ms: number | null) => (ms === null ? null : later(ms))
  const wasColdSince = state.lastColdMs > resumedAgeMs
  return {
    ...state,
    ageMs: state.ageMs + moreMs,
    gapMs: wasColdSince ? state.gapMs : state.gapMs + moreMs,
    warmSinceMs:
      state.warmSinceMs === null || wasColdSince
        ? laterOrNull(state.warmSinceMs)
        : Math.min(state.warmSinceMs, state.lastColdMs),
    lastColdMs: later(state.lastColdMs),
    doorClosedMs: laterOrNull(state.doorClosedMs),
    defrostEndedMs: laterOrNull(state.defrostEndedMs),
    warmSpans: state.warmSpans.map(({ fromMs, toMs }) => ({ fromMs: later(fromMs), toMs: later(toMs) })),
  }
}

/** Nobody measured for so long that cold air proves nothing about the goods. */
export function decideUnseen(
  state: LockoutState,
  unseenMs: number,
  policy: LockoutPolicy,
): { state: LockoutState; latched?: Latched } {
  if (!policy.isEnabled || state.phase === 'latched' || unseenMs <= totalLimitOf(policy).unseenMs)
    return { state }
  return {
    state: { ...move(state, 'unseen'), latchedCause: 'unseen', gapMs: 0 },
    latched: { cause: 'unseen', sinceMs: Math.round(unseenMs), peakDeciCelsius: state.peakDeciCelsius },
  }
}

/** @param elapsedMs  monotonic time since the last call */
export function decideLockout(
  state: LockoutState,
  view: ClimateView,
  elapsedMs: number,
  policy: LockoutPolicy,
): { state: LockoutState; latched?: Latched } {
  const ageMs = state.ageMs + Math.max(0, elapsedMs)
  const air = view.airDeciCelsius
  let next: LockoutState = {
    ...state,
    ageMs,
    doorClosedMs: view.isDoorOpen === true ? ageMs : state.doorClosedMs,
    defrostEndedMs: view.isDefrosting === true ? ageMs : state.defrostEndedMs,
    peakDeciCelsius: warmest(state.peakDeciCelsius, air),
  }
  if (state.phase === 'latched') return { state: next }
  if (air !== null && next.gapMs > 0) {
    const unseen = decideUnseen(next, next.gapMs, policy)
    if (unseen.latched) return unseen
  }
  const isSafe = air !== null && air <= policy.limitDeciCelsius
  if (isSafe || !policy.isEnabled) return { state: coldAgain(next, air, policy) }
  if (next.phase === 'armed') {
    // Over a stop it may have been warm since the last cold reading.
    const warmSinceMs = next.gapMs > 0 ? next.lastColdMs : ageMs
    next = { ...move(next, 'warm'), warmSinceMs }
  }
  const warmMs = ageMs - (next.warmSinceMs ?? ageMs)
  const cause = causeOf(next, warmMs, policy)
  if (cause === undefined) return { state: next }
  const why = air === null ? 'probe_fault' : 2 * next.gapMs >= warmMs && next.gapMs > 0 ? 'power_loss' : cause
  return {
    state: { ...move(next, 'timeUp'), latchedCause: why, gapMs: 0 },
    latched: { cause: why, sinceMs: Math.round(warmMs), peakDeciCelsius: next.peakDeciCelsius },
  }
}

function coldAgain(state: LockoutState, air: DeciCelsius | null, policy: LockoutPolicy): LockoutState {
  const { ageMs, warmSinceMs } = state
  const { windowMs } = totalLimitOf(policy)
  const isOver = state.phase === 'warming'
  // What a stop hid and a cold reading did not confirm was not seen to be warm.
  const span = isOver && warmSinceMs !== null ? { fromMs: warmSinceMs, toMs: ageMs } : undefined
  return {
    ...(isOver ? move(state, 'coldAgain') : state),
    warmSinceMs: null,
    lastColdMs: ageMs,
    warmSpans: addSpan(state.warmSpans, span, ageMs - windowMs),
    peakDeciCelsius: air,
    gapMs: 0,
  }
}

/** @returns undefined while there is time left */
function causeOf(state: LockoutState, warmMs: number, policy: LockoutPolicy): LockoutCause | undefined {
  const { ageMs, doorClosedMs, defrostEndedMs } = state
  const { totalMs, windowMs } = totalLimitOf(policy)
  const total = warmTotalMs(state.warmSpans, ageMs - windowMs) + Math.min(warmMs, windowMs)
  const warmSinceMs = ageMs - warmMs
  const timers: Array<{ dueMs: number; cause: LockoutCause }> = [
    { dueMs: warmSinceMs + policy.afterMs, cause: 'too_warm' },
  ]
  if (doorClosedMs !== null)
    timers.push({ dueMs: doorClosedMs + policy.afterDoorCloseMs, cause: 'too_warm_after_door' })
  if (defrostEndedMs !== null)
    timers.push({ dueMs: defrostEndedMs + policy.afterDefrostMs, cause: 'too_warm_after_defrost' })
  const last = timers.reduce((latest, other) => (other.dueMs > latest.dueMs ? other : latest))
  if (ageMs >= last.dueMs) return last.cause
  // Doors and defrosts put the end off, but not for ever.
  return total >= totalMs ? 'too_warm_in_total' : undefined
}

/** A person on site has looked, discarded what was unsafe and cleared it. */
export function decideCleared(state: LockoutState): LockoutState | undefined {
  if (lockoutMachine.next(state.phase, 'clearedOnSite') === undefined) return undefined
  return {
    ...move(state, 'clearedOnSite'),
    warmSinceMs: null,
    lastColdMs: state.ageMs,
    warmSpans: [],
    peakDeciCelsius: null,
    gapMs: 0,
    latchedCause: null,
  }
}

function warmest(known: DeciCelsius | null, air: DeciCelsius | null): DeciCelsius | null {
  if (known === null || air === null) return known ?? air
  return Math.max(known, air)
}
function move(state: LockoutState, input: LockoutInput): LockoutState {
  const phase = lockoutMachine.next(state.phase, input)
  assert(phase !== undefined, `lockout: ${input} in ${state.phase}`)
  return { ...state, phase }
}
