import type { HolidayYear } from '#protocol/api/team.ts'

/**
 * The days off and the make-up working days of mainland China, as the State Council publishes them each autumn for the
 * year that follows. Days are of the local calendar, first and last included. A year that is not here is entered by an
 * administrator (`core/team/holidays.ts`); until then it has its weekends only, and the system says so.
 */
export const SHIPPED_HOLIDAYS: Readonly<Record<number, HolidayYear>> = {
  2025: {
    off: [
      { first: '2025-01-01', last: '2025-01-01' },
      { first: '2025-01-28', last: '2025-02-04' },
      { first: '2025-04-04', last: '2025-04-06' },
      { first: '2025-05-01', last: '2025-05-05' },
      { first: '2025-05-31', last: '2025-06-02' },
      { first: '2025-10-01', last: '2025-10-08' },
    ],
    work: ['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'],
  },
  2026: {
    off: [
      { first: '2026-01-01', last: '2026-01-03' },
      { first: '2026-02-15', last: '2026-02-23' },
      { first: '2026-04-04', last: '2026-04-06' },
      { first: '2026-05-01', last: '2026-05-05' },
      { first: '2026-06-19', last: '2026-06-21' },
      { first: '2026-09-25', last: '2026-09-27' },
      { first: '2026-10-01', last: '2026-10-07' },
    ],
    work: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
  },
}

const DAY_MS = 86_400_000

/** Every day from the first to the last, `YYYY-MM-DD`. */
function daysBetween(first: string, last: string): string[] {
  const days: string[] = []
  for (let atMs = Date.parse(first); atMs <= Date.parse(last); atMs += DAY_MS)
    days.push(new Date(atMs).toISOString().slice(0, 10))
  return days
}

const daysOff = new Set<string>()
const workingDays = new Set<string>()
export const CHINA_DAYS_OFF: ReadonlySet<string> = daysOff
export const CHINA_WORKING_DAYS: ReadonlySet<string> = workingDays

/** What this process counts with from now on for one year; what it counted with before is forgotten. */
export function enterHolidays(year: number, { off, work }: HolidayYear): void {
  for (const days of [daysOff, workingDays])
    for (const day of days) if (day.startsWith(`${year}-`)) days.delete(day)
  for (const { first, last } of off) for (const day of daysBetween(first, last)) daysOff.add(day)
  for (const day of work) workingDays.add(day)
}
for (const [year, days] of Object.entries(SHIPPED_HOLIDAYS)) enterHolidays(Number(year), days)
