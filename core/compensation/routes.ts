import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { closed, Id } from '#protocol/api/common.ts'
import { CompensationCreate, CompensationDecision, CompensationList } from '#protocol/api/compensation.ts'
import { StaffOrder } from '#protocol/api/staff/orders.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { mustKnowCaller } from '#core/callers/must-be-known.ts'
import { readableWishes } from '#core/callers/waiting-for-second.ts'
import { requireProof, type StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Permission } from '#core/staff/permissions.ts'
import type { SupportQueries } from '#core/support/queries.ts'
import type { Compensations } from './compensations.ts'

const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })

/** Coupons and points that make good for something. `protocol/api/compensation.ts`. */
export function registerCompensationRoutes(
  app: HttpApp,
  { db, clock, compensations, support }: CoreDeps & { compensations: Compensations; support: SupportQueries },
): void {
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }
  app.post(
    '/api/staff/orders/:orderId/compensations',
    {
      ...allow('compensation.request'),
      schema: {
        params: Type.Object({ orderId: Id }, closed),
        body: CompensationCreate,
        response: { 200: StaffOrder },
      },
    },
    async (request) => {
      const staff = me(request)
      const { orderId } = request.params
      // Only what the reader may see may be worked on.
      await support.order(staff, orderId)
      await db.write('compensate', async (tx) => {
        await mustKnowCaller(tx, { orderId })
        await compensations.ask(tx, orderId, staff, request.body)
      })
      return support.order(staff, orderId)
    },
  )
  app.get(
    '/api/staff/compensations',
    { ...allow('compensation.request'), schema: { response: { 200: CompensationList } } },
    async (request) => {
      const staff = me(request)
      const waiting = await compensations.waiting(db.read, staff)
      return { compensations: await readableWishes(db.read, staff, waiting, clock.now()) }
    },
  )
  for (const verdict of ['approve', 'refuse'] as const)
    app.post(
      `/api/staff/compensations/:compensationId/${verdict}`,
      {
        ...allow('compensation.approve'),
        schema: {
          params: Type.Object({ compensationId: Id }, closed),
          body: CompensationDecision,
          response: { 200: StaffOrder },
        },
      },
      async (request) => {
        const staff = me(request)
        if (verdict === 'approve') requireProof(staff)
        const { orderId } = await db.write('decide a compensation', async (tx) => {
          const row = await compensations.decide(
            tx,
            request.params.compensationId,
            staff,
            verdict,
            request.body.reason,
          )
          // Thrown here, nothing of it stays.
          if (verdict === 'approve') await mustKnowCaller(tx, { orderId: row.orderId, isApproval: true })
          return row
        })
        return support.order(staff, orderId)
      },
    )
}
