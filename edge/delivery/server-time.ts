import type { Ack } from '#protocol/messages/frames.ts'

/** What the edge knows about the core's clock, from acknowledgements. Monotonic, so that a wrong wall clock cannot hurt. */
export interface ServerTime {
  /** Core's wall clock minus our monotonic clock; undefined until the first answer of this start. */
  readonly minusMonoMs: number | undefined
  readonly roundTripMs: number
  readonly seenAtMonoMs: number
}
export const unknownServerTime: ServerTime = {
  minusMonoMs: undefined,
  roundTripMs: Number.POSITIVE_INFINITY,
  seenAtMonoMs: 0,
}

/** A better estimate is believed for this long before a worse one may replace it. */
const ESTIMATE_LIFE_MS = 10 * 60_000
const SYNCHRONISED_FOR_MS = 24 * 60 * 60_000

/** Keeps the answer with the shortest round trip: its time is known best. */
export function evolveServerTime(
  known: ServerTime,
  ack: Pick<Ack, 'nowMs' | 'echoMonoMs'>,
  atMonoMs: number,
): ServerTime {
  const roundTripMs =
    ack.echoMonoMs === undefined || ack.echoMonoMs > atMonoMs
      ? Number.MAX_SAFE_INTEGER
      : atMonoMs - ack.echoMonoMs
  const isStale = atMonoMs - known.seenAtMonoMs > ESTIMATE_LIFE_MS
  if (known.minusMonoMs !== undefined && !isStale && roundTripMs > known.roundTripMs) return known
  const halfTripMs = roundTripMs === Number.MAX_SAFE_INTEGER ? 0 : Math.round(roundTripMs / 2)
  return { minusMonoMs: ack.nowMs + halfTripMs - atMonoMs, roundTripMs, seenAtMonoMs: atMonoMs }
}

/** The core's time now, or our own wall clock while the core's is unknown. */
export function correctedNowMs(known: ServerTime, wallMs: number, atMonoMs: number): number {
  return known.minusMonoMs === undefined ? wallMs : known.minusMonoMs + atMonoMs
}

export function timeQualityOf(
  known: ServerTime,
  wallMs: number,
  atMonoMs: number,
): 'synchronised' | 'estimated' | 'unsynchronised' {
  if (known.minusMonoMs === undefined) return 'unsynchronised'
  const skewMs = Math.abs(correctedNowMs(known, wallMs, atMonoMs) - wallMs)
  return atMonoMs - known.seenAtMonoMs < SYNCHRONISED_FOR_MS && skewMs < 2000 ? 'synchronised' : 'estimated'
}
