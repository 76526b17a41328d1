/** What all clocks say at one moment; a later moment is compared with it to know how long the agent was stopped. */
export interface Moment {
  readonly wallMs: number
  /** True time as the core tells it; null while it is unknown. */
  readonly knownMs: number | null
  /** Names one run of the machine, from its power-on to its power-off; null where the system does not tell. */
  readonly machineBoot: string | null
  /** Since the machine started. */
  readonly uptimeMs: number | null
}

export interface StopLength {
  readonly ms: number
  /** False while the core's time may still show that it was longer. */
  readonly isCertain: boolean
}

/**
 * How long nobody looked. While the machine kept running its uptime knows; after a power cut the core's time does, once it
 * is known again; until then the wall clock is believed, which after a boot without battery may be far behind.
 * @param longestMs  assumed when no clock can say and none ever will
 */
export function decideStopLength(then: Moment, now: Moment, longestMs: number): StopLength {
  const isSameRun = then.machineBoot !== null && then.machineBoot === now.machineBoot
  if (isSameRun && then.uptimeMs !== null && now.uptimeMs !== null && now.uptimeMs >= then.uptimeMs)
    return { ms: now.uptimeMs - then.uptimeMs, isCertain: true }
  if (now.knownMs !== null) return { ms: trueLengthMs(then, now.knownMs, longestMs), isCertain: true }
  const byWallMs = now.wallMs - then.wallMs
  return { ms: byWallMs >= 0 ? byWallMs : then.knownMs === null ? longestMs : 0, isCertain: false }
}

/** @param knownMs  true time at the end of the stop */
export function trueLengthMs(then: Moment, knownMs: number, longestMs: number): number {
  const ms = knownMs - (then.knownMs ?? then.wallMs)
  return ms >= 0 ? ms : longestMs
}
