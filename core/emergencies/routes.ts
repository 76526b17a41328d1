import Type from 'typebox'
import { closed, Id, oneOf } from '#protocol/api/common.ts'
import {
  EMERGENCY_AUDIENCES,
  EMERGENCY_DECISIONS,
  EMERGENCY_STEPS,
  EmergencyChoices,
  EmergencyCreate,
  EmergencyDecisionRequest,
  EmergencyDetail,
  EmergencyList,
  EmergencyLog,
  EmergencyNoticeCreate,
  EmergencyNoticePreview,
  EmergencyReportSend,
  EmergencyScopeChange,
  EmergencyStepRequest,
} from '#protocol/api/emergencies.ts'
import type { Access, StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Emergencies } from './emergencies.ts'
import type { EmergencyNotices } from './notices.ts'
import { emergencyChoices, emergencyFor, listEmergencies } from './queries.ts'

const allow = (permission: 'emergency.open' | 'emergency.work') => ({
  config: { access: { kind: 'staff', permission } satisfies Access },
})
const Params = Type.Object({ emergencyId: Id }, closed)

/** `protocol/api/emergencies.ts`. */
export function registerEmergencyRoutes(
  app: HttpApp,
  deps: CoreDeps & { emergencies: Emergencies; notices: EmergencyNotices },
): void {
  const { db, clock, emergencies, notices } = deps
  const me = (request: { staff: StaffIdentity | null }) => request.staff as StaffIdentity
  const detail = (request: { staff: StaffIdentity | null }, emergencyId: string) =>
    emergencyFor(db.read, me(request), emergencyId, clock.now())
  const answer = { params: Params, response: { 200: EmergencyDetail } }

  app.get(
    '/api/staff/emergencies',
    { ...allow('emergency.open'), schema: { response: { 200: EmergencyList } } },
    () => listEmergencies(db.read, clock.now()),
  )
  app.get(
    '/api/staff/emergency-choices',
    { ...allow('emergency.open'), schema: { response: { 200: EmergencyChoices } } },
    () => emergencyChoices(db.read),
  )
  app.post(
    '/api/staff/emergencies',
    {
      ...allow('emergency.open'),
      schema: { body: EmergencyCreate, response: { 201: EmergencyDetail } },
    },
    async (request, reply) => {
      await emergencies.open(me(request), request.body)
      return reply.code(201).send(await detail(request, request.body.emergencyId))
    },
  )
  app.get('/api/staff/emergencies/:emergencyId', { ...allow('emergency.open'), schema: answer }, (request) =>
    detail(request, request.params.emergencyId),
  )
  app.post(
    '/api/staff/emergencies/:emergencyId/log',
    { ...allow('emergency.work'), schema: { ...answer, body: EmergencyLog } },
    async (request) => {
      await emergencies.log(me(request), request.params.emergencyId, request.body)
      return detail(request, request.params.emergencyId)
    },
  )
  app.post(
    '/api/staff/emergencies/:emergencyId/scope',
    { ...allow('emergency.work'), schema: { ...answer, body: EmergencyScopeChange } },
    async (request) => {
      await emergencies.rescope(me(request), request.params.emergencyId, request.body)
      return detail(request, request.params.emergencyId)
    },
  )
  app.post(
    '/api/staff/emergencies/:emergencyId/report',
    { ...allow('emergency.work'), schema: { ...answer, body: EmergencyReportSend } },
    async (request) => {
      await emergencies.report(me(request), request.params.emergencyId, request.body)
      return detail(request, request.params.emergencyId)
    },
  )
  for (const step of EMERGENCY_STEPS)
    app.post(
      `/api/staff/emergencies/:emergencyId/${step}`,
      { ...allow('emergency.work'), schema: { ...answer, body: EmergencyStepRequest } },
      async (request) => {
        await emergencies.step(me(request), request.params.emergencyId, step, request.body)
        return detail(request, request.params.emergencyId)
      },
    )
  app.get(
    '/api/staff/emergencies/:emergencyId/notices/preview',
    {
      ...allow('emergency.work'),
      schema: {
        params: Params,
        querystring: Type.Object({ audience: oneOf(EMERGENCY_AUDIENCES) }, closed),
        response: { 200: EmergencyNoticePreview },
      },
    },
    (request) => notices.preview(request.params.emergencyId, request.query.audience),
  )
  app.post(
    '/api/staff/emergencies/:emergencyId/notices',
    { ...allow('emergency.work'), schema: { ...answer, body: EmergencyNoticeCreate } },
    async (request) => {
      await notices.ask(me(request), request.params.emergencyId, request.body)
      return detail(request, request.params.emergencyId)
    },
  )
  for (const decision of EMERGENCY_DECISIONS)
    app.post(
      `/api/staff/emergency-notices/:noticeId/${decision}`,
      {
        ...allow('emergency.work'),
        schema: {
          params: Type.Object({ noticeId: Id }, closed),
          body: EmergencyDecisionRequest,
          response: { 200: EmergencyDetail },
        },
      },
      async (request) => {
        const { noticeId } = request.params
        const emergencyId = await notices.decide(me(request), noticeId, decision, request.body.reason)
        return detail(request, emergencyId)
      },
    )
}
