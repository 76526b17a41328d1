import { typicalSigmaGrams } from './combinations.ts'
import type { WeighingPlanogram, WeighingResult } from './types.ts'

/** What a cabinet has learned about one product by weighing it. Plain data: the edge keeps it beside its calibration. */
export type UnitBelief = {
  unitGrams: number
  /** Uncertainty of `unitGrams`, one standard deviation. */
  meanErrorGrams: number
  /** Spread from unit to unit. */
  sigmaGrams: number
  observations: number
  /** Uncertainty of the spread's square, one standard deviation. */
  varianceErrorSquareGrams: number
  /** Running sums that notice a new batch with another weight. */
  highSum: number
  lowSum: number
  batchShifts: number
}

/** One unit, weighed alone: its grams, the sigma of that weighing, and where (the sensor, when a shelf has several). */
export type UnitObservation = {
  sku: string
  grams: number
  sigmaGrams: number
  shelf: string
  sensor?: string
}

/** How well a catalogue knows the mean weight, and the square of the spread. */
const catalogueErrorShare = 0.003
const catalogueVarianceErrorShare = 0.6
/** How well a scale's own sigma squared is known: this part of it may be taken for the goods' spread. */
const scaleVarianceErrorShare = 0.4
/** Batches differ by about half a unit's spread; a mean is never surer than what a few batches allow. */
const batchShare = 0.5
const batchUnits = 8
/** Surprise is summed beyond half a standard deviation; this sum is a new batch (false alarm in about 400 picks). */
const slack = 0.5
const shiftSum = 5

export function startUnitBelief(unitGrams: number, sigmaGrams?: number): UnitBelief {
  const sigma = sigmaGrams ?? typicalSigmaGrams(unitGrams)
  return {
    unitGrams,
    meanErrorGrams: catalogueErrorShare * unitGrams,
    sigmaGrams: sigma,
    observations: 0,
    varianceErrorSquareGrams: catalogueVarianceErrorShare * sigma * sigma,
    highSum: 0,
    lowSum: 0,
    batchShifts: 0,
  }
}

/**
 * One more unit was weighed: mean and spread by a Kalman step each,
 * and a two-sided cumulative sum that notices when a batch weighs something else.
 */
export function learnUnit(belief: UnitBelief, grams: number, scaleSigmaGrams: number): UnitBelief {
  // A new batch now and then: the mean may walk a little, so that old batches fade.
  const walk = (batchShare * belief.sigmaGrams) ** 2 / (4 * batchUnits)
  const meanVariance = belief.meanErrorGrams ** 2 + walk
  const noise = belief.sigmaGrams ** 2 + scaleSigmaGrams ** 2
  const surprise = grams - belief.unitGrams
  const total = meanVariance + noise
  const z = surprise / Math.sqrt(total)
  // A reading this far off is another product or a mistake, not a unit of this one.
  if (Math.abs(z) > 6) return belief
  const observations = belief.observations + 1
  // The spread shows in what is left of the surprise; next to a coarse scale it shows only slowly.
  const scaleVariance = scaleSigmaGrams ** 2
  const excess = surprise ** 2 - scaleVariance - meanVariance
  const spreadBefore = belief.varianceErrorSquareGrams ** 2
  const excessNoise = 2 * total ** 2 + observations * (scaleVarianceErrorShare * scaleVariance) ** 2
  const spreadShare = spreadBefore / (spreadBefore + excessNoise)
  const variance = belief.sigmaGrams ** 2 + spreadShare * (excess - belief.sigmaGrams ** 2)
  const sigmaGrams = Math.sqrt(Math.max(0.25 * belief.sigmaGrams ** 2, variance))
  let highSum = Math.max(0, belief.highSum + z - slack)
  let lowSum = Math.max(0, belief.lowSum - z - slack)
  let meanAfter = (meanVariance * noise) / total
  let batchShifts = belief.batchShifts
  if (highSum > shiftSum || lowSum > shiftSum) {
    // Forget how sure the mean was; the next few units decide.
    meanAfter = Math.max(meanAfter, sigmaGrams ** 2)
    highSum = 0
    lowSum = 0
    batchShifts++
  }
  return {
    unitGrams: belief.unitGrams + (meanVariance / total) * surprise,
    meanErrorGrams: Math.sqrt(meanAfter),
    sigmaGrams,
    observations,
    varianceErrorSquareGrams: Math.sqrt(spreadBefore * (1 - spreadShare)),
    highSum,
    lowSum,
    batchShifts,
  }
}

/** Units that a session weighed alone beyond doubt: what a cabinet may learn from. */
export function sureSinglePicks(result: WeighingResult, leastProbability = 0.98): UnitObservation[] {
  if (result.receipt.verdict !== 'clear' || result.receipt.probability < leastProbability) return []
  return result.steps.flatMap((step) => {
    const [change, ...others] = step.changes
    if (change === undefined || others.length > 0 || change.quantity !== -1 || step.quality !== 'good')
      return []
    const { shelf, sensor, sigmaGrams } = step
    return [
      { sku: change.sku, grams: -step.grams, sigmaGrams, shelf, ...(sensor === undefined ? {} : { sensor }) },
    ]
  })
}

/** The planogram with what was learned put in place of the catalogue. */
export function withLearnedUnits(
  planogram: WeighingPlanogram,
  beliefs: ReadonlyMap<string, UnitBelief>,
): WeighingPlanogram {
  return {
    shelves: planogram.shelves.map((shelf) => ({
      ...shelf,
      products: shelf.products.map((product) => {
        const belief = beliefs.get(product.sku)
        return belief === undefined
          ? product
          : {
              ...product,
              unitGrams: belief.unitGrams,
              sigmaGrams: belief.sigmaGrams,
              meanErrorGrams: belief.meanErrorGrams,
            }
      }),
    })),
  }
}

/** A shelf's gain against the goods it weighs: 1 is right. */
export type GainBelief = { gain: number; sigma: number; observations: number }

export const startGainBelief: GainBelief = { gain: 1, sigma: 0.004, observations: 0 }

/**
 * Every sure pick also weighs the scale.
 * @param expected what the unit should weigh, and the spread of that (unit, batch, mean) with the scale's own sigma
 */
export function learnGain(
  belief: GainBelief,
  grams: number,
  expected: { grams: number; sigmaGrams: number },
): GainBelief {
  const noise = (expected.sigmaGrams / expected.grams) ** 2
  const before = belief.sigma ** 2
  const surprise = grams / expected.grams - belief.gain
  if (surprise * surprise > 36 * (noise + before)) return belief
  const share = before / (before + noise)
  return {
    gain: belief.gain + share * surprise,
    sigma: Math.sqrt(before * (1 - share)),
    observations: belief.observations + 1,
  }
}

/** A gain that is off by more than goods can excuse: the scale wants calibrating. */
export function isMiscalibrated(belief: GainBelief): boolean {
  const off = Math.abs(belief.gain - 1)
  return belief.observations >= 20 && off > 0.003 && off > 4 * belief.sigma
}
