import { zoneFormats } from '#protocol/base/zone-formats.ts'

const DAY_MS = 24 * 3_600_000
const formatIn = zoneFormats('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' })

/** The day at a cabinet, as 2026-11-22. @param timeZone  IANA */
export function dateAt(atMs: number, timeZone: string): string {
  return formatIn(timeZone).format(atMs)
}

/** The first moment after a day at a cabinet: from then on, what was good until that day may not be sold. */
export function endOfDate(date: string, timeZone: string): number {
  const noonMs = Date.parse(`${date}T12:00:00Z`)
  // Midnight there lies within fourteen hours of midnight in Greenwich; hours that a clock change leaves out are walked over.
  let low = noonMs - DAY_MS
  let high = noonMs + 2 * DAY_MS
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (dateAt(middle, timeZone) > date) high = middle
    else low = middle
  }
  return high
}
