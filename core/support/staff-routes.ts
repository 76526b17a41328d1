import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { closed, Id, oneOf } from '#protocol/api/common.ts'
import {
  AnomalyDecide,
  ApprovalDecision,
  ApprovalList,
  LowerCreate,
  RefundCalculate,
  RefundCalculation,
  RefundCreate,
  RefundResult,
  StaffOrder,
  StaffOrderList,
  TemplateList,
  TicketClaim,
  TicketCreate,
  TicketDetail,
  TicketList,
  TicketReply,
  TicketResolve,
} from '#protocol/api/staff.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Anomalies } from '#core/anomalies/anomalies.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Notices } from '#core/notices/notices.ts'
import { type OrderQueries, refundView } from '#core/orders/queries.ts'
import { findOrder } from '#core/orders/store.ts'
import type { Charges } from '#core/payments/charges.ts'
import { requireProof, type StaffIdentity } from '#core/platform/access.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { decideApproval } from '#core/refunds/decide.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import type { Permission } from '#core/staff/permissions.ts'
import type { SupportQueries } from './queries.ts'
import { askForLess, calculateRefund } from './refund-desk.ts'
import { TEMPLATES } from './templates.ts'
import type { TicketRow, Tickets } from './tickets.ts'

const Search = Type.Object({ query: Type.Optional(Type.String({ maxLength: 100 })) }, closed)
const TicketSearch = Type.Object(
  {
    view: Type.Optional(oneOf(['open', 'mine', 'breaching', 'closed'])),
    query: Type.Optional(Type.String({ maxLength: 100 })),
  },
  closed,
)
const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })

/** The desk: tickets, orders, refunds, approvals, anomalies. `protocol/api/staff.ts`. */
export function registerSupportRoutes(
  app: HttpApp,
  deps: CoreDeps & {
    support: SupportQueries
    tickets: Tickets
    charges: Charges
    refunds: Refunds
    anomalies: Anomalies
    notices: Notices
    orders: OrderQueries
  },
): void {
  const { db, policy, support, tickets, refunds, anomalies } = deps
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }

  // tickets
  app.get(
    '/api/staff/tickets',
    { ...allow('ticket.read'), schema: { querystring: TicketSearch, response: { 200: TicketList } } },
    (request) => support.tickets(me(request), request.query.view ?? 'open', request.query.query),
  )
  const ticketParams = Type.Object({ ticketId: Id })
  app.get(
    '/api/staff/tickets/:ticketId',
    { ...allow('ticket.read'), schema: { params: ticketParams, response: { 200: TicketDetail } } },
    (request) => support.ticket(me(request), request.params.ticketId),
  )
  app.get(
    '/api/staff/templates',
    { ...allow('ticket.read'), schema: { response: { 200: TemplateList } } },
    () => ({ templates: TEMPLATES }),
  )

  app.post(
    '/api/staff/tickets',
    { ...allow('ticket.create'), schema: { body: TicketCreate } },
    async (request, reply) => {
      const staff = me(request)
      const { body } = request
      const order = body.orderId === undefined ? undefined : await findOrder(db.read, body.orderId)
      if (body.orderId !== undefined && order === undefined)
        throw new CabinetError('not_found', `There is no order ${body.orderId}.`)
      const ticket = await db.write('open a ticket', async (tx) => {
        const opened = await tickets.open(tx, {
          requestId: body.requestId,
          type: body.type,
          origin: 'staff',
          reason: null,
          priority: body.priority,
          orderId: order?.orderId ?? null,
          cabinetId: order?.cabinetId ?? body.cabinetId ?? null,
          consumerId: order?.consumerId ?? null,
          amountFen: order?.totalFen ?? null,
          lines: [],
          note: body.note,
          language: staff.language,
          openedBy: staff.staffId,
        })
        await appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'ticket.opened',
          subject: `ticket:${opened.ticketId}`,
          detail: { type: body.type },
        })
        return opened
      })
      return reply.code(201).send(await support.ticket(staff, ticket.ticketId))
    },
  )

  /** Only what the reader may see may be worked on. */
  async function work(
    request: FastifyRequest,
    ticketId: string,
    act: (tx: Tx, staff: StaffIdentity) => Promise<TicketRow>,
  ) {
    const staff = me(request)
    await support.ticket(staff, ticketId)
    await db.write('work on a ticket', (tx) => act(tx, staff))
    return support.ticket(staff, ticketId)
  }
  app.post(
    '/api/staff/tickets/:ticketId/claim',
    {
      ...allow('ticket.work'),
      schema: { params: ticketParams, body: TicketClaim, response: { 200: TicketDetail } },
    },
    (request) =>
      work(request, request.params.ticketId, (tx, staff) =>
        tickets.claim(tx, request.params.ticketId, request.body.version, staff.staffId),
      ),
  )
  for (const path of ['reply', 'note'] as const)
    app.post(
      `/api/staff/tickets/:ticketId/${path}`,
      {
        ...allow('ticket.work'),
        schema: { params: ticketParams, body: TicketReply, response: { 200: TicketDetail } },
      },
      (request) =>
        work(request, request.params.ticketId, async (tx, staff) => {
          const isInternal = path === 'note' || request.body.isInternal
          const ticket = await tickets.reply(tx, request.params.ticketId, staff, {
            ...request.body,
            isInternal,
          })
          if (!isInternal) await tellAnswered(tx, ticket, request.body.requestId)
          return ticket
        }),
    )
  app.post(
    '/api/staff/tickets/:ticketId/resolve',
    {
      ...allow('ticket.work'),
      schema: { params: ticketParams, body: TicketResolve, response: { 200: TicketDetail } },
    },
    (request) =>
      work(request, request.params.ticketId, async (tx, staff) => {
        const ticket = await tickets.resolve(tx, request.params.ticketId, staff, request.body)
        if (request.body.reply !== undefined && request.body.reply !== '')
          await tellAnswered(tx, ticket, `${ticket.ticketId}/${ticket.version}`)
        return ticket
      }),
  )
  async function tellAnswered(tx: Tx, ticket: TicketRow, subjectId: string): Promise<void> {
    if (ticket.consumerId === null || ticket.cabinetId === null || ticket.origin !== 'dispute') return
    const cabinet = await tx
      .selectFrom('cabinet')
      .selectAll()
      .where('cabinetId', '=', ticket.cabinetId)
      .executeTakeFirstOrThrow()
    await deps.notices.tell(tx, {
      consumerId: ticket.consumerId,
      template: 'answered',
      subjectId,
      path: `/d/${ticket.ticketId}`,
      values: { cabinet: ticket.language === 'zh' ? cabinet.nameZh : cabinet.nameEn },
    })
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
    (request) => support.order(me(request), request.params.orderId),
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
      await db.write('ask for less', (tx) =>
        askForLess(tx, { charges: deps.charges, policy }, staff, orderId, request.body),
      )
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
          return verdict === 'approve'
            ? refunds.approve(tx, row.refundId, staff.staffId)
            : refunds.reject(tx, row.refundId, staff.staffId, request.body.reason)
        })
        return { refund: refundView(refund) }
      },
    )

  // anomalies
  app.post(
    '/api/staff/anomalies/:anomalyId/decide',
    { ...allow('anomaly.decide'), schema: { params: Type.Object({ anomalyId: Id }), body: AnomalyDecide } },
    async (request) => {
      const staff = me(request)
      const anomaly = await db.write('decide an anomaly', (tx) =>
        anomalies.decide(
          tx,
          request.params.anomalyId,
          { staffId: staff.staffId, authority: { kind: 'staff', role: staff.role } },
          request.body,
        ),
      )
      return anomaly.orderId === null ? {} : support.order(staff, anomaly.orderId)
    },
  )
}
