/**
 * Exponential growth with jitter, so that a thousand cabinets do not come back in the same second.
 * @param attempt  failures so far, from 0
 * @param jitter  uniform in [0, 1)
 * @param floorMs  never sooner than this
 */
export function backoffMs(
  attempt: number,
  shortestMs: number,
  longestMs: number,
  jitter: number,
  floorMs = 0,
): number {
  const capMs = Math.min(longestMs, shortestMs * 2 ** Math.min(attempt, 30))
  return Math.max(floorMs, Math.floor(floorMs + jitter * (capMs - floorMs)))
}
