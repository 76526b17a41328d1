import type { WallMs } from './units.ts'
import { zoneFormats } from './zone-formats.ts'

const DAY_MS = 24 * 3_600_000
const offsetIn = zoneFormats('en', { timeZoneName: 'longOffset' })

/** How far the clocks of a zone are before UTC at this moment. @throws RangeError when there is no such zone */
export function zoneOffsetMs(atMs: WallMs, timeZone: string): number {
  const name = offsetIn(timeZone)
    .formatToParts(atMs)
    .find(({ type }) => type === 'timeZoneName')?.value
  const match = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name ?? '')
  if (match === null) return 0
  const [, sign, hours, minutes, seconds = '0'] = match
  return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

/** `yyyy-MM-dd`, as the calendar on the wall beside a clock of this zone shows it. */
export function dayIn(atMs: WallMs, timeZone: string): string {
  return new Date(atMs + zoneOffsetMs(atMs, timeZone)).toISOString().slice(0, 10)
}

/**
 * When a day begins in a zone: its first moment, also on days on which midnight is left out.
 * @param day  `yyyy-MM-dd`. @returns NaN when there is no such day
 */
export function startOfDayMs(day: string, timeZone: string): WallMs {
  const utcMs = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(utcMs) || new Date(utcMs).toISOString().slice(0, 10) !== day) return Number.NaN
  // The offset before and after: of the two moments that read midnight the first, or the jump over it.
  const byBefore = utcMs - zoneOffsetMs(utcMs - DAY_MS, timeZone)
  const byAfter = utcMs - zoneOffsetMs(utcMs + DAY_MS, timeZone)
  const candidates = [byBefore, byAfter].toSorted((a, b) => a - b)
  return candidates.find((atMs) => dayIn(atMs, timeZone) === day) ?? Number.NaN
}

/** The day so many days later. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}
