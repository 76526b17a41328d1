/** Spreads that the noise is learned from. */
const remembered = 24

/**
 * The noise of one shelf when it is left alone, in grams, learned from the spreads that its readings show:
 * a low quantile, because handling makes spreads large, never small.
 */
export class ShelfNoise {
  grams: number
  #closedGrams: number
  #calmWindows = 0
  readonly #ring: number[]
  #at = 0

  /** @param grams what is known from before; counts as two spreads seen */
  constructor(grams: number) {
    this.grams = grams
    this.#closedGrams = grams
    this.#ring = [grams, grams]
  }

  /** @param calm the door was closed and nobody had opened it yet */
  learn(spreadGrams: number, calm: boolean): void {
    if (!calm && spreadGrams > 3 * this.grams + 0.5) return
    if (this.#ring.length < remembered) this.#ring.push(spreadGrams)
    else {
      this.#ring[this.#at % remembered] = spreadGrams
      this.#at++
    }
    const sorted = [...this.#ring].sort((a, b) => a - b)
    const quantile = sorted[Math.floor(sorted.length * 0.45)] as number
    const noise = Math.min(15, Math.max(0.05, quantile))
    if (calm) {
      this.grams = noise
      this.#closedGrams = noise
      this.#calmWindows++
    } else {
      // Noise learned with the door closed is worth more than noise among hands: it may grow a little, not run away.
      this.grams = this.#calmWindows >= 3 ? Math.min(noise, 1.6 * this.#closedGrams + 0.2) : noise
    }
  }
}
