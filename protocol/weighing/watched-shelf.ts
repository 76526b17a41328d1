import { SensorCleaner } from './clean.ts'
import type { ModelShelf } from './combinations.ts'
import type { Level } from './level.ts'
import { LevelTracker, type LevelTrackerOptions } from './levels.ts'

/** A level counts as settled for the eyes of others after this long. */
const confirmMs = 300
/** A level that may have been a hand at first is looked at once more when it has stayed for this long. */
const stayedMs = 2600
/** A sensor that gave nothing for this long is silent. */
const silentMs = 1500

/** One shelf of a session: its sensors cleaned, their sum followed, and how much of that has been told. */
export class WatchedShelf {
  readonly model: ModelShelf
  readonly cleaners: readonly SensorCleaner[]
  readonly tracker: LevelTracker
  /** First reading of each sensor: offsets are absurd, and a sensor may join late. */
  readonly #references: number[]
  readonly #latest: number[]
  /** One tracker per sensor where there are several: where on the shelf it happened. */
  readonly #sensorTrackers: readonly LevelTracker[]
  #openedMs = Number.POSITIVE_INFINITY
  /** Of the weighings that the cleaners held back, by their place. */
  readonly #firstSums: number[] = []
  #reported = 0
  /** A level that went untold because a hand may have rested there. */
  #doubtful: number | null = null

  constructor(model: ModelShelf, options: LevelTrackerOptions & { dropSpikes: boolean }) {
    this.model = model
    this.cleaners = model.sensors.map(
      (sensor) => new SensorCleaner(sensor, options.noiseGrams, options.dropSpikes),
    )
    this.tracker = new LevelTracker(options)
    this.#references = model.sensors.map(() => Number.NaN)
    this.#latest = model.sensors.map(() => 0)
    this.#sensorTrackers = model.sensors.length > 1 ? model.sensors.map(() => new LevelTracker(options)) : []
  }

  /** What the scales showed at first, in grams, summed over the sensors that have shown anything. */
  get offsetGrams(): number {
    return this.#references.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0)
  }

  moveDoor(tMs: number, door: 'open' | 'closed'): void {
    if (door === 'open') this.#openedMs = Math.min(this.#openedMs, tMs)
    this.tracker.moveDoor(tMs, door)
    for (const tracker of this.#sensorTrackers) tracker.moveDoor(tMs, door)
  }

  push(tMs: number, grams: Record<string, number | null>): void {
    let released = false
    let outMs = 0
    const count = this.cleaners.length
    for (let i = 0; i < count; i++) {
      const cleaner = this.cleaners[i] as SensorCleaner
      if (!cleaner.push(tMs, grams[cleaner.sensor])) continue
      if (cleaner.accepted === 1) this.#keepFirst(i)
      if (Number.isNaN(this.#references[i] as number)) this.#references[i] = cleaner.outGrams
      this.#latest[i] = cleaner.outGrams - (this.#references[i] as number)
      released = true
      outMs = cleaner.outMs
      if (count > 1) {
        const tracker = this.#sensorTrackers[i] as LevelTracker
        tracker.push(outMs, this.#latest[i] as number)
        cleaner.noiseGrams = tracker.noiseGrams
      }
    }
    if (!released) return
    let sum = 0
    for (let i = 0; i < count; i++) sum += this.#latest[i] as number
    this.tracker.push(outMs, sum)
    if (count === 1) (this.cleaners[0] as SensorCleaner).noiseGrams = this.tracker.noiseGrams
  }

  /**
   * A session that begins just after a start of the agent may have two weighings from before the door opened, and the
   * cleaner is two readings late: without these nothing would be known of the shelf before.
   */
  #keepFirst(sensor: number): void {
    const cleaner = this.cleaners[sensor] as SensorCleaner
    if (cleaner.outMs < this.#openedMs) return
    const before = cleaner.beforeFirst.filter(({ tMs }) => tMs < this.#openedMs)
    const [first] = before
    if (first === undefined) return
    this.#references[sensor] = first.grams
    for (const [at, { tMs, grams }] of before.entries()) {
      const change = grams - first.grams
      const sum = (this.#firstSums[at] ?? 0) + change
      this.#firstSums[at] = sum
      this.#sensorTrackers[sensor]?.push(tMs, change)
      // Of several sensors the last one tells the sum.
      if (sensor === this.cleaners.length - 1) this.tracker.push(tMs, sum)
    }
  }

  isSilent(nowMs: number): boolean {
    return this.cleaners.every((cleaner) => nowMs - cleaner.lastValidMs > silentMs)
  }

  /** Silent for so long that each of its sensors counts as a fault. */
  isAbsent(nowMs: number): boolean {
    return this.cleaners.every((cleaner) => cleaner.isAbsent(nowMs))
  }

  /** Some level is settled, or has stayed after all, that was not told yet. */
  get hasUntold(): boolean {
    const { levels, quiet } = this.tracker
    if (levels.length <= this.#reported) return this.#hasStayed()
    if (levels.length > this.#reported + 1) return true
    return quiet && (levels.at(-1) as Level).quietMs >= confirmMs
  }

  /** The levels that are due to be told, as indices; they count as told from now on. */
  takeUntold(): number[] {
    const { levels, quiet } = this.tracker
    const last = quiet && (levels.at(-1) as Level).quietMs < confirmMs ? levels.length - 1 : levels.length
    const due: number[] = []
    if (this.#doubtful !== null && (last > this.#reported || this.#hasStayed())) {
      due.push(this.#doubtful)
      this.#doubtful = null
    }
    for (let i = this.#reported; i < last; i++) due.push(i)
    this.#reported = last
    return due
  }

  /** A level went untold; if it is the newest it is looked at once more when it has stayed. */
  doubt(level: number): void {
    if (level === this.tracker.levels.length - 1) this.#doubtful = level
  }

  /** By sensor, the change between two levels in grams; null where the shelf has one sensor only. */
  locate(before: Level, after: Level): Float64Array | null {
    if (this.#sensorTrackers.length === 0) return null
    const changes = new Float64Array(this.#sensorTrackers.length)
    this.#sensorTrackers.forEach((tracker, i) => {
      const own = tracker.snapshot(true)
      const then = own.findLast((level) => level.startMs <= before.endMs) ?? own[0]
      const now = own.find((level) => level.endMs >= after.startMs) ?? own.at(-1)
      changes[i] =
        then === undefined || now === undefined || then === now ? 0 : now.headGrams - then.tailGrams
    })
    return changes
  }

  /** The sensor under which nearly all of the change happened, if there is one. */
  standout(before: Level, after: Level): string | undefined {
    const changes = this.locate(before, after)
    if (changes === null) return undefined
    let total = 0
    let best = 0
    changes.forEach((change, i) => {
      total += Math.abs(change)
      if (Math.abs(change) > Math.abs(changes[best] as number)) best = i
    })
    return Math.abs(changes[best] as number) > 0.75 * total ? this.model.sensors[best] : undefined
  }

  #hasStayed(): boolean {
    const { tracker } = this
    if (this.#doubtful === null || !tracker.quiet || this.#doubtful !== tracker.levels.length - 1)
      return false
    return (tracker.levels[this.#doubtful] as Level).quietMs >= stayedMs
  }
}
