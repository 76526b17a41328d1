import { addReading, spreadOf, type Block } from './blocks.ts'
import type { ReadingWindow } from './reading-window.ts'

/** Between two quick moves a shelf rests for a moment only: three readings and a sixth of a second are a brief level. */
export const briefReadings = 3
const briefMs = 150
/** Brief levels are taken while the shelf still trembles: up to this many times its own noise. */
const briefRoughness = 8

/** A moment in which readings agreed, and the part of it in which its weight is best read. */
export type BriefStretch = { whole: Block; read: Block }

/** Gathers readings that agree although the shelf is not quiet yet; they may be all that is seen between two moves. */
export class BriefWatch {
  #whole: Block | null = null
  /** The stillest part of the whole. */
  #still: Block | null = null

  /** Mean of what is gathered now, in grams; null while nothing is. */
  get mean(): number | null {
    return this.#whole === null ? null : this.#whole.sum / this.#whole.n
  }

  /**
   * Looks at the newest readings.
   * @param notBeforeMs readings before this are not trusted
   * @returns the stretch that ended with them, if one did
   */
  look(window: ReadingWindow, tMs: number, notBeforeMs: number, noiseGrams: number): BriefStretch | null {
    const newest = newestOf(window, tMs)
    if (newest === null || newest.startMs < notBeforeMs) return null
    const spread = spreadOf(newest)
    if (spread > briefRoughness * noiseGrams + 0.5) return this.take(noiseGrams)
    const whole = this.#whole
    if (whole === null) {
      this.#begin(newest)
      return null
    }
    const near = 2.5 * Math.max(noiseGrams, spread, spreadOf(whole)) + 0.5
    if (Math.abs(newest.sum / newest.n - whole.sum / whole.n) > near) {
      const ended = this.take(noiseGrams)
      this.#begin(newest)
      return ended
    }
    if (restlessness(newest, noiseGrams) < restlessness(this.#still as Block, noiseGrams))
      this.#still = newest
    addReading(whole, tMs, window.gramsAt(window.size - 1))
    return null
  }

  /** What was gathered, which is then forgotten. */
  take(noiseGrams: number): BriefStretch | null {
    const whole = this.#whole
    const still = this.#still as Block
    this.forget()
    if (whole === null) return null
    const isStiller = restlessness(still, noiseGrams) < 0.7 * restlessness(whole, noiseGrams)
    return { whole, read: isStiller ? still : whole }
  }

  forget(): void {
    this.#whole = null
    this.#still = null
  }

  #begin(newest: Block): void {
    this.#whole = newest
    this.#still = { ...newest }
  }
}

/** The newest readings, as many as a brief level needs; null while there are too few. */
function newestOf(window: ReadingWindow, tMs: number): Block | null {
  let n = 0
  let sum = 0
  let squares = 0
  let startMs = tMs
  for (let i = window.size - 1; i >= 0; i--) {
    if (n >= briefReadings && tMs - startMs >= briefMs) break
    const x = window.gramsAt(i)
    startMs = window.timeAt(i)
    n++
    sum += x
    squares += x * x
  }
  return n < briefReadings || tMs - startMs < briefMs ? null : { startMs, endMs: tMs, n, sum, squares }
}

function restlessness(block: Block, noiseGrams: number): number {
  return Math.max(noiseGrams, spreadOf(block)) ** 2 / block.n
}
