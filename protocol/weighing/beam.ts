import type { CabinetModel, ModelShelf } from './combinations.ts'
import { logAdd } from './densities.ts'
import { expand } from './hypotheses.ts'
import type { Level } from './level.ts'
import { restingHandDensity, restingHandProbability } from './resting-hand.ts'
import { flagsOf, hashAfter, stateAfter, type BeamState, type Candidate, type Move } from './states.ts'
import { transitionBetween, type Transition } from './transition.ts'
import type { WeighingOptions } from './types.ts'

/** Stories this much less likely than the best are let go. */
const negligible = Math.log(1e-9)

export type LevelEvent = { shelf: number; level: number; certain: boolean }

/** Per-sensor change between two levels of a shelf that has several sensors, or null. */
export type LocateSensors = (shelf: number, base: number, level: number) => Float64Array | null

/**
 * Takes beliefs through further levels, in the order of time over all shelves: the joint posterior over everything
 * that happened. Log probabilities are not normalised, so that the search can go on from any point.
 * @param levels by shelf, oldest first
 * @returns states, best first
 */
export function advanceBeam(
  model: CabinetModel,
  options: WeighingOptions,
  levels: ReadonlyArray<readonly Level[]>,
  start: readonly BeamState[],
  events: readonly LevelEvent[],
  locate: LocateSensors,
): readonly BeamState[] {
  const nProducts = model.products.length
  let states = start
  for (const event of events) {
    const shelf = model.shelves[event.shelf] as ModelShelf
    const shelfLevels = levels[event.shelf] as readonly Level[]
    const level = shelfLevels[event.level] as Level
    const transitions = new Map<number, Transition>()
    const candidates = new Map<number, Candidate>()
    let best = Number.NEGATIVE_INFINITY
    const consider = (
      parent: BeamState,
      logP: number,
      transition: Transition,
      move: Move,
      residualGrams: number,
      sigmaGrams: number,
    ): void => {
      if (logP < best + negligible) return
      const hash = hashAfter(parent, move, event.shelf, event.level, nProducts)
      const known = candidates.get(hash)
      // The same belief by another path: the probabilities add, the likelier story is kept.
      const sum = known === undefined ? logP : logAdd(known.logP, logP)
      if (sum > best) best = sum
      if (known !== undefined && logP <= known.logP) {
        known.logP = sum
        return
      }
      candidates.set(hash, {
        parent,
        logP: sum,
        hash,
        shelf: event.shelf,
        level: event.level,
        move,
        flags: parent.flags | flagsOf(move),
        deltaGrams: transition.deltaGrams,
        variance: transition.variance,
        residualGrams,
        sigmaGrams,
      })
    }
    for (const state of states) {
      const baseIndex = state.base[event.shelf] as number
      let transition = transitions.get(baseIndex)
      if (transition === undefined) {
        transition = transitionBetween(
          model,
          shelf,
          options,
          shelfLevels,
          baseIndex,
          event.level,
          locate(event.shelf, baseIndex, event.level),
        )
        transitions.set(baseIndex, transition)
      }
      let logReal = state.logP
      if (!event.certain) {
        const resting = restingHandProbability(level, baseIndex !== event.level - 1, options)
        const logRest = Math.log(resting) + restingHandDensity(shelfLevels, baseIndex, event.level)
        consider(state, state.logP + logRest, transition, { kind: 'resting_hand' }, 0, transition.sigmaGrams)
        logReal += Math.log(1 - resting)
      }
      const seen = transition
      expand(model, shelf, options, state, seen, (move, logP, residual, sigma) => {
        consider(state, logReal + seen.logDiscount + logP, seen, move, residual, sigma)
      })
    }
    const kept = [...candidates.values()]
      .filter((candidate) => candidate.logP > best + negligible)
      .sort((a, b) => b.logP - a.logP || a.hash - b.hash)
      .slice(0, options.beamWidth)
    states = kept.map((candidate) => stateAfter(candidate, model))
  }
  return states
}

/** The same states with log probabilities that sum up to one. */
export function normalised(states: readonly BeamState[]): BeamState[] {
  let total = Number.NEGATIVE_INFINITY
  for (const state of states) total = logAdd(total, state.logP)
  return states.map((state) => ({ ...state, logP: state.logP - total }))
}
