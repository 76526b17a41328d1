import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import { percent, type ReturnDecision } from '#core/anomalies/decide.ts'

/** What the rules advise an agent, with the reason. Pure. A person decides. */
export function adviseOn(facts: {
  reason: string
  order: StaffOrder
  wished: ReadonlyArray<{ lineId: string; quantity: number }>
  again: ReturnDecision | undefined
}): TicketDetail['advice'] {
  const { reason, order, again } = facts
  const duplicates = order.charges
    .flatMap((charge) => charge.payments)
    .filter((payment) => payment.isDuplicate)
  const openFen = duplicates.reduce((sum, payment) => sum + payment.amountFen - payment.refundedFen, 0)
  if (openFen > 0)
    return { action: 'refund', reasonKey: 'advice.refund_duplicate', reasonValues: {}, amountFen: openFen }
  if (order.order.state === 'held')
    return { action: 'charge', reasonKey: 'advice.charge_recognised', reasonValues: {} }
  const certain = percent(again?.probability ?? order.session.receiptProbability ?? 0)
  if (again?.outcome === 'refund') {
    const lines = again.lines.map(({ lineId, quantity }) => ({ lineId, quantity }))
    return {
      action: 'refund',
      reasonKey: 'advice.refund_lines',
      reasonValues: { percent: certain },
      lines,
      amountFen: lines.reduce((sum, { lineId, quantity }) => {
        const line = order.order.lines.find((one) => one.lineId === lineId)
        return line === undefined ? sum : sum + Math.floor((line.amountFen * quantity) / line.quantity)
      }, 0),
    }
  }
  if (reason === 'quality') return { action: 'look', reasonKey: 'advice.look_quality', reasonValues: {} }
  if (reason === 'charged_late' && order.order.deferral !== null)
    return {
      action: 'explain',
      reasonKey: 'advice.explain_late',
      reasonValues: { minutes: order.order.deferral.lateMinutes },
    }
  if (again?.outcome === 'confirmed')
    return { action: 'explain', reasonKey: 'advice.explain_clear', reasonValues: { percent: certain } }
  return { action: 'look', reasonKey: 'advice.look_unclear', reasonValues: { percent: certain } }
}
