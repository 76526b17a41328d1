import type { SessionReconciled } from '#protocol/messages/session.ts'
import { billOf } from '#core/anomalies/anomalies.ts'
import { decideReceiptAnomaly } from '#core/anomalies/decide.ts'
import { priceSession } from '#core/orders/pricing.ts'
import { advanceOrder, orderOfSession } from '#core/orders/store.ts'
import { blindSeconds } from '#core/orders/story.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { SessionReactions } from '#core/sessions/course.ts'
import type { SessionRow } from '#core/sessions/store.ts'
import type { Reacting } from './domains.ts'
import { aboutOrder, chargeOf, considerPattern } from './order-reactions.ts'

/** A visit has ended: what was taken is priced, what is unclear is held. */
export function createSessionReactions(parts: Reacting): SessionReactions {
  const { ids, policy, policies, domains } = parts

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
      await considerPattern(tx, domains(), anomaly)
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
    async abandoned(tx, session, reason) {
      await holdWithout(tx, session, 'anomaly.record_lost', reason)
      // The record may be missing here only, after a disk that pretended to sync: then the provider has taken the money.
      const order = await orderOfSession(tx, session.sessionId)
      if (order !== undefined)
        await domains().charges.verify(tx, (await chargeOf(tx, order.orderId)).chargeId)
    },
    async unexpected(tx, session, receipt) {
      if (receipt.receipt.lines.some((line) => line.quantity > 0))
        await holdWithout(tx, session, 'anomaly.unexpected', session.state)
    },
  }
  return sessions
}
