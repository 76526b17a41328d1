import type { Refusal } from './decide.ts'
import { refusal } from './decide.ts'
import type { ScaleCorrection } from '../hardware/corrected-cabinet.ts'

/** A shelf at rest: what lies on it and how much the readings scatter, in grams. */
export interface SteadyReading {
  readonly grams: number
  readonly noiseGrams: number
  readonly samples: number
}
export type Steady = { isSteady: true; reading: SteadyReading } | { isSteady: false; refusal: Refusal }

/** Two seconds of a scale that converts ten times a second. */
export const SAMPLES_LEAST = 20
/** Readings scatter by about a gram at rest; a hand on the shelf by tens. */
const NOISE_MOST_GRAMS = 6
/** Between the earlier and the later half: more is a shelf that still moves, or somebody leaning on it. */
const CREEP_MOST_GRAMS = 3
/** From the median absolute deviation to the standard deviation of a normal distribution. */
const MAD_TO_SD = 1.4826

/** The trays and inserts of a shelf; a heavier one carries goods. */
const EMPTY_MOST_GRAMS = 3000
/** A cell that is off by more was given the wrong weight, or is broken. */
const GAIN_CHANGE_MOST = 0.1
const GAIN_LEAST = 0.8
const GAIN_MOST = 1.25
/** After a tare the shelf reads nothing, within the noise. */
const ZERO_WITHIN_GRAMS = 5

/** @param grams  the latest readings of a shelf, oldest first; null where a sensor was silent or in fault */
export function decideSteady(grams: ReadonlyArray<number | null>): Steady {
  const known = grams.filter((one) => one !== null)
  if (known.length < SAMPLES_LEAST || known.length < grams.length * 0.75) {
    return {
      isSteady: false,
      refusal: refusal('bus_timeout', `the scale answered ${known.length} of ${grams.length} times`),
    }
  }
  const latest = known.slice(-SAMPLES_LEAST)
  const middle = median(latest)
  // Medians, because a single reading may be nonsense (a bit slip) without the shelf having moved.
  const noiseGrams = MAD_TO_SD * median(latest.map((one) => Math.abs(one - middle)))
  const creepGrams = median(latest.slice(SAMPLES_LEAST / 2)) - median(latest.slice(0, SAMPLES_LEAST / 2))
  if (noiseGrams > NOISE_MOST_GRAMS || Math.abs(creepGrams) > CREEP_MOST_GRAMS) {
    return {
      isSteady: false,
      refusal: refusal(
        'scale_unstable',
        `readings scatter by ${noiseGrams.toFixed(1)} g and move by ${creepGrams.toFixed(1)} g; at rest they stay within ${NOISE_MOST_GRAMS} g and ${CREEP_MOST_GRAMS} g`,
        { noiseGrams: rounded(noiseGrams), creepGrams: rounded(creepGrams) },
      ),
    }
  }
  return {
    isSteady: true,
    reading: { grams: rounded(middle), noiseGrams: rounded(noiseGrams), samples: latest.length },
  }
}

/** May this be taken for an empty shelf? */
export function decideEmpty({ grams }: SteadyReading): Refusal | undefined {
  if (Math.abs(grams) <= EMPTY_MOST_GRAMS) return undefined
  return refusal(
    'weight_implausible',
    `the shelf reads ${grams.toFixed(0)} g; empty it reads at most ${EMPTY_MOST_GRAMS} g`,
    { readGrams: grams, mostGrams: EMPTY_MOST_GRAMS },
  )
}

/** Did the tare take? */
export function decideZero({ grams }: SteadyReading): Refusal | undefined {
  if (Math.abs(grams) <= ZERO_WITHIN_GRAMS) return undefined
  return refusal('readback_mismatch', `the shelf still reads ${grams.toFixed(1)} g after the tare`, {
    afterGrams: grams,
  })
}

/** The sensor reads zero from now on, with what lies on it now. */
export function evolveZero(before: ScaleCorrection, shareGrams: number): ScaleCorrection {
  return { ...before, zeroGrams: before.zeroGrams + shareGrams / before.gain }
}

/**
 * The change of gain that makes the shelf read the known weight.
 * @param empty  the shelf before the weight was put on it, and @param loaded  with it, both by the present correction
 */
export function decideSpan(
  empty: SteadyReading,
  loaded: SteadyReading,
  knownGrams: number,
  gainBefore: number,
): { ok: true; factor: number } | { ok: false; refusal: Refusal } {
  const read = loaded.grams - empty.grams
  const factor = knownGrams / read
  const isPlausible =
    read > 0 &&
    Math.abs(factor - 1) <= GAIN_CHANGE_MOST &&
    gainBefore * factor >= GAIN_LEAST &&
    gainBefore * factor <= GAIN_MOST
  if (isPlausible) return { ok: true, factor }
  return {
    ok: false,
    refusal: refusal(
      'weight_implausible',
      `the scale reads ${read.toFixed(1)} g for a weight of ${knownGrams} g; it may be off by at most ${GAIN_CHANGE_MOST * 100} %`,
      { readGrams: rounded(read), knownGrams, mostPercent: GAIN_CHANGE_MOST * 100 },
    ),
  }
}

export function rounded(grams: number): number {
  return Math.round(grams * 10) / 10
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[sorted.length / 2 - 1] ?? 0)) / 2
}
