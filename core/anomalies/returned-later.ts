import { NO_MONEY, type Rule } from '#core/policies/judge.ts'

/**
 * Goods that came in without having been taken in the same visit. Whose were they? The scales know only weights, and ask
 * how often a stranger's thing weighs exactly what goods weigh; that this very person bought these very goods before, the
 * core knows, and it makes the same weight far more believable.
 */
export interface ReturnedLaterInputs {
  /** When the door closed behind the goods. */
  readonly closedAtMs: number
  readonly cabinetId: string
  readonly operator: string
  readonly wasCameraBlocked: boolean
  readonly reasons: readonly string[]
  /** The receipt and what else it could have been; negative quantities came in. */
  readonly readings: ReadonlyArray<{ readonly lines: readonly Goods[]; readonly probability: number }>
  /** What this consumer bought lately and has not got back yet, the newest first. */
  readonly purchases: readonly Purchase[]
}
export interface Goods {
  readonly sku: string
  readonly quantity: number
}
export interface Purchase {
  readonly orderId: string
  readonly lineId: string
  readonly sku: string
  /** Billed, and what is left after refunds. */
  readonly quantity: number
  readonly leftQuantity: number
  readonly amountFen: number
  readonly leftFen: number
  /** paid: a refund. owed: asked for and not taken yet, so less is asked for. open: a person decides about it already. */
  readonly money: 'paid' | 'owed' | 'open'
  readonly closedAtMs: number
  readonly operator: string
  /** Chilled or frozen: out of the cold for long it can neither be sold nor given back. */
  readonly isPerishable: boolean
}
export interface ReturnedLine extends Goods {
  readonly orderId: string
  readonly lineId: string
  readonly money: 'paid' | 'owed'
  readonly amountFen: number
}
/** Why a person looks, in the order in which it is asked. */
export type LookReason =
  | 'not_theirs'
  | 'doubtful'
  | 'camera_blocked'
  | 'unsure'
  | 'other_operator'
  | 'too_late'
  | 'order_open'
export interface ReturnedLaterDecision {
  readonly outcome: 'nothing' | 'refund' | 'look'
  readonly reason: LookReason | null
  /** What came in, by the likeliest reading. */
  readonly cameIn: readonly Goods[]
  /** Of the purchases of this consumer, what came back. */
  readonly lines: readonly ReturnedLine[]
  /** That exactly this came in, knowing what this consumer had bought. */
  readonly probability: number
  /** All of it is theirs and it is sure: nothing foreign lies on the shelf. */
  readonly isExplained: boolean
  /** Must not be sold again. */
  readonly spoiled: readonly Goods[]
}

/**
 * How much more often somebody who bought just these goods brings some in than anybody does: the scales reckon with one
 * piece in 2,000 changes of weight (`broughtIn` in protocol/weighing/types.ts); of those who come back with a purchase in
 * the window, one in fifty is assumed. To be learned from refunds that a person has confirmed.
 */
const OWN_GOODS_FACTOR = 40
/** The shelf tells of something that no return explains. */
const DOUBTFUL = ['sensor_fault', 'unexplained_loss', 'opened_package_returned', 'missed_event']

export function decideReturnedLater(
  inputs: ReturnedLaterInputs,
  limits: {
    readonly returnedLaterProbability: number
    readonly returnWindowMs: number
    readonly returnPerishableMs: number
  },
): ReturnedLaterDecision {
  const { best, probability } = likeliest(inputs)
  const nothing = { cameIn: [], lines: [], spoiled: [], isExplained: false }
  if (best.length === 0) return { outcome: 'nothing', reason: null, probability, ...nothing }
  const matched = match(best, inputs.purchases)
  const isTheirs = matched !== undefined
  const isSure = probability >= limits.returnedLaterProbability
  const spoiled = best.filter(({ sku }) =>
    inputs.purchases.some(
      (purchase) =>
        purchase.sku === sku &&
        purchase.isPerishable &&
        inputs.closedAtMs - purchase.closedAtMs > limits.returnPerishableMs,
    ),
  )
  const base = {
    cameIn: best,
    lines: (matched ?? []).map(({ line }) => line),
    probability,
    isExplained: isTheirs && isSure,
    spoiled,
  }
  const reason = whyLook()
  return { outcome: reason === null ? 'refund' : 'look', reason, ...base }

  function whyLook(): LookReason | null {
    if (matched === undefined) return 'not_theirs'
    if (DOUBTFUL.some((one) => inputs.reasons.includes(one))) return 'doubtful'
    if (inputs.wasCameraBlocked) return 'camera_blocked'
    if (!isSure) return 'unsure'
    if (matched.some(({ purchase }) => purchase.operator !== inputs.operator)) return 'other_operator'
    if (matched.some(({ purchase }) => isTooLate(purchase))) return 'too_late'
    if (matched.some(({ purchase }) => purchase.money === 'open')) return 'order_open'
    return null
  }
  function isTooLate(purchase: Purchase): boolean {
    const ageMs = inputs.closedAtMs - purchase.closedAtMs
    return ageMs > limits.returnWindowMs || (purchase.isPerishable && ageMs > limits.returnPerishableMs)
  }
}

/** The likeliest reading of what came in, when those that fit purchases of this consumer count for more. */
function likeliest({ readings, purchases }: ReturnedLaterInputs): { best: Goods[]; probability: number } {
  const weights = new Map<string, { goods: Goods[]; weight: number }>()
  let total = Math.max(0, 1 - readings.reduce((sum, reading) => sum + reading.probability, 0))
  for (const { lines, probability } of readings) {
    const goods = cameIn(lines)
    const isOwn = goods.length > 0 && match(goods, purchases) !== undefined
    const weight = probability * (isOwn ? OWN_GOODS_FACTOR : 1)
    const key = goods.map(({ sku, quantity }) => `${sku}×${quantity}`).join()
    const before = weights.get(key)
    weights.set(key, { goods, weight: (before?.weight ?? 0) + weight })
    total += weight
  }
  let best = { goods: [] as Goods[], weight: 0 }
  for (const one of weights.values()) if (one.weight > best.weight) best = one
  return { best: best.goods, probability: total > 0 ? best.weight / total : 0 }
}

function cameIn(lines: readonly Goods[]): Goods[] {
  const counts = new Map<string, number>()
  for (const { sku, quantity } of lines) counts.set(sku, (counts.get(sku) ?? 0) + quantity)
  return [...counts]
    .filter(([, quantity]) => quantity < 0)
    .map(([sku, quantity]) => ({ sku, quantity: -quantity }))
    .toSorted((a, b) => a.sku.localeCompare(b.sku))
}

/** The newest purchases first; undefined when this consumer did not buy as many as came in. */
function match(
  goods: readonly Goods[],
  purchases: readonly Purchase[],
): Array<{ line: ReturnedLine; purchase: Purchase }> | undefined {
  const found: Array<{ line: ReturnedLine; purchase: Purchase }> = []
  for (const { sku, quantity } of goods) {
    let open = quantity
    for (const purchase of purchases) {
      const taken = Math.min(open, purchase.sku === sku ? purchase.leftQuantity : 0)
      if (taken === 0) continue
      open -= taken
      found.push({
        purchase,
        line: {
          orderId: purchase.orderId,
          lineId: purchase.lineId,
          sku,
          quantity: taken,
          money: purchase.money === 'owed' ? 'owed' : 'paid',
          amountFen:
            taken === purchase.leftQuantity
              ? purchase.leftFen
              : Math.floor((purchase.amountFen * taken) / purchase.quantity),
        },
      })
    }
    if (open > 0) return undefined
  }
  return found
}

export const returnedLaterRule: Rule<ReturnedLaterInputs, ReturnedLaterDecision> = {
  policy: 'returned_later',
  rule: 'returned-later-1',
  decide: (inputs, limits) =>
    decideReturnedLater(inputs, {
      returnedLaterProbability: limits['returnedLaterProbability'] ?? 1,
      returnWindowMs: limits['returnWindowMs'] ?? 0,
      returnPerishableMs: limits['returnPerishableMs'] ?? 0,
    }),
  verdict(decision) {
    switch (decision.outcome) {
      case 'nothing':
        return { outcome: 'nothing_owed', ...NO_MONEY }
      case 'look':
        return { outcome: 'person', ...NO_MONEY }
      case 'refund':
        return {
          outcome: 'refunded',
          chargedFen: 0,
          refundedFen: decision.lines.reduce((sum, { amountFen }) => sum + amountFen, 0),
        }
    }
  },
}
