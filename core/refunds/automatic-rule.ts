import { NO_MONEY, type Rule } from '#core/policies/judge.ts'

/** What a rule wants to give back, and what rules have given this consumer before. */
export interface AutomaticRefundInputs {
  readonly amountFen: number
  /** A second payment or a mischarge: no limit binds it. */
  readonly isProven: boolean
  readonly refundedThisMonthFen: number
}
export interface AutomaticRefundDecision {
  readonly outcome: 'refund' | 'person'
  /** The largest amount that needs nobody; null without a limit. */
  readonly limitFen: number | null
}

/** Whether a rule may give the money back by itself, or a person says yes first. */
export const automaticRefundRule: Rule<AutomaticRefundInputs, AutomaticRefundDecision> = {
  policy: 'automatic_refund',
  rule: 'automatic-refund-1',
  decide({ amountFen, isProven, refundedThisMonthFen }, limits) {
    if (isProven) return { outcome: 'refund', limitFen: null }
    const limitFen = Math.max(
      0,
      Math.min(
        limits['automaticRefundFen'] ?? 0,
        (limits['automaticRefundMonthFen'] ?? 0) - refundedThisMonthFen,
      ),
    )
    return { outcome: amountFen <= limitFen ? 'refund' : 'person', limitFen }
  },
  verdict: (decision, { amountFen }) =>
    decision.outcome === 'refund'
      ? { outcome: 'refunded', chargedFen: 0, refundedFen: amountFen }
      : { outcome: 'person', ...NO_MONEY },
}
