import { calculateLowered } from '#core/orders/lower.ts'
import { getOrder, type OrderRow } from '#core/orders/store.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { LowerWish } from '#core/payments/lower-wish.ts'
import type { Tx } from '#core/platform/database.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { judge } from '#core/policies/judge.ts'
import { type AutomaticRefundDecision, automaticRefundRule } from './automatic-rule.ts'
import type { RefundAsk, RefundRow, Refunds } from './refunds.ts'

interface ByRuleDeps {
  readonly refunds: Refunds
  readonly policies: Pick<PolicyBook, 'held'>
}

/**
 * A rule asks for a refund. Whether it needs a person is a decision of its own, stored with what it saw.
 * @param ask.isProven  a second payment or a mischarge: no limit binds it
 * @throws CabinetError with the refusal, as `refunds.ask`
 */
export async function refundByRule(
  tx: Tx,
  deps: ByRuleDeps,
  ask: Omit<RefundAsk, 'authority'> & { isProven: boolean },
): Promise<RefundRow> {
  const { isProven, ...wish } = ask
  const order = await getOrder(tx, ask.orderId)
  const authority = {
    kind: 'rule' as const,
    isProven,
    refundedThisMonthFen: isProven ? 0 : await deps.refunds.refundedByRules(tx, order.consumerId),
  }
  const calculated = await deps.refunds.calculate(tx, ask.orderId, wish, authority)
  if (calculated.ok)
    judgeAmount(tx, deps, order, {
      refundId: ask.refundId,
      amountFen: calculated.amountFen,
      isProven,
      refundedThisMonthFen: authority.refundedThisMonthFen,
    })
  return deps.refunds.ask(tx, { ...wish, authority })
}

/**
 * A rule asks for less before the money is taken.
 * @returns fen that are not collected any more; undefined when it is a person's to decide, and nothing is done
 */
export async function lowerByRule(
  tx: Tx,
  deps: ByRuleDeps & { charges: Charges },
  order: OrderRow,
  wish: LowerWish,
): Promise<number | undefined> {
  const lowered = await calculateLowered(tx, order.orderId, wish.lines)
  const byFen = lowered === undefined ? 0 : order.totalFen - lowered.totalFen
  if (byFen <= 0) return undefined
  const { outcome } = judgeAmount(tx, deps, order, {
    refundId: wish.refundId,
    amountFen: byFen,
    isProven: false,
    refundedThisMonthFen: await deps.refunds.refundedByRules(tx, order.consumerId),
  })
  if (outcome === 'person') return undefined
  const charge = await tx
    .selectFrom('charge')
    .select('chargeId')
    .where('orderId', '=', order.orderId)
    .executeTakeFirstOrThrow()
  await deps.charges.lower(tx, charge.chargeId, wish)
  return byFen
}

function judgeAmount(
  tx: Tx,
  deps: ByRuleDeps,
  order: OrderRow,
  facts: { refundId: string; amountFen: number; isProven: boolean; refundedThisMonthFen: number },
): AutomaticRefundDecision {
  const { refundId, ...inputs } = facts
  return judge(tx, deps.policies, automaticRefundRule, inputs, {
    subjectId: refundId,
    orderId: order.orderId,
    sessionId: order.sessionId,
    cabinetId: order.cabinetId,
    consumerId: order.consumerId,
  }).decision
}
