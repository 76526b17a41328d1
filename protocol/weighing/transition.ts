import {
  largeCombinations,
  near,
  type CabinetModel,
  type Combination,
  type ModelShelf,
} from './combinations.ts'
import { briefWide, logDensity, ordinaryWide, type Wide } from './densities.ts'
import type { Level } from './level.ts'
import { passageEvidence, type PassageEvidence } from './passage.ts'
import { wayFit } from './way-fit.ts'

import type { WeighingOptions } from './types.ts'

/** Two grabs that begin within this time belong together. */
const quickMs = 900

export type Exchange = {
  move: { kind: 'exchanged'; taken: readonly number[]; returned: readonly number[] }
  logP: number
  residualGrams: number
  sigmaGrams: number
}

export type Transition = {
  deltaGrams: number
  sigmaGrams: number
  variance: number
  combos: ReadonlyArray<{ combination: Combination; logLikelihood: number; large: boolean }>
  located: Float64Array | null
  /** What the readings on the way say; silent where they were not kept. */
  passage: PassageEvidence
  /** Levels between the two are taken for a resting hand. */
  skips: boolean
  /** What the readings between say is not counted a second time when the levels between are skipped. */
  logDiscount: number
  /** Nothing but the door disturbed the shelf: two moves that cancel out are next to impossible. */
  calm: boolean
  /** The level before lasted only a moment. */
  quick: boolean
  /** How far the shelf went above and below the level before. */
  highGrams: number
  lowGrams: number
  /** The wide component of the density. */
  wide: Wide
  busySeconds: number
  /** By product put back: what may have been taken in its place. */
  exchanges: Map<number, Exchange[]>
}

export function transitionBetween(
  model: CabinetModel,
  shelf: ModelShelf,
  options: WeighingOptions,
  levels: readonly Level[],
  baseIndex: number,
  levelIndex: number,
  located: Float64Array | null,
): Transition {
  const before = levels[baseIndex] as Level
  const after = levels[levelIndex] as Level
  const deltaGrams = after.headGrams - before.tailGrams
  const busySeconds = Math.max(0, after.startMs - before.endMs) / 1000
  const variance =
    before.tailSigmaGrams ** 2 +
    after.headSigmaGrams ** 2 +
    options.repeatabilityGrams ** 2 +
    (options.gainShare * deltaGrams) ** 2 +
    (options.driftGramsPerSecond * busySeconds) ** 2
  const calm = after.followsDoor && busySeconds < 2.5 && baseIndex === levelIndex - 1
  const quick = after.startMs - before.startMs < quickMs
  const passed = levels.slice(baseIndex + 1, levelIndex + 1)
  const offset = (level: Level): number =>
    (levels[levels.indexOf(level) - 1] as Level).tailGrams - before.tailGrams
  const highGrams = Math.max(...passed.map((level) => level.highGrams + offset(level)))
  const lowGrams = Math.min(...passed.map((level) => level.lowGrams + offset(level)))
  const wide = before.brief || after.brief ? briefWide : ordinaryWide
  const loss = -deltaGrams
  const combos: Array<{ combination: Combination; logLikelihood: number; large: boolean }> = []
  if (loss > 0) {
    for (const combination of near(shelf.combinations, loss, variance)) {
      combos.push({
        combination,
        logLikelihood: logDensity(loss - combination.grams, variance + combination.variance, wide),
        large: false,
      })
    }
    const good = combos.some(({ combination }) => {
      const z2 = (loss - combination.grams) ** 2 / (variance + combination.variance)
      return z2 < 12
    })
    if (!good && loss > 3 * model.lightestGrams) {
      for (const combination of largeCombinations(
        shelf,
        model.products,
        options,
        loss,
        Math.sqrt(variance),
      )) {
        combos.push({
          combination,
          logLikelihood: logDensity(loss - combination.grams, variance + combination.variance, wide),
          large: true,
        })
      }
    }
  }
  const passage = passageEvidence(after.passage, before, after)
  const skips = baseIndex !== levelIndex - 1
  let logDiscount = 0
  if (skips && !passage.isSilent) {
    for (const { combination } of combos) {
      logDiscount = Math.min(logDiscount, -wayFit(model, passage, combination.items, -1))
    }
  }
  return {
    deltaGrams,
    sigmaGrams: Math.sqrt(variance),
    variance,
    combos,
    located,
    passage,
    skips,
    logDiscount,
    calm,
    quick,
    wide,
    busySeconds,
    highGrams,
    lowGrams,
    exchanges: new Map(),
  }
}
