import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { closed, Id } from '#protocol/api/common.ts'
import {
  IncidentPreview,
  IncidentSelection,
  RefundCaseCreate,
  RefundCaseDecision,
  RefundCaseDetail,
  RefundCaseList,
} from '#protocol/api/refund-cases.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { requireProof, type StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { RefundCases } from './cases.ts'

const allowed = { config: { access: { kind: 'staff' as const, permission: 'refundCase.work' as const } } }
const params = Type.Object({ caseId: Id }, closed)
const DECISIONS = { approve: 'approved', refuse: 'refused', stop: 'stopped', resume: 'resumed' } as const

/** One incident, many orders. `protocol/api/refund-cases.ts`. */
export function registerRefundCaseRoutes(
  app: HttpApp,
  { db, cases }: CoreDeps & { cases: RefundCases },
): void {
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }
  app.post(
    '/api/staff/refund-cases/preview',
    { ...allowed, schema: { body: IncidentSelection, response: { 200: IncidentPreview } } },
    (request) => cases.preview(me(request), request.body),
  )
  app.get(
    '/api/staff/refund-cases',
    { ...allowed, schema: { response: { 200: RefundCaseList } } },
    async (request) => ({ cases: await cases.list(me(request)) }),
  )
  app.post(
    '/api/staff/refund-cases',
    { ...allowed, schema: { body: RefundCaseCreate, response: { 201: RefundCaseDetail } } },
    async (request, reply) => {
      const staff = me(request)
      await db.write('ask for a refund case', (tx) => cases.create(tx, staff, request.body))
      return reply.code(201).send(await cases.detail(staff, request.body.caseId))
    },
  )
  app.get(
    '/api/staff/refund-cases/:caseId',
    { ...allowed, schema: { params, response: { 200: RefundCaseDetail } } },
    (request) => cases.detail(me(request), request.params.caseId),
  )
  for (const verdict of ['approve', 'refuse', 'stop', 'resume'] as const)
    app.post(
      `/api/staff/refund-cases/:caseId/${verdict}`,
      { ...allowed, schema: { params, body: RefundCaseDecision, response: { 200: RefundCaseDetail } } },
      async (request) => {
        const staff = me(request)
        if (verdict === 'approve' || verdict === 'resume') requireProof(staff)
        const { caseId } = request.params
        await cases.detail(staff, caseId)
        await db.write('decide a refund case', (tx) =>
          cases.decide(tx, caseId, staff, DECISIONS[verdict], request.body.reason),
        )
        return cases.detail(staff, caseId)
      },
    )
}
