import type { ColdGap } from '#protocol/api/cold.ts'

export interface Covered {
  readonly atMs: number
  readonly windowMs: number
}
/** What else is known of the time in which nothing was recorded. */
export interface GapFacts {
  readonly probeFaults: ReadonlyArray<{ beganAtMs: number; endedAtMs: number | null }>
  readonly started: readonly number[]
  /** What the cabinet has measured later than this may still be on the way. */
  readonly heardUntilMs: number
  readonly nowMs: number
}

/** Readings join at their seams; less than half of one, and less than this, is no gap. */
const SEAM_MS_MOST = 60_000
const SEAM_MS_LEAST = 2000

/** Nothing was recorded between two readings for longer than a seam. @returns 0 when they join */
export function gapBeforeMs(reading: Covered, before: Covered | undefined, fromMs: number): number {
  const emptyMs = reading.atMs - reading.windowMs - (before?.atMs ?? fromMs)
  const seamMs = Math.min(SEAM_MS_MOST, Math.max(SEAM_MS_LEAST, reading.windowMs / 2))
  return emptyMs > seamMs ? emptyMs : 0
}

/** Where the period has no readings, and how much of it they cover. Pure. @param rows  in order of time */
export function decideCoverage(
  rows: Iterable<Covered>,
  period: { fromMs: number; toMs: number },
  facts: GapFacts,
): { gaps: ColdGap[]; recordedMs: number } {
  const gaps: ColdGap[] = []
  const toMs = Math.min(period.toMs, facts.nowMs)
  let recordedMs = 0
  let before: Covered | undefined
  const add = (from: number, to: number) =>
    gaps.push({ fromMs: from, toMs: to, reason: reasonOf(from, to, facts) })
  for (const row of rows) {
    const emptyMs = gapBeforeMs(row, before, period.fromMs)
    const beganMs = row.atMs - row.windowMs
    const since = before?.atMs ?? period.fromMs
    if (emptyMs > 0) add(since, beganMs)
    recordedMs += Math.max(0, row.atMs - Math.max(since, emptyMs > 0 ? beganMs : since))
    before = row
  }
  const lastMs = before?.atMs ?? period.fromMs
  // The reading that is being gathered is no gap.
  const pendingMs = Math.max(SEAM_MS_MOST, (before?.windowMs ?? 0) * 1.5)
  if (toMs - lastMs > pendingMs) add(lastMs, toMs)
  return { gaps, recordedMs }
}

function reasonOf(fromMs: number, toMs: number, facts: GapFacts): ColdGap['reason'] {
  const isFaulty = facts.probeFaults.some(
    (fault) => fault.beganAtMs <= toMs && (fault.endedAtMs ?? facts.nowMs) >= fromMs,
  )
  if (isFaulty) return 'probe_fault'
  // The agent starts at the end of what it missed, and its first window begins then.
  if (facts.started.some((atMs) => atMs > fromMs && atMs <= toMs + SEAM_MS_MOST)) return 'stopped'
  return toMs >= facts.nowMs && facts.heardUntilMs < facts.nowMs - SEAM_MS_MOST ? 'on_the_way' : 'unknown'
}
