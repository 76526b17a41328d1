import { yuanText } from '#protocol/base/units.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { storyText } from '#protocol/words/story.ts'
import type { Language } from '#protocol/words/words.ts'
import { delayedChargeRule } from '#core/anomalies/delayed-charge.ts'
import { doubleChargeRule } from '#core/anomalies/double-charge.ts'
import { returnedLaterRule } from '#core/anomalies/returned-later.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { advanceOrder, getOrder } from '#core/orders/store.ts'
import type { PaymentReactions } from '#core/payments/charges.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { judge } from '#core/policies/judge.ts'
import { refundByRule } from '#core/refunds/by-rule.ts'
import type { Reacting } from './domains.ts'
import { aboutOrder, chargeOf, settleSession } from './order-reactions.ts'

/** Between two looks at whether an announcement was accepted. */
const LOOK_AGAIN_MS = 250

/** Money moves: late, twice, less, otherwise than asked, or not at all. */
export function createPaymentReactions(parts: Reacting): PaymentReactions {
  const { db, ids, policy, policies, clock, domains, tell, learning } = parts

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

  return payments
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

/** What makes a charge late, as a root cause; what our own system took its time for is found out by a person. */
const LATE_CAUSES = { offline: 'network', provider_pending: 'provider', system: 'unknown' } as const
