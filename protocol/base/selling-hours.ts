import type { WallMs } from './units.ts'
import { addDays, dayIn, zoneOffsetMs } from './zone-days.ts'
import { zoneFormats } from './zone-formats.ts'

/** The shape of `sellingHours` in a desired document (protocol/messages/twin.ts), without its schema. */
export interface WeeklyHours {
  readonly timeZone: string
  readonly intervals: ReadonlyArray<{
    readonly days: readonly number[]
    readonly fromMinute: number
    readonly toMinute: number
  }>
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const DAY_MINUTES = 24 * 60

const formatIn = zoneFormats('en-GB', {
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** @returns undefined when there is no such time zone */
function formatterOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return formatIn(timeZone)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Hours that can be followed: a time zone that exists. */
export function isFollowable(hours: WeeklyHours): boolean {
  return formatterOf(hours.timeZone) !== undefined
}

/** Whether something is sold at this moment. Without hours, always; in a time zone that nobody knows, never. */
export function isWithinHours(hours: WeeklyHours | null | undefined, atMs: WallMs): boolean {
  if (hours === null || hours === undefined) return true
  const format = formatterOf(hours.timeZone)
  if (format === undefined) return false
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]))
  const day = WEEKDAYS.indexOf(parts['weekday'] ?? '') + 1
  const minute = Number(parts['hour']) * 60 + Number(parts['minute'])
  const dayBefore = day === 1 ? 7 : day - 1
  return hours.intervals.some(({ days, fromMinute, toMinute }) => {
    // What runs over midnight belongs to the day on which it began.
    const endMinute = toMinute > fromMinute ? toMinute : toMinute + DAY_MINUTES
    const isToday = days.includes(day) && minute >= fromMinute && minute < endMinute
    const isSinceYesterday = days.includes(dayBefore) && minute + DAY_MINUTES < endMinute
    return isToday || isSinceYesterday
  })
}

/** Intervals repeat every week; one day more for what is left of today. */
const DAYS_AHEAD = 8
const MINUTE_MS = 60_000

/**
 * When something is sold again, in the zone of the hours. A time that its clocks leave out begins with the first minute
 * after it. @returns undefined when it never is, or is sold now
 */
export function nextOpeningMs(hours: WeeklyHours | null | undefined, atMs: WallMs): WallMs | undefined {
  if (hours === null || hours === undefined || isWithinHours(hours, atMs) || !isFollowable(hours))
    return undefined
  const today = dayIn(atMs, hours.timeZone)
  const starts = [...new Set(hours.intervals.map(({ fromMinute }) => fromMinute))]
  const candidates = Array.from({ length: DAYS_AHEAD }, (_, days) => addDays(today, days))
    .flatMap((day) => starts.flatMap((minute) => momentsOf(day, minute, hours.timeZone)))
    .filter((candidateMs) => candidateMs > atMs)
    .toSorted((a, b) => a - b)
  return candidates.find((candidateMs) => isWithinHours(hours, candidateMs))
}

/** What may be meant by a minute of a day: with the offset before and after a change of the clocks. */
function momentsOf(day: string, minute: number, timeZone: string): WallMs[] {
  const utcMs = Date.parse(`${day}T00:00:00Z`) + minute * MINUTE_MS
  const offsets = [-1, 1].map((side) => zoneOffsetMs(utcMs + side * DAY_MINUTES * MINUTE_MS, timeZone))
  return [...new Set(offsets)].map((offsetMs) => utcMs - offsetMs)
}
