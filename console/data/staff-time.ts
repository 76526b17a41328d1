import { every, type Clock, type Timer } from '#protocol/base/clock.ts'
import { formatClock, formatExactClock, formatMoment } from '#protocol/words/format.ts'
import { language } from '../words/words.ts'

/** The cabinets stand in this zone; agents elsewhere see the times of the cabinets, as the consumer does. */
export const CABINET_ZONE = 'Asia/Shanghai'

/**
 * The server's time as this page knows it, and one shared tick for every countdown on the screen.
 * Due times are decided by the server, so its clock counts, not the one of the agent's machine.
 */
export class StaffTime {
  readonly #clock: Clock
  #offsetMs = 0
  #timer: Timer | undefined
  readonly #listeners = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }
  /** Milliseconds since 1970 UTC, by the server. */
  now(): number {
    return this.#clock.now() + this.#offsetMs
  }
  /** @param serverNowMs the `nowMs` of an answer that has just arrived */
  learn(serverNowMs: number): void {
    this.#offsetMs = serverNowMs - this.#clock.now()
  }
  /** Calls `run` once a second while anybody listens. */
  onSecond(run: () => void): () => void {
    this.#listeners.add(run)
    this.#timer ??= every(this.#clock, 'countdowns', 1000, () => {
      for (const listener of this.#listeners) listener()
    })
    return () => {
      this.#listeners.delete(run)
      if (this.#listeners.size > 0) return
      this.#timer?.cancel()
      this.#timer = undefined
    }
  }
  clockText(atMs: number): string {
    return formatClock(language(), atMs, CABINET_ZONE)
  }
  exactText(atMs: number): string {
    return formatExactClock(language(), atMs, CABINET_ZONE)
  }
  momentText(atMs: number): string {
    return formatMoment(language(), atMs, this.now(), CABINET_ZONE)
  }
}
