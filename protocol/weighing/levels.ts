import { addReading, emptyBlock, lastBlocks, mergeBlocks, spreadOf, type Block } from './blocks.ts'
import { BriefWatch, briefReadings, type BriefStretch } from './brief-watch.ts'
import type { DoorPhase, Level, Passage } from './level.ts'
import { PassageRing } from './passage.ts'
import { minimumReadings, ReadingWindow } from './reading-window.ts'
import { ShelfNoise } from './shelf-noise.ts'

const blockMs = 250
/** Estimates on either side of a step use this much of the level nearest to the step. */
const edgeMs = 2000
const maximumLevels = 400
/** Door moves that wait for a reading; more than a hand can make between two weighings. */
const mostDoorMoves = 12
/** The door shakes everything: what is brief near it is not trusted. */
const briefAfterDoorMs = 600
/** The ring of the door is left out of the way to the first level after it. */
const passageAfterDoorMs = 500
/** A shelf that swung by more than this may have seen two moves that cancel out, though it is back where it was. */
const swingGrams = 15
/** Neighbouring readings are not independent (structure modes at 8 to 20 Hz): effective count is this much smaller. */
const colourFactor = 1.6

export type LevelTrackerOptions = {
  noiseGrams: number
  quietWindowMs: number
  sameLevelGrams: number
  seeBriefLevels: boolean
}

/**
 * Follows one shelf: quiet or active, and the levels it rests on. Streaming and O(1) per reading.
 * Quiet is a spread near the shelf's own learned noise, with hysteresis; a small shift inside the noise
 * is followed (zero tracking), a larger one begins a new level.
 */
export class LevelTracker {
  readonly levels: Level[] = []
  quiet = false

  readonly #windowMs: number
  readonly #sameLevelGrams: number
  readonly #seeBriefLevels: boolean
  readonly #window: ReadingWindow
  readonly #noise: ShelfNoise
  #reference = Number.NaN
  #lastMs = Number.NEGATIVE_INFINITY
  #gapMs = 0
  #doorMoved = false
  #restGrams = 0
  #high = 0
  #low = 0
  readonly #ring = new PassageRing()
  #phase: DoorPhase = 'before'
  #door: 'open' | 'closed' | null = null
  /** Moves that no reading followed yet. */
  readonly #doorMoves: DoorMove[] = []
  #doorMs = Number.NEGATIVE_INFINITY

  #nextNoiseMs = Number.NEGATIVE_INFINITY

  #current: Level | null = null
  #head: Block = emptyBlock(0)
  #tail: Block[] = []
  #pending: Block[] = []
  readonly #brief = new BriefWatch()

  constructor(options: LevelTrackerOptions) {
    this.#noise = new ShelfNoise(options.noiseGrams)
    this.#window = new ReadingWindow(options.quietWindowMs)
    this.#windowMs = options.quietWindowMs
    this.#sameLevelGrams = options.sameLevelGrams
    this.#seeBriefLevels = options.seeBriefLevels
  }

  /** The noise of the shelf when it is left alone, in grams, as it is known by now. */
  get noiseGrams(): number {
    return this.#noise.grams
  }

  get phase(): DoorPhase {
    return this.#phase
  }

  get lastMs(): number {
    return this.#lastMs
  }

  /**
   * The door as it was first seen, and each time it moved. Cleaned readings come two readings late, and none at all
   * while the agent was down, so a move waits for the first reading after it: a door that was opened and closed in
   * between still divides what was weighed before from what was weighed after.
   */
  moveDoor(tMs: number, door: 'open' | 'closed'): void {
    // Of a door that moves on while nothing is weighed, only the first opening and how it stands now matter.
    if (this.#doorMoves.length >= mostDoorMoves) this.#doorMoves.splice(1, 2)
    this.#doorMoves.push({ tMs, door })
  }

  push(tMs: number, grams: number): void {
    if (tMs <= this.#lastMs) return
    if (Number.isNaN(this.#reference)) this.#reference = grams
    const x = grams - this.#reference
    while (this.#doorMoves.length > 0 && tMs >= (this.#doorMoves[0] as DoorMove).tMs) {
      const move = this.#doorMoves.shift() as DoorMove
      if (this.#door !== null) this.#changeDoor(move.door, move.tMs)
      else {
        this.#door = move.door
        if (move.door === 'open') this.#phase = 'during'
      }
    }
    const gap = tMs - this.#lastMs
    if (this.#window.size > 0 && gap > 700) {
      if (gap > this.#gapMs) this.#gapMs = gap
      this.#leave(this.#lastMs)
      this.#window.clear()
    }
    this.#lastMs = tMs
    this.#window.push(tMs, x)
    this.#ring.push(tMs, x)
    const n = this.#window.size
    if (!this.quiet) {
      this.#watchExcursion(x)
      if (this.#seeBriefLevels && this.#phase !== 'after') {
        this.#keepBrief(this.#brief.look(this.#window, tMs, this.#doorMs + briefAfterDoorMs, this.noiseGrams))
      }
    }
    if (n < minimumReadings) return
    const span = tMs - this.#window.oldestMs
    if (span < 0.55 * this.#windowMs) return
    const { mean, spread } = this.#window
    if (tMs >= this.#nextNoiseMs) {
      this.#nextNoiseMs = tMs + this.#windowMs
      this.#noise.learn(spread, this.#phase === 'before')
    }
    if (this.quiet) {
      const level = this.#current as Level
      const tailMean = this.#tailMean()
      const shift = Math.abs(mean - tailMean)
      const tolerance = Math.max(
        1.5,
        4.5 *
          Math.max(this.noiseGrams, this.#phase === 'after' ? spread : 0) *
          Math.sqrt(colourFactor / n + colourFactor / Math.max(n, this.#tailCount())),
      )
      if (spread > this.#enterSpread(tMs) * 1.8 + 0.5 || shift > tolerance) {
        this.#leave(tMs - this.#windowMs - 100)
      } else {
        this.#extend(tMs, x)
        level.quietMs = tMs - level.startMs
      }
    } else if (spread <= this.#enterSpread(tMs) && this.#halvesAgree(spread)) {
      this.#enter(mean, spread, n)
    }
  }

  /**
   * Levels with the estimates up to now; the last one may still grow.
   * @param timeIsUp take what the last readings after the door closed say, quiet or not, with the variance they have
   */
  snapshot(timeIsUp: boolean): Level[] {
    const current = this.#current
    const last = this.levels.at(-1)
    const isJudged = last !== undefined && last.phase === 'after' && last.startMs >= this.#doorMs
    if (timeIsUp && !this.quiet && this.#phase === 'after' && this.#window.size >= 2 && !isJudged) {
      return [...this.levels, this.#forcedLevel()]
    }
    if (current !== null && this.quiet) {
      const copy = { ...current }
      const tail = [...this.#tail, ...this.#pending]
      const head = mergeBlocks(
        this.#pending.filter((block) => block.startMs - current.startMs < edgeMs),
        this.#head,
      )
      if (copy.phase === 'after') {
        const last = this.#stillest()
        this.#estimate(copy, last, last)
      } else this.#estimate(copy, head, mergeBlocks(lastBlocks(tail, edgeMs)))
      return [...this.levels.slice(0, -1), copy]
    }
    return this.levels.slice()
  }

  /** How well the level after the door closed is known by now, in grams; infinite while it is not. */
  get afterSigmaGrams(): number {
    if (!this.quiet || this.#phase !== 'after') return Number.POSITIVE_INFINITY
    const block = this.#stillest()
    return Math.max(this.noiseGrams, spreadOf(block)) * Math.sqrt(colourFactor / block.n)
  }

  /** Spread of the newest half second after the door closed, in grams; infinite while there are too few readings. */
  get afterSpreadGrams(): number {
    if (this.#phase !== 'after' || this.#window.size < briefReadings + 1) return Number.POSITIVE_INFINITY
    return this.#window.spread
  }

  /** The newest readings of the current level, as many as make the mean surest: the frame's ringing dies away. */
  #stillest(): Block {
    const blocks = [...this.#tail, ...this.#pending]
    let best: Block | null = null
    let least = Number.POSITIVE_INFINITY
    let merged: Block | undefined
    for (let i = blocks.length - 1; i >= 0; i--) {
      merged = mergeBlocks([blocks[i] as Block], merged)
      if (merged.n < briefReadings) continue
      const variance = Math.max(this.noiseGrams, spreadOf(merged)) ** 2 / merged.n
      if (variance < least) {
        least = variance
        best = merged
      }
    }
    return best ?? mergeBlocks(blocks)
  }

  #forcedLevel(): Level {
    const level = this.#newLevel(this.#window.oldestMs)
    const block = this.#window.asBlock(this.#lastMs)
    this.#estimate(level, block, block)
    level.forced = true
    return level
  }

  #newLevel(startMs: number): Level {
    return {
      startMs,
      endMs: this.#lastMs,
      phase: this.#phase,
      headGrams: 0,
      headSigmaGrams: 0,
      tailGrams: 0,
      tailSigmaGrams: 0,
      roughness: 1,
      quietMs: this.#lastMs - startMs,
      forced: false,
      gapMs: this.#gapMs,
      followsDoor: this.#doorMoved,
      brief: false,
      highGrams: this.#high,
      lowGrams: this.#low,
      passage: this.#passageTo(startMs),
    }
  }

  #passageTo(startMs: number): Passage | null {
    if (this.#phase !== 'during') return null
    const previous = this.levels.findLast((level) => !level.brief)
    if (previous === undefined) return null
    const fromMs =
      previous.phase === 'during'
        ? previous.endMs
        : Math.max(previous.endMs, this.#doorMs + passageAfterDoorMs)
    const passage = this.#ring.between(fromMs, startMs, this.#reference, this.noiseGrams)
    return passage === null ? null : { ...passage, fromMs: previous.endMs }
  }

  #enterSpread(tMs: number): number {
    const noise = this.noiseGrams
    const base = 2 * noise + 0.2
    if (this.#door !== 'closed' || this.#phase === 'before') return base
    // After the slam the frame rings with a mean of zero: waiting it out would cost more than it gives.
    const since = tMs - this.#doorMs
    if (since > 1150) return Math.max(base, 25)
    if (since > 1000) return Math.max(base, 12)
    if (since > 700) return Math.max(base, 7)
    return base
  }

  #changeDoor(door: 'open' | 'closed', changedMs: number): void {
    this.#keepBrief(this.#brief.take(this.noiseGrams))
    // A shelf that was busy when the door moved was moved by more than the door.
    this.#doorMoved = this.quiet || this.#doorMoved
    this.#door = door
    this.#doorMs = changedMs
    if (this.#phase === 'before' && this.levels.length === 0 && this.#window.size >= 1) {
      // Too short or too restless a beginning still has to serve as the weight before, be it a single reading.
      const level = this.#forcedLevel()
      this.levels.push(level)
      this.#current = level
    }
    // The flag may lag the first shake of the door a little.
    this.#leave(changedMs - 150)
    this.#phase = door === 'open' ? 'during' : 'after'
    this.#window.clear()
  }

  #watchExcursion(x: number): void {
    const off = x - this.#restGrams
    if (off > this.#high) this.#high = off
    else if (off < this.#low) this.#low = off
  }

  #startExcursion(restGrams: number): void {
    this.#restGrams = restGrams
    this.#high = 0
    this.#low = 0
  }

  #keepBrief(stretch: BriefStretch | null): void {
    if (stretch === null || this.levels.length >= maximumLevels) return
    const { whole, read } = stretch
    const level = this.#newLevel(whole.startMs)
    this.#estimate(level, read, read)
    level.endMs = whole.endMs
    level.quietMs = whole.endMs - whole.startMs
    level.brief = true
    const previous = this.levels.at(-1)
    if (previous !== undefined) {
      const sigma = Math.hypot(level.headSigmaGrams, previous.tailSigmaGrams)
      if (Math.abs(level.headGrams - previous.tailGrams) < Math.max(this.#sameLevelGrams, 3.5 * sigma)) return
    }
    this.levels.push(level)
    this.#startExcursion(read.sum / read.n)
    this.#doorMoved = false
    // A quiet level that follows is a new one, even if it is where the last quiet one was.
    this.#current = null
  }

  #halvesAgree(spread: number): boolean {
    const half = this.#window.size >> 1
    const scale = Math.max(this.noiseGrams, 0.5 * spread)
    return this.#window.halvesApart() < 3 * scale * Math.sqrt((2 * colourFactor) / half) + 0.3
  }

  #enter(mean: number, spread: number, n: number): void {
    const briefMean = this.#brief.mean
    if (briefMean !== null && Math.abs(briefMean - mean) > 2.5 * Math.max(this.noiseGrams, spread) + 0.5) {
      this.#keepBrief(this.#brief.take(this.noiseGrams))
    }
    this.#brief.forget()
    const startMs = this.#window.oldestMs
    const block = this.#window.asBlock(this.#lastMs)
    const previous = this.#current
    this.quiet = true
    if (previous !== null && previous.phase === this.#phase) {
      const before = mergeBlocks(this.#tail)
      const sigma = this.noiseGrams * Math.sqrt(colourFactor / n + colourFactor / Math.max(1, before.n))
      const same = Math.max(this.#sameLevelGrams, 3.5 * Math.max(sigma, spread * Math.sqrt(colourFactor / n)))
      const swing = Math.max(swingGrams, 8 * this.noiseGrams)
      const swung = this.#phase === 'during' && (this.#high > swing || this.#low < -swing)
      if (!swung && Math.abs(mean - before.sum / before.n) < same) {
        // Shaken, but back where it was: the same level goes on, and its tail begins anew.
        this.#tail = [block]
        this.#pending = []
        previous.quietMs += 1
        return
      }
    }
    if (this.levels.length >= maximumLevels) {
      this.quiet = false
      return
    }
    const level = this.#newLevel(startMs)
    this.#gapMs = 0
    this.#doorMoved = false
    this.#current = level
    this.#head = block
    this.#tail = [block]
    this.#pending = []
    this.#estimate(level, this.#head, block)
    this.levels.push(level)
  }

  #extend(tMs: number, x: number): void {
    let block = this.#pending.at(-1)
    if (block === undefined || tMs - block.startMs > blockMs) {
      block = emptyBlock(tMs)
      this.#pending.push(block)
    }
    addReading(block, tMs, x)
    const safeMs = tMs - this.#windowMs - 100
    while (this.#pending.length > 1 && (this.#pending[0] as Block).endMs <= safeMs) {
      this.#commit(this.#pending.shift() as Block)
    }
  }

  #commit(block: Block): void {
    const level = this.#current as Level
    if (block.startMs - level.startMs < edgeMs) this.#head = mergeBlocks([block], this.#head)
    this.#tail.push(block)
    while (this.#tail.length > 1 && block.endMs - (this.#tail[0] as Block).endMs > edgeMs) this.#tail.shift()
  }

  #leave(safeMs: number): void {
    const level = this.#current
    if (level === null || !this.quiet) {
      this.quiet = false
      return
    }
    this.quiet = false
    for (const block of this.#pending) {
      if (block.endMs <= safeMs) this.#commit(block)
    }
    this.#pending = []
    const tail = mergeBlocks(lastBlocks(this.#tail, edgeMs))
    this.#estimate(level, this.#head, tail)
    this.#startExcursion(tail.sum / tail.n)
    for (let i = 0; i < this.#window.size; i++) {
      if (this.#window.timeAt(i) > level.endMs) this.#watchExcursion(this.#window.gramsAt(i))
    }
  }

  #estimate(level: Level, head: Block, tail: Block): void {
    const noise = this.noiseGrams
    const tailSpread = spreadOf(tail)
    const headSpread = spreadOf(head)
    level.headGrams = head.sum / head.n + this.#reference
    level.headSigmaGrams = Math.max(noise, headSpread) * Math.sqrt(colourFactor / head.n)
    level.tailGrams = tail.sum / tail.n + this.#reference
    level.tailSigmaGrams = Math.max(noise, tailSpread) * Math.sqrt(colourFactor / tail.n)
    level.roughness = Math.min(headSpread, tailSpread) / noise
    level.endMs = tail.endMs
    level.quietMs = Math.max(0, level.endMs - level.startMs)
  }

  #tailMean(): number {
    let n = 0
    let sum = 0
    for (const block of this.#tail) {
      n += block.n
      sum += block.sum
    }
    return sum / n
  }

  #tailCount(): number {
    let n = 0
    for (const block of this.#tail) n += block.n
    return n
  }
}

type DoorMove = { tMs: number; door: 'open' | 'closed' }
