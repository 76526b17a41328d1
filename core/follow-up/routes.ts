import Type from 'typebox'
import {
  CALL_BACK_VIEWS,
  CallBackAttempt,
  CallBackCancel,
  CallBackDetail,
  CallBackList,
  CallBackMessage,
  CallBackNumber,
  CallBackPlanSave,
  CallBackPlanView,
} from '#protocol/api/call-backs.ts'
import { Id, oneOf } from '#protocol/api/common.ts'
import type { Access, StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { CallBacks } from './call-backs.ts'
import { planView, savePlan } from './plan-book.ts'
import { callBackFor, listCallBacks } from './queries.ts'

const allow = (permission: 'callBack.work' | 'callBack.plan') => ({
  config: { access: { kind: 'staff', permission } satisfies Access },
})
const closed = { additionalProperties: false } as const
const Params = Type.Object({ callBackId: Id }, closed)

/** `protocol/api/call-backs.ts`. */
export function registerCallBackRoutes(app: HttpApp, deps: CoreDeps & { callBacks: CallBacks }): void {
  const { db, clock, callBacks } = deps
  const me = (request: { staff: StaffIdentity | null }) => request.staff as StaffIdentity

  app.get(
    '/api/staff/call-backs',
    {
      ...allow('callBack.work'),
      schema: {
        querystring: Type.Object({ view: Type.Optional(oneOf(CALL_BACK_VIEWS)) }, closed),
        response: { 200: CallBackList },
      },
    },
    (request) => listCallBacks(db.read, me(request), request.query.view ?? 'due', clock.now()),
  )
  app.get(
    '/api/staff/call-backs/plan',
    { ...allow('callBack.work'), schema: { response: { 200: CallBackPlanView } } },
    (request) => planView(db.read, me(request)),
  )
  app.put(
    '/api/staff/call-backs/plan',
    { ...allow('callBack.plan'), schema: { body: CallBackPlanSave, response: { 200: CallBackPlanView } } },
    async (request) => {
      await savePlan(db, me(request), request.body)
      return planView(db.read, me(request))
    },
  )
  const answer = { params: Params, response: { 200: CallBackDetail } }
  app.get('/api/staff/call-backs/:callBackId', { ...allow('callBack.work'), schema: answer }, (request) =>
    callBackFor(db.read, me(request), request.params.callBackId),
  )
  app.post(
    '/api/staff/call-backs/:callBackId/attempt',
    { ...allow('callBack.work'), schema: { ...answer, body: CallBackAttempt } },
    async (request) => {
      await callBacks.attempt(me(request), request.params.callBackId, request.body)
      return callBackFor(db.read, me(request), request.params.callBackId)
    },
  )
  app.post(
    '/api/staff/call-backs/:callBackId/message',
    { ...allow('callBack.work'), schema: { ...answer, body: CallBackMessage } },
    async (request) => {
      await callBacks.message(me(request), request.params.callBackId, request.body)
      return callBackFor(db.read, me(request), request.params.callBackId)
    },
  )
  app.post(
    '/api/staff/call-backs/:callBackId/cancel',
    { ...allow('callBack.work'), schema: { ...answer, body: CallBackCancel } },
    async (request) => {
      await callBacks.cancel(me(request), request.params.callBackId, request.body)
      return callBackFor(db.read, me(request), request.params.callBackId)
    },
  )
  app.post(
    '/api/staff/call-backs/:callBackId/number',
    { ...allow('callBack.work'), schema: { params: Params, response: { 200: CallBackNumber } } },
    async (request) => ({ phone: await callBacks.number(me(request), request.params.callBackId) }),
  )
}
