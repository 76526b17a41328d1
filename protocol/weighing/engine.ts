import { advanceBeam, normalised, type LevelEvent, type LocateSensors } from './beam.ts'
import { identityCalibration, shippedCalibration } from './calibration.ts'
import { createCabinetModel, type CabinetModel } from './combinations.ts'
import { alternativesOf, chooseReceipt, decideReceipt, receiptsOf } from './decide.ts'
import { baseLevelsOf, eventsOf, isUnbalanced, lastLevel, shelfDeltasOf } from './judge.ts'
import type { Level } from './level.ts'
import { startState, type BeamState } from './states.ts'
import { roundedGrams, stepsOf } from './steps.ts'
import {
  defaultWeighingOptions,
  type SensorFault,
  type ShelfDelta,
  type WeighingOptions,
  type WeighingPlanogram,
  type WeighingResult,
  type WeighingSample,
  type WeighingSession,
  type WeighingStep,
} from './types.ts'
import { WatchedShelf } from './watched-shelf.ts'

export * from './types.ts'

/** A receipt names the version that made it; a change of any number in this folder changes it. */
export const ENGINE_VERSION = 'weighing-3'

/** Normally the receipt is there this long after the door closed, with what is known by then. */
const patienceMs = 1290
const patientSpreadGrams = 40
const mostDoorMoves = 20
/** Levels that began this long ago, and were left, do not change any more. */
const settledMs = 5000
/** A recording that begins with the door open has this long to show a quiet shelf; later, goods may have gone unseen. */
const firstLevelMs = 900

/**
 * Follows one session of one cabinet, from some seconds before the door opens until the shelves are quiet again.
 * Pure and deterministic: time comes with the samples; the same samples give the same result.
 */
export function createWeighingSession(
  planogram: WeighingPlanogram,
  options?: Partial<WeighingOptions>,
): WeighingSession {
  return new StreamingSession(planogram, { ...defaultWeighingOptions, ...options })
}

/** Replays a recorded trace. */
export function weighTrace(
  planogram: WeighingPlanogram,
  samples: Iterable<WeighingSample>,
  options?: Partial<WeighingOptions>,
): WeighingResult {
  const session = createWeighingSession(planogram, { ...options, reportSteps: false })
  for (const sample of samples) session.push(sample)
  return session.result()
}

class StreamingSession implements WeighingSession {
  readonly #options: WeighingOptions
  readonly #model: CabinetModel
  readonly #shelves: readonly WatchedShelf[]
  #nowMs = Number.NEGATIVE_INFINITY
  #startedMs = Number.NaN
  #door: 'open' | 'closed' | null = null
  #doorChangedMs = Number.NEGATIVE_INFINITY
  #opened = false
  readonly #doorMovesMs: number[] = []
  #settled: { first: readonly number[]; events: readonly LevelEvent[]; states: readonly BeamState[] } | null =
    null

  constructor(planogram: WeighingPlanogram, options: WeighingOptions) {
    this.#options = options
    this.#model = createCabinetModel(planogram, options)
    const sameLevelGrams = Math.min(6, Math.max(2, 0.3 * this.#model.lightestGrams))
    const shelfOptions = {
      noiseGrams: options.noiseGrams,
      quietWindowMs: options.quietWindowMs,
      sameLevelGrams,
      seeBriefLevels: options.seeBriefLevels,
      dropSpikes: options.dropSpikes,
    }
    this.#shelves = this.#model.shelves.map((model) => new WatchedShelf(model, shelfOptions))
  }

  push(sample: WeighingSample): WeighingStep[] {
    const { tMs, door, grams } = sample
    const { reportSteps } = this.#options
    if (!(tMs > this.#nowMs)) return []
    if (Number.isNaN(this.#startedMs)) this.#startedMs = tMs
    this.#nowMs = tMs
    if (door !== this.#door) {
      if (this.#door !== null && this.#doorMovesMs.length < mostDoorMoves) this.#doorMovesMs.push(tMs)
      this.#door = door
      this.#doorChangedMs = tMs
      for (const shelf of this.#shelves) shelf.moveDoor(tMs, door)
    }
    if (door === 'open') this.#opened = true
    let settled = false
    for (const shelf of this.#shelves) {
      shelf.push(tMs, grams)
      if (reportSteps && shelf.hasUntold) settled = true
    }
    return settled ? this.#report() : []
  }

  isSettled(): boolean {
    if (this.#door !== 'closed') return false
    if (this.#opened && this.#timeIsUp()) return true
    const waitedMs = this.#nowMs - this.#doorChangedMs
    return this.#shelves.every((shelf) => {
      if (shelf.isSilent(this.#nowMs)) return true
      if (!this.#opened) return shelf.tracker.quiet
      // Waiting makes the last level surer; beyond some point it is not worth the shopper's time.
      if (waitedMs < patienceMs) {
        return shelf.tracker.afterSigmaGrams <= Math.max(1.2, 1.2 * shelf.tracker.noiseGrams)
      }
      return shelf.tracker.quiet || shelf.tracker.afterSpreadGrams < patientSpreadGrams
    })
  }

  #timeIsUp(): boolean {
    return (
      this.#opened &&
      this.#door === 'closed' &&
      this.#nowMs - this.#doorChangedMs >= this.#options.settleTimeoutMs
    )
  }

  /** The steps that became certain with the newest sample. */
  #report(): WeighingStep[] {
    const due: Array<{ shelf: number; level: number }> = []
    for (const shelf of this.#shelves) {
      for (const level of shelf.takeUntold()) due.push({ shelf: shelf.model.index, level })
    }
    if (!due.some((item) => this.#looksLikeGoods(item.shelf, item.level))) return []
    const belief = this.#believe()
    const isDue = (shelf: number, level: number): boolean =>
      due.some((item) => item.shelf === shelf && item.level === level)
    const told = belief.steps.filter(({ shelf, level }) => isDue(shelf, level))
    for (const { shelf, level } of due) {
      if (told.some((one) => one.shelf === shelf && one.level === level)) continue
      if (this.#looksLikeGoods(shelf, level)) (this.#shelves[shelf] as WatchedShelf).doubt(level)
    }
    return told.map(({ step }) => step)
  }

  /** Spares the beam for levels that only say that nothing happened. */
  #looksLikeGoods(shelf: number, level: number): boolean {
    const levels = (this.#shelves[shelf] as WatchedShelf).tracker.levels
    const before = levels[level - 1]
    const after = levels[level]
    if (before === undefined || after === undefined || after.phase === 'before') return false
    return Math.abs(after.headGrams - before.tailGrams) > Math.max(2, 0.25 * this.#model.lightestGrams)
  }

  result(): WeighingResult {
    const belief = this.#believe()
    const { beliefs, chosen } = belief
    const sensorFaults = this.#faults(belief)
    const harmful = sensorFaults.some(
      ({ kind }) => kind !== 'bit_slips' && kind !== 'drift' && kind !== 'gain',
    )
    const lightest = this.#model.lightestGrams
    // Who has read nothing at all knows nothing, not even that nothing was taken.
    const isBlind = this.#shelves.every(({ cleaners }) => cleaners.every(({ accepted }) => accepted === 0))
    const unread = isBlind || (this.#opened && this.#isUnjudged(belief))
    const isUnsure = ({ deltaGrams, sigmaGrams }: ShelfDelta): boolean =>
      deltaGrams !== null && sigmaGrams > Math.max(4, 0.25 * lightest)
    const disturbed = unread || (this.#opened && belief.shelfDeltas.some(isUnsure))
    const receipt = decideReceipt(
      belief.states,
      beliefs,
      chosen,
      {
        sensorFault: harmful,
        unread,
        disturbed,
        unbalanced: belief.unbalanced,
      },
      this.#model,
      this.#options,
      this.#options.calibrated ? shippedCalibration : identityCalibration,
    )
    return {
      engineVersion: ENGINE_VERSION,
      receipt,
      alternatives: alternativesOf(beliefs, chosen, receipt, this.#model),
      steps: belief.steps.map(({ step }) => step),
      shelfDeltas: belief.shelfDeltas,
      sensorFaults,
      foreign: chosen.story.foreign.map(({ shelf, grams, isNew }) => ({
        shelf: (this.#shelves[shelf] as WatchedShelf).model.id,
        grams: roundedGrams(grams),
        isNew,
      })),
    }
  }

  /**
   * Some shelf has no weight from before the first hand, or none from after the door closed. One whose scale is absent is
   * told as that; one that fell silent only lately is no reason to believe that nothing left it.
   */
  #isUnjudged(belief: { levels: readonly Level[][]; first: readonly number[] }): boolean {
    return this.#shelves.some((shelf, index) => {
      if (shelf.isAbsent(this.#nowMs)) return false
      const own = belief.levels[index] as Level[]
      const before = own[belief.first[index] as number]
      const after = lastLevel(own)
      if (before === undefined || after === undefined || after.phase !== 'after') return true
      return before.phase !== 'before' && before.startMs - this.#startedMs > firstLevelMs
    })
  }

  #believe() {
    const timeIsUp = this.#timeIsUp() || this.#door === 'closed'
    const levels = this.#shelves.map((shelf) => shelf.tracker.snapshot(timeIsUp))
    const first = baseLevelsOf(levels)
    const events = eventsOf(levels, first)
    const states = normalised(this.#search(levels, first, events))
    const beliefs = receiptsOf(states)
    const offsets = this.#shelves.map((shelf) => shelf.offsetGrams)
    const isOver = this.#opened && this.#door === 'closed'
    const chosen = chooseReceipt(beliefs, this.#model, this.#options)
    return {
      levels,
      first,
      states,
      beliefs,
      chosen,
      steps: stepsOf(this.#model, this.#options, this.#shelves, levels, first, chosen.story),
      shelfDeltas: shelfDeltasOf(this.#model, this.#options, levels, first, offsets, isOver),
      unbalanced: isUnbalanced(this.#model, this.#options, levels, first, chosen.story),
    }
  }

  /**
   * The search goes on from where levels can no longer change, so that a long rummage costs no more a step than a
   * short one. A level that turns up late, from before that point, starts it anew.
   */
  #search(
    levels: readonly Level[][],
    first: readonly number[],
    events: readonly LevelEvent[],
  ): readonly BeamState[] {
    const locate: LocateSensors = (shelf, base, level) =>
      (this.#shelves[shelf] as WatchedShelf).locate(
        (levels[shelf] as Level[])[base] as Level,
        (levels[shelf] as Level[])[level] as Level,
      )
    const advance = (from: readonly BeamState[], through: readonly LevelEvent[]): readonly BeamState[] =>
      advanceBeam(this.#model, this.#options, levels, from, through, locate)
    let settled = this.#settled
    const isStill = (done: LevelEvent, i: number): boolean =>
      events[i]?.shelf === done.shelf && events[i]?.level === done.level
    if (
      settled === null ||
      !settled.first.every((base, shelf) => base === first[shelf]) ||
      !settled.events.every(isStill)
    ) {
      settled = { first, events: [], states: [startState(this.#model, first)] }
    }
    const final: LevelEvent[] = []
    for (const event of events.slice(settled.events.length)) {
      const own = levels[event.shelf] as Level[]
      const level = own[event.level] as Level
      const isPast = event.level < own.length - 1 && level.phase === 'during'
      if (!isPast || level.startMs > this.#nowMs - settledMs) break
      final.push(event)
    }
    if (final.length > 0) {
      settled = {
        first,
        events: [...settled.events, ...final],
        states: advance(settled.states, final),
      }
    }
    this.#settled = settled
    return advance(settled.states, events.slice(settled.events.length))
  }

  #faults(belief: { levels: readonly Level[][]; first: readonly number[] }): SensorFault[] {
    const faults: SensorFault[] = []
    const working = this.#shelves
      .flatMap((shelf) => shelf.cleaners)
      .filter((cleaner) => cleaner.readings > 20)
    const typicalShare = middle(working.map((cleaner) => cleaner.repeatShare)) ?? 1
    const runs = working.map((cleaner) => cleaner.longestRun)
    this.#shelves.forEach((shelf, index) => {
      for (const cleaner of shelf.cleaners) {
        const fault = cleaner.fault(
          this.#nowMs,
          typicalShare,
          middle(without(runs, cleaner.longestRun)) ?? 0,
          this.#doorMovesMs,
        )
        if (fault !== null) faults.push({ sensor: cleaner.sensor, ...fault })
      }
      const own = belief.levels[index] as Level[]
      let drift = 0
      for (const level of own.slice(belief.first[index])) drift += level.tailGrams - level.headGrams
      if (Math.abs(drift) > 10) {
        for (const sensor of shelf.model.sensors) {
          faults.push({
            sensor,
            kind: 'drift',
            sinceMs: (own[belief.first[index] as number] as Level).startMs,
          })
        }
      }
    })
    return faults
  }
}

function middle(values: readonly number[]): number | undefined {
  return values.slice().sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

function without(values: readonly number[], value: number): number[] {
  const at = values.indexOf(value)
  return values.filter((_, index) => index !== at)
}
