import type { SensorFaultKind } from './types.ts'

/** Readings beyond this are electronics, not goods: a shelf carries tens of kilograms at most. */
const absurdGrams = 1e7

/** A share of rejected readings above this is reported as bit slips (healthy amplifiers: 1 to 5 %, bogde/HX711 #83). */
const bitSlipShare = 0.08

/** A sensor that is silent for longer is absent. */
const absentMs = 2000

/** Where so many readings repeat the one before, a scale is coarse and runs of equal readings mean little. */
const coarseShare = 0.4

/** Equal readings in a row are called stuck when chance would do it less often than this. */
const stuckChance = 1e-9

/**
 * Drops what cannot be weight from one sensor's readings: nulls, NaN, absurd values and lone spikes
 * (bit slips of the amplifier read 2^k−1 or far away among good values). A Hampel test over five readings
 * looks two ahead, so the output is two readings late; no smoothing, so that a quick double pick stays visible.
 */
export class SensorCleaner {
  readonly sensor: string
  /** The reading that the last `push` released. */
  outMs = 0
  outGrams = 0
  accepted = 0
  rejected = 0
  lastValidMs = Number.NEGATIVE_INFINITY
  firstSeenMs = Number.NEGATIVE_INFINITY

  #t = new Float64Array(5)
  #x = new Float64Array(5)
  #count = 0
  #noiseGrams: number
  readonly #dropSpikes: boolean
  #equalRun = 0
  #equalSinceMs = 0
  #equalPairs = 0
  #pairs = 0
  #last = Number.NaN
  #longestRun = 0
  #longestRunSinceMs = 0
  #longestRunUntilMs = 0

  constructor(sensor: string, noiseGrams: number, dropSpikes: boolean) {
    this.sensor = sensor
    this.#dropSpikes = dropSpikes
    this.#noiseGrams = noiseGrams
  }

  /** The shelf's learned noise keeps the spike test honest. */
  set noiseGrams(value: number) {
    this.#noiseGrams = value
  }

  /** @returns true when a cleaned reading is in `outMs`, `outGrams` */
  push(tMs: number, grams: number | null | undefined): boolean {
    if (this.firstSeenMs === Number.NEGATIVE_INFINITY) this.firstSeenMs = tMs
    if (typeof grams !== 'number' || !(grams > -absurdGrams && grams < absurdGrams)) {
      if (typeof grams === 'number') this.rejected++
      return false
    }
    this.lastValidMs = tMs
    this.#watchRun(tMs, grams)
    const t = this.#t
    const x = this.#x
    if (this.#count < 5) {
      t[this.#count] = tMs
      x[this.#count] = grams
      this.#count++
      if (this.#count < 5) return false
    } else {
      t[0] = t[1] as number
      t[1] = t[2] as number
      t[2] = t[3] as number
      t[3] = t[4] as number
      t[4] = tMs
      x[0] = x[1] as number
      x[1] = x[2] as number
      x[2] = x[3] as number
      x[3] = x[4] as number
      x[4] = grams
    }
    const a = x[0] as number
    const b = x[1] as number
    const c = x[2] as number
    const d = x[3] as number
    const e = x[4] as number
    const median = medianOfFive(a, b, c, d, e)
    const off = Math.abs(c - median)
    if (this.#dropSpikes && off > 5 * this.#noiseGrams + 1) {
      const mad = medianOfFive(
        Math.abs(a - median),
        Math.abs(b - median),
        off,
        Math.abs(d - median),
        Math.abs(e - median),
      )
      if (off > 5 * Math.max(this.#noiseGrams, 1.48 * mad) + 1) {
        this.rejected++
        return false
      }
    }
    this.accepted++
    this.outMs = t[2] as number
    this.outGrams = c
    return true
  }

  /**
   * The readings before the first that `push` released: with nothing before them they cannot be told from spikes, so they
   * count for little, but they may be all there is of a shelf before somebody reached in. Ask with the first release.
   */
  get beforeFirst(): ReadonlyArray<{ tMs: number; grams: number }> {
    return [0, 1].map((at) => ({ tMs: this.#t[at] as number, grams: this.#x[at] as number }))
  }

  #slept(doorMovesMs: readonly number[]): boolean {
    return doorMovesMs.some((ms) => this.#longestRunSinceMs < ms && this.#longestRunUntilMs > ms + 500)
  }

  #watchRun(tMs: number, grams: number): void {
    if (grams === this.#last) {
      if (this.#equalRun === 0) this.#equalSinceMs = tMs
      this.#equalRun++
      this.#equalPairs++
      if (this.#equalRun > this.#longestRun) {
        this.#longestRun = this.#equalRun
        this.#longestRunSinceMs = this.#equalSinceMs
        this.#longestRunUntilMs = tMs
      }
    } else {
      this.#equalRun = 0
    }
    this.#last = grams
    this.#pairs++
  }

  get #heardMs(): number {
    return Math.max(this.lastValidMs, this.firstSeenMs)
  }
  isAbsent(nowMs: number): boolean {
    return nowMs - this.#heardMs > absentMs
  }

  /** How often two readings in a row are equal, outside the longest run: coarse scales repeat, noisy ones do not. */
  get repeatShare(): number {
    const pairs = this.#pairs - this.#longestRun
    return (this.#equalPairs - this.#longestRun + 0.5) / (pairs + 1)
  }

  get longestRun(): number {
    return this.#longestRun
  }

  get readings(): number {
    return this.#pairs
  }

  /**
   * @param nowMs time of the newest sample of the cabinet
   * @param cabinetRepeatShare median `repeatShare` over the cabinet: what such scales do when they work
   * @param othersRun median length of the longest run of equal readings on the other sensors
   * @param doorMovesMs when the door moved: that shakes every working scale, even a coarse one
   */
  fault(
    nowMs: number,
    cabinetRepeatShare: number,
    othersRun: number,
    doorMovesMs: readonly number[],
  ): { kind: SensorFaultKind; sinceMs: number } | null {
    if (this.firstSeenMs === Number.NEGATIVE_INFINITY) return null
    if (this.isAbsent(nowMs)) return { kind: 'absent', sinceMs: this.#heardMs }
    // A lively scale that falls silent is judged by its own past; one that was silent from the start, by its neighbours.
    const ownPast = this.#pairs - this.#longestRun
    const repeat = Math.min(0.999, ownPast >= 20 ? this.repeatShare : Math.max(cabinetRepeatShare, 1e-3))
    if (
      this.#longestRun >= 12 &&
      this.#longestRun > 2.5 * othersRun &&
      (cabinetRepeatShare < coarseShare || this.#slept(doorMovesMs)) &&
      this.#longestRun * Math.log(repeat) < Math.log(stuckChance)
    ) {
      const overload = Math.abs(this.#last) >= 4095 && isBitPattern(this.#last)
      return { kind: overload ? 'overload' : 'stuck', sinceMs: this.#longestRunSinceMs }
    }
    if (this.rejected > 10 && this.rejected > bitSlipShare * (this.accepted + this.rejected)) {
      return { kind: 'bit_slips', sinceMs: this.firstSeenMs }
    }
    return null
  }
}

function isBitPattern(value: number): boolean {
  const raw = Math.round(Math.abs(value))
  return raw > 0 && raw < 2 ** 31 && (raw & (raw + 1)) === 0
}

function medianOfFive(a: number, b: number, c: number, d: number, e: number): number {
  if (a > b) [a, b] = [b, a]
  if (c > d) [c, d] = [d, c]
  // Drop the smallest of the four smallest and the largest of the two larger, then the median of three is left.
  if (a > c) {
    ;[a, c] = [c, a]
    ;[b, d] = [d, b]
  }
  // a is the least of four and cannot be the median.
  if (b > e) [b, e] = [e, b]
  if (b > c) {
    // c is now the least of the remaining four.
    return b < d ? b : d
  }
  return c < e ? c : e
}
