/**
 * The days off and the make-up working days of mainland China, as the State Council publishes them each autumn for the
 * year that follows. Days are of the local calendar, first and last included. A year that is not here yet has its weekends
 * only; `HOLIDAYS_KNOWN_UNTIL` says where that begins.
 */
interface YearOfHolidays {
  readonly off: ReadonlyArray<readonly [first: string, last: string]>
  /** Saturdays and Sundays on which the country works as on a Monday. */
  readonly work: readonly string[]
}

const CHINA: readonly YearOfHolidays[] = [
  {
    off: [
      ['2025-01-01', '2025-01-01'],
      ['2025-01-28', '2025-02-04'],
      ['2025-04-04', '2025-04-06'],
      ['2025-05-01', '2025-05-05'],
      ['2025-05-31', '2025-06-02'],
      ['2025-10-01', '2025-10-08'],
    ],
    work: ['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'],
  },
  {
    off: [
      ['2026-01-01', '2026-01-03'],
      ['2026-02-15', '2026-02-23'],
      ['2026-04-04', '2026-04-06'],
      ['2026-05-01', '2026-05-05'],
      ['2026-06-19', '2026-06-21'],
      ['2026-09-25', '2026-09-27'],
      ['2026-10-01', '2026-10-07'],
    ],
    work: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
  },
]
export const HOLIDAYS_KNOWN_UNTIL = '2026-12-31'

const DAY_MS = 86_400_000

/** Every day from the first to the last, `YYYY-MM-DD`. */
function daysBetween(first: string, last: string): string[] {
  const days: string[] = []
  for (let atMs = Date.parse(first); atMs <= Date.parse(last); atMs += DAY_MS)
    days.push(new Date(atMs).toISOString().slice(0, 10))
  return days
}

export const CHINA_DAYS_OFF: ReadonlySet<string> = new Set(
  CHINA.flatMap((year) => year.off.flatMap(([first, last]) => daysBetween(first, last))),
)
export const CHINA_WORKING_DAYS: ReadonlySet<string> = new Set(CHINA.flatMap((year) => year.work))
