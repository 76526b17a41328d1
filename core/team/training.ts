import type { Kysely } from 'kysely'
import type {
  AssessmentCreate,
  AssessmentView,
  Course,
  CourseSave,
  TrainingView,
} from '#protocol/api/team.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { type Database, nowOf } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { TICKET_TYPES } from '#core/support/ticket-types.ts'
import { assess, guards, holds, standingOf } from './decide-training.ts'

const ASSESSMENTS_SHOWN = 200
const COURSES_MOST = 40

const course = (
  zh: string,
  en: string,
  roles: Course['roles'],
  ticketTypes: string[],
  validDays = 365,
): Course => ({ title: { zh, en }, roles, ticketTypes, passPercent: 80, validDays, isEnforced: false })
/** As shipped: shown, and kept from nobody until a lead enforces it. */
export const SHIPPED_COURSES: Readonly<Record<string, Course>> = {
  reception: course(
    '接待与语气',
    'Reception and tone',
    ['agent', 'lead'],
    ['other', 'purchase_help', 'order_query'],
  ),
  refunds: course(
    '退款与误扣',
    'Refunds and wrong charges',
    ['agent', 'lead'],
    ['refund_request', 'charged_twice', 'charged_late', 'not_taken', 'wrong_item', 'item_returned'],
  ),
  complaints: course('投诉处理', 'Complaints', ['agent', 'lead'], ['complaint', 'provider_complaint']),
  food_safety: course(
    '食品安全',
    'Food safety',
    ['agent', 'lead', 'technician', 'operator'],
    ['quality'],
    180,
  ),
  privacy: course('个人信息保护', 'Protection of personal data', ['agent', 'lead', 'manager'], []),
}

export interface HeldCourse {
  readonly key: string
  readonly version: number
  readonly course: Course
}
/** The newest version of each; read where it is used, so that every core follows what another one saved. */
export async function heldCourses(db: Kysely<Tables>): Promise<HeldCourse[]> {
  const rows = await db
    .selectFrom('courseVersion')
    .select(['courseKey', 'version', 'course'])
    .orderBy('version')
    .execute()
  const held = new Map<string, HeldCourse>(
    Object.entries(SHIPPED_COURSES).map(([key, one]) => [key, { key, version: 0, course: one }]),
  )
  for (const { courseKey, version, course: json } of rows)
    held.set(courseKey, { key: courseKey, version, course: JSON.parse(json) as Course })
  return [...held.values()]
}

/** Courses without which this person may not take tickets of this type. */
export async function lacksFor(
  db: Kysely<Tables>,
  staffId: string,
  ticketType: string,
  nowMs: number,
): Promise<HeldCourse[]> {
  const person = await db.selectFrom('staff').select('role').where('staffId', '=', staffId).executeTakeFirst()
  const asked = (await heldCourses(db)).filter((held) => guards(held.course, person?.role ?? '', ticketType))
  if (asked.length === 0) return []
  const marks = await db
    .selectFrom('assessment')
    .select(['courseKey', 'atMs', 'isPassed', 'validUntilMs'])
    .where('staffId', '=', staffId)
    .execute()
  return asked.filter(
    ({ key }) =>
      !holds(
        standingOf(
          marks
            .filter(({ courseKey }) => courseKey === key)
            .map((mark) => ({ ...mark, isPassed: mark.isPassed === 1 })),
          nowMs,
        ),
      ),
  )
}
/** @throws training_missing that names what to learn first */
export async function mustBeTrained(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  ticketType: string,
  nowMs: number,
): Promise<void> {
  const lacking = await lacksFor(db, staff.staffId, ticketType, nowMs)
  if (lacking.length > 0)
    throw new CabinetError(
      'training_missing',
      `Pass first: ${lacking.map((held) => held.course.title[staff.language]).join(', ')}.`,
      { context: { courses: lacking.map(({ key }) => key) } },
    )
}

export async function trainingView(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  nowMs: number,
): Promise<TrainingView> {
  const isLead = staff.permissions.has('team.manage')
  const courses = await heldCourses(db)
  let people = db
    .selectFrom('staff')
    .select(['staffId', 'displayName as name', 'role'])
    .where('isActive', '=', 1)
    .orderBy('displayName')
  let marks = db
    .selectFrom('assessment as a')
    .innerJoin('staff as s', 's.staffId', 'a.assessorId')
    .selectAll('a')
    .select('s.displayName as assessor')
    .orderBy('a.atMs', 'desc')
  if (!isLead) {
    people = people.where('staffId', '=', staff.staffId)
    marks = marks.where('a.staffId', '=', staff.staffId)
  }
  const [members, rows] = [await people.execute(), await marks.execute()]
  const assessments: AssessmentView[] = rows.map((row) => ({
    assessmentId: row.assessmentId,
    courseKey: row.courseKey,
    staffId: row.staffId,
    atMs: row.atMs,
    theoryPercent: row.theoryPercent,
    practicePercent: row.practicePercent,
    totalPercent: row.totalPercent,
    isPassed: row.isPassed === 1,
    validUntilMs: row.validUntilMs,
    assessor: row.assessor,
    note: row.note,
  }))
  return {
    courses,
    people: members
      .map((person) => ({
        ...person,
        standings: courses
          .filter((held) => held.course.roles.includes(person.role))
          .map(({ key }) => ({
            courseKey: key,
            ...standingOf(
              assessments.filter((one) => one.staffId === person.staffId && one.courseKey === key),
              nowMs,
            ),
          })),
      }))
      .filter(({ standings }) => standings.length > 0),
    assessments: assessments.slice(0, ASSESSMENTS_SHOWN),
    ticketTypes: Object.entries(TICKET_TYPES).map(([key, { label }]) => ({ key, label })),
    mayChange: isLead,
  }
}

/** @throws conflict when another version holds than the one that was seen, bad_request */
export async function saveCourse(
  db: Database,
  by: StaffIdentity,
  key: string,
  wish: CourseSave,
): Promise<void> {
  const unknown = wish.course.ticketTypes.find((type) => !Object.hasOwn(TICKET_TYPES, type))
  if (unknown !== undefined) throw new CabinetError('bad_request', `There is no type of ticket "${unknown}".`)
  await db.write('save a course', async (tx) => {
    const held = await heldCourses(tx)
    const before = held.find((one) => one.key === key)
    if (before === undefined && held.length >= COURSES_MOST)
      throw new CabinetError('bad_request', `There are ${COURSES_MOST} courses already; change one of them.`)
    const version = before?.version ?? 0
    if (version !== wish.baseVersion)
      throw new CabinetError('conflict', 'Somebody else has changed this course meanwhile.', {
        context: { version },
      })
    await tx
      .insertInto('courseVersion')
      .values({
        courseKey: key,
        version: version + 1,
        course: JSON.stringify(wish.course),
        savedBy: by.staffId,
        savedAtMs: nowOf(tx),
        reason: wish.reason,
      })
      .execute()
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: 'course.changed',
      subject: `course:${key}`,
      detail: { reason: wish.reason, before: before?.course ?? null, after: wish.course },
    })
    await recordChange(tx, { kind: 'team', subjectId: key })
  })
}

/** @throws not_allowed for oneself, bad_request for a role that does not need the course, exists_with_different_contents */
export async function recordAssessment(
  db: Database,
  by: StaffIdentity,
  wish: AssessmentCreate,
): Promise<void> {
  await db.write('record an assessment', async (tx) => {
    const { assessmentId, courseKey, staffId, theoryPercent, practicePercent, note } = wish
    const before = await tx
      .selectFrom('assessment')
      .selectAll()
      .where('assessmentId', '=', assessmentId)
      .executeTakeFirst()
    if (before !== undefined) {
      if (
        before.staffId !== staffId ||
        before.theoryPercent !== theoryPercent ||
        before.practicePercent !== practicePercent
      )
        throw new CabinetError('exists_with_different_contents')
      return
    }
    if (staffId === by.staffId) throw new CabinetError('not_allowed', 'Somebody else assesses you.')
    const held = (await heldCourses(tx)).find(({ key }) => key === courseKey)
    const person = await tx
      .selectFrom('staff')
      .select('role')
      .where('staffId', '=', staffId)
      .where('isActive', '=', 1)
      .executeTakeFirst()
    if (held === undefined || person === undefined)
      throw new CabinetError('not_found', 'There is no such course or person.')
    if (!held.course.roles.includes(person.role))
      throw new CabinetError('bad_request', 'This course is not for the role of this person.')
    const result = assess(held.course, wish, nowOf(tx))
    await tx
      .insertInto('assessment')
      .values({
        assessmentId,
        courseKey,
        courseVersion: held.version,
        staffId,
        atMs: nowOf(tx),
        theoryPercent,
        practicePercent,
        totalPercent: result.totalPercent,
        isPassed: result.isPassed ? 1 : 0,
        validUntilMs: result.validUntilMs,
        assessorId: by.staffId,
        note,
      })
      .execute()
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: 'assessment.recorded',
      subject: `staff:${staffId}`,
      detail: { courseKey, theoryPercent, practicePercent, ...result },
    })
    await recordChange(tx, { kind: 'team', subjectId: assessmentId })
  })
}
