import type { LevelEvent } from './beam.ts'
import type { CabinetModel, ModelProduct, ModelShelf } from './combinations.ts'
import type { Level } from './level.ts'
import type { BeamState, Move, Trail } from './states.ts'
import type { ShelfDelta, WeighingOptions } from './types.ts'

/** By shelf: the last level before the door opened, or the first one where there is none. */
export function baseLevelsOf(levels: readonly Level[][]): number[] {
  return levels.map((own) => {
    let base = 0
    while (base + 1 < own.length && (own[base + 1] as Level).phase === 'before') base++
    return base
  })
}

/** Levels in the order in which they began; of those after the door closed, only the judge counts. */
export function eventsOf(levels: readonly Level[][], first: readonly number[]): LevelEvent[] {
  const events: Array<LevelEvent & { startMs: number }> = []
  levels.forEach((own, shelf) => {
    for (let i = (first[shelf] as number) + 1; i < own.length; i++) {
      const level = own[i] as Level
      if (level.phase === 'after' && i !== judgeOf(own, i)) continue
      events.push({ shelf, level: i, certain: level.phase === 'after', startMs: level.startMs })
    }
  })
  return events.sort((a, b) => a.startMs - b.startMs || a.shelf - b.shelf)
}

/**
 * Weight of each shelf before the door opened and after it closed. `offsets` are the zeros of the shelves.
 * @param isOver  the door is closed again: what was not read since then is not known
 */
export function shelfDeltasOf(
  model: CabinetModel,
  options: WeighingOptions,
  levels: readonly Level[][],
  first: readonly number[],
  offsets: readonly number[],
  isOver: boolean,
): ShelfDelta[] {
  return levels.map((own, shelf) => {
    const { id } = model.shelves[shelf] as ModelShelf
    const offset = offsets[shelf] as number
    const before = own[first[shelf] as number]
    const after = lastLevel(own)
    if (before === undefined || after === undefined) {
      return { shelf: id, beforeGrams: null, afterGrams: null, deltaGrams: null, sigmaGrams: 0 }
    }
    if (isOver && after.phase !== 'after')
      return {
        shelf: id,
        beforeGrams: round(before.tailGrams + offset),
        afterGrams: null,
        deltaGrams: null,
        sigmaGrams: 0,
      }
    const afterGrams = after === before ? after.tailGrams : after.headGrams
    return {
      shelf: id,
      beforeGrams: round(before.tailGrams + offset),
      afterGrams: round(afterGrams + offset),
      deltaGrams: round(afterGrams - before.tailGrams),
      sigmaGrams: round(Math.hypot(before.tailSigmaGrams, after.headSigmaGrams, options.repeatabilityGrams)),
    }
  })
}

/** The judge: what the story says left each shelf must agree with the weight before and after. */
export function isUnbalanced(
  model: CabinetModel,
  options: WeighingOptions,
  levels: readonly Level[][],
  first: readonly number[],
  story: BeamState,
): boolean {
  const nProducts = model.products.length
  return levels.some((own, shelf) => {
    const before = own[first[shelf] as number]
    const after = lastLevel(own)
    if (before === undefined || after === undefined || before === after) return false
    let expected = 0
    let variance = 0
    let moved = 0
    for (let p = 0; p < nProducts; p++) {
      const units = story.dev[shelf * nProducts + p] as number
      if (units === 0) continue
      const product = model.products[p] as ModelProduct
      expected += units * product.unitGrams
      moved += Math.abs(units)
      variance += Math.abs(units) * product.unitVariance + units * units * product.sharedVariance
    }
    let open = false
    for (let at: Trail | null = story.trail; at !== null; at = at.previous) {
      if (at.shelf !== shelf) continue
      const kind = at.move.kind
      if (!goodsOnly(kind)) open = true
    }
    if (open) return false
    const seconds = (after.startMs - before.endMs) / 1000
    const sigma = Math.sqrt(
      variance +
        (2 + moved) * options.repeatabilityGrams ** 2 +
        (options.driftGramsPerSecond * seconds) ** 2 +
        before.tailSigmaGrams ** 2 +
        after.headSigmaGrams ** 2,
    )
    return Math.abs(after.headGrams - before.tailGrams - expected) > Math.max(5 * sigma, 6)
  })
}

/** Moves whose weight is that of goods, so that before and after can be held against them. */
function goodsOnly(kind: Move['kind']): boolean {
  switch (kind) {
    case 'foreign_added':
    case 'foreign_removed':
    case 'unexplained_loss':
    case 'opened_package':
      return false
    case 'nothing':
    case 'resting_hand':
    case 'taken':
    case 'put_back':
    case 'exchanged':
    case 'brought_in':
      return true
  }
}

/** The level that stands for the end: the judge after the door closed, else the newest. */
export function lastLevel(levels: readonly Level[]): Level | undefined {
  const last = levels.at(-1)
  return last?.phase === 'after' ? levels[judgeOf(levels, levels.length - 1)] : last
}

/** Of the levels after one closing of the door, the last that is known well; a burst of bad readings is no judge. */
function judgeOf(levels: readonly Level[], index: number): number {
  let from = index
  while (from > 0 && (levels[from - 1] as Level).phase === 'after') from--
  let until = index
  while (until + 1 < levels.length && (levels[until + 1] as Level).phase === 'after') until++
  let surest = Number.POSITIVE_INFINITY
  for (let i = from; i <= until; i++) surest = Math.min(surest, (levels[i] as Level).headSigmaGrams)
  let judge = until
  while (judge > from && (levels[judge] as Level).headSigmaGrams > 4 * surest + 2) judge--
  return judge
}

function round(grams: number): number {
  return Math.round(grams * 100) / 100
}
