import { logOpenDensity, openRangeGrams } from './densities.ts'
import type { Level } from './level.ts'
import type { WeighingOptions } from './types.ts'

/** A hand about to lift something pushes by about this much. */
export const pushGrams = 50

const stillMs = 2000

/** How likely it is that a quiet level is only a hand at rest, by how quiet and how long it was. */
export function restingHandProbability(
  level: Level,
  alreadyResting: boolean,
  options: WeighingOptions,
): number {
  const { restingHandGood, restingHandPoor } = options.priors
  const poor = level.forced || level.roughness > 1.8 || level.quietMs < 300
  // A hand that rests goes on resting.
  if (alreadyResting)
    return poor ? Math.max(0.5, restingHandPoor) : Math.sqrt(restingHandGood * restingHandPoor)
  if (poor) return restingHandPoor
  if (level.quietMs < 700) return Math.sqrt(restingHandGood * restingHandPoor)
  // No hand is as still as an empty shelf for long.
  return level.quietMs > stillMs && level.roughness < 1.4 ? 0.2 * restingHandGood : restingHandGood
}

/** A hand may push anything; once it rests, it goes on pushing about as much. */
export function restingHandDensity(levels: readonly Level[], baseIndex: number, levelIndex: number): number {
  if (baseIndex === levelIndex - 1) {
    const level = levels[levelIndex] as Level
    const next = levels[levelIndex + 1]
    if (!level.brief) return logOpenDensity
    // A push before a move, or a move half seen: near the level before or the one after.
    const fromBase = Math.abs(level.headGrams - (levels[baseIndex] as Level).tailGrams)
    const toNext = next === undefined ? Number.POSITIVE_INFINITY : Math.abs(level.headGrams - next.headGrams)
    return Math.log(
      (0.35 * Math.exp(-fromBase / pushGrams) + 0.35 * Math.exp(-toNext / pushGrams)) / (2 * pushGrams) +
        0.3 / openRangeGrams,
    )
  }
  const previous = levels[levelIndex - 1] as Level
  const base = levels[baseIndex] as Level
  const level = levels[levelIndex] as Level
  const scale = Math.max(10, 0.1 * Math.abs(previous.tailGrams - base.tailGrams))
  const off = (level.headGrams - previous.tailGrams) / scale
  return Math.log(0.7 / (Math.PI * scale * (1 + off * off)) + 0.3 / openRangeGrams)
}
