import type { DifferenceKind } from '#protocol/api/finance.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { formatMoment } from '#protocol/words/format.ts'
import { storyText } from '#protocol/words/story.ts'
import type { Language, Values } from '#protocol/words/words.ts'
import { type Anomalies, type AnomalyReactions, type AnomalyRow, billOf } from '#core/anomalies/anomalies.ts'
import { decideReceiptAnomaly } from '#core/anomalies/decide.ts'
import { delayedChargeRule } from '#core/anomalies/delayed-charge.ts'
import { doubleChargeRule } from '#core/anomalies/double-charge.ts'
import { returnedLaterRule } from '#core/anomalies/returned-later.ts'
import type { ReturnReactions, Returns } from '#core/anomalies/returns.ts'
import type { Arrears, ArrearsReactions } from '#core/arrears/arrears.ts'
import { reminderRule } from '#core/arrears/reminder-rule.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { BillReactions } from '#core/bills/bills.ts'
import { createCaseReactions } from '#core/case-reactions.ts'
import type { CallBacks } from '#core/follow-up/call-backs.ts'
import type { Improvements } from '#core/improvement/improvements.ts'
import type { Schedule } from '#core/team/schedule.ts'
import type { Rechecks } from '#core/rechecks/rechecks.ts'
import { createLearningReactions } from '#core/learning-reactions.ts'
import type { CompensationReactions } from '#core/compensation/compensations.ts'
import type { ComplaintReactions } from '#core/complaints/complaints.ts'
import type { NoticeTemplate, Notices } from '#core/notices/notices.ts'
import { priceSession } from '#core/orders/pricing.ts'
import { advanceOrder, getOrder, linesOf, orderOfSession, type OrderRow } from '#core/orders/store.ts'
import { blindSeconds } from '#core/orders/story.ts'
import type { Charges, PaymentReactions } from '#core/payments/charges.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { judge } from '#core/policies/judge.ts'
import { refundByRule } from '#core/refunds/by-rule.ts'
import type { RefundReactions, Refunds } from '#core/refunds/refunds.ts'
import type { RestrictionReactions, Restrictions } from '#core/restrictions/restrictions.ts'
import type { SessionReactions } from '#core/sessions/course.ts'
import { advanceSession, type SessionRow } from '#core/sessions/store.ts'
import type { Satisfaction, SatisfactionReactions } from '#core/support/satisfaction.ts'
import { tellAnswered } from '#core/support/tell-consumer.ts'
import type { Snoozing } from '#core/support/desk/snooze.ts'
import type { TicketReactions, Tickets } from '#core/support/tickets.ts'
import type { CallerChecks } from '#core/callers/caller-checks.ts'

/** The domains that effects run between; set once everything is made. */
export interface Domains {
  charges: Charges
  refunds: Refunds
  anomalies: Anomalies
  tickets: Tickets
  snoozing: Snoozing
  notices: Notices
  arrears: Arrears
  lateChecks: { schedule(tx: Tx, orderId: string): Promise<void> }
  returns: Returns
  restrictions: Restrictions
  improvements: Improvements
  satisfaction: Satisfaction
  callBacks: CallBacks
  callers: CallerChecks
  rechecks: Rechecks
  schedule: Schedule
}

/** What the provider's bill shows may belong to no cabinet of ours; a ticket then names none. */
const NO_CABINET = ''
/** Between two looks at whether an announcement was accepted. */
const LOOK_AGAIN_MS = 250

/**
 * Everything that happens because something else happened, against the arrows of the folders: a priced order asks for
 * money, a second payment goes back, a paid charge ends its session, a finished refund wakes its ticket. Each runs in the
 * transaction of its cause; what must be done outside is scheduled there.
 */
export function createReactions(deps: CoreDeps & { policies: PolicyBook }): {
  connect(domains: Domains): void
  sessions: SessionReactions
  payments: PaymentReactions
  refunds: RefundReactions
  bills: BillReactions
  complaints: ComplaintReactions
  anomalies: AnomalyReactions
  tickets: TicketReactions
  satisfaction: SatisfactionReactions
  arrears: ArrearsReactions
  compensations: CompensationReactions
  returns: ReturnReactions
  restrictions: RestrictionReactions
} {
  const { db, ids, policy, policies, clock } = deps
  let connected: Domains | undefined
  function domains(): Domains {
    if (connected === undefined) throw new Error('assertion failed: the reactions are not connected yet')
    return connected
  }

  const learning = createLearningReactions(domains)

  async function chargeOf(tx: Tx, orderId: string) {
    return tx.selectFrom('charge').selectAll().where('orderId', '=', orderId).executeTakeFirstOrThrow()
  }
  const aboutOrder = (order: OrderRow, subjectId = order.orderId) => ({
    subjectId,
    orderId: order.orderId,
    sessionId: order.sessionId,
    cabinetId: order.cabinetId,
    consumerId: order.consumerId,
  })

  /** What the notices of an order say: where, when, how much, how many. */
  async function tell(
    tx: Tx,
    orderId: string,
    template: NoticeTemplate,
    subjectId: string,
    amountFen: number,
    moreOf: (language: Language, at: (ms: number) => string) => Values = () => ({}),
  ): Promise<string> {
    const order = await getOrder(tx, orderId)
    const [session, cabinet, consumer, lines] = [
      await tx
        .selectFrom('session')
        .selectAll()
        .where('sessionId', '=', order.sessionId)
        .executeTakeFirstOrThrow(),
      await tx
        .selectFrom('cabinet')
        .selectAll()
        .where('cabinetId', '=', order.cabinetId)
        .executeTakeFirstOrThrow(),
      await tx
        .selectFrom('consumer')
        .select('language')
        .where('consumerId', '=', order.consumerId)
        .executeTakeFirstOrThrow(),
      await linesOf(tx, orderId),
    ]
    const closedAtMs = session.closedAtMs ?? session.requestedAtMs
    const at = (ms: number) => formatMoment(consumer.language, ms, nowOf(tx), cabinet.timeZone)
    return domains().notices.tell(tx, {
      consumerId: order.consumerId,
      template,
      subjectId,
      path: `/o/${orderId}`,
      values: {
        amount: yuanText(amountFen),
        cabinet: consumer.language === 'zh' ? cabinet.nameZh : cabinet.nameEn,
        closed: at(closedAtMs),
        count: lines.reduce((sum, line) => sum + line.quantity, 0),
        arrival: storyText(consumer.language, 'arrival.balance'),
        ...moreOf(consumer.language, at),
      },
    })
  }

  async function settleSession(tx: Tx, orderId: string): Promise<void> {
    const { sessionId } = await getOrder(tx, orderId)
    await advanceSession(tx, sessionId, 'settled')
  }

  /** A settled case may be one too many. */
  async function considerPattern(
    tx: Tx,
    anomaly: Pick<AnomalyRow, 'kind' | 'consumerId' | 'orderId' | 'sessionId' | 'cabinetId'>,
  ): Promise<void> {
    const { kind, consumerId, orderId, sessionId, cabinetId } = anomaly
    if ((kind !== 'camera_blocked' && kind !== 'unpaid') || consumerId === null || orderId === null) return
    await domains().restrictions.consider(tx, consumerId, { orderId, sessionId, cabinetId })
  }

  // --- a visit has ended

  async function reconciled(tx: Tx, session: SessionRow, receipt: SessionReconciled): Promise<void> {
    const brought = await domains().returns.judge(tx, session, receipt)
    const priced = await priceSession(tx, { ids, policy, policies }, session, receipt, {
      isComingInExplained: brought?.decision.isExplained ?? false,
    })
    if (priced === undefined) return
    const { order, decision, decisionId } = priced
    if (brought !== undefined) await domains().returns.carryOut(tx, session, order.orderId, brought)
    const { blocked } = receipt.camera
    const finding = decideReceiptAnomaly(
      receipt.receipt,
      blocked.length === 0 ? undefined : { seconds: blindSeconds(blocked) },
      decision,
    )
    const anomaly =
      finding && (await domains().anomalies.open(tx, { ...finding, decisionId }, aboutOrder(order)))
    if (decision.outcome === 'hold') return
    if (anomaly !== undefined) {
      await domains().anomalies.markCarriedOut(tx, anomaly.anomalyId)
      await considerPattern(tx, anomaly)
    }
    const charge = await chargeOf(tx, order.orderId)
    await domains().charges.settle(tx, charge.chargeId, await billOf(tx, order.orderId))
  }

  async function holdWithout(
    tx: Tx,
    session: SessionRow,
    reasonKey: 'anomaly.record_lost' | 'anomaly.unexpected',
    reason: string,
  ): Promise<void> {
    const order = await orderOfSession(tx, session.sessionId)
    if (order === undefined) return
    await advanceOrder(tx, order.orderId, 'held', { heldReason: 'record_lost', heldAtMs: nowOf(tx) })
    await domains().anomalies.open(
      tx,
      {
        kind: 'stock_mismatch',
        rule: 'session-record-1',
        inputs: { state: session.state, reason },
        reasonKey,
        reasonValues: { reason },
        outcome: null,
      },
      aboutOrder(order),
    )
  }

  const sessions: SessionReactions = {
    reconciled,
    abandoned: (tx, session, reason) => holdWithout(tx, session, 'anomaly.record_lost', reason),
    async unexpected(tx, session, receipt) {
      if (receipt.receipt.lines.some((line) => line.quantity > 0))
        await holdWithout(tx, session, 'anomaly.unexpected', session.state)
    },
  }

  // --- money moves

  const payments: PaymentReactions = {
    /** Told before the money moves when it comes much later than the visit; a silent gateway delays it, never prevents it. */
    async waitBeforeCharge(charge) {
      const session = await db.read
        .selectFrom('session')
        .selectAll()
        .where('sessionId', '=', charge.sessionId)
        .executeTakeFirst()
      const order = await db.read
        .selectFrom('order')
        .selectAll()
        .where('orderId', '=', charge.orderId)
        .executeTakeFirst()
      const nowMs = clock.now()
      // A person's decision is announced by itself.
      if (session?.closedAtMs == null || order?.releasedAtMs != null) return undefined
      if (nowMs - session.closedAtMs < policy.lateChargeNoticeMs) return undefined
      const notice = await domains().notices.findAbout(db.read, 'late_charge', charge.orderId)
      if (notice === undefined) {
        await db.write('announce a late charge', (tx) =>
          tell(tx, charge.orderId, 'late_charge', charge.orderId, charge.amountFen, (language, at) => ({
            cause: lateCause(language, session, at),
          })),
        )
        return nowMs + LOOK_AGAIN_MS
      }
      return notice.state === 'waiting' && nowMs - notice.createdAtMs < policy.noticeBoundMs
        ? nowMs + LOOK_AGAIN_MS
        : undefined
    },
    async chargePaid(tx, charge) {
      await settleSession(tx, charge.orderId)
      await noteDelay(tx, charge.orderId)
      await domains().arrears.end(tx, charge.orderId)
    },
    async chargeEnded(tx, charge) {
      await settleSession(tx, charge.orderId)
      await domains().arrears.end(tx, charge.orderId)
    },
    unpaid: (tx, charge) => domains().arrears.begin(tx, charge),
    givenUp: (tx, charge) => domains().arrears.letGo(tx, charge),
    async chargeFailed(tx, charge, reason) {
      const order = await advanceOrder(tx, charge.orderId, 'held', {
        heldReason: 'provider_refused',
        heldAtMs: nowOf(tx),
      })
      if (order === undefined) return
      await domains().anomalies.open(
        tx,
        {
          kind: 'provider_mismatch',
          rule: 'charge-refused-1',
          inputs: { chargeId: charge.chargeId, amountFen: charge.amountFen, reason },
          reasonKey: 'anomaly.provider_refused',
          reasonValues: { reason },
          outcome: null,
        },
        aboutOrder(order, charge.chargeId),
      )
    },
    /** A second payment goes back without a person; the consumer is told first. */
    async duplicatePaid(tx, charge, payment) {
      const order = await getOrder(tx, charge.orderId)
      const known = await tx
        .selectFrom('payment')
        .selectAll()
        .where('chargeId', '=', charge.chargeId)
        .execute()
      const amount = yuanText(payment.amountFen)
      const about = aboutOrder(order, payment.paymentId)
      const { decision, decisionId } = judge(
        tx,
        policies,
        doubleChargeRule,
        {
          payments: known.map(({ paymentId, amountFen, paidAtMs, isDuplicate, refundedFen }) => ({
            paymentId,
            amountFen,
            paidAtMs,
            isDuplicate: isDuplicate === 1,
            refundedFen,
          })),
          paymentId: payment.paymentId,
        },
        about,
      )
      if (decision.outcome === 'nothing') return
      const anomaly = await domains().anomalies.open(
        tx,
        {
          kind: 'double_charge',
          rule: doubleChargeRule.rule,
          decisionId,
          inputs: { payments: known, refunds: payment.paymentId },
          reasonKey: 'anomaly.double_charge',
          reasonValues: { amount },
          outcome: 'refunded',
        },
        about,
      )
      const noticeId = await tell(tx, order.orderId, 'double_charge', payment.paymentId, payment.amountFen)
      await refundByRule(
        tx,
        { refunds: domains().refunds, policies },
        {
          refundId: ids.next('refund'),
          orderId: order.orderId,
          lines: [],
          amountFen: decision.amountFen,
          reason: 'duplicate',
          stock: 'not_returned',
          by: `rule:${doubleChargeRule.rule}`,
          isProven: true,
          anomalyId: anomaly.anomalyId,
          tellConsumer: false,
          after: { noticeId, boundMs: nowOf(tx) + policy.noticeBoundMs },
        },
      )
      await domains().anomalies.markCarriedOut(tx, anomaly.anomalyId)
    },
    /** The page follows the change of the order; nothing goes back, because nothing was taken. */
    async lowered(tx, charge, byFen) {
      await tell(
        tx,
        charge.orderId,
        'charge_lowered',
        `${charge.orderId}/${charge.amountFen}`,
        byFen,
        () => ({
          left: yuanText(charge.amountFen),
        }),
      )
      await appendAudit(tx, {
        actor: 'system',
        action: 'charge.lowered',
        subject: `order:${charge.orderId}`,
        detail: { byFen, amountFen: charge.amountFen },
      })
    },
    async lowerTooLate(tx, charge, wish) {
      await domains().refunds.ask(tx, {
        refundId: wish.refundId,
        orderId: charge.orderId,
        lines: wish.lines,
        reason: wish.reason,
        // What was brought back on a later visit was counted by that visit.
        stock:
          wish.reason === 'returned_item' && wish.by !== `rule:${returnedLaterRule.rule}`
            ? 'back_in_cabinet'
            : 'not_returned',
        by: wish.by,
        // The amount was decided before the money came; only the way back is another one.
        authority: { kind: 'rule', isProven: true, refundedThisMonthFen: 0 },
        ticketId: wish.ticketId,
        anomalyId: wish.anomalyId,
        tellConsumer: true,
      })
    },
    async amountDiffers(tx, charge, payment) {
      const order = await getOrder(tx, charge.orderId)
      await domains().anomalies.open(
        tx,
        {
          kind: 'provider_mismatch',
          rule: 'amount-1',
          inputs: { asked: charge.amountFen, payment },
          reasonKey: 'anomaly.amount_differs',
          reasonValues: { taken: yuanText(payment.amountFen), asked: yuanText(charge.amountFen) },
          outcome: null,
        },
        aboutOrder(order, payment.paymentId),
      )
    },
  }

  /** A charge that came late is an anomaly of its own, explained by its cause. */
  async function noteDelay(tx: Tx, orderId: string): Promise<void> {
    const order = await getOrder(tx, orderId)
    const session = await tx
      .selectFrom('session')
      .selectAll()
      .where('sessionId', '=', order.sessionId)
      .executeTakeFirstOrThrow()
    const charge = await chargeOf(tx, orderId)
    if (session.closedAtMs === null || order.chargedAtMs === null || order.heldAtMs !== null) return
    const receipt =
      session.reconciled === null ? undefined : (JSON.parse(session.reconciled) as SessionReconciled)
    const { decision, decisionId } = judge(
      tx,
      policies,
      delayedChargeRule,
      {
        closedAtMs: session.closedAtMs,
        chargedAtMs: order.chargedAtMs,
        pendingAtMs: charge.pendingAtMs,
        wasOffline: (receipt?.offline.length ?? 0) > 0,
      },
      aboutOrder(order),
    )
    if (decision.cause === null) return
    await domains().lateChecks.schedule(tx, orderId)
    const anomaly = await domains().anomalies.open(
      tx,
      {
        kind: 'delayed_charge',
        rule: delayedChargeRule.rule,
        decisionId,
        inputs: {
          closedAtMs: session.closedAtMs,
          chargedAtMs: order.chargedAtMs,
          pendingAtMs: charge.pendingAtMs,
          offline: receipt?.offline ?? [],
        },
        reasonKey: `anomaly.delayed_charge.${decision.cause}`,
        reasonValues: { minutes: Math.round(decision.lateMs / 60_000) },
        outcome: 'explained',
      },
      aboutOrder(order),
    )
    await domains().anomalies.markCarriedOut(tx, anomaly.anomalyId)
    await learning.anomalyExplained(tx, anomaly, LATE_CAUSES[decision.cause])
  }

  // --- what is owed and not paid is said, and so is its end

  const arrears: ArrearsReactions = {
    async reminded(tx, order, number) {
      const template = number === 1 ? 'unpaid' : 'unpaid_again'
      await tell(tx, order.orderId, template, `${order.orderId}/${number}`, order.totalFen)
    },
    async remindersOver(tx, order, sinceMs, decisionId) {
      const anomaly = await domains().anomalies.open(
        tx,
        {
          kind: 'unpaid',
          rule: reminderRule.rule,
          decisionId,
          inputs: { sinceMs, amountFen: order.totalFen, reminders: policy.arrearsRemindersMost },
          reasonKey: 'anomaly.unpaid',
          reasonValues: { amount: yuanText(order.totalFen), count: policy.arrearsRemindersMost },
          outcome: null,
        },
        aboutOrder(order),
      )
      await considerPattern(tx, anomaly)
    },
    async arrearsEnded(tx, order) {
      if (order.state === 'written_off')
        await tell(tx, order.orderId, 'written_off', order.orderId, order.totalFen)
      else if (order.state !== 'void')
        await tell(tx, order.orderId, 'unpaid_settled', order.orderId, order.totalFen)
      await settleTicketOf(tx, await domains().anomalies.find(tx, 'unpaid', order.orderId))
    },
  }

  const compensations: CompensationReactions = {
    async compensated(tx, order, compensation) {
      const template = compensation.kind === 'coupon' ? 'compensation_coupon' : 'compensation_points'
      await tell(tx, order.orderId, template, compensation.compensationId, compensation.amountFen)
    },
  }

  /** What explained itself needs nobody any more. */
  async function settleTicketOf(tx: Tx, anomaly: { anomalyId: string } | undefined): Promise<void> {
    const ticket =
      anomaly === undefined
        ? undefined
        : await tx
            .selectFrom('ticket')
            .select('ticketId')
            .where('origin', '=', 'anomaly')
            .where('requestId', '=', anomaly.anomalyId)
            .executeTakeFirst()
    if (ticket === undefined) return
    await domains().tickets.settle(tx, ticket.ticketId, {
      outcome: 'no_action',
      key: 'outcome.no_action',
      values: {},
      rootCause: 'provider',
    })
  }

  // --- refunds and anomalies reach the people who wait for them

  const refunds: RefundReactions = {
    async refundStarted(tx, refund) {
      if (refund.ticketId !== null) {
        await domains().tickets.advance(tx, refund.ticketId, 'refundAsked')
        await domains().tickets.say(tx, refund.ticketId, {
          requestId: `refund/${refund.refundId}`,
          sender: 'system',
          key: 'message.refund',
          values: { amount: yuanText(refund.amountFen) },
        })
      }
      if (refund.tellConsumer === 1)
        await tell(tx, refund.orderId, 'refund_started', refund.refundId, refund.amountFen)
    },
    async refundSucceeded(tx, refund) {
      if (refund.ticketId !== null) await domains().tickets.advance(tx, refund.ticketId, 'refundDone')
      await domains().snoozing.refundSettled(tx, refund.orderId)
      await tell(tx, refund.orderId, 'refund_arrived', refund.refundId, refund.amountFen)
    },
    async refundRejected(tx, refund) {
      if (refund.ticketId !== null) await domains().tickets.advance(tx, refund.ticketId, 'refundDone')
      await domains().snoozing.refundSettled(tx, refund.orderId)
    },
  }

  const anomalies: AnomalyReactions = {
    async personNeeded(tx, anomaly) {
      const order = anomaly.orderId === null ? undefined : await getOrder(tx, anomaly.orderId)
      await domains().tickets.open(tx, {
        requestId: anomaly.anomalyId,
        type: anomaly.kind,
        origin: 'anomaly',
        reason: null,
        priority: order?.state === 'held' ? 'high' : 'normal',
        orderId: anomaly.orderId,
        cabinetId: anomaly.cabinetId === NO_CABINET ? null : anomaly.cabinetId,
        consumerId: anomaly.consumerId,
        amountFen: order?.totalFen ?? null,
        lines: [],
        note: null,
        language: 'zh',
        openedBy: `rule:${anomaly.rule}`,
      })
    },
    async carriedOut(tx, anomaly, order) {
      if (
        order !== undefined &&
        order.heldAtMs !== null &&
        anomaly.outcome !== 'explain' &&
        anomaly.outcome !== 'dismiss'
      ) {
        const isFree = order.totalFen === 0
        await tell(tx, order.orderId, isFree ? 'held_free' : 'held_charged', order.orderId, order.totalFen)
      }
      const ticket = await tx
        .selectFrom('ticket')
        .select('ticketId')
        .where('origin', '=', 'anomaly')
        .where('requestId', '=', anomaly.anomalyId)
        .executeTakeFirst()
      if (ticket === undefined) {
        await learning.anomalyExplained(tx, anomaly, ROOT_CAUSES[anomaly.kind])
        return
      }
      const outcome = ANOMALY_OUTCOMES[anomaly.outcome ?? ''] ?? 'no_action'
      await domains().tickets.settle(tx, ticket.ticketId, {
        outcome,
        key: `outcome.${outcome}`,
        values: { amount: yuanText(order?.totalFen ?? 0) },
        rootCause: ROOT_CAUSES[anomaly.kind] ?? 'unknown',
      })
      await raiseShelfCheck(tx, anomaly.kind, anomaly.cabinetId)
      await considerPattern(tx, anomaly)
    },
  }

  /** Something lies in the cabinet that does not belong there: the shelf must be looked at before it is sold from again. */
  async function raiseShelfCheck(tx: Tx, kind: string, cabinetId: string): Promise<void> {
    if (kind !== 'foreign_object') return
    await raiseIncident(tx, ids, {
      kind: 'shelf_check',
      subject: cabinetId,
      message:
        'Something was put into the cabinet that is not one of its goods; look at the shelf and remove it.',
    })
  }

  // --- the provider's bill says something else than our books

  /** A bill names devices as whoever took the money wrote them: only one of ours is a cabinet. */
  async function ownCabinet(tx: Tx, deviceId: string): Promise<string> {
    const known = await tx
      .selectFrom('cabinet')
      .select('cabinetId')
      .where('cabinetId', '=', deviceId)
      .executeTakeFirst()
    return known?.cabinetId ?? NO_CABINET
  }

  const bills: BillReactions = {
    async differenceFound(tx, difference, deviceId) {
      const order = difference.orderId === null ? undefined : await getOrder(tx, difference.orderId)
      const taken = difference.billFen === null ? '–' : yuanText(difference.billFen)
      const asked = difference.ourFen === null ? '–' : yuanText(difference.ourFen)
      const anomaly = await domains().anomalies.open(
        tx,
        {
          kind: 'provider_mismatch',
          rule: 'bill-1',
          inputs: { ...difference },
          reasonKey: `anomaly.bill.${difference.kind as DifferenceKind}`,
          reasonValues: { day: difference.day, taken, asked },
          outcome: null,
        },
        order === undefined
          ? {
              subjectId: difference.differenceId,
              orderId: null,
              sessionId: null,
              cabinetId: await ownCabinet(tx, deviceId),
              consumerId: null,
            }
          : aboutOrder(order, difference.differenceId),
      )
      return anomaly.anomalyId
    },
    differenceSettled: (tx, { anomalyId }) =>
      settleTicketOf(tx, anomalyId === null ? undefined : { anomalyId }),
  }

  const tickets: TicketReactions = {
    ...learning.tickets,
    async ticketClosed(tx, ticket) {
      await domains().callers.ticketClosed(tx, ticket)
      await learning.tickets.ticketClosed(tx, ticket)
    },
    delayTold: (tx, ticket) =>
      tellAnswered(tx, domains().notices, ticket, `${ticket.ticketId}/${ticket.version}`),
  }

  // --- somebody complained to the provider instead of to us

  const complaints: ComplaintReactions = {
    async complaintFiled(tx, complaint) {
      const order = complaint.orderId === null ? undefined : await getOrder(tx, complaint.orderId)
      const ticket = await domains().tickets.open(tx, {
        requestId: complaint.complaintId,
        type: 'provider_complaint',
        origin: 'staff',
        reason: null,
        priority: 'high',
        orderId: complaint.orderId,
        cabinetId: order?.cabinetId ?? null,
        consumerId: order?.consumerId ?? null,
        amountFen: complaint.refundAskedFen ?? order?.totalFen ?? null,
        lines: [],
        note: complaint.text,
        language: 'zh',
        openedBy: 'rule:complaint-1',
        channel: 'provider',
      })
      // The earliest clock wins: ours usually, the provider's when the complaint was found late.
      await domains().tickets.addOuterClock(tx, ticket.ticketId, 'provider_reply', complaint.respondByMs)
      await domains().tickets.addOuterClock(tx, ticket.ticketId, 'provider_done', complaint.doneByMs)
      return ticket.ticketId
    },
  }

  return {
    connect(all) {
      connected = all
    },
    sessions,
    payments,
    refunds,
    bills,
    complaints,
    tickets,
    satisfaction: learning.satisfaction,
    anomalies,
    arrears,
    compensations,
    ...createCaseReactions(deps, domains, tell),
  }
}

/** Why a charge comes long after the visit, with its times. */
function lateCause(
  language: Language,
  session: { reconciled: string | null; startedAtMs: number | null; reconciledAtMs: number | null },
  at: (ms: number) => string,
): string {
  const { reconciled, startedAtMs, reconciledAtMs } = session
  const cut = reconciled === null ? undefined : (JSON.parse(reconciled) as SessionReconciled).offline.at(-1)
  if (cut === undefined || startedAtMs === null || reconciledAtMs === null)
    return storyText(language, 'cause.system')
  return storyText(language, 'cause.offline', { from: at(startedAtMs + cut.fromMs), to: at(reconciledAtMs) })
}

const ANOMALY_OUTCOMES: Readonly<Record<string, string>> = {
  charge_as_recognised: 'charged',
  charge_corrected: 'charged',
  void: 'no_action',
  refund: 'refunded',
  explain: 'explained',
  dismiss: 'no_action',
}
/** What makes a charge late, as a root cause; what our own system took its time for is found out by a person. */
const LATE_CAUSES = { offline: 'network', provider_pending: 'provider', system: 'unknown' } as const
const ROOT_CAUSES: Readonly<Record<string, string>> = {
  camera_blocked: 'camera',
  ambiguous: 'weighing',
  item_returned: 'weighing',
  foreign_object: 'consumer',
  sensor_fault: 'hardware',
  stock_mismatch: 'weighing',
  door_trouble: 'hardware',
  quality: 'quality',
  delayed_charge: 'network',
  double_charge: 'provider',
  provider_mismatch: 'provider',
}
