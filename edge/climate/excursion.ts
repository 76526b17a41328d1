import type { DeciCelsius } from '#protocol/base/units.ts'
import type { ClimateExcursion } from '#protocol/messages/climate.ts'
import { type LockoutPolicy, type LockoutState, totalLimitOf } from './lockout.ts'

/** Persisted whole. */
export interface ExcursionState {
  readonly isTold: boolean
  /** On the clock of the lockout's record. */
  readonly warmSinceMs: number | null
  readonly peak: DeciCelsius | null
}
export const initialExcursion: ExcursionState = { isTold: false, warmSinceMs: null, peak: null }

/**
 * Whether the air has been too warm for longer than an open door or a defrost explains. The air after a visit may take
 * half of the time that the lockout leaves it; who is called after that can still come before sales stop.
 * @param lockout  after this look at the air
 */
export function decideExcursion(
  state: ExcursionState,
  air: DeciCelsius,
  lockout: Pick<LockoutState, 'ageMs' | 'doorClosedMs' | 'defrostEndedMs' | 'lastColdMs' | 'gapMs'>,
  isSessionOpen: boolean,
  policy: LockoutPolicy,
  excursionAfterMs: number,
): { state: ExcursionState; event?: ClimateExcursion } {
  const { ageMs } = lockout
  const limitDeciCelsius = policy.limitDeciCelsius
  if (air <= limitDeciCelsius) {
    if (!state.isTold) return { state: state.warmSinceMs === null ? state : initialExcursion }
    const warmMs = Math.round(ageMs - (state.warmSinceMs ?? ageMs))
    const peakDeciCelsius = state.peak ?? air
    return {
      state: initialExcursion,
      event: { phase: 'ended', airDeciCelsius: air, limitDeciCelsius, warmMs, peakDeciCelsius },
    }
  }
  const warmSinceMs = state.warmSinceMs ?? (lockout.gapMs > 0 ? lockout.lastColdMs : ageMs)
  const peak = Math.max(state.peak ?? air, air)
  const next = { ...state, warmSinceMs, peak }
  const warmMs = ageMs - warmSinceMs
  if (state.isTold || warmMs < excursionAfterMs || isExplained(warmMs)) return { state: next }
  return {
    state: { ...next, isTold: true },
    event: {
      phase: 'began',
      airDeciCelsius: air,
      limitDeciCelsius,
      warmMs: Math.round(warmMs),
      peakDeciCelsius: peak,
    },
  }

  function isExplained(warmForMs: number): boolean {
    if (warmForMs >= totalLimitOf(policy).totalMs / 2) return false
    const { doorClosedMs, defrostEndedMs } = lockout
    return (
      isSessionOpen ||
      (doorClosedMs !== null && ageMs - doorClosedMs < policy.afterDoorCloseMs / 2) ||
      (defrostEndedMs !== null && ageMs - defrostEndedMs < policy.afterDefrostMs / 2)
    )
  }
}
