import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { Home } from '#protocol/api/staff/desk.ts'
import type { StaffOrder, StaffOrderList } from '#protocol/api/staff/orders.ts'
import type { ApprovalList } from '#protocol/api/staff/refunds.ts'
import type { TicketDetail, TicketList } from '#protocol/api/staff/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { anomalyView } from '#core/anomalies/anomalies.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import type { Arrears } from '#core/arrears/arrears.ts'
import { unreadableAmong } from '#core/callers/must-be-known.ts'
import { readableWishes } from '#core/callers/waiting-for-second.ts'
import { callerPanel } from '#core/callers/panel.ts'
import type { Compensations } from '#core/compensation/compensations.ts'
import type { OrderQueries } from '#core/orders/queries.ts'
import { getOrder } from '#core/orders/store.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { consumerLabel } from '#core/privacy/seal.ts'
import { decideApproval } from '#core/refunds/decide.ts'
import { LIVE_SESSION_STATES } from '#core/sessions/machine.ts'
import { adviseOn } from './advice.ts'
import type { Disputes } from './disputes.ts'
import { OPEN_TICKET_STATES, type TicketInput, ticketMachine } from './machine.ts'
import { deskOf } from './desk/desk-view.ts'
import { loweringRequestViews } from './lowering-requests.ts'
import type { TicketPictures } from './pictures/pictures.ts'
import { countTickets, listTickets, ticketRow, ticketsSeenBy, type TicketView } from './ticket-list.ts'
import { listOrders } from './order-list.ts'
import type { TicketRow } from './tickets.ts'
import { tellTimeline } from './timeline.ts'

const DAY_MS = 24 * 3_600_000
const WINDOW_MS = 90 * DAY_MS
const LIST_LENGTH = 200

export interface SupportQueries {
  tickets(staff: StaffIdentity, view: TicketView, query: string | undefined): Promise<TicketList>
  ticket(staff: StaffIdentity, ticketId: string): Promise<TicketDetail>
  /** @throws not_found for what this person may not see */
  seen(staff: StaffIdentity, ticketId: string): Promise<TicketRow>
  order(staff: StaffIdentity, orderId: string): Promise<StaffOrder>
  orders(staff: StaffIdentity, query: string | undefined): Promise<StaffOrderList>
  approvals(staff: StaffIdentity): Promise<ApprovalList>
  counts(
    staff: StaffIdentity,
  ): Promise<
    Pick<Home, 'openTickets' | 'myTickets' | 'breachingTickets' | 'approvals' | 'today' | 'satisfaction'>
  >
  /** For the cabinet's page. */
  liveSessionOf(cabinetId: string): Promise<string | null>
  openTicketsOf(cabinetId: string): Promise<number>
  recentSessionsOf(staff: StaffIdentity, cabinetId: string): Promise<CabinetDetail['sessions']>
}

export function createSupportQueries(
  deps: CoreDeps & {
    orders: OrderQueries
    disputes: Disputes
    arrears: Pick<Arrears, 'view'>
    compensations: Pick<Compensations, 'panel'>
    pictures: Pick<TicketPictures, 'of'>
  },
): SupportQueries {
  const { clock, policy, orders, disputes, pictures } = deps
  const { read } = deps.db

  async function orderSeenBy(staff: StaffIdentity, orderId: string) {
    const order = await getOrder(read, orderId)
    if (staff.operator !== null) {
      const cabinet = await read
        .selectFrom('cabinet')
        .select('operator')
        .where('cabinetId', '=', order.cabinetId)
        .executeTakeFirst()
      if (cabinet?.operator !== staff.operator) throw new CabinetError('not_found')
    }
    return order
  }

  async function staffOrder(staff: StaffIdentity, orderId: string): Promise<StaffOrder> {
    const row = await orderSeenBy(staff, orderId)
    const sinceMs = clock.now() - WINDOW_MS
    const [
      order,
      session,
      products,
      charges,
      payments,
      calls,
      anomalies,
      tickets,
      own,
      disputed,
      refunded,
      block,
    ] = await Promise.all([
      orders.order(orderId),
      read.selectFrom('session').selectAll().where('sessionId', '=', row.sessionId).executeTakeFirstOrThrow(),
      productsBySku(read),
      read.selectFrom('charge').selectAll().where('orderId', '=', orderId).execute(),
      read.selectFrom('payment').selectAll().where('orderId', '=', orderId).orderBy('paidAtMs').execute(),
      callsOf(orderId),
      read
        .selectFrom('anomaly as a')
        .leftJoin('policyDecision as d', 'd.decisionId', 'a.decisionId')
        .selectAll('a')
        .select(['d.policy', 'd.limitsVersion'])
        .where('a.orderId', '=', orderId)
        .orderBy('a.detectedAtMs')
        .execute(),
      read
        .selectFrom('ticket')
        .select(['ticketId', 'state'])
        .where('orderId', '=', orderId)
        .orderBy('openedAtMs', 'desc')
        .execute(),
      ordersSince(row.consumerId, sinceMs),
      disputesSince(row.consumerId, sinceMs),
      read
        .selectFrom('refund')
        .innerJoin('order', 'order.orderId', 'refund.orderId')
        .select((eb) => eb.fn.sum<number | null>('amountFen').as('fen'))
        .where('order.consumerId', '=', row.consumerId)
        .where('refund.state', '<>', 'rejected')
        .where('requestedAtMs', '>', sinceMs)
        .executeTakeFirst(),
      read
        .selectFrom('restriction')
        .select('level')
        .where('consumerId', '=', row.consumerId)
        .where('state', '=', 'active')
        .where('expiresAtMs', '>', clock.now())
        .executeTakeFirst(),
    ])
    const reconciled =
      session.reconciled === null ? null : (JSON.parse(session.reconciled) as SessionReconciled)
    const prices =
      row.decision === null ? {} : (JSON.parse(row.decision) as { prices?: Record<string, number> }).prices
    const mayDecide = staff.permissions.has('anomaly.decide')
    const anomalyViews = anomalies.map((anomaly) => anomalyView(anomaly, mayDecide))
    const chargeViews = charges.map((charge) => ({
      chargeId: charge.chargeId,
      state: charge.state,
      amountFen: charge.amountFen,
      providerOrderNumber: charge.outOrderNo,
      preparedAtMs: charge.preparedAtMs,
      submittedAtMs: charge.submittedAtMs,
      paidAtMs: charge.paidAtMs,
      payments: payments.map((payment) => ({
        paymentId: payment.paymentId,
        transactionId: payment.transactionId,
        amountFen: payment.amountFen,
        paidAtMs: payment.paidAtMs,
        foundBy: payment.foundBy,
        isDuplicate: payment.isDuplicate === 1,
        refundedFen: payment.refundedFen,
      })),
    }))
    const arrears = await deps.arrears.view(read, orderId, staff)
    const isWriteOffOpen = arrears?.writeOffs.some((one) =>
      ['awaiting_approval', 'approved'].includes(one.state),
    )
    const refundableFen = payments.reduce((sum, payment) => sum + payment.amountFen - payment.reservedFen, 0)
    return {
      order,
      session: {
        sessionId: session.sessionId,
        state: session.state,
        kind: session.kind,
        requestedAtMs: session.requestedAtMs,
        openedAtMs: session.openedAtMs,
        closedAtMs: session.closedAtMs,
        planogramVersion: session.planogramVersion,
        engineVersion: reconciled?.receipt.engineVersion ?? null,
        receiptProbability: reconciled?.receipt.probability ?? null,
        verdict: reconciled?.receipt.verdict ?? null,
        reasons: reconciled?.receipt.reasons ?? [],
        alternatives: (reconciled?.receipt.alternatives ?? []).map((one) => ({
          probability: one.probability,
          totalFen: one.lines.reduce(
            (sum, line) => sum + Math.max(0, line.quantity) * (prices?.[line.sku] ?? 0),
            0,
          ),
          lines: one.lines.map((line) => ({
            sku: line.sku,
            name: products.get(line.sku)?.name ?? { zh: line.sku, en: line.sku },
            quantity: line.quantity,
          })),
        })),
      },
      consumer: {
        consumerId: row.consumerId,
        label: consumerLabel(row.consumerId),
        orders90Days: own,
        disputes90Days: disputed,
        refunds90DaysFen: refunded?.fen ?? 0,
        isBlocked: block?.level === 'blocked',
      },
      charges: chargeViews,
      calls,
      anomalies: anomalyViews,
      timeline: tellTimeline({
        order,
        startedAtMs: session.startedAtMs,
        reconciled,
        reconciledAtMs: session.reconciledAtMs,
        charges: chargeViews,
        anomalies: anomalyViews,
      }),
      ticketId: tickets[0]?.ticketId ?? null,
      refundableFen,
      arrears,
      compensation: await deps.compensations.panel(read, staff, row),
      loweringRequest: (await loweringRequestViews(read, policy, staff, orderId))[0] ?? null,
      actions: [
        ...(refundableFen > 0 && staff.permissions.has('refund.request') ? ['refund'] : []),
        ...(isAskedFor(row.state, chargeViews) && staff.permissions.has('refund.request') ? ['lower'] : []),
        ...(row.state !== 'open' && staff.permissions.has('compensation.request') ? ['compensate'] : []),
        ...(row.state === 'arrears' && isWriteOffOpen === false
          ? [
              ...(staff.permissions.has('arrears.collect') ? ['collect'] : []),
              ...(staff.permissions.has('arrears.settle') ? ['paid_elsewhere'] : []),
              ...(staff.permissions.has('writeOff.request') ? ['write_off'] : []),
            ]
          : []),
      ],
    }
  }

  async function ordersSince(consumerId: string, sinceMs: number): Promise<number> {
    const row = await read
      .selectFrom('order')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('consumerId', '=', consumerId)
      .where('createdAtMs', '>', sinceMs)
      .executeTakeFirstOrThrow()
    return row.count
  }
  async function disputesSince(consumerId: string, sinceMs: number): Promise<number> {
    const row = await read
      .selectFrom('ticket')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('consumerId', '=', consumerId)
      .where('origin', '=', 'dispute')
      .where('openedAtMs', '>', sinceMs)
      .executeTakeFirstOrThrow()
    return row.count
  }

  /** The journal of an order: its charge and its refunds. */
  async function callsOf(orderId: string): Promise<StaffOrder['calls']> {
    const rows = await read
      .selectFrom('providerCall')
      .selectAll()
      .where((eb) =>
        eb.or([
          eb('subjectId', 'in', eb.selectFrom('charge').select('chargeId').where('orderId', '=', orderId)),
          eb('subjectId', 'in', eb.selectFrom('refund').select('refundId').where('orderId', '=', orderId)),
        ]),
      )
      .orderBy('savedAtMs')
      .limit(LIST_LENGTH)
      .execute()
    return rows.map((row) => ({
      callId: row.callId,
      atMs: row.savedAtMs,
      operation: row.operation,
      idempotencyKey: row.idempotencyKey,
      outcome: row.state,
      ...(row.detail === null ? {} : { detail: row.detail }),
    }))
  }

  async function ticketSeenBy(staff: StaffIdentity, ticketId: string) {
    const ticket = await ticketsSeenBy(read, staff).where('t.ticketId', '=', ticketId).executeTakeFirst()
    if (ticket === undefined) throw new CabinetError('not_found', 'There is no such ticket.')
    return ticket
  }
  async function ticketDetail(staff: StaffIdentity, ticketId: string): Promise<TicketDetail> {
    const ticket = await ticketSeenBy(staff, ticketId)
    let heard = read
      .selectFrom('ticketMessage')
      .selectAll()
      // What was written on tickets that were merged into this one belongs to its history.
      .where((eb) =>
        eb.or([
          eb('ticketId', '=', ticketId),
          eb(
            'ticketId',
            'in',
            eb.selectFrom('ticket').select('ticketId').where('mergedIntoId', '=', ticketId),
          ),
        ]),
      )
    if (staff.operator !== null) heard = heard.where('isInternal', '=', 0)
    const messages = await heard.orderBy('atMs').orderBy('messageId').execute()
    const caller = await callerPanel({ db: read, policy, nowMs: clock.now() }, staff, ticket)
    // Nobody is told anything about a purchase before they are known to be the buyer.
    const isHidden = caller?.isHidden === true
    const maySeeOrder = !isHidden && ticket.orderId !== null && staff.permissions.has('order.read')
    const order = maySeeOrder && ticket.orderId !== null ? await staffOrder(staff, ticket.orderId) : null
    const wished = JSON.parse(ticket.lines) as Array<{ lineId: string; quantity: number }>
    const row = order === null ? undefined : await getOrder(read, order.order.orderId)
    const again =
      row === undefined || ticket.origin !== 'dispute' ? undefined : await disputes.reExamine(row, wished)
    return {
      ticket: ticketRow(ticket, isHidden),
      reason: ticket.reason ?? ticket.type,
      note: ticket.note,
      language: ticket.language,
      messages: messages.map((message) => ({
        messageId: message.messageId,
        atMs: message.atMs,
        from: message.sender,
        ...(message.authorName === null ? {} : { authorName: message.authorName }),
        text: message.text,
        ...(message.key === null
          ? {}
          : {
              key: message.key,
              values: JSON.parse(message.sentenceValues) as Record<string, string | number>,
            }),
        isInternal: message.isInternal === 1,
        ...(message.sender === 'consumer' && message.staffId !== null ? { isOperator: true } : {}),
      })),
      order,
      pictures: await pictures.of(read, ticketId),
      named: order === null ? [] : wished,
      advice: order === null ? null : adviseOn({ reason: ticket.type, order, wished, again }),
      outcome: ticket.outcome,
      rootCause: ticket.rootCause,
      rating: ticket.rating,
      caller,
      desk: await deskOf(read, staff, ticket, clock.now()),
      actions: actionsFor(staff, ticket, order),
    }
  }

  function actionsFor(staff: StaffIdentity, ticket: TicketRow, order: StaffOrder | null): string[] {
    const can = (input: TicketInput) => ticketMachine.next(ticket.state, input) !== undefined
    const isOpen = (OPEN_TICKET_STATES as readonly string[]).includes(ticket.state)
    const setpoint =
      ticket.cabinetId !== null && staff.permissions.has('setpoint.change') && can('deviceAsked')
        ? ['setpoint']
        : []
    if (!staff.permissions.has('ticket.work'))
      return [
        ...(isOpen && staff.permissions.has('ticket.answer') && can('consumerWrote') ? ['answer'] : []),
        ...setpoint,
      ]
    return [
      ...(can('claimed') && ticket.assigneeId !== staff.staffId ? ['claim'] : []),
      ...(can('replied') ? ['reply'] : []),
      ...(ticket.state === 'merged' ? [] : ['note']),
      ...(order?.actions.some((one) => one === 'refund' || one === 'lower') === true && can('resolved')
        ? ['refund']
        : []),
      ...(can('resolved') ? ['resolve'] : []),
      ...(isOpen
        ? ['task', 'split', 'prioritise', ...(ticket.snoozeKind === null ? ['snooze'] : ['wake'])]
        : []),
      ...(can('merged') ? ['merge'] : []),
      ...setpoint,
    ]
  }

  return {
    order: staffOrder,
    ticket: ticketDetail,
    seen: ticketSeenBy,
    tickets: (staff, view, query) => listTickets(read, staff, view, query, clock.now()),
    orders: (staff, query) => listOrders(read, staff, query, clock.now()),
    async approvals(staff) {
      const rows = await read
        .selectFrom('refund as r')
        .leftJoin('staff as s', 's.staffId', 'r.requestedBy')
        .selectAll('r')
        .select('s.displayName')
        .where('r.state', '=', 'awaiting_approval')
        .orderBy('r.requestedAtMs')
        .limit(LIST_LENGTH)
        .execute()
      const wishes = rows.map((row) => ({
        refundId: row.refundId,
        orderId: row.orderId,
        amountFen: row.amountFen,
        reason: row.reason,
        requestedBy: row.displayName ?? row.requestedBy,
        requestedAtMs: row.requestedAtMs,
        note: row.note,
        mayDecide: decideApproval(row, staff, policy),
      }))
      return { approvals: await readableWishes(read, staff, wishes, clock.now()) }
    },
    async counts(staff) {
      const nowMs = clock.now()
      const approvals = await waitingForSecond()
      return {
        ...(await countTickets(read, staff, nowMs)),
        approvals,
        today: await today(staff, nowMs),
        satisfaction: await satisfaction(nowMs),
      }
    },
    async liveSessionOf(cabinetId) {
      const row = await read
        .selectFrom('session')
        .select('sessionId')
        .where('cabinetId', '=', cabinetId)
        .where('state', 'in', [...LIVE_SESSION_STATES])
        .executeTakeFirst()
      return row?.sessionId ?? null
    },
    async openTicketsOf(cabinetId) {
      const row = await read
        .selectFrom('ticket')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('cabinetId', '=', cabinetId)
        .where('state', 'in', [...OPEN_TICKET_STATES])
        .executeTakeFirstOrThrow()
      return row.count
    },
    async recentSessionsOf(staff, cabinetId) {
      const rows = await read
        .selectFrom('session as s')
        .leftJoin('order as o', 'o.sessionId', 's.sessionId')
        .select(['s.sessionId', 's.state', 's.requestedAtMs', 'o.orderId', 'o.totalFen', 'o.consumerId'])
        .where('s.cabinetId', '=', cabinetId)
        .orderBy('s.requestedAtMs', 'desc')
        .limit(50)
        .execute()
      const orders = rows.flatMap(({ orderId, consumerId }) =>
        orderId === null || consumerId === null ? [] : [{ orderId, consumerId }],
      )
      const hidden = await unreadableAmong(read, staff, orders, clock.now())
      // Whoever repairs a cabinet sees that it was used, not what was bought.
      const maySeeOrders = staff.permissions.has('order.read')
      return rows.map((row) => ({
        sessionId: row.sessionId,
        state: row.state,
        atMs: row.requestedAtMs,
        ...(maySeeOrders
          ? {
              orderId: row.orderId,
              totalFen: row.orderId !== null && hidden.has(row.orderId) ? null : row.totalFen,
            }
          : { orderId: null, totalFen: null }),
      }))
    },
  }

  /** Whatever waits for a second person: refunds, debts to let go, coupons and points, whole incidents. */
  async function waitingForSecond(): Promise<number> {
    const counts = await Promise.all(
      (['refund', 'loweringRequest', 'writeOff', 'compensation', 'refundCase'] as const).map((table) =>
        read
          .selectFrom(table)
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .where('state', '=', 'awaiting_approval')
          .executeTakeFirstOrThrow(),
      ),
    )
    return counts.reduce((sum, { count }) => sum + count, 0)
  }

  /** The last 24 hours, so that nobody's midnight matters. */
  async function today(staff: StaffIdentity, nowMs: number): Promise<Home['today']> {
    let rows = read
      .selectFrom('order as o')
      .innerJoin('cabinet as c', 'c.cabinetId', 'o.cabinetId')
      .select((eb) => [
        eb.fn.countAll<number>().as('orders'),
        eb.fn.sum<number | null>('o.paidFen').as('paidFen'),
        eb.fn.sum<number | null>('o.refundedFen').as('refundedFen'),
      ])
      .where('o.createdAtMs', '>', nowMs - DAY_MS)
      .where('o.state', 'not in', ['open', 'void'])
    let disputed = read
      .selectFrom('ticket as t')
      .innerJoin('cabinet as c', 'c.cabinetId', 't.cabinetId')
      .select((eb) => [
        eb.fn.countAll<number>().as('disputes'),
        eb.fn.sum<number | null>('t.isAutomatic').as('settled'),
      ])
      .where('t.origin', '=', 'dispute')
      .where('t.openedAtMs', '>', nowMs - DAY_MS)
    if (staff.operator !== null) {
      rows = rows.where('c.operator', '=', staff.operator)
      disputed = disputed.where('c.operator', '=', staff.operator)
    }
    const [sales, asked] = [await rows.executeTakeFirstOrThrow(), await disputed.executeTakeFirstOrThrow()]
    return {
      orders: sales.orders,
      paidFen: sales.paidFen ?? 0,
      refundedFen: sales.refundedFen ?? 0,
      settledWithoutPerson: asked.settled ?? 0,
      disputes: asked.disputes,
    }
  }

  async function satisfaction(nowMs: number): Promise<number | null> {
    const row = await read
      .selectFrom('ticket')
      .select((eb) => eb.fn.avg<number | null>('rating').as('mean'))
      .where('rating', 'is not', null)
      .where('resolvedAtMs', '>', nowMs - 7 * DAY_MS)
      .executeTakeFirst()
    return row?.mean ?? null
  }
}

/** The money is asked for and not taken: less can still be asked for. */
function isAskedFor(state: string, charges: StaffOrder['charges']): boolean {
  return (
    (state === 'charging' || state === 'arrears') &&
    charges.some((charge) => charge.state === 'pending' && charge.amountFen > 0)
  )
}
