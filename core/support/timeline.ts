import type { OrderView } from '#protocol/api/consumer.ts'
import type { StaffOrder, TimelineMark } from '#protocol/api/staff/orders.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { blindSeconds } from '#core/orders/story.ts'

/** Everything about an order on one time axis, by lane. Pure. */
export function tellTimeline(facts: {
  order: OrderView
  startedAtMs: number | null
  reconciled: SessionReconciled | null
  reconciledAtMs: number | null
  charges: StaffOrder['charges']
  anomalies: StaffOrder['anomalies']
}): TimelineMark[] {
  const { order, startedAtMs, reconciled } = facts
  const marks: TimelineMark[] = []
  const mark = (
    lane: string,
    fromMs: number | null,
    toMs: number | null,
    key: string,
    values: TimelineMark['values'] = {},
    sha256?: string,
  ) => {
    if (fromMs !== null)
      marks.push({ lane, fromMs, toMs, key, values, ...(sha256 === undefined ? {} : { sha256 }) })
  }
  mark('door', order.openedAtMs, order.closedAtMs, 'story.opened')
  if (reconciled !== null && startedAtMs !== null) {
    for (const interval of reconciled.camera.blocked)
      mark('camera', startedAtMs + interval.fromMs, startedAtMs + interval.toMs, 'story.camera_blocked', {
        seconds: blindSeconds([interval]),
        kind: interval.kind,
        ...(interval.camera === undefined ? {} : { camera: interval.camera }),
      })
    for (const interval of reconciled.offline)
      mark(
        'network',
        startedAtMs + interval.fromMs,
        Math.max(startedAtMs + interval.toMs, facts.reconciledAtMs ?? 0),
        'story.offline',
      )
    for (const step of reconciled.steps)
      mark('weight', startedAtMs + step.tMs, null, 'step', {
        shelf: step.shelf,
        grams: Math.round(step.grams),
      })
  }
  for (const item of order.evidence)
    if (item.kind === 'snapshot')
      mark('snapshot', item.atMs, null, 'snapshot', { moment: item.moment }, item.sha256)
  for (const charge of facts.charges) {
    if (charge.submittedAtMs !== null && charge.payments.length === 0)
      mark('charge', charge.submittedAtMs, null, 'story.charge_pending', {
        amount: yuanText(charge.amountFen),
      })
    for (const payment of charge.payments)
      mark('charge', payment.paidAtMs, null, payment.isDuplicate ? 'story.charged_twice' : 'story.charged', {
        amount: yuanText(payment.amountFen),
      })
  }
  for (const refund of order.refunds) {
    const amount = yuanText(refund.amountFen)
    mark(
      'refund',
      refund.requestedAtMs,
      refund.succeededAtMs,
      refund.succeededAtMs === null ? 'story.refund_started' : 'story.refund_arrived',
      { amount },
    )
  }
  for (const anomaly of facts.anomalies)
    mark('person', anomaly.decidedAtMs ?? anomaly.detectedAtMs, null, anomaly.reasonKey, anomaly.reasonValues)
  return marks.sort((a, b) => a.fromMs - b.fromMs)
}
