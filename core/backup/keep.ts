/** How many of each are kept. */
export const HOURLY_KEPT = 24
export const DAILY_KEPT = 35

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * Which backups are kept: the newest of each of the last 24 hours that have one, and of each of the last 35 days that have
 * one. Pure. What is not kept may go, so that a person who asked to be forgotten is, within 35 days of their data.
 * @param timesMs  when each was made
 */
export function decideKept(timesMs: readonly number[]): Set<number> {
  const kept = new Set<number>()
  const newest = timesMs.toSorted((a, b) => b - a)
  for (const [periodMs, count] of [
    [HOUR_MS, HOURLY_KEPT],
    [DAY_MS, DAILY_KEPT],
  ] as const) {
    const periods = new Set<number>()
    for (const timeMs of newest) {
      const period = Math.floor(timeMs / periodMs)
      if (periods.has(period)) continue
      if (periods.size === count) break
      periods.add(period)
      kept.add(timeMs)
    }
  }
  return kept
}

const NAME = /^core-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.backup$/
export function nameOfBackup(atMs: number): string {
  return `core-${new Date(atMs).toISOString().replace(/[-:.]/g, '')}.backup`
}
/** @returns undefined for other files */
export function timeOfBackup(name: string): number | undefined {
  const parts = NAME.exec(name)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second, milli] = parts.map(Number)
  return Date.UTC(year as number, (month as number) - 1, day, hour, minute, second, milli)
}
