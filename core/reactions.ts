import { yuanText } from '#protocol/base/units.ts'
import type { AnomalyReactions } from '#core/anomalies/anomalies.ts'
import type { ReturnReactions } from '#core/anomalies/returns.ts'
import type { ArrearsReactions } from '#core/arrears/arrears.ts'
import { reminderRule } from '#core/arrears/reminder-rule.ts'
import type { BillReactions } from '#core/bills/bills.ts'
import type { CompensationReactions } from '#core/compensation/compensations.ts'
import type { ComplaintReactions } from '#core/complaints/complaints.ts'
import type { PaymentReactions } from '#core/payments/charges.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import type { RefundReactions, RefundRow } from '#core/refunds/refunds.ts'
import type { RestrictionReactions } from '#core/restrictions/restrictions.ts'
import type { SessionReactions } from '#core/sessions/course.ts'
import type { SatisfactionReactions } from '#core/support/satisfaction.ts'
import { getTicket, goesOn } from '#core/support/ticket-store.ts'
import { tellAnswered } from '#core/support/tell-consumer.ts'
import type { TicketReactions } from '#core/support/tickets.ts'
import { createAnomalyReactions } from './anomaly-reactions.ts'
import { createCaseReactions } from './case-reactions.ts'
import type { Domains, Reacting } from './domains.ts'
import { createLearningReactions } from './learning-reactions.ts'
import { createTell } from './order-notices.ts'
import { aboutOrder, considerPattern, settleTicketOf } from './order-reactions.ts'
import { createPaymentReactions } from './payment-reactions.ts'
import { createProviderReactions } from './provider-reactions.ts'
import { createSessionReactions } from './session-reactions.ts'

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
  const { policy } = deps
  let connected: Domains | undefined
  function domains(): Domains {
    if (connected === undefined) throw new Error('assertion failed: the reactions are not connected yet')
    return connected
  }

  /** The ticket that waits for it: that in which its own went on, when it was merged. */
  async function asksFor(tx: Tx, { ticketId }: Pick<RefundRow, 'ticketId'>): Promise<string | undefined> {
    return ticketId === null ? undefined : (await goesOn(tx, await getTicket(tx, ticketId))).ticketId
  }
  async function endWait(tx: Tx, refund: RefundRow): Promise<void> {
    const ticketId = await asksFor(tx, refund)
    if (ticketId !== undefined) await domains().tickets.advance(tx, ticketId, 'refundDone')
  }

  const learning = createLearningReactions(domains)

  const tell = createTell(domains)
  const parts: Reacting = { ...deps, domains, tell, learning }

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
      await considerPattern(tx, domains(), anomaly)
    },
    async arrearsEnded(tx, order) {
      if (order.state === 'written_off')
        await tell(tx, order.orderId, 'written_off', order.orderId, order.totalFen)
      else if (order.state !== 'void')
        await tell(tx, order.orderId, 'unpaid_settled', order.orderId, order.totalFen)
      await settleTicketOf(tx, domains(), await domains().anomalies.find(tx, 'unpaid', order.orderId))
    },
  }

  const compensations: CompensationReactions = {
    async compensated(tx, order, compensation) {
      const template = compensation.kind === 'coupon' ? 'compensation_coupon' : 'compensation_points'
      await tell(tx, order.orderId, template, compensation.compensationId, compensation.amountFen)
    },
  }

  const anomalies = createAnomalyReactions(parts)

  /** What a rule promised and the provider refused would wait for ever, and the consumer was told that it comes. */
  async function leaveToPerson(tx: Tx, refund: RefundRow): Promise<void> {
    if (refund.isAutomatic === 0 || refund.anomalyId === null || refund.submittedAtMs === null) return
    const anomaly = await tx
      .selectFrom('anomaly')
      .selectAll()
      .where('anomalyId', '=', refund.anomalyId)
      .executeTakeFirstOrThrow()
    await anomalies.personNeeded(tx, anomaly)
  }

  const refunds: RefundReactions = {
    async refundStarted(tx, refund) {
      const ticketId = await asksFor(tx, refund)
      if (ticketId !== undefined) {
        await domains().tickets.advance(tx, ticketId, 'refundAsked')
        await domains().tickets.say(tx, ticketId, {
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
      await endWait(tx, refund)
      await domains().snoozing.refundSettled(tx, refund.orderId)
      await tell(tx, refund.orderId, 'refund_arrived', refund.refundId, refund.amountFen)
    },
    async refundRejected(tx, refund) {
      await endWait(tx, refund)
      await domains().snoozing.refundSettled(tx, refund.orderId)
      await leaveToPerson(tx, refund)
    },
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

  return {
    connect(all) {
      connected = all
    },
    sessions: createSessionReactions(parts),
    payments: createPaymentReactions(parts),
    refunds,
    ...createProviderReactions(parts),
    tickets,
    satisfaction: learning.satisfaction,
    anomalies,
    arrears,
    compensations,
    ...createCaseReactions(deps, domains, tell),
  }
}
