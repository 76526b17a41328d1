import type { HolidayYear } from '#protocol/api/team.ts'

const DAY_MS = 86_400_000
const SPAN_LONGEST_DAYS = 15
/** The State Council publishes the coming year in November: from then on it is asked for, from December on it is urgent. */
const ASKED_MONTH = 11
const URGENT_MONTH = 12
/** Mainland China has one zone. */
const ZONE_MS = 8 * 3_600_000

/** The first year that is needed and not there. Pure. */
export function missingYear(
  known: readonly number[],
  nowMs: number,
): { year: number; isUrgent: boolean } | undefined {
  const now = new Date(nowMs + ZONE_MS)
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() + 1]
  if (!known.includes(year)) return { year, isUrgent: true }
  if (month < ASKED_MONTH || known.includes(year + 1)) return undefined
  return { year: year + 1, isUrgent: month >= URGENT_MONTH }
}

/** What is wrong with the days of a year, as a sentence that says what to mend. Pure. */
export function problemIn(year: number, { off, work }: HolidayYear): string | undefined {
  const isDay = (day: string) => {
    const atMs = Date.parse(day)
    return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(day)
  }
  const days = [...off.flatMap(({ first, last }) => [first, last]), ...work]
  const wrong = days.find((day) => !isDay(day))
  if (wrong !== undefined) return `There is no day ${wrong}.`
  const other = days.find((day) => !day.startsWith(`${year}-`))
  if (other !== undefined)
    return `${other} is not in ${year}; a holiday over the turn of the year is entered in both.`
  const span = off.find(
    ({ first, last }) => last < first || Date.parse(last) - Date.parse(first) >= SPAN_LONGEST_DAYS * DAY_MS,
  )
  if (span !== undefined)
    return `A holiday ends after it begins, at most ${SPAN_LONGEST_DAYS} days later: ${span.first}.`
  if (off.length === 0) return 'A year without a holiday is not entered.'
  const weekday = work.find((day) => ![0, 6].includes(new Date(Date.parse(day)).getUTCDay()))
  if (weekday !== undefined)
    return `${weekday} is a working day anyhow; make-up days are Saturdays and Sundays.`
  const twice = work.find((day) => off.some(({ first, last }) => first <= day && day <= last))
  return twice === undefined ? undefined : `${twice} cannot be a holiday and a make-up day.`
}
