import type { EmergencyAudience, EmergencyKind } from '#protocol/api/emergencies.ts'
import type { RecheckAnswer, RecheckView } from '#protocol/api/rechecks.ts'
import type { Course, HolidayYear, Shift } from '#protocol/api/team.ts'

/** The choices of pages, in the order in which they are shown. */
export const LEAD_VIEWS: readonly RecheckView[] = ['waiting', 'objections', 'done', 'mine']
export const OWN_VIEWS: readonly RecheckView[] = ['mine']
export const MARKS: ReadonlyArray<RecheckAnswer['mark']> = ['met', 'not_met', 'not_applicable']
export const EMERGENCY_KINDS: readonly EmergencyKind[] = [
  'food_safety',
  'mass_mischarge',
  'data_breach',
  'other',
]
export const EMERGENCY_AUDIENCES: readonly EmergencyAudience[] = ['consumers', 'operators']

export const COURSE_ROLES: ReadonlyArray<Course['roles'][number]> = [
  'agent',
  'lead',
  'manager',
  'finance',
  'operator',
  'technician',
  'admin',
]
/** A key that no course has: it stays when the name changes. */
export function freeCourseKey(taken: readonly string[]): string {
  const numbers = taken.map((key) => Number(/^course_(\d+)$/.exec(key)?.[1] ?? 0))
  return `course_${Math.max(0, ...numbers) + 1}`
}

/** Midnight of the Monday of this week, where the reader sits. */
export function weekStart(atMs: number): number {
  const day = new Date(atMs)
  day.setHours(0, 0, 0, 0)
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7))
  return day.getTime()
}
/** The seven midnights of a week and the one after it; a day of a change of the clock is longer or shorter. */
export function weekDays(fromMs: number): number[] {
  return Array.from({ length: 8 }, (_, index) => {
    const day = new Date(fromMs)
    day.setDate(day.getDate() + index)
    return day.getTime()
  })
}
/** What of the shifts lies on a day, cut at its ends. */
export function shiftsOn(shifts: readonly Shift[], fromMs: number, toMs: number): Shift[] {
  return shifts.filter((shift) => shift.startsAtMs < toMs && shift.endsAtMs > fromMs)
}

const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
/** What was typed into the two fields of a year; a day alone is its first and last. */
export function parseHolidays(off: string, work: string): HolidayYear {
  return {
    off: lines(off).map((line) => {
      const [first = '', last = first] = line.split(/[\s,，~至-]{1,3}(?=20\d\d-)|\s+/)
      return { first, last }
    }),
    work: lines(work),
  }
}
export function holidayText({ off }: HolidayYear): string {
  return off.map(({ first, last }) => `${first} ${last}`).join('\n')
}
