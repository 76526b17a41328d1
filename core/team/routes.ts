import Type from 'typebox'
import { closed, Id, WallMs } from '#protocol/api/common.ts'
import {
  AssessmentCreate,
  CourseSave,
  HolidaySave,
  HolidayView,
  ScheduleView,
  ShiftCancel,
  ShiftCreate,
  TeamFigures,
  TrainingView,
} from '#protocol/api/team.ts'
import type { Access, StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { teamFigures } from './figures.ts'
import type { Holidays } from './holidays.ts'
import { type Schedule, scheduleView } from './schedule.ts'
import { recordAssessment, saveCourse, trainingView } from './training.ts'

const allow = (permission: 'team.read' | 'team.manage' | 'calendar.read' | 'calendar.change') => ({
  config: { access: { kind: 'staff', permission } satisfies Access },
})
const DAY_MS = 86_400_000
const Done = { 204: Type.Null() }

/** `protocol/api/team.ts`. */
export function registerTeamRoutes(
  app: HttpApp,
  deps: CoreDeps & { schedule: Schedule; holidays: Holidays },
): void {
  const { db, clock, policy, schedule, holidays } = deps
  const me = (request: { staff: StaffIdentity | null }) => request.staff as StaffIdentity

  app.get(
    '/api/staff/schedule',
    {
      ...allow('team.read'),
      schema: {
        querystring: Type.Object({ fromMs: Type.Optional(WallMs), toMs: Type.Optional(WallMs) }, closed),
        response: { 200: ScheduleView },
      },
    },
    (request) => {
      const fromMs = request.query.fromMs ?? clock.now()
      return scheduleView(
        db.read,
        me(request),
        fromMs,
        request.query.toMs ?? fromMs + 7 * DAY_MS,
        clock.now(),
      )
    },
  )
  app.post(
    '/api/staff/schedule/shifts',
    { ...allow('team.manage'), schema: { body: ShiftCreate, response: Done } },
    async (request, reply) => {
      await schedule.add(me(request), request.body)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/api/staff/schedule/shifts/:shiftId/cancel',
    {
      ...allow('team.manage'),
      schema: { params: Type.Object({ shiftId: Id }, closed), body: ShiftCancel, response: Done },
    },
    async (request, reply) => {
      await schedule.cancel(me(request), request.params.shiftId, request.body.reason)
      return reply.code(204).send(null)
    },
  )
  app.get(
    '/api/staff/training',
    { ...allow('team.read'), schema: { response: { 200: TrainingView } } },
    (request) => trainingView(db.read, me(request), clock.now()),
  )
  app.put(
    '/api/staff/training/courses/:key',
    {
      ...allow('team.manage'),
      schema: {
        params: Type.Object({ key: Type.String({ pattern: '^[a-z][a-z0-9_]{1,47}$' }) }, closed),
        body: CourseSave,
        response: { 200: TrainingView },
      },
    },
    async (request) => {
      await saveCourse(db, me(request), request.params.key, request.body)
      return trainingView(db.read, me(request), clock.now())
    },
  )
  app.post(
    '/api/staff/training/assessments',
    { ...allow('team.manage'), schema: { body: AssessmentCreate, response: { 200: TrainingView } } },
    async (request) => {
      await recordAssessment(db, me(request), request.body)
      return trainingView(db.read, me(request), clock.now())
    },
  )
  app.get(
    '/api/staff/team/figures',
    {
      ...allow('team.read'),
      schema: {
        querystring: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366 })) }, closed),
        response: { 200: TeamFigures },
      },
    },
    (request) =>
      teamFigures(db.read, me(request), request.query.days ?? 30, policy.figureCasesLeast, clock.now()),
  )
  app.get(
    '/api/staff/holidays',
    { ...allow('calendar.read'), schema: { response: { 200: HolidayView } } },
    (request) => holidays.view(me(request)),
  )
  app.put(
    '/api/staff/holidays/:year',
    {
      ...allow('calendar.change'),
      schema: {
        params: Type.Object({ year: Type.Integer({ minimum: 2025, maximum: 2099 }) }, closed),
        body: HolidaySave,
        response: { 200: HolidayView },
      },
    },
    async (request) => {
      await holidays.save(me(request), request.params.year, request.body)
      return holidays.view(me(request))
    },
  )
}
