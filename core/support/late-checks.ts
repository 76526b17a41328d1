import { appendAudit } from '#core/audit/audit.ts'
import type { ReturnDecision } from '#core/anomalies/decide.ts'
import type { Anomalies } from '#core/anomalies/anomalies.ts'
import { returnedGoodsRule } from '#core/anomalies/returned-goods.ts'
import { getOrder, linesOf, type OrderRow } from '#core/orders/store.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueItem, DueWork } from '#core/platform/due.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { type Judged, judge } from '#core/policies/judge.ts'
import { refundByRule } from '#core/refunds/by-rule.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import type { Disputes } from './disputes.ts'

const LATE_CHECK_RULE = 'late-charge-check-1'
/** The trace of a visit without a connection is sent after its receipt. */
const LOOK_AGAIN_MS = 5000

/**
 * Nobody could object while the charge was on its way, so each late one is weighed again by itself: what was billed wrongly
 * goes back, what stays unclear is looked at by a person.
 */
export function createLateChecks(
  deps: CoreDeps & {
    due: DueWork
    policies: PolicyBook
    disputes: Pick<Disputes, 'weighAgain'>
    refunds: Refunds
    anomalies: Anomalies
  },
): { schedule(tx: Tx, orderId: string): Promise<void> } {
  const { db, ids, policy, policies, due, disputes, refunds, anomalies } = deps
  due.on('order.late_check', (work) => check(work))

  async function schedule(tx: Tx, orderId: string): Promise<void> {
    await due.schedule(tx, {
      kind: 'order.late_check',
      subjectId: orderId,
      dueAtMs: nowOf(tx),
      payload: { untilMs: nowOf(tx) + policy.lateCheckMostMs },
    })
  }

  async function check(work: DueItem): Promise<void> {
    const order = await getOrder(db.read, work.subjectId)
    if (order.state !== 'paid' && order.state !== 'partly_refunded') return
    const lines = await linesOf(db.read, order.orderId)
    const weighed = await disputes.weighAgain(
      order,
      lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
    )
    await db.write('check a late charge', async (tx) => {
      if (weighed === undefined && nowOf(tx) < Number(work.payload['untilMs'])) {
        const dueAtMs = nowOf(tx) + LOOK_AGAIN_MS
        return due.schedule(tx, {
          kind: work.kind,
          subjectId: order.orderId,
          dueAtMs,
          payload: { ...work.payload },
        })
      }
      const judged =
        weighed === undefined
          ? undefined
          : judge(tx, policies, returnedGoodsRule, weighed, {
              subjectId: `${order.orderId}/late`,
              orderId: order.orderId,
              sessionId: order.sessionId,
              cabinetId: order.cabinetId,
              consumerId: order.consumerId,
            })
      await appendAudit(tx, {
        actor: 'system',
        action: 'charge.late_checked',
        subject: `order:${order.orderId}`,
        detail: { rule: LATE_CHECK_RULE, outcome: judged?.decision.outcome ?? 'no_trace' },
      })
      if (judged?.decision.outcome !== 'confirmed') await correct(tx, order, judged)
    })
  }

  async function correct(tx: Tx, order: OrderRow, judged: Judged<ReturnDecision> | undefined): Promise<void> {
    const decision = judged?.decision
    const { orderId, sessionId, cabinetId, consumerId } = order
    const isWrong = decision?.outcome === 'refund'
    const percent = Math.round((decision?.probability ?? 0) * 100)
    const [first] = decision?.lines ?? []
    const count = (decision?.lines ?? []).reduce((sum, line) => sum + line.quantity, 0)
    const anomaly = await anomalies.open(
      tx,
      {
        kind: isWrong ? 'item_returned' : 'delayed_charge',
        rule: LATE_CHECK_RULE,
        ...(judged === undefined ? {} : { decisionId: judged.decisionId }),
        inputs: { decision: decision ?? null },
        reasonKey: isWrong ? 'anomaly.item_returned.refunded' : 'anomaly.delayed_charge.unclear',
        reasonValues: { sku: first?.sku ?? '', count, percent },
        outcome: isWrong ? 'refunded' : null,
      },
      { subjectId: `${orderId}/late`, orderId, sessionId, cabinetId, consumerId },
    )
    if (!isWrong || decision === undefined) return
    const refund = await refundByRule(
      tx,
      { refunds, policies },
      {
        refundId: ids.next('refund'),
        orderId,
        lines: decision.lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
        reason: 'delayed_charge',
        stock: 'not_returned',
        by: `rule:${LATE_CHECK_RULE}`,
        isProven: false,
        anomalyId: anomaly.anomalyId,
        tellConsumer: true,
      },
    )
    if (refund.state !== 'awaiting_approval') await anomalies.markCarriedOut(tx, anomaly.anomalyId)
  }

  return { schedule }
}
