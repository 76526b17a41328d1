import type { Rule } from '#core/policies/judge.ts'

export interface DoubleChargeInputs {
  /** Everything that was paid under one charge, as far as is known now. */
  readonly payments: ReadonlyArray<{
    readonly paymentId: string
    readonly amountFen: number
    readonly paidAtMs: number
    readonly isDuplicate: boolean
    readonly refundedFen: number
  }>
  /** The one that was found now. */
  readonly paymentId: string
}
export interface DoubleChargeDecision {
  readonly outcome: 'refund' | 'nothing'
  readonly amountFen: number
}

/** A second payment goes back whole, whatever it is: no limit binds it, and nobody is asked. */
export const doubleChargeRule: Rule<DoubleChargeInputs, DoubleChargeDecision> = {
  policy: 'double_charge',
  rule: 'double-charge-1',
  decide({ payments, paymentId }) {
    const found = payments.find((one) => one.paymentId === paymentId)
    const isSecond = found?.isDuplicate === true && payments.some((one) => one.paymentId !== paymentId)
    return isSecond ? { outcome: 'refund', amountFen: found.amountFen } : { outcome: 'nothing', amountFen: 0 }
  },
  verdict: (decision) =>
    decision.outcome === 'refund'
      ? { outcome: 'refunded', chargedFen: 0, refundedFen: decision.amountFen }
      : { outcome: 'nothing_owed', chargedFen: 0, refundedFen: 0 },
}
