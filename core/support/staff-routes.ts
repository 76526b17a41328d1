import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { closed, Id } from '#protocol/api/common.ts'
import { LoweringRequestList } from '#protocol/api/staff/lowering.ts'
import { AnomalyDecide, StaffOrder, StaffOrderList } from '#protocol/api/staff/orders.ts'
import {
  ApprovalDecision,
  ApprovalList,
  LowerCreate,
  RefundCalculate,
  RefundCalculation,
  RefundCreate,
  RefundResult,
} from '#protocol/api/staff/refunds.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Anomalies } from '#core/anomalies/anomalies.ts'
import { mustKnowCaller, mustKnowCallerToRead } from '#core/callers/must-be-known.ts'
import { readableWishes } from '#core/callers/waiting-for-second.ts'
import type { Notices } from '#core/notices/notices.ts'
import { type OrderQueries, refundView } from '#core/orders/queries.ts'

import type { Charges } from '#core/payments/charges.ts'
import { requireProof, type StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { decideApproval } from '#core/refunds/decide.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import type { Permission } from '#core/staff/permissions.ts'
import { decideLoweringRequest, loweringRequestViews } from './lowering-requests.ts'
import type { SupportQueries } from './queries.ts'
import { askForLess, calculateRefund } from './refund-desk.ts'

const Search = Type.Object({ query: Type.Optional(Type.String({ maxLength: 100 })) }, closed)
/** What gives something back, or asks for other than was recognised. */
const MOVES_MONEY: ReadonlySet<string> = new Set(['charge_corrected', 'void', 'refund'])
const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })

/** The desk: orders, refunds, approvals, anomalies. `protocol/api/staff/`. */
export function registerSupportRoutes(
  app: HttpApp,
  deps: CoreDeps & {
    support: SupportQueries
    charges: Charges
    refunds: Refunds
    anomalies: Anomalies
    notices: Notices
    orders: OrderQueries
  },
): void {
  const { db, clock, policy, support, refunds, anomalies } = deps
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }

  // orders and refunds
  app.get(
    '/api/staff/orders',
    { ...allow('order.read'), schema: { querystring: Search, response: { 200: StaffOrderList } } },
    (request) => support.orders(me(request), request.query.query),
  )
  const orderParams = Type.Object({ orderId: Id })
  app.get(
    '/api/staff/orders/:orderId',
    { ...allow('order.read'), schema: { params: orderParams, response: { 200: StaffOrder } } },
    async (request) => {
      const staff = me(request)
      const { orderId } = request.params
      const order = await support.order(staff, orderId)
      // Whoever speaks with callers sees a purchase only once it is known who calls; the books are read without.
      if (staff.permissions.has('caller.verify')) await mustKnowCallerToRead(db.read, orderId, clock.now())
      return order
    },
  )
  app.post(
    '/api/staff/orders/:orderId/refunds/calculate',
    {
      ...allow('refund.request'),
      schema: { params: orderParams, body: RefundCalculate, response: { 200: RefundCalculation } },
    },
    async (request): Promise<RefundCalculation> => {
      const staff = me(request)
      await support.order(staff, request.params.orderId)
      await mustKnowCallerToRead(db.read, request.params.orderId, clock.now())
      return calculate(staff, request.params.orderId, request.body)
    },
  )
  const calculate = (staff: StaffIdentity, orderId: string, wish: Type.Static<typeof RefundCalculate>) =>
    calculateRefund({ db: db.read, refunds, policy }, staff, orderId, wish)
  app.post(
    '/api/staff/orders/:orderId/refunds',
    {
      ...allow('refund.request'),
      schema: { params: orderParams, body: RefundCreate, response: { 201: RefundResult } },
    },
    async (request, reply) => {
      const staff = me(request)
      const { orderId } = request.params
      await support.order(staff, orderId)
      const refund = await db.write('ask for a refund', async (tx) => {
        await mustKnowCaller(tx, { orderId, ticketId: request.body.ticketId })
        const asked = await refunds.ask(tx, {
          ...request.body,
          orderId,
          by: staff.staffId,
          authority: { kind: 'staff', role: staff.role },
        })
        // A large one asks again who one is; thrown here, nothing of it stays.
        if (asked.amountFen > policy.agentRefundFen) requireProof(staff)
        return asked
      })
      return reply.code(201).send({ refund: refundView(refund) })
    },
  )

  app.post(
    '/api/staff/orders/:orderId/lower',
    {
      ...allow('refund.request'),
      schema: { params: orderParams, body: LowerCreate, response: { 200: StaffOrder } },
    },
    async (request) => {
      const staff = me(request)
      const { orderId } = request.params
      await support.order(staff, orderId)
      await db.write('ask for less', async (tx) => {
        await mustKnowCaller(tx, { orderId, ticketId: request.body.ticketId })
        await askForLess(tx, { charges: deps.charges, policy }, staff, orderId, request.body)
      })
      return support.order(staff, orderId)
    },
  )

  // approvals
  app.get(
    '/api/staff/approvals',
    { ...allow('refund.request'), schema: { response: { 200: ApprovalList } } },
    (request) => support.approvals(me(request)),
  )
  const refundParams = Type.Object({ refundId: Id })
  for (const verdict of ['approve', 'refuse'] as const)
    app.post(
      `/api/staff/approvals/:refundId/${verdict}`,
      { ...allow('refund.approve'), schema: { params: refundParams, body: ApprovalDecision } },
      async (request) => {
        const staff = me(request)
        if (verdict === 'approve') requireProof(staff)
        const refund = await db.write('decide a refund', async (tx) => {
          const row = await tx
            .selectFrom('refund')
            .selectAll()
            .where('refundId', '=', request.params.refundId)
            .executeTakeFirst()
          if (row === undefined) throw new CabinetError('not_found')
          if (!decideApproval(row, staff, policy))
            throw new CabinetError(
              'not_allowed',
              'Who asked for a refund never approves it, and the amount must be within your own authority.',
            )
          if (verdict === 'approve')
            await mustKnowCaller(tx, {
              orderId: row.orderId,
              ticketId: row.ticketId ?? undefined,
              isApproval: true,
            })
          return verdict === 'approve'
            ? refunds.approve(tx, row.refundId, staff.staffId)
            : refunds.reject(tx, row.refundId, staff.staffId, request.body.reason)
        })
        return { refund: refundView(refund) }
      },
    )

  app.get(
    '/api/staff/lowering-requests',
    { ...allow('refund.request'), schema: { response: { 200: LoweringRequestList } } },
    async (request) => {
      const staff = me(request)
      const waiting = await loweringRequestViews(db.read, policy, staff)
      return { requests: await readableWishes(db.read, staff, waiting, clock.now()) }
    },
  )
  for (const verdict of ['approve', 'refuse'] as const)
    app.post(
      `/api/staff/lowering-requests/:refundId/${verdict}`,
      {
        ...allow('refund.approve'),
        schema: { params: refundParams, body: ApprovalDecision, response: { 200: StaffOrder } },
      },
      async (request) => {
        const staff = me(request)
        if (verdict === 'approve') requireProof(staff)
        const orderId = await db.write('decide to ask for less', (tx) =>
          decideLoweringRequest(
            tx,
            { policy, refunds, charges: deps.charges },
            request.params.refundId,
            staff,
            verdict,
            request.body.reason,
          ),
        )
        return support.order(staff, orderId)
      },
    )

  // anomalies
  app.post(
    '/api/staff/anomalies/:anomalyId/decide',
    { ...allow('anomaly.decide'), schema: { params: Type.Object({ anomalyId: Id }), body: AnomalyDecide } },
    async (request) => {
      const staff = me(request)
      const { anomalyId } = request.params
      const anomaly = await db.write('decide an anomaly', async (tx) => {
        const found = await tx
          .selectFrom('anomaly')
          .select('orderId')
          .where('anomalyId', '=', anomalyId)
          .executeTakeFirst()
        const orderId = found?.orderId ?? null
        if (orderId !== null) {
          if (MOVES_MONEY.has(request.body.decision)) await mustKnowCaller(tx, { orderId })
          // The answer is the order, which a caller whom nobody knows hides, as on its page.
          else if (staff.permissions.has('caller.verify'))
            await mustKnowCallerToRead(tx, orderId, clock.now())
        }
        return anomalies.decide(
          tx,
          anomalyId,
          { staffId: staff.staffId, authority: { kind: 'staff', role: staff.role } },
          request.body,
        )
      })
      return anomaly.orderId === null ? {} : support.order(staff, anomaly.orderId)
    },
  )
}
