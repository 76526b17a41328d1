import type { PressureLevel } from './outbox.ts'

const HOUR_MS = 3_600_000
/** A cabinet that was not heard for this long writes temperature in longer windows, and for longer still in longer ones. */
const AWAY_MS = HOUR_MS
const LONG_AWAY_MS = 24 * HOUR_MS

/**
 * How long a window of temperature is. Telemetry alone gives way: a longer window keeps lowest, mean and highest, so that
 * nothing that matters for food is lost, and after a week away some two hundred readings wait instead of two thousand.
 * What is written is never rewritten: the core may have it under its number already.
 * @returns Infinity when nothing may be added now; the window then grows until there is room
 */
export function decideReadingWindowMs(
  usualMs: number,
  seen: { level: PressureLevel; silentMs: number },
): number {
  if (seen.level === 'full') return Number.POSITIVE_INFINITY
  if (seen.level === 'high' || seen.silentMs >= LONG_AWAY_MS) return 12 * usualMs
  return seen.silentMs >= AWAY_MS ? 3 * usualMs : usualMs
}
