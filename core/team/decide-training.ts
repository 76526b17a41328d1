import { type Course, THEORY_PERCENT, type TrainingState } from '#protocol/api/team.ts'

const DAY_MS = 86_400_000
/** What ends within this time is renewed now. */
const EXPIRING_DAYS = 30

/** Theory 30 of 100, practice 70; rounded down, so that what is just below the mark has not passed. Pure. */
export function assess(
  course: Pick<Course, 'passPercent' | 'validDays'>,
  marks: { theoryPercent: number; practicePercent: number },
  atMs: number,
): { totalPercent: number; isPassed: boolean; validUntilMs: number | null } {
  const sum = marks.theoryPercent * THEORY_PERCENT + marks.practicePercent * (100 - THEORY_PERCENT)
  const totalPercent = Math.floor(sum / 100)
  const isPassed = totalPercent >= course.passPercent
  return { totalPercent, isPassed, validUntilMs: isPassed ? atMs + course.validDays * DAY_MS : null }
}

export interface Mark {
  readonly atMs: number
  readonly isPassed: boolean
  readonly validUntilMs: number | null
}
/** Where somebody stands in one course. A pass holds until its end, also when a later try failed. Pure. */
export function standingOf(
  marks: readonly Mark[],
  nowMs: number,
): { state: TrainingState; untilMs: number | null } {
  const untilMs = marks.reduce<number | null>(
    (latest, { validUntilMs }) =>
      validUntilMs !== null && (latest === null || validUntilMs > latest) ? validUntilMs : latest,
    null,
  )
  if (untilMs === null) return { state: marks.length === 0 ? 'missing' : 'failed', untilMs }
  if (untilMs <= nowMs) return { state: 'expired', untilMs }
  return { state: untilMs - nowMs <= EXPIRING_DAYS * DAY_MS ? 'expiring' : 'valid', untilMs }
}
export function holds({ state }: { state: TrainingState }): boolean {
  return state === 'valid' || state === 'expiring'
}
/** Does this course keep this role from tickets of this type until it is passed? Pure. */
export function guards(course: Course, role: string, ticketType: string): boolean {
  return (
    course.isEnforced &&
    (course.roles as readonly string[]).includes(role) &&
    course.ticketTypes.includes(ticketType)
  )
}
