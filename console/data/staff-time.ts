import { every, type Clock, type Timer } from '#protocol/base/clock.ts'
import { formatClock, formatExactClock, formatMoment } from '#protocol/words/format.ts'
import { language } from '../words/words.ts'

/** Moments in words, in one zone. */
export interface ZoneTexts {
  clockText(atMs: number): string
  exactText(atMs: number): string
  momentText(atMs: number): string
}

/**
 * The server's time as this page knows it, and one shared tick for every countdown on the screen.
 * Due times are decided by the server, so its clock counts, not the one of the agent's machine.
 */
export class StaffTime implements ZoneTexts {
  readonly #clock: Clock
  #offsetMs = 0
  /** Until the core has said it: where the reader sits. */
  #zone = new Intl.DateTimeFormat().resolvedOptions().timeZone
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
  /** @param zone  where the cabinets stand: agents elsewhere see the times of the cabinets, as the consumer does */
  learnZone(zone: string): void {
    this.#zone = zone
  }
  /** For what one cabinet says, when it stands elsewhere than most. */
  in(zone: string): ZoneTexts {
    return {
      clockText: (atMs) => formatClock(language(), atMs, zone),
      exactText: (atMs) => formatExactClock(language(), atMs, zone),
      momentText: (atMs) => formatMoment(language(), atMs, this.now(), zone),
    }
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
    return this.in(this.#zone).clockText(atMs)
  }
  exactText(atMs: number): string {
    return this.in(this.#zone).exactText(atMs)
  }
  momentText(atMs: number): string {
    return this.in(this.#zone).momentText(atMs)
  }
}
