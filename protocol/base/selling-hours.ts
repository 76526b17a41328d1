import type { WallMs } from './units.ts'

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

/** @returns undefined when there is no such time zone */
function formatterOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
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
