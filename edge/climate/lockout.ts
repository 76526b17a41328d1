import { assert } from '#protocol/base/decision.ts'
import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'
import type { DeciCelsius } from '#protocol/base/units.ts'
import type { Twin } from '#protocol/messages/frames.ts'

/**
 * Food safety: sales stop when the air stays too warm, latched until a person on site clears it. Works without the core.
 * `coldAgain` unlatches nothing. Numbers and their sources: docs/explain and FDA Food Code 4-204.111.
 */
export const lockoutMachine = machine({
  name: 'lockout',
  initial: 'armed',
  states: {
    armed: { warm: 'warming' },
    warming: { coldAgain: 'armed', timeUp: 'latched' },
    latched: { clearedOnSite: 'armed' },
  },
  terminal: [],
})
export type LockoutPhase = StateOf<typeof lockoutMachine>
export type LockoutInput = InputOf<typeof lockoutMachine>

export type LockoutPolicy = Twin['lockout']
export type LockoutCause =
  | 'too_warm'
  | 'too_warm_after_door'
  | 'too_warm_after_defrost'
  | 'probe_fault'
  | 'power_loss'

/** Persisted whole. Times are on a clock of this record that only runs forward: `ageMs` since it was first written. */
export interface LockoutState {
  readonly phase: LockoutPhase
  /** Advances with monotonic time while the agent runs, and by the wall clock's gap over a stop. */
  readonly ageMs: number
  readonly warmSinceMs: number | null
  readonly lastColdMs: number
  readonly doorClosedMs: number | null
  readonly defrostEndedMs: number | null
  readonly isWarmFromGap: boolean
  readonly latchedCause: LockoutCause | null
  readonly savedAtWallMs: number
}
export interface ClimateView {
  /** null: probe fault or silence, which counts as unsafe. */
  readonly airDeciCelsius: DeciCelsius | null
  readonly isDoorOpen: boolean | null
  readonly isDefrosting: boolean | null
}

/** Door openings put the end off, but never further than this many times the after-door time. */
const DOOR_CAP_FACTOR = 2

export function initialLockout(wallMs: number): LockoutState {
  return {
    phase: 'armed',
    ageMs: 0,
    warmSinceMs: null,
    lastColdMs: 0,
    doorClosedMs: null,
    defrostEndedMs: null,
    isWarmFromGap: false,
    latchedCause: null,
    savedAtWallMs: wallMs,
  }
}

/**
 * After a stop or a power cut: the time without readings counts as warm, until a cold reading shows otherwise. A wall
 * clock that went backwards says nothing about the gap; then the longest timer is assumed to have passed already.
 */
export function evolveLockoutAfterStop(
  state: LockoutState,
  wallMs: number,
  policy: LockoutPolicy,
): LockoutState {
  const gapMs = wallMs - state.savedAtWallMs
  const awayMs = gapMs >= 0 ? gapMs : Math.max(policy.afterMs, policy.afterDoorCloseMs, policy.afterDefrostMs)
  return { ...state, ageMs: state.ageMs + awayMs, isWarmFromGap: true, savedAtWallMs: wallMs }
}

/** @param elapsedMs  monotonic time since the last call */
export function decideLockout(
  state: LockoutState,
  view: ClimateView,
  elapsedMs: number,
  wallMs: number,
  policy: LockoutPolicy,
): { state: LockoutState; latched?: { cause: LockoutCause; sinceMs: number } } {
  const ageMs = state.ageMs + Math.max(0, elapsedMs)
  let next: LockoutState = {
    ...state,
    ageMs,
    savedAtWallMs: wallMs,
    doorClosedMs: view.isDoorOpen === true ? ageMs : state.doorClosedMs,
    defrostEndedMs: view.isDefrosting === true ? ageMs : state.defrostEndedMs,
  }
  const isSafe = view.airDeciCelsius !== null && view.airDeciCelsius <= policy.limitDeciCelsius
  if (state.phase === 'latched') return { state: next }
  if (isSafe || !policy.isEnabled) {
    if (next.phase === 'warming') next = move(next, 'coldAgain')
    return { state: { ...next, warmSinceMs: null, lastColdMs: ageMs, isWarmFromGap: false } }
  }
  if (next.phase === 'armed') {
    // Over a gap it may have been warm since the last cold reading.
    const warmSinceMs = next.isWarmFromGap ? next.lastColdMs : ageMs
    next = { ...move(next, 'warm'), warmSinceMs }
  }
  const { dueMs, cause } = deadline(next, policy)
  if (ageMs < dueMs) return { state: next }
  const why = view.airDeciCelsius === null ? 'probe_fault' : next.isWarmFromGap ? 'power_loss' : cause
  const latched = { ...move(next, 'timeUp'), latchedCause: why }
  return { state: latched, latched: { cause: why, sinceMs: Math.round(ageMs - (next.warmSinceMs ?? ageMs)) } }
}

function deadline(state: LockoutState, policy: LockoutPolicy): { dueMs: number; cause: LockoutCause } {
  const warmSinceMs = state.warmSinceMs ?? state.ageMs
  const candidates: Array<{ dueMs: number; cause: LockoutCause }> = [
    { dueMs: warmSinceMs + policy.afterMs, cause: 'too_warm' },
  ]
  if (state.doorClosedMs !== null) {
    const capMs = warmSinceMs + DOOR_CAP_FACTOR * policy.afterDoorCloseMs
    candidates.push({
      dueMs: Math.min(state.doorClosedMs + policy.afterDoorCloseMs, capMs),
      cause: 'too_warm_after_door',
    })
  }
  if (state.defrostEndedMs !== null) {
    const capMs = warmSinceMs + DOOR_CAP_FACTOR * policy.afterDefrostMs
    candidates.push({
      dueMs: Math.min(state.defrostEndedMs + policy.afterDefrostMs, capMs),
      cause: 'too_warm_after_defrost',
    })
  }
  return candidates.reduce((latest, other) => (other.dueMs > latest.dueMs ? other : latest))
}

/** A person on site has looked, discarded what was unsafe and cleared it. */
export function decideCleared(state: LockoutState): LockoutState | undefined {
  if (lockoutMachine.next(state.phase, 'clearedOnSite') === undefined) return undefined
  return {
    ...move(state, 'clearedOnSite'),
    warmSinceMs: null,
    lastColdMs: state.ageMs,
    isWarmFromGap: false,
    latchedCause: null,
  }
}

function move(state: LockoutState, input: LockoutInput): LockoutState {
  const phase = lockoutMachine.next(state.phase, input)
  assert(phase !== undefined, `lockout: ${input} in ${state.phase}`)
  return { ...state, phase }
}
