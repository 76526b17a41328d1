import type { Block } from './blocks.ts'

/** Readings that make a level: enough for a robust spread at 5 Hz, and no more than half a second at 10 Hz. */
export const minimumReadings = 5
const capacity = 128

/** The newest readings of a shelf, as many as fit into a length of time, with their sums kept up to date in O(1). */
export class ReadingWindow {
  readonly #lengthMs: number
  readonly #t = new Float64Array(capacity)
  readonly #x = new Float64Array(capacity)
  #from = 0
  #size = 0
  #sum = 0
  #squares = 0

  /** @param lengthMs readings older than this are let go, as long as enough of them stay to judge by */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  get size(): number {
    return this.#size
  }

  /** Time of the oldest reading that is kept; only of a window that is not empty. */
  get oldestMs(): number {
    return this.#t[this.#from] as number
  }

  get mean(): number {
    return this.#sum / this.#size
  }

  /** Standard deviation in grams; only of two readings or more. */
  get spread(): number {
    const n = this.#size
    return Math.sqrt(Math.max(0, (this.#squares - this.#sum * (this.#sum / n)) / (n - 1)))
  }

  push(tMs: number, x: number): void {
    while (
      this.#size > 0 &&
      (this.#size === capacity || (this.#size >= minimumReadings && tMs - this.oldestMs > this.#lengthMs))
    ) {
      const old = this.#x[this.#from] as number
      this.#sum -= old
      this.#squares -= old * old
      this.#from = (this.#from + 1) % capacity
      this.#size--
    }
    const at = this.#slot(this.#size)
    this.#t[at] = tMs
    this.#x[at] = x
    this.#size++
    this.#sum += x
    this.#squares += x * x
  }

  clear(): void {
    this.#size = 0
    this.#from = 0
    this.#sum = 0
    this.#squares = 0
  }

  /** @param i 0 is the oldest */
  timeAt(i: number): number {
    return this.#t[this.#slot(i)] as number
  }

  gramsAt(i: number): number {
    return this.#x[this.#slot(i)] as number
  }

  /** Mean of the older half minus mean of the newer half, without sign: large while a shelf is still on its way. */
  halvesApart(): number {
    const half = this.#size >> 1
    let first = 0
    let second = 0
    for (let i = 0; i < half; i++) {
      first += this.gramsAt(i)
      second += this.gramsAt(this.#size - 1 - i)
    }
    return Math.abs(first - second) / half
  }

  asBlock(endMs: number): Block {
    return { startMs: this.oldestMs, endMs, n: this.#size, sum: this.#sum, squares: this.#squares }
  }

  #slot(i: number): number {
    return (this.#from + i) % capacity
  }
}
