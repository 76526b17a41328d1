import { advanceBeam, normalised, type LevelEvent, type LocateSensors } from './beam.ts'
import { identityCalibration, shippedCalibration } from './calibration.ts'
import { SensorCleaner } from './clean.ts'
import { createCabinetModel, type CabinetModel, type ModelShelf } from './combinations.ts'
import { alternativesOf, chooseReceipt, decideReceipt, receiptsOf } from './decide.ts'
import { changesOf, explainMove } from './explain.ts'
import { baseLevelsOf, eventsOf, isUnbalanced, lastLevel, shelfDeltasOf } from './judge.ts'
import { LevelTracker, type Level } from './levels.ts'
import { startState, type BeamState, type Move, type Trail } from './states.ts'
import {
  defaultWeighingOptions,
  type SensorFault,
  type WeighingOptions,
  type WeighingPlanogram,
  type WeighingResult,
  type WeighingSample,
  type WeighingSession,
  type WeighingStep,
} from './types.ts'

export * from './types.ts'

/** A receipt names the version that made it; a change of any number in this folder changes it. */
export const ENGINE_VERSION = 'weighing-2'

/** A level counts as settled for the eyes of others after this long. */
const confirmMs = 300
/** A hand that rests on a shelf for less than this is not worth a line in the story. */
const restWorthTellingMs = 600
/** A level that may have been a hand at first is looked at once more when it has stayed for this long. */
const stayedMs = 2600
/** Normally the receipt is there this long after the door closed, with what is known by then. */
const patienceMs = 1290
const patientSpreadGrams = 40
const mostDoorMoves = 20
/** Levels that began this long ago, and were left, do not change any more. */
const settledMs = 5000
/** A recording that begins with the door open has this long to show a quiet shelf; later, goods may have gone unseen. */
const firstLevelMs = 900

type ShelfState = {
  model: ModelShelf
  cleaners: SensorCleaner[]
  /** First reading of each sensor: offsets are absurd, and a sensor may join late. */
  references: number[]
  latest: number[]
  tracker: LevelTracker
  /** One tracker per sensor where there are several: where on the shelf it happened. */
  sensorTrackers: LevelTracker[]
  reported: number
  /** A level that went untold because a hand may have rested there. */
  doubtful: number | null
}

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
  readonly #shelves: ShelfState[]
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
    const trackerOptions = {
      noiseGrams: options.noiseGrams,
      quietWindowMs: options.quietWindowMs,
      sameLevelGrams,
      seeBriefLevels: options.seeBriefLevels,
    }
    this.#shelves = this.#model.shelves.map((model) => ({
      model,
      cleaners: model.sensors.map(
        (sensor) => new SensorCleaner(sensor, options.noiseGrams, options.dropSpikes),
      ),
      references: model.sensors.map(() => Number.NaN),
      latest: model.sensors.map(() => 0),
      tracker: new LevelTracker(trackerOptions),
      sensorTrackers:
        model.sensors.length > 1 ? model.sensors.map(() => new LevelTracker(trackerOptions)) : [],
      reported: 0,
      doubtful: null,
    }))
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
      for (const { tracker, sensorTrackers } of this.#shelves) {
        tracker.moveDoor(tMs, door)
        for (const one of sensorTrackers) one.moveDoor(tMs, door)
      }
    }
    if (door === 'open') this.#opened = true
    let settled = false
    for (const shelf of this.#shelves) {
      this.#pushShelf(shelf, tMs, grams)
      if (reportSteps && this.#unreported(shelf)) settled = true
    }
    return settled ? this.#report() : []
  }

  #pushShelf(shelf: ShelfState, tMs: number, grams: Record<string, number | null>): void {
    let released = false
    let outMs = 0
    const count = shelf.cleaners.length
    for (let i = 0; i < count; i++) {
      const cleaner = shelf.cleaners[i] as SensorCleaner
      if (!cleaner.push(tMs, grams[cleaner.sensor])) continue
      if (Number.isNaN(shelf.references[i] as number)) shelf.references[i] = cleaner.outGrams
      shelf.latest[i] = cleaner.outGrams - (shelf.references[i] as number)
      released = true
      outMs = cleaner.outMs
      if (count > 1) {
        const tracker = shelf.sensorTrackers[i] as LevelTracker
        tracker.push(outMs, shelf.latest[i] as number)
        cleaner.noiseGrams = tracker.noiseGrams
      }
    }
    if (!released) return
    let sum = 0
    for (let i = 0; i < count; i++) sum += shelf.latest[i] as number
    shelf.tracker.push(outMs, sum)
    if (count === 1) (shelf.cleaners[0] as SensorCleaner).noiseGrams = shelf.tracker.noiseGrams
  }

  isSettled(): boolean {
    if (this.#door !== 'closed') return false
    if (this.#opened && this.#timeIsUp()) return true
    const waitedMs = this.#nowMs - this.#doorChangedMs
    return this.#shelves.every((shelf) => {
      if (this.#isSilent(shelf)) return true
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

  #isSilent(shelf: ShelfState): boolean {
    return shelf.cleaners.every((cleaner) => this.#nowMs - cleaner.lastValidMs > 1500)
  }

  #unreported(shelf: ShelfState): boolean {
    const levels = shelf.tracker.levels
    if (levels.length <= shelf.reported) return this.#hasStayed(shelf)
    if (levels.length > shelf.reported + 1) return true
    return shelf.tracker.quiet && (levels.at(-1) as Level).quietMs >= confirmMs
  }

  #hasStayed({ tracker, doubtful }: ShelfState): boolean {
    if (doubtful === null || !tracker.quiet || doubtful !== tracker.levels.length - 1) return false
    return (tracker.levels[doubtful] as Level).quietMs >= stayedMs
  }

  /** The steps that became certain with the newest sample. */
  #report(): WeighingStep[] {
    const due: Array<{ shelf: number; level: number }> = []
    for (const shelf of this.#shelves) {
      const levels = shelf.tracker.levels
      const last =
        shelf.tracker.quiet && (levels.at(-1) as Level).quietMs < confirmMs
          ? levels.length - 1
          : levels.length
      if (shelf.doubtful !== null && (last > shelf.reported || this.#hasStayed(shelf))) {
        due.push({ shelf: shelf.model.index, level: shelf.doubtful })
        shelf.doubtful = null
      }
      for (let i = shelf.reported; i < last; i++) due.push({ shelf: shelf.model.index, level: i })
      shelf.reported = last
    }
    if (!due.some((item) => this.#looksLikeGoods(item.shelf, item.level))) return []
    const belief = this.#believe()
    const isDue = (shelf: number, level: number): boolean =>
      due.some((item) => item.shelf === shelf && item.level === level)
    const told = belief.steps.filter(({ shelf, level }) => isDue(shelf, level))
    for (const { shelf, level } of due) {
      if (told.some((one) => one.shelf === shelf && one.level === level)) continue
      const own = this.#shelves[shelf] as ShelfState
      if (level === own.tracker.levels.length - 1 && this.#looksLikeGoods(shelf, level)) own.doubtful = level
    }
    return told.map(({ step }) => step)
  }

  /** Spares the beam for levels that only say that nothing happened. */
  #looksLikeGoods(shelf: number, level: number): boolean {
    const levels = (this.#shelves[shelf] as ShelfState).tracker.levels
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
    const disturbed =
      isBlind ||
      (this.#opened &&
        (this.#isUnjudged(belief) ||
          belief.shelfDeltas.some(
            (shelf) => shelf.deltaGrams !== null && shelf.sigmaGrams > Math.max(4, 0.25 * lightest),
          )))
    const receipt = decideReceipt(
      belief.states,
      beliefs,
      chosen,
      {
        sensorFault: harmful,
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
        shelf: (this.#shelves[shelf] as ShelfState).model.id,
        grams: round(grams),
        isNew,
      })),
    }
  }

  /** Some working shelf has no weight from before the first hand, or none from after the door closed. */
  #isUnjudged(belief: { levels: readonly Level[][]; first: readonly number[] }): boolean {
    return this.#shelves.some((shelf, index) => {
      if (this.#isSilent(shelf)) return false
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
    const chosen = chooseReceipt(beliefs, this.#model, this.#options)
    const moves = movesByLevel(chosen.story)
    return {
      levels,
      first,
      states,
      beliefs,
      chosen,
      steps: this.#stepsOf(levels, first, moves),
      shelfDeltas: shelfDeltasOf(this.#model, this.#options, levels, first, this.#offsets()),
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
      this.#locate(
        shelf,
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

  #offsets(): number[] {
    return this.#shelves.map(({ references }) =>
      references.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0),
    )
  }

  #locate(shelfIndex: number, before: Level, after: Level): Float64Array | null {
    const shelf = this.#shelves[shelfIndex] as ShelfState
    if (shelf.sensorTrackers.length === 0) return null
    const changes = new Float64Array(shelf.sensorTrackers.length)
    shelf.sensorTrackers.forEach((tracker, i) => {
      const own = tracker.snapshot(true)
      const then = own.findLast((level) => level.startMs <= before.endMs) ?? own[0]
      const now = own.find((level) => level.endMs >= after.startMs) ?? own.at(-1)
      changes[i] =
        then === undefined || now === undefined || then === now ? 0 : now.headGrams - then.tailGrams
    })
    return changes
  }

  #stepsOf(levels: readonly Level[][], first: readonly number[], moves: Map<string, Trail>) {
    const steps: Array<{ shelf: number; level: number; step: WeighingStep }> = []
    levels.forEach((own, shelf) => {
      const state = this.#shelves[shelf] as ShelfState
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
          this.#options.repeatabilityGrams,
          this.#options.gainShare * grams,
        )
        if (after.phase === 'after' && trail?.move.kind === 'nothing') continue
        const isNull = trail === undefined || trail.move.kind === 'nothing'
        if (
          isNull &&
          Math.abs(grams) < Math.max(3.5 * sigmaGrams, Math.min(6, 0.4 * this.#model.lightestGrams))
        )
          continue
        const sensor = this.#standout(shelf, before, after)
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
            grams: round(grams),
            sigmaGrams: round(sigmaGrams),
            quality:
              after.forced || after.roughness > 1.8 || after.gapMs > 700 || after.quietMs < 300
                ? 'poor'
                : 'good',
            explanation: explainMove(
              move,
              this.#model,
              trail?.deltaGrams ?? grams,
              trail?.sigmaGrams ?? sigmaGrams,
            ),
            changes: changesOf(move, this.#model),
          },
        })
      }
    })
    return steps.sort((a, b) => a.step.tMs - b.step.tMs || a.shelf - b.shelf)
  }

  #standout(shelf: number, before: Level, after: Level): string | undefined {
    const changes = this.#locate(shelf, before, after)
    if (changes === null) return undefined
    let total = 0
    let best = 0
    changes.forEach((change, i) => {
      total += Math.abs(change)
      if (Math.abs(change) > Math.abs(changes[best] as number)) best = i
    })
    return Math.abs(changes[best] as number) > 0.75 * total
      ? (this.#shelves[shelf] as ShelfState).model.sensors[best]
      : undefined
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

function movesByLevel(story: BeamState): Map<string, Trail> {
  const moves = new Map<string, Trail>()
  for (let at = story.trail; at !== null; at = at.previous) moves.set(`${at.shelf}/${at.level}`, at)
  return moves
}

function round(grams: number): number {
  return Math.round(grams * 100) / 100
}

function middle(values: readonly number[]): number | undefined {
  return values.slice().sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

function without(values: readonly number[], value: number): number[] {
  const at = values.indexOf(value)
  return values.filter((_, index) => index !== at)
}
