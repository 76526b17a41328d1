import type { Grams, MonoMs } from '#protocol/base/units.ts'
import type { ScaleSweep } from '../hardware/ports.ts'

export type UnattendedCause = 'forced' | 'manual-key'
export interface UnattendedChange {
  readonly cause: UnattendedCause
  readonly changes: ReadonlyArray<{ shelf: string; deltaGrams: Grams }>
}

/** What shelves weighed while nobody was let in, before and after a door was open all the same. */
export interface UnattendedWatch {
  /** The door now; `cause` counts at the moment at which it is first seen open. */
  onDoor(isOpen: boolean | null, cause: UnattendedCause, atMonoMs: MonoMs): void
  /** @returns what changed, once, when the shelves came to rest behind the closed door */
  onScales(sweep: ScaleSweep): UnattendedChange | undefined
  /** Somebody was let in: what changes now is theirs. */
  onSession(): void
}

const QUIET_SWEEPS = 12
/** Hands and the closing door shake the shelves; then they are weighed for a while. */
const SHAKES_MS = 1500
const WEIGHS_MS = 4000
const SWEEPS_LEAST = 2
/** Less than any product, more than drift, frost and a door that slams. */
const CHANGE_LEAST_GRAMS = 12

export function createUnattendedWatch(
  sensors: ReadonlyArray<{ shelf: string; sensor: string }>,
): UnattendedWatch {
  let quiet: ScaleSweep[] = []
  let after: ScaleSweep[] = []
  let before: Record<string, Grams> | undefined
  let cause: UnattendedCause = 'forced'
  let isOpen: boolean | null = null
  let closedAtMonoMs: MonoMs | undefined

  /** The middle one of several readings, so that one that is nonsense counts for nothing. */
  function weightsOf(sweeps: readonly ScaleSweep[]): Record<string, Grams> {
    const weights: Record<string, Grams> = {}
    for (const shelf of new Set(sensors.map((one) => one.shelf))) {
      const own = sensors.filter((one) => one.shelf === shelf).map((one) => one.sensor)
      const sums = sweeps
        .map(({ grams }) =>
          own.reduce<number | null>((sum, sensor) => {
            const value = grams[sensor] ?? null
            return sum === null || value === null ? null : sum + value
          }, 0),
        )
        .filter((sum) => sum !== null)
        .toSorted((a, b) => a - b)
      const middle = sums[Math.floor(sums.length / 2)]
      if (middle !== undefined && sums.length >= SWEEPS_LEAST) weights[shelf] = middle
    }
    return weights
  }
  function forget(): void {
    quiet = []
    after = []
    before = undefined
    closedAtMonoMs = undefined
  }

  return {
    onSession: forget,
    onDoor(next, nextCause, atMonoMs) {
      isOpen = next
      if (next === true) {
        if (before === undefined) {
          before = weightsOf(quiet)
          cause = nextCause
        }
        quiet = []
        after = []
        closedAtMonoMs = undefined
      } else if (next === false && before !== undefined) closedAtMonoMs ??= atMonoMs
    },
    onScales(sweep) {
      if (isOpen !== false) return undefined
      if (before === undefined || closedAtMonoMs === undefined) {
        quiet = [...quiet, sweep].slice(-QUIET_SWEEPS)
        return undefined
      }
      const sinceMs = sweep.atMonoMs - closedAtMonoMs
      if (sinceMs >= SHAKES_MS) after.push(sweep)
      if (sinceMs < WEIGHS_MS || after.length < SWEEPS_LEAST) return undefined
      const was = before
      const now = weightsOf(after)
      const changes = Object.entries(now).flatMap(([shelf, grams]) => {
        const deltaGrams = Math.round((grams - (was[shelf] ?? grams)) * 10) / 10
        return Math.abs(deltaGrams) < CHANGE_LEAST_GRAMS ? [] : [{ shelf, deltaGrams }]
      })
      const found = changes.length === 0 ? undefined : { cause, changes }
      const settled = after.slice(-QUIET_SWEEPS)
      forget()
      quiet = settled
      return found
    },
  }
}
