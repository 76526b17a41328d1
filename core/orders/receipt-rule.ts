import type { SessionReconciled } from '#protocol/messages/session.ts'
import { NO_MONEY, type Rule } from '#core/policies/judge.ts'
import {
  type BilledGoods,
  decideReceipt,
  RECEIPT_RULE,
  type ReceiptDecision,
  type ReceiptInputs,
  type ReceiptPolicy,
} from './decide.ts'

/** Everything that decides about a receipt, as it is stored: numbers and names, no functions. */
export interface StoredReceipt {
  readonly receipt: Pick<SessionReconciled['receipt'], 'lines' | 'probability' | 'reasons' | 'alternatives'>
  readonly wasCameraBlocked: boolean
  readonly isComingInExplained: boolean
  /** Fen by product. */
  readonly prices: Readonly<Record<string, number>>
  /** What the best combination of discounts makes of each mix that might be billed: fen by line. */
  readonly quotes: ReadonlyArray<{ readonly goods: string; readonly amounts: readonly number[] }>
  /** Most that this visit may cost, fen. */
  readonly capFen: number
}

type Pricer = {
  readonly prices: ReadonlyMap<string, number>
  quote(goods: readonly BilledGoods[]): { readonly amounts: readonly number[] }
}

/** Prices every mix that the rule could come to under any limits, so that it can be asked again without a price list. */
export function storeReceipt(
  receipt: SessionReconciled['receipt'],
  facts: { wasCameraBlocked: boolean; isComingInExplained: boolean; capFen: number },
  pricer: Pricer,
): StoredReceipt {
  const quotes = new Map<string, readonly number[]>()
  const { lines, probability, reasons, alternatives } = receipt
  for (const mix of [{ lines }, ...alternatives]) {
    const goods = goodsOf(mix.lines, pricer.prices)
    const key = keyOf(goods)
    if (!quotes.has(key)) quotes.set(key, pricer.quote(goods).amounts)
  }
  return {
    receipt: { lines, probability, reasons, alternatives },
    ...facts,
    prices: Object.fromEntries(pricer.prices),
    quotes: [...quotes].map(([goods, amounts]) => ({ goods, amounts })),
  }
}

/** As the rule bills a mix: one line a product, in the order in which they are first named, with a price. */
function goodsOf(
  lines: ReadonlyArray<{ sku: string; quantity: number }>,
  prices: ReadonlyMap<string, number>,
): BilledGoods[] {
  const counts = new Map<string, number>()
  for (const { sku, quantity } of lines) counts.set(sku, (counts.get(sku) ?? 0) + quantity)
  return [...counts].flatMap(([sku, quantity]) => {
    const unitPriceFen = prices.get(sku)
    return quantity > 0 && unitPriceFen !== undefined ? [{ sku, quantity, unitPriceFen }] : []
  })
}
function keyOf(goods: readonly BilledGoods[]): string {
  return goods.map(({ sku, quantity }) => `${sku}×${quantity}`).join(',')
}

function inputsOf(stored: StoredReceipt): ReceiptInputs {
  const amounts = new Map(stored.quotes.map((quote) => [quote.goods, quote.amounts]))
  return {
    receipt: stored.receipt,
    wasCameraBlocked: stored.wasCameraBlocked,
    isComingInExplained: stored.isComingInExplained,
    prices: new Map(Object.entries(stored.prices)),
    amountsOf(lines) {
      const found = amounts.get(keyOf(lines))
      if (found === undefined)
        throw new Error(`assertion failed: the mix ${keyOf(lines)} was not priced before it was judged`)
      return found
    },
  }
}

/** Charge, ask a person, or nothing is owed. */
export const receiptRule: Rule<StoredReceipt, ReceiptDecision> = {
  policy: 'receipt',
  rule: RECEIPT_RULE,
  decide: (stored, limits) =>
    decideReceipt(inputsOf(stored), {
      clearProbability: limits['clearProbability'] ?? 1,
      blockedCameraProbability: limits['blockedCameraProbability'] ?? 1,
      cheapestMixFen: limits['cheapestMixFen'] ?? 0,
      capFen: stored.capFen,
    } satisfies ReceiptPolicy),
  verdict(decision) {
    switch (decision.outcome) {
      case 'hold':
        return { outcome: 'person', ...NO_MONEY }
      case 'void':
        return { outcome: 'nothing_owed', ...NO_MONEY }
      case 'charge':
        return {
          outcome: decision.basis === 'cheapest' ? 'charged_cheapest' : 'charged',
          chargedFen: decision.totalFen,
          refundedFen: 0,
        }
    }
  },
}
