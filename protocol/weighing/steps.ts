import type { CabinetModel } from './combinations.ts'
import { changesOf, explainMove } from './explain.ts'
import type { Level } from './level.ts'
import type { BeamState, Move, Trail } from './states.ts'
import type { WeighingOptions, WeighingStep } from './types.ts'
import type { WatchedShelf } from './watched-shelf.ts'

/** A hand that rests on a shelf for less than this is not worth a line in the story. */
const restWorthTellingMs = 600

/** A step, with the shelf and level that it ends on, as indices. */
export type TellableStep = { shelf: number; level: number; step: WeighingStep }

/** The steps of a story in words and grams, in the order of time: what moved, and what looks as if it had. */
export function stepsOf(
  model: CabinetModel,
  options: WeighingOptions,
  shelves: readonly WatchedShelf[],
  levels: readonly Level[][],
  first: readonly number[],
  story: BeamState,
): TellableStep[] {
  const moves = movesByLevel(story)
  const steps: TellableStep[] = []
  levels.forEach((own, shelf) => {
    const state = shelves[shelf] as WatchedShelf
    for (let i = (first[shelf] as number) + 1; i < own.length; i++) {
      const trail = moves.get(`${shelf}/${i}`)
      const after = own[i] as Level
      // Seen from the last level that is believed to be real, not from a hand that rested there for a moment.
      const before = own[trail?.base ?? i - 1] as Level
      if (trail?.move.kind === 'resting_hand' && after.quietMs < restWorthTellingMs) continue
      const grams = after.headGrams - before.tailGrams
      const sigmaGrams = Math.hypot(
        before.tailSigmaGrams,
        after.headSigmaGrams,
        options.repeatabilityGrams,
        options.gainShare * grams,
      )
      if (after.phase === 'after' && trail?.move.kind === 'nothing') continue
      const isNull = trail === undefined || trail.move.kind === 'nothing'
      if (isNull && Math.abs(grams) < Math.max(3.5 * sigmaGrams, Math.min(6, 0.4 * model.lightestGrams)))
        continue
      const sensor = state.standout(before, after)
      const move: Move = trail?.move ?? { kind: 'nothing' }
      steps.push({
        shelf,
        level: i,
        step: {
          tMs: after.startMs,
          startMs: before.endMs,
          endMs: after.startMs,
          shelf: state.model.id,
          ...(sensor === undefined ? {} : { sensor }),
          grams: roundedGrams(grams),
          sigmaGrams: roundedGrams(sigmaGrams),
          quality:
            after.forced || after.roughness > 1.8 || after.gapMs > 700 || after.quietMs < 300
              ? 'poor'
              : 'good',
          explanation: explainMove(move, model, trail?.deltaGrams ?? grams, trail?.sigmaGrams ?? sigmaGrams),
          changes: changesOf(move, model),
        },
      })
    }
  })
  return steps.sort((a, b) => a.step.tMs - b.step.tMs || a.shelf - b.shelf)
}

/** Grams as they are shown: two decimals. */
export function roundedGrams(grams: number): number {
  return Math.round(grams * 100) / 100
}

function movesByLevel(story: BeamState): Map<string, Trail> {
  const moves = new Map<string, Trail>()
  for (let at = story.trail; at !== null; at = at.previous) moves.set(`${at.shelf}/${at.level}`, at)
  return moves
}
