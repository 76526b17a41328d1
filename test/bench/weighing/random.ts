/** Seeded random numbers (sfc32): the same seed gives the same cabinet, shopper and noise on every machine. */
export class SeededRandom {
  #a: number
  #b: number
  #c: number
  #counter = 1
  #spare = Number.NaN

  constructor(seed: number, stream = 0) {
    this.#a = seed | 0
    this.#b = Math.imul(stream + 1, 0x9e3779b9) | 0
    this.#c = 0x2545f491 ^ Math.floor(seed / 2 ** 32)
    for (let i = 0; i < 16; i++) this.uniform()
  }

  uniform(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  logBetween(low: number, high: number): number {
    return Math.exp(this.between(Math.log(low), Math.log(high)))
  }

  /** An integer from 0 to `count` − 1. */
  below(count: number): number {
    return Math.min(count - 1, Math.floor(this.uniform() * count))
  }

  chance(probability: number): boolean {
    return this.uniform() < probability
  }

  normal(mean = 0, sd = 1): number {
    if (!Number.isNaN(this.#spare)) {
      const value = this.#spare
      this.#spare = Number.NaN
      return mean + sd * value
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    const angle = 2 * Math.PI * this.uniform()
    this.#spare = radius * Math.sin(angle)
    return mean + sd * radius * Math.cos(angle)
  }

  /** Student's t with five degrees of freedom, scaled to the given standard deviation: noise with bursts. */
  heavyTailed(sd: number): number {
    let chiSquare = 0
    for (let i = 0; i < 5; i++) chiSquare += this.normal() ** 2
    return (sd * this.normal()) / Math.sqrt(chiSquare / 5) / Math.sqrt(5 / 3)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  weighted<T>(items: ReadonlyArray<readonly [T, number]>): T {
    let left = this.uniform() * items.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [item, weight] of items) {
      left -= weight
      if (left < 0) return item
    }
    return (items.at(-1) as readonly [T, number])[0]
  }

  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[items[i], items[j]] = [items[j] as T, items[i] as T]
    }
    return items
  }
}
