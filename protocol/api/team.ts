import Type from 'typebox'
import { Bilingual, closed, Id, oneOf, ROLES, WallMs } from './common.ts'

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])
const Words = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' })
const Key = Type.String({ pattern: '^[a-z][a-z0-9_]{1,47}$' })
const Percent = Type.Integer({ minimum: 0, maximum: 100 })
const BothWords = Type.Object({ zh: Words(80), en: Words(80) }, closed)

// --- the schedule

/** `absence` takes a person out of whatever shift it covers. */
export const SHIFT_KINDS = ['work', 'absence'] as const
export type ShiftKind = (typeof SHIFT_KINDS)[number]
export const SHIFT_LONGEST_MS = 16 * 3_600_000
export const ABSENCE_LONGEST_MS = 92 * 86_400_000
export const Shift = Type.Object(
  {
    shiftId: Id,
    staffId: Id,
    kind: oneOf(SHIFT_KINDS),
    startsAtMs: WallMs,
    endsAtMs: WallMs,
    handOverToId: orNull(Id),
    note: Type.String(),
  },
  closed,
)
export type Shift = Type.Static<typeof Shift>
export const TeamMember = Type.Object(
  {
    staffId: Id,
    name: Type.String(),
    role: oneOf(ROLES),
    isOnShift: Type.Boolean(),
    openTickets: Type.Integer(),
  },
  closed,
)
export type TeamMember = Type.Static<typeof TeamMember>
/** GET /api/staff/schedule?fromMs=&toMs= */
export const ScheduleView = Type.Object(
  {
    shifts: Type.Array(Shift),
    people: Type.Array(TeamMember),
    /** Shifts are planned, and nobody has one now: new tickets wait for the next. */
    isUncovered: Type.Boolean(),
    nextShiftAtMs: orNull(WallMs),
    mayChange: Type.Boolean(),
  },
  closed,
)
export type ScheduleView = Type.Static<typeof ScheduleView>
/** POST /api/staff/schedule/shifts. The same id again is the same shift. */
export const ShiftCreate = Type.Object(
  {
    shiftId: Id,
    staffId: Id,
    kind: oneOf(SHIFT_KINDS),
    startsAtMs: WallMs,
    endsAtMs: WallMs,
    /** What is still open and due before they are back goes there; else to whoever is on shift with the least to do. */
    handOverToId: orNull(Id),
    note: Type.String({ maxLength: 500 }),
  },
  closed,
)
export type ShiftCreate = Type.Static<typeof ShiftCreate>
/** POST /api/staff/schedule/shifts/:shiftId/cancel */
export const ShiftCancel = Type.Object({ reason: Words(300) }, closed)

// --- training

/** Theory counts 30 of 100, practice 70. */
export const THEORY_PERCENT = 30
export const Course = Type.Object(
  {
    title: BothWords,
    roles: Type.Array(oneOf(ROLES), { minItems: 1, maxItems: 7, uniqueItems: true }),
    /** Tickets that whoever lacks it may not take, when `isEnforced`. */
    ticketTypes: Type.Array(Key, { maxItems: 40, uniqueItems: true }),
    passPercent: Type.Integer({ minimum: 1, maximum: 100 }),
    validDays: Type.Integer({ minimum: 1, maximum: 3660 }),
    isEnforced: Type.Boolean(),
  },
  closed,
)
export type Course = Type.Static<typeof Course>
export const TRAINING_STATES = ['valid', 'expiring', 'expired', 'failed', 'missing'] as const
export type TrainingState = (typeof TRAINING_STATES)[number]
export const AssessmentView = Type.Object(
  {
    assessmentId: Id,
    courseKey: Key,
    staffId: Id,
    atMs: WallMs,
    theoryPercent: Percent,
    practicePercent: Percent,
    totalPercent: Percent,
    isPassed: Type.Boolean(),
    validUntilMs: orNull(WallMs),
    assessor: Type.String(),
    note: Type.String(),
  },
  closed,
)
export type AssessmentView = Type.Static<typeof AssessmentView>
/** GET /api/staff/training: an agent sees their own row. */
export const TrainingView = Type.Object(
  {
    courses: Type.Array(
      Type.Object({ key: Key, version: Type.Integer({ minimum: 0 }), course: Course }, closed),
    ),
    people: Type.Array(
      Type.Object(
        {
          staffId: Id,
          name: Type.String(),
          role: oneOf(ROLES),
          standings: Type.Array(
            Type.Object({ courseKey: Key, state: oneOf(TRAINING_STATES), untilMs: orNull(WallMs) }, closed),
          ),
        },
        closed,
      ),
    ),
    assessments: Type.Array(AssessmentView, { description: 'newest first' }),
    ticketTypes: Type.Array(Type.Object({ key: Type.String(), label: Bilingual }, closed)),
    mayChange: Type.Boolean(),
  },
  closed,
)
export type TrainingView = Type.Static<typeof TrainingView>
/** PUT /api/staff/training/courses/:key */
export const CourseSave = Type.Object(
  { baseVersion: Type.Integer({ minimum: 0 }), reason: Words(300), course: Course },
  closed,
)
export type CourseSave = Type.Static<typeof CourseSave>
/** POST /api/staff/training/assessments */
export const AssessmentCreate = Type.Object(
  {
    assessmentId: Id,
    courseKey: Key,
    staffId: Id,
    theoryPercent: Percent,
    practicePercent: Percent,
    note: Type.String({ maxLength: 1000 }),
  },
  closed,
)
export type AssessmentCreate = Type.Static<typeof AssessmentCreate>

// --- figures

export const AGENT_FIGURES = [
  'solved',
  'first_answer',
  'solution',
  'solution_in_time',
  'opened_again',
  'satisfaction',
  'recheck_passed',
  'refunds_corrected',
] as const
export type AgentFigureKey = (typeof AGENT_FIGURES)[number]
export const AgentFigure = Type.Object(
  {
    key: oneOf(AGENT_FIGURES),
    /** null: fewer cases than a figure can be made from. */
    value: orNull(Type.Number()),
    cases: Type.Integer(),
  },
  closed,
)
export type AgentFigure = Type.Static<typeof AgentFigure>
/** GET /api/staff/team/figures?days=: an agent sees their own, a lead the team. */
export const TeamFigures = Type.Object(
  {
    days: Type.Integer(),
    casesLeast: Type.Integer({ description: 'a figure of fewer cases is not shown' }),
    people: Type.Array(
      Type.Object(
        { staffId: Id, name: Type.String(), role: oneOf(ROLES), figures: Type.Array(AgentFigure) },
        closed,
      ),
    ),
    team: Type.Array(AgentFigure),
  },
  closed,
)
export type TeamFigures = Type.Static<typeof TeamFigures>

// --- holidays

const Day = Type.String({ pattern: '^20[0-9]{2}-[01][0-9]-[0-3][0-9]$' })
export const HolidayYear = Type.Object(
  {
    off: Type.Array(Type.Object({ first: Day, last: Day }, closed), { maxItems: 20 }),
    /** Saturdays and Sundays on which the country works. */
    work: Type.Array(Day, { maxItems: 20, uniqueItems: true }),
  },
  closed,
)
export type HolidayYear = Type.Static<typeof HolidayYear>
/** GET /api/staff/holidays */
export const HolidayView = Type.Object(
  {
    years: Type.Array(
      Type.Object(
        {
          year: Type.Integer(),
          days: HolidayYear,
          /** 0: as shipped. */
          version: Type.Integer(),
          savedBy: orNull(Type.String()),
          savedAtMs: orNull(WallMs),
        },
        closed,
      ),
    ),
    /** The year that is needed and is not there: without it its holidays count as working days. */
    missingYear: orNull(Type.Integer()),
    mayChange: Type.Boolean(),
  },
  closed,
)
export type HolidayView = Type.Static<typeof HolidayView>
/** PUT /api/staff/holidays/:year */
export const HolidaySave = Type.Object(
  { baseVersion: Type.Integer({ minimum: 0 }), reason: Words(300), days: HolidayYear },
  closed,
)
export type HolidaySave = Type.Static<typeof HolidaySave>
