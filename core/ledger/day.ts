/** The books follow the provider's day, so that a day of ours and a bill of theirs hold the same payments: Beijing, no summer time since 1991. */
const ZONE_OFFSET_MS = 8 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** `yyyy-MM-dd` */
export function dayOf(atMs: number): string {
  return new Date(atMs + ZONE_OFFSET_MS).toISOString().slice(0, 10)
}
/** @returns the first millisecond of a day, undefined when it is not a date of the calendar */
export function startOfDay(day: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const utcMs = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(utcMs) || new Date(utcMs).toISOString().slice(0, 10) !== day) return undefined
  return utcMs - ZONE_OFFSET_MS
}
export function dayBefore(day: string): string {
  return dayOf((startOfDay(day) ?? 0) - DAY_MS)
}
export function dayAfter(day: string): string {
  return dayOf((startOfDay(day) ?? 0) + DAY_MS)
}
