import type { RefundReason, Role } from '#protocol/api/common.ts'
import type { Policy } from '#core/platform/policy.ts'
import { refundLimitFen } from '#core/staff/refund-limit.ts'

/**
 * The refund rule: how much may go back, from which payment, by whose authority. Pure; everything it looks at is an
 * argument. Two more fences stand below it: the guarded UPDATE that reserves the amount, and the CHECKs of the tables.
 */
export interface RefundableLine {
  readonly lineId: string
  readonly quantity: number
  readonly amountFen: number
  /** Refunded or on the way back. */
  readonly refundedQuantity: number
  readonly refundedFen: number
}
export interface RefundablePayment {
  readonly paymentId: string
  readonly amountFen: number
  readonly reservedFen: number
  readonly isDuplicate: boolean
}
export interface RefundWish {
  readonly lines: ReadonlyArray<{ lineId: string; quantity: number }>
  /** Instead of lines. */
  readonly amountFen?: number | undefined
  readonly reason: RefundReason
}
/** Who asks. A rule has limits too, but for what is proven: a second payment, a mischarge. */
export type RefundAuthority =
  | { readonly kind: 'rule'; readonly isProven: boolean; readonly refundedThisMonthFen: number }
  | { readonly kind: 'staff'; readonly role: Role }
  /** A second person decided it before it was asked for. */
  | { readonly kind: 'approved'; readonly by: string }

export type RefundRefusal = 'order_not_refundable' | 'amount_above_paid' | 'bad_request'
export type RefundDecision =
  | { readonly ok: false; readonly refusal: RefundRefusal; readonly refundableFen: number }
  | {
      readonly ok: true
      readonly amountFen: number
      readonly paymentId: string
      readonly lines: ReadonlyArray<{ lineId: string; quantity: number; amountFen: number }>
      readonly needsApproval: boolean
      readonly limitFen: number
      readonly refundableFen: number
    }

export function decideRefund(
  order: { lines: readonly RefundableLine[]; payments: readonly RefundablePayment[] },
  wish: RefundWish,
  authority: RefundAuthority,
  policy: Pick<Policy, 'automaticRefundFen' | 'automaticRefundMonthFen' | 'agentRefundFen' | 'leadRefundFen'>,
): RefundDecision {
  const refundableFen = order.payments.reduce((sum, payment) => sum + roomOf(payment), 0)
  const refuse = (refusal: RefundRefusal): RefundDecision => ({ ok: false, refusal, refundableFen })
  if (order.payments.length === 0) return refuse('order_not_refundable')
  const lines = linesOf(order.lines, wish.lines)
  if (lines === undefined) return refuse('amount_above_paid')
  const amountFen = wish.amountFen ?? lines.reduce((sum, line) => sum + line.amountFen, 0)
  if (amountFen <= 0) return refuse('bad_request')
  const payment = paymentFor(order.payments, wish.reason, amountFen)
  if (payment === undefined) return refuse('amount_above_paid')
  const limitFen = limitOf(authority, policy)
  return {
    ok: true,
    amountFen,
    paymentId: payment.paymentId,
    lines: wish.amountFen === undefined ? lines : [],
    needsApproval: amountFen > limitFen,
    limitFen,
    refundableFen,
  }
}

function roomOf(payment: RefundablePayment): number {
  return payment.amountFen - payment.reservedFen
}

/**
 * What the pieces of a line cost after discounts. The last pieces take what is left, so that all parts of a line together
 * are exactly the line. @returns undefined when more is asked for than there is
 */
function linesOf(
  lines: readonly RefundableLine[],
  wished: RefundWish['lines'],
): Array<{ lineId: string; quantity: number; amountFen: number }> | undefined {
  const result: Array<{ lineId: string; quantity: number; amountFen: number }> = []
  for (const { lineId, quantity } of wished) {
    const line = lines.find((one) => one.lineId === lineId)
    const left = line === undefined ? 0 : line.quantity - line.refundedQuantity
    if (line === undefined || quantity > left || result.some((one) => one.lineId === lineId)) return undefined
    const amountFen =
      quantity === left
        ? line.amountFen - line.refundedFen
        : Math.floor((line.amountFen * quantity) / line.quantity)
    result.push({ lineId, quantity, amountFen })
  }
  return result
}

/** A second payment is given back whole and alone; goods are refunded on the payment that counts. */
function paymentFor(
  payments: readonly RefundablePayment[],
  reason: RefundReason,
  amountFen: number,
): RefundablePayment | undefined {
  const wantsDuplicate = reason === 'duplicate'
  const fitting = payments.filter((payment) => payment.isDuplicate === wantsDuplicate)
  return fitting.find((payment) => roomOf(payment) >= amountFen)
}

/** The largest amount that needs nobody else. */
export function limitOf(
  authority: RefundAuthority,
  policy: Pick<Policy, 'automaticRefundFen' | 'automaticRefundMonthFen' | 'agentRefundFen' | 'leadRefundFen'>,
): number {
  if (authority.kind === 'approved') return Number.MAX_SAFE_INTEGER
  if (authority.kind === 'rule') {
    if (authority.isProven) return Number.MAX_SAFE_INTEGER
    return Math.max(
      0,
      Math.min(policy.automaticRefundFen, policy.automaticRefundMonthFen - authority.refundedThisMonthFen),
    )
  }
  return refundLimitFen(authority.role, policy)
}

/** Maker is never checker, and the checker's own limit must cover it. */
export function decideApproval(
  refund: { amountFen: number; requestedBy: string },
  checker: { staffId: string; role: Role },
  policy: Policy,
): boolean {
  return (
    refund.requestedBy !== checker.staffId &&
    refund.amountFen <= limitOf({ kind: 'staff', role: checker.role }, policy)
  )
}
