import { yuanText } from '#protocol/base/units.ts'
import type { Anomalies } from '#core/anomalies/anomalies.ts'
import { decideQuality, QUALITY_RULE, qualityInputs } from '#core/anomalies/quality.ts'
import { linesOf, type OrderRow } from '#core/orders/store.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { refundByRule } from '#core/refunds/by-rule.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import type { TicketRow, Tickets } from './tickets.ts'

const REFUNDABLE = new Set(['paid', 'partly_refunded'])

/**
 * A consumer finds goods bad. When our own record proves that they were past their date the money goes back at once; the
 * compensation that the law gives is always a person's, so the ticket stays open either way, and the shelf is looked at.
 */
export function createQualityCheck(
  deps: CoreDeps & { policies: PolicyBook; refunds: Refunds; anomalies: Anomalies; tickets: Tickets },
): {
  check(
    tx: Tx,
    order: OrderRow,
    ticket: TicketRow,
    wished: ReadonlyArray<{ lineId: string; quantity: number }>,
  ): Promise<void>
} {
  const { ids, refunds, anomalies, tickets } = deps

  async function check(
    tx: Tx,
    order: OrderRow,
    ticket: TicketRow,
    wished: ReadonlyArray<{ lineId: string; quantity: number }>,
  ): Promise<void> {
    const { orderId, sessionId, cabinetId, consumerId } = order
    const session = await tx
      .selectFrom('session')
      .select(['closedAtMs', 'requestedAtMs'])
      .where('sessionId', '=', sessionId)
      .executeTakeFirstOrThrow()
    const own = await linesOf(tx, orderId)
    const inputs = await qualityInputs(
      tx,
      { orderId, cabinetId, soldAtMs: session.closedAtMs ?? session.requestedAtMs },
      own.flatMap((line) => {
        const wish = wished.find(({ lineId }) => lineId === line.lineId)
        const left = line.quantity - line.refundedQuantity
        return wish === undefined || left === 0
          ? []
          : [{ lineId: line.lineId, sku: line.sku, quantity: Math.min(wish.quantity, left) }]
      }),
    )
    const decision = decideQuality(inputs)
    await raiseIncident(tx, deps.ids, {
      kind: 'shelf_check',
      subject: cabinetId,
      message: decision.isSuspect
        ? 'Goods that may be past their date were sold here; take them out, in every cabinet that holds them.'
        : 'A consumer reports goods of bad quality; look at the shelf and the batch.',
    })
    if (decision.outcome !== 'expired' || !REFUNDABLE.has(order.state)) return
    const anomaly = await anomalies.open(
      tx,
      {
        kind: 'quality',
        rule: QUALITY_RULE,
        inputs: { ...inputs, decision },
        reasonKey: 'anomaly.quality.expired',
        reasonValues: { sku: decision.lines.map(({ sku }) => sku).join(', ') },
        outcome: 'refunded',
      },
      { subjectId: ticket.ticketId, orderId, sessionId, cabinetId, consumerId },
    )
    const refund = await refundByRule(
      tx,
      { refunds, policies: deps.policies },
      {
        refundId: ids.next('refund'),
        orderId,
        lines: decision.lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
        reason: 'expired',
        stock: 'not_returned',
        by: `rule:${QUALITY_RULE}`,
        isProven: true,
        ticketId: ticket.ticketId,
        anomalyId: anomaly.anomalyId,
        tellConsumer: true,
      },
    )
    await anomalies.markCarriedOut(tx, anomaly.anomalyId)
    await tickets.say(tx, ticket.ticketId, {
      requestId: `${ticket.ticketId}/expired`,
      sender: 'system',
      key: 'message.expired_refunded',
      values: { amount: yuanText(refund.amountFen) },
    })
  }
  return { check }
}
