import { PassageRing, type Passage } from './passage.ts'

/** Readings that make a level: enough for a robust spread at 5 Hz, and no more than half a second at 10 Hz. */
const minimumReadings = 5
const windowCapacity = 128
const blockMs = 250
/** Estimates on either side of a step use this much of the level nearest to the step. */
const edgeMs = 2000
const maximumLevels = 400
/** Door moves that wait for a reading; more than a hand can make between two weighings. */
const mostDoorMoves = 12
/** Between two quick moves a shelf rests for a moment only: three readings and a sixth of a second are a brief level. */
const briefReadings = 3
const briefMs = 150
/** Brief levels are taken while the shelf still trembles: up to this many times its own noise. */
const briefRoughness = 8
/** The door shakes everything: what is brief near it is not trusted. */
const briefAfterDoorMs = 600
/** The ring of the door is left out of the way to the first level after it. */
const passageAfterDoorMs = 500
/** A shelf that swung by more than this may have seen two moves that cancel out, though it is back where it was. */
const swingGrams = 15
/** Neighbouring readings are not independent (structure modes at 8 to 20 Hz): effective count is this much smaller. */
const colourFactor = 1.6

export type DoorPhase = 'before' | 'during' | 'after'

/** A stretch in which a shelf was quiet. Head and tail are its mean near its beginning and near its end, in grams. */
export type Level = {
  startMs: number
  endMs: number
  phase: DoorPhase
  headGrams: number
  headSigmaGrams: number
  tailGrams: number
  tailSigmaGrams: number
  /** Spread of the readings in the level against the noise that this shelf has when it is left alone. */
  roughness: number
  quietMs: number
  /** The level was taken because time was up, not because the shelf was quiet. */
  forced: boolean
  /** The longest stretch without readings between the level before and this one. */
  gapMs: number
  /** The level before ended because the door moved, not because goods or hands did. */
  followsDoor: boolean
  /** Seen only for a moment between two moves, among trembling and the next hand's push. */
  brief: boolean
  /** How far the shelf went above and below the level before, on the way to this one. */
  highGrams: number
  lowGrams: number
  /** The readings on the way from the last level that was not brief, when the way was short enough to be looked at. */
  passage: Passage | null
}

type Block = { startMs: number; endMs: number; n: number; sum: number; squares: number }

/**
 * Follows one shelf: quiet or active, and the levels it rests on. Streaming and O(1) per reading.
 * Quiet is a spread near the shelf's own learned noise, with hysteresis; a small shift inside the noise
 * is followed (zero tracking), a larger one begins a new level.
 */
export class LevelTracker {
  readonly levels: Level[] = []
  noiseGrams: number
  quiet = false

  readonly #windowMs: number
  readonly #sameLevelGrams: number
  readonly #seeBriefLevels: boolean
  #t = new Float64Array(windowCapacity)
  #x = new Float64Array(windowCapacity)
  #from = 0
  #size = 0
  #sum = 0
  #squares = 0
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

  #noiseRing: number[] = []
  #noiseAt = 0
  #closedNoiseGrams: number
  #calmWindows = 0
  #nextNoiseMs = Number.NEGATIVE_INFINITY

  #current: Level | null = null
  #head: Block = emptyBlock(0)
  #tail: Block[] = []
  #pending: Block[] = []
  #brief: Block | null = null
  /** The stillest stretch of the brief level: where its weight is read. */
  #still: Block | null = null

  constructor(options: {
    noiseGrams: number
    quietWindowMs: number
    sameLevelGrams: number
    seeBriefLevels: boolean
  }) {
    this.noiseGrams = options.noiseGrams
    this.#closedNoiseGrams = options.noiseGrams
    this.#windowMs = options.quietWindowMs
    this.#sameLevelGrams = options.sameLevelGrams
    this.#seeBriefLevels = options.seeBriefLevels
    this.#noiseRing = [options.noiseGrams, options.noiseGrams]
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
    if (this.#size > 0 && gap > 700) {
      if (gap > this.#gapMs) this.#gapMs = gap
      this.#leave(this.#lastMs)
      this.#clearWindow()
    }
    this.#lastMs = tMs
    this.#append(tMs, x)
    this.#ring.push(tMs, x)
    const n = this.#size
    if (!this.quiet) {
      this.#watchExcursion(x)
      if (this.#seeBriefLevels && this.#phase !== 'after') this.#watchBrief(tMs)
    }
    if (n < minimumReadings) return
    const span = tMs - this.#oldestMs()
    if (span < 0.55 * this.#windowMs) return
    const mean = this.#sum / n
    const variance = Math.max(0, (this.#squares - this.#sum * mean) / (n - 1))
    const spread = Math.sqrt(variance)
    if (tMs >= this.#nextNoiseMs) {
      this.#nextNoiseMs = tMs + this.#windowMs
      this.#learnNoise(spread)
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
    if (timeIsUp && !this.quiet && this.#phase === 'after' && this.#size >= 2 && !isJudged) {
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
      } else this.#estimate(copy, head, mergeBlocks(lastBlocks(tail)))
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
    if (this.#phase !== 'after' || this.#size < briefReadings + 1) return Number.POSITIVE_INFINITY
    return spreadOf(this.#windowBlock())
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
    const level = this.#newLevel(this.#oldestMs())
    const block = this.#windowBlock()
    this.#estimate(level, block, block)
    level.forced = true
    return level
  }

  #windowBlock(): Block {
    return {
      startMs: this.#oldestMs(),
      endMs: this.#lastMs,
      n: this.#size,
      sum: this.#sum,
      squares: this.#squares,
    }
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
    this.#closeBrief()
    // A shelf that was busy when the door moved was moved by more than the door.
    this.#doorMoved = this.quiet || this.#doorMoved
    this.#door = door
    this.#doorMs = changedMs
    if (this.#phase === 'before' && this.levels.length === 0 && this.#size >= 1) {
      // Too short or too restless a beginning still has to serve as the weight before, be it a single reading.
      const level = this.#forcedLevel()
      this.levels.push(level)
      this.#current = level
    }
    // The flag may lag the first shake of the door a little.
    this.#leave(changedMs - 150)
    this.#phase = door === 'open' ? 'during' : 'after'
    this.#clearWindow()
  }

  /** Gathers readings that agree although the shelf is not quiet yet; they may be all that is seen between two moves. */
  #watchBrief(tMs: number): void {
    let n = 0
    let sum = 0
    let squares = 0
    let startMs = tMs
    for (let i = this.#size - 1; i >= 0; i--) {
      const at = (this.#from + i) % windowCapacity
      if (n >= briefReadings && tMs - startMs >= briefMs) break
      const x = this.#x[at] as number
      startMs = this.#t[at] as number
      n++
      sum += x
      squares += x * x
    }
    if (n < briefReadings || tMs - startMs < briefMs || startMs - this.#doorMs < briefAfterDoorMs) return
    const window: Block = { startMs, endMs: tMs, n, sum, squares }
    const spread = spreadOf(window)
    const limit = briefRoughness * this.noiseGrams + 0.5
    const brief = this.#brief
    if (spread > limit) {
      this.#closeBrief()
      return
    }
    if (brief === null) {
      this.#brief = window
      this.#still = { ...window }
      return
    }
    const near = 2.5 * Math.max(this.noiseGrams, spread, spreadOf(brief)) + 0.5
    if (Math.abs(sum / n - brief.sum / brief.n) > near) {
      this.#closeBrief()
      this.#brief = window
      this.#still = { ...window }
      return
    }
    if (this.#restlessness(window) < this.#restlessness(this.#still as Block)) this.#still = window
    const x = this.#x[(this.#from + this.#size - 1) % windowCapacity] as number
    brief.endMs = tMs
    brief.n++
    brief.sum += x
    brief.squares += x * x
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

  #restlessness(block: Block): number {
    return Math.max(this.noiseGrams, spreadOf(block)) ** 2 / block.n
  }

  #closeBrief(): void {
    const brief = this.#brief
    const still = this.#still as Block
    this.#brief = null
    this.#still = null
    if (brief === null || this.levels.length >= maximumLevels) return
    const level = this.#newLevel(brief.startMs)
    const read = this.#restlessness(still) < 0.7 * this.#restlessness(brief) ? still : brief
    this.#estimate(level, read, read)
    level.endMs = brief.endMs
    level.quietMs = brief.endMs - brief.startMs
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

  #append(tMs: number, x: number): void {
    while (
      this.#size > 0 &&
      (this.#size === windowCapacity ||
        (this.#size >= minimumReadings && tMs - this.#oldestMs() > this.#windowMs))
    ) {
      const old = this.#x[this.#from] as number
      this.#sum -= old
      this.#squares -= old * old
      this.#from = (this.#from + 1) % windowCapacity
      this.#size--
    }
    const at = (this.#from + this.#size) % windowCapacity
    this.#t[at] = tMs
    this.#x[at] = x
    this.#size++
    this.#sum += x
    this.#squares += x * x
  }

  #oldestMs(): number {
    return this.#t[this.#from] as number
  }

  #clearWindow(): void {
    this.#size = 0
    this.#from = 0
    this.#sum = 0
    this.#squares = 0
  }

  #halvesAgree(spread: number): boolean {
    const n = this.#size
    const half = n >> 1
    let first = 0
    let second = 0
    for (let i = 0; i < half; i++) {
      first += this.#x[(this.#from + i) % windowCapacity] as number
      second += this.#x[(this.#from + n - 1 - i) % windowCapacity] as number
    }
    const scale = Math.max(this.noiseGrams, 0.5 * spread)
    return Math.abs(first - second) / half < 3 * scale * Math.sqrt((2 * colourFactor) / half) + 0.3
  }

  /** A low quantile of the spreads seen: handling makes spreads large, never small. */
  #learnNoise(spread: number): void {
    const calm = this.#phase === 'before'
    if (!calm && spread > 3 * this.noiseGrams + 0.5) return
    if (this.#noiseRing.length < 24) this.#noiseRing.push(spread)
    else {
      this.#noiseRing[this.#noiseAt % 24] = spread
      this.#noiseAt++
    }
    const sorted = [...this.#noiseRing].sort((a, b) => a - b)
    const quantile = sorted[Math.floor(sorted.length * 0.45)] as number
    const noise = Math.min(15, Math.max(0.05, quantile))
    if (calm) {
      this.noiseGrams = noise
      this.#closedNoiseGrams = noise
      this.#calmWindows++
    } else {
      // Noise learned with the door closed is worth more than noise among hands: it may grow a little, not run away.
      this.noiseGrams = this.#calmWindows >= 3 ? Math.min(noise, 1.6 * this.#closedNoiseGrams + 0.2) : noise
    }
  }

  #enter(mean: number, spread: number, n: number): void {
    const brief = this.#brief
    if (
      brief !== null &&
      Math.abs(brief.sum / brief.n - mean) > 2.5 * Math.max(this.noiseGrams, spread) + 0.5
    ) {
      this.#closeBrief()
    }
    this.#brief = null
    this.#still = null
    const startMs = this.#oldestMs()
    const block = this.#windowBlock()
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
    block.endMs = tMs
    block.n++
    block.sum += x
    block.squares += x * x
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
    const tail = mergeBlocks(lastBlocks(this.#tail))
    this.#estimate(level, this.#head, tail)
    this.#startExcursion(tail.sum / tail.n)
    for (let i = 0; i < this.#size; i++) {
      const at = (this.#from + i) % windowCapacity
      if ((this.#t[at] as number) > level.endMs) this.#watchExcursion(this.#x[at] as number)
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

function emptyBlock(tMs: number): Block {
  return { startMs: tMs, endMs: tMs, n: 0, sum: 0, squares: 0 }
}

function mergeBlocks(blocks: readonly Block[], into?: Block): Block {
  const all = into === undefined ? blocks : [into, ...blocks]
  const result = { ...(all[0] as Block) }
  for (let i = 1; i < all.length; i++) {
    const block = all[i] as Block
    result.startMs = Math.min(result.startMs, block.startMs)
    result.endMs = Math.max(result.endMs, block.endMs)
    result.n += block.n
    result.sum += block.sum
    result.squares += block.squares
  }
  return result
}

function lastBlocks(blocks: readonly Block[]): Block[] {
  const end = (blocks.at(-1) as Block).endMs
  return blocks.filter((block) => end - block.endMs < edgeMs)
}

function spreadOf(block: Block): number {
  if (block.n < 2) return 0
  const mean = block.sum / block.n
  return Math.sqrt(Math.max(0, (block.squares - block.sum * mean) / (block.n - 1)))
}
