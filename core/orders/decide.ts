import type { SessionReconciled } from '#protocol/messages/session.ts'

/**
 * What a receipt becomes: money, a question for a person, or nothing. Pure. The edge's verdict is advice; this decides.
 * The name and version of the rule, its inputs and its outcome are stored with each order.
 */
export const RECEIPT_RULE = 'receipt-2'

export interface ReceiptPolicy {
  /** Charge without a person from this probability … */
  readonly clearProbability: number
  /** … and from this one when the camera could not see. */
  readonly blockedCameraProbability: number
  /** Two mixes that differ by at most this much are billed as the cheaper one. */
  readonly cheapestMixFen: number
  readonly capFen: number
}
export interface ReceiptInputs {
  readonly receipt: Pick<SessionReconciled['receipt'], 'lines' | 'probability' | 'reasons' | 'alternatives'>
  readonly wasCameraBlocked: boolean
  /** What came in is goods of this consumer, brought back: nothing foreign lies on the shelf. */
  readonly isComingInExplained?: boolean
  /** Fen by product, as they held when the door was asked for. */
  readonly prices: ReadonlyMap<string, number>
  /** Fen of each line after the best combination of discounts; without it, the goods at their prices. */
  readonly amountsOf?: (lines: readonly BilledGoods[]) => readonly number[]
}
export interface BilledGoods {
  readonly sku: string
  readonly quantity: number
  readonly unitPriceFen: number
}
export interface BilledLine {
  readonly sku: string
  readonly quantity: number
  readonly unitPriceFen: number
  readonly amountFen: number
  readonly probability: number
}
export type HeldReason =
  | 'ambiguous'
  | 'camera_blocked'
  | 'foreign_object'
  | 'sensor_fault'
  | 'opened_package_returned'
  | 'unexplained_loss'
  | 'over_cap'
  | 'unknown_product'
export interface ReceiptDecision {
  readonly rule: typeof RECEIPT_RULE
  readonly outcome: 'charge' | 'hold' | 'void'
  /** What would be, or is, charged. Goods that only came in are never on it. */
  readonly lines: readonly BilledLine[]
  readonly totalFen: number
  /** Why a person looks first. */
  readonly heldReason: HeldReason | null
  /** exact: the receipt as it is. one_class: several mixes of one price. cheapest: the cheaper of mixes that differ little. */
  readonly basis: 'exact' | 'one_class' | 'cheapest'
  /** Probability of everything that costs the consumer what is charged. */
  readonly probability: number
  readonly limit: number
}

/** These speak of something that the shelves cannot explain: no probability makes them clear. In the order of weight. */
const NEVER_CLEAR = ['sensor_fault', 'foreign_object', 'opened_package_returned', 'unexplained_loss'] as const

export function decideReceipt(inputs: ReceiptInputs, policy: ReceiptPolicy): ReceiptDecision {
  const { receipt, wasCameraBlocked } = inputs
  const limit = wasCameraBlocked ? policy.blockedCameraProbability : policy.clearProbability
  const own = mixOf(receipt.lines, receipt.probability, inputs)
  const decision = (
    outcome: ReceiptDecision['outcome'],
    mix: Mix,
    more: Partial<Pick<ReceiptDecision, 'heldReason' | 'basis' | 'probability'>> = {},
  ): ReceiptDecision => ({
    rule: RECEIPT_RULE,
    outcome,
    lines: mix.lines,
    totalFen: mix.totalFen,
    heldReason: more.heldReason ?? null,
    basis: more.basis ?? 'exact',
    probability: more.probability ?? receipt.probability,
    limit,
  })
  const hold = (heldReason: HeldReason) => decision('hold', own, { heldReason })
  if (own.unknownSku !== undefined) return hold('unknown_product')
  for (const reason of NEVER_CLEAR)
    if (
      receipt.reasons.includes(reason) &&
      !(reason === 'foreign_object' && inputs.isComingInExplained === true)
    )
      return hold(reason)
  const settle = (mix: Mix, more: Parameters<typeof decision>[2]) =>
    mix.totalFen > policy.capFen
      ? decision('hold', mix, { ...more, heldReason: 'over_cap' })
      : decision(mix.lines.length === 0 ? 'void' : 'charge', mix, more)

  if (receipt.probability >= limit) return settle(own, {})
  const mixes = [own, ...receipt.alternatives.map((one) => mixOf(one.lines, one.probability, inputs))]
  if (mixes.some((mix) => mix.unknownSku !== undefined)) return hold('ambiguous')
  const samePrice = mixes.filter((mix) => mix.totalFen === own.totalFen)
  const classProbability = Math.min(1, sum(samePrice.map((mix) => mix.probability)))
  if (classProbability >= limit) return settle(own, { basis: 'one_class', probability: classProbability })
  const likely = likeliestUpTo(mixes, limit)
  if (likely !== undefined) {
    const totals = likely.map((mix) => mix.totalFen)
    const cheapest = likely.find((mix) => mix.totalFen === Math.min(...totals)) as Mix
    if (Math.max(...totals) - cheapest.totalFen <= policy.cheapestMixFen)
      return settle(cheapest, {
        basis: 'cheapest',
        probability: Math.min(1, sum(likely.map((mix) => mix.probability))),
      })
  }
  return hold(wasCameraBlocked ? 'camera_blocked' : 'ambiguous')
}

interface Mix {
  lines: BilledLine[]
  totalFen: number
  probability: number
  unknownSku: string | undefined
}

/** One line a product; what came in on balance costs nothing and gives nothing. */
function mixOf(
  given: ReadonlyArray<{ sku: string; quantity: number; probability?: number }>,
  probability: number,
  inputs: Pick<ReceiptInputs, 'prices' | 'amountsOf'>,
): Mix {
  const { prices, amountsOf } = inputs
  const bySku = new Map<string, { quantity: number; probability: number }>()
  for (const line of given) {
    const before = bySku.get(line.sku)
    bySku.set(line.sku, {
      quantity: (before?.quantity ?? 0) + line.quantity,
      probability: Math.min(before?.probability ?? 1, line.probability ?? probability),
    })
  }
  const lines: BilledLine[] = []
  let unknownSku: string | undefined
  for (const [sku, line] of bySku) {
    if (line.quantity <= 0) continue
    const unitPriceFen = prices.get(sku)
    if (unitPriceFen === undefined) {
      unknownSku = sku
      continue
    }
    lines.push({ sku, ...line, unitPriceFen, amountFen: unitPriceFen * line.quantity })
  }
  const amounts = amountsOf?.(lines)
  const priced =
    amounts === undefined ? lines : lines.map((line, index) => ({ ...line, amountFen: amounts[index] ?? 0 }))
  return { lines: priced, totalFen: sum(priced.map((line) => line.amountFen)), probability, unknownSku }
}

/** The likeliest mixes that together reach the limit; undefined when all of them do not. */
function likeliestUpTo(mixes: readonly Mix[], limit: number): Mix[] | undefined {
  const taken: Mix[] = []
  let reached = 0
  for (const mix of [...mixes].sort((a, b) => b.probability - a.probability)) {
    taken.push(mix)
    reached += mix.probability
    if (reached >= limit) return taken
  }
  return undefined
}
function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
