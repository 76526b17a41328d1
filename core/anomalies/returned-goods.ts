import type { SessionReconciled } from '#protocol/messages/session.ts'
import type { WeighingResult } from '#protocol/weighing/types.ts'
import { NO_MONEY, type Rule } from '#core/policies/judge.ts'
import { decideItemReturned, ITEM_RETURNED_RULE, type ReturnDecision } from './decide.ts'

/** A doubted receipt and the same trace weighed again, as it is stored. */
export interface StoredReturn {
  readonly disputed: ReadonlyArray<{ lineId: string; sku: string; quantity: number }>
  readonly billed: ReadonlyArray<{ lineId: string; sku: string; quantity: number; amountFen: number }>
  readonly first: SessionReconciled['receipt']
  readonly again: Pick<WeighingResult, 'receipt' | 'alternatives' | 'steps'>
  readonly unitGrams: Readonly<Record<string, { unitGrams: number; sigmaGrams: number }>>
}

/** Whether what a consumer doubts, or what was billed late, is refunded, confirmed or looked at. */
export const returnedGoodsRule: Rule<StoredReturn, ReturnDecision> = {
  policy: 'returned_goods',
  rule: ITEM_RETURNED_RULE,
  decide: (stored, limits) =>
    decideItemReturned({
      ...stored,
      unitGrams: new Map(Object.entries(stored.unitGrams)),
      clearProbability: limits['reexaminedProbability'] ?? 1,
    }),
  verdict(decision, { billed }) {
    switch (decision.outcome) {
      case 'refund':
        return {
          outcome: 'refunded',
          chargedFen: 0,
          refundedFen: decision.lines.reduce((sum, { lineId, quantity }) => {
            const line = billed.find((one) => one.lineId === lineId)
            return line === undefined || line.quantity === 0
              ? sum
              : sum + Math.floor((line.amountFen * quantity) / line.quantity)
          }, 0),
        }
      case 'confirmed':
        return { outcome: 'confirmed', ...NO_MONEY }
      case 'look':
        return { outcome: 'person', ...NO_MONEY }
    }
  },
}
