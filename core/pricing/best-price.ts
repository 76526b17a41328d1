/**
 * The least that goods can cost with the offers that hold: a lower price of goods (限时), less from an amount on (满减), one
 * coupon, points. Pure. Which of them are combined is searched, not guessed: taking a lower price on one product may lose the
 * amount off the whole.
 *
 * The rules: a product has one timed price at a time; an order has one threshold offer and one coupon; an exclusive promotion
 * stands beside no other promotion (coupons and points belong to the consumer and are always allowed); nothing goes below 0.
 */
export interface Goods {
  readonly sku: string
  readonly quantity: number
  readonly unitPriceFen: number
}
export interface OfferName {
  readonly zh: string
  readonly en: string
}
interface Promotion {
  readonly id: string
  readonly name: OfferName
  /** null: all goods */
  readonly skus: readonly string[] | null
  readonly isExclusive: boolean
}
export interface TimedOffer extends Promotion {
  readonly kind: 'timed'
  /** One of the two. */
  readonly percentOff: number | null
  readonly priceFen: number | null
}
export interface ThresholdOffer extends Promotion {
  readonly kind: 'threshold'
  readonly thresholdFen: number
  readonly offFen: number
  /** How often the amount off counts, when the threshold is reached several times. */
  readonly timesMost: number
}
export interface CouponOffer {
  readonly id: string
  readonly offFen: number
  readonly minimumFen: number
  readonly isCompensation: boolean
  readonly expiresAtMs: number
}
export interface Offers {
  readonly promotions: ReadonlyArray<TimedOffer | ThresholdOffer>
  readonly coupons: readonly CouponOffer[]
  /** One is worth one fen. */
  readonly points: number
}
export interface Discount {
  readonly kind: 'timed' | 'threshold' | 'coupon' | 'points'
  readonly sourceId: string
  readonly name: OfferName
  readonly amountFen: number
  readonly isCompensation: boolean
  /** Fen of each line; sums to the amount. */
  readonly shares: readonly number[]
}
export interface BestPrice {
  readonly grossFen: number
  readonly totalFen: number
  /** After all discounts, by line; sums to the total. */
  readonly amounts: readonly number[]
  /** In the order in which they were taken off. */
  readonly discounts: readonly Discount[]
}
export const NO_OFFERS: Offers = { promotions: [], coupons: [], points: 0 }

const NAMES = {
  coupon: { zh: '优惠券', en: 'Coupon' },
  compensation: { zh: '补偿券', en: 'Compensation coupon' },
  points: { zh: '积分抵扣', en: 'Points' },
} as const

/** More combinations of timed prices than this are cut to the cheapest and the dearest; eight products with two prices each are 256. */
const STATES_MOST = 20_000

/** What a unit costs under a timed offer. */
export function timedUnitFen(offer: TimedOffer, unitPriceFen: number): number {
  const fen = offer.priceFen ?? Math.round((unitPriceFen * (100 - (offer.percentOff ?? 0))) / 100)
  return Math.min(unitPriceFen, Math.max(0, fen))
}
export function thresholdOffFen(offer: ThresholdOffer, scopeFen: number): number {
  const times = Math.min(offer.timesMost, Math.floor(scopeFen / offer.thresholdFen))
  return Math.min(scopeFen, times * offer.offFen)
}
function isFor(offer: Promotion, sku: string): boolean {
  return offer.skus === null || offer.skus.includes(sku)
}

/** Which timed offer each line takes, `undefined` for none. */
type Assignment = ReadonlyArray<TimedOffer | undefined>
interface Plan {
  readonly timed: Assignment
  readonly threshold: ThresholdOffer | undefined
  readonly coupon: CouponOffer | undefined
  readonly totalFen: number
  /** Of what belongs to the consumer: the less is used up for the same price, the better. */
  readonly usedUpFen: number
  readonly offerCount: number
}

export function findBestPrice(goods: readonly Goods[], offers: Offers): BestPrice {
  const exclusive = offers.promotions.filter((one) => one.isExclusive)
  const ordinary = offers.promotions.filter((one) => !one.isExclusive)
  const sets = [ordinary, ...exclusive.map((one) => [one])]
  let best: Plan | undefined
  for (const set of sets)
    for (const plan of plansOf(goods, set, offers))
      if (best === undefined || isBetter(plan, best)) best = plan
  return carryOut(goods, best as Plan, offers.points)
}

function isBetter(a: Plan, b: Plan): boolean {
  if (a.totalFen !== b.totalFen) return a.totalFen < b.totalFen
  if (a.usedUpFen !== b.usedUpFen) return a.usedUpFen < b.usedUpFen
  if (a.offerCount !== b.offerCount) return a.offerCount < b.offerCount
  const soonest = (plan: Plan) => plan.coupon?.expiresAtMs ?? 0
  return soonest(a) < soonest(b)
}

function* plansOf(
  goods: readonly Goods[],
  promotions: ReadonlyArray<TimedOffer | ThresholdOffer>,
  offers: Offers,
): Generator<Plan> {
  const timed = promotions.filter((one): one is TimedOffer => one.kind === 'timed')
  const thresholds = promotions.filter((one): one is ThresholdOffer => one.kind === 'threshold')
  for (const threshold of [undefined, ...thresholds]) {
    // Only a threshold or a coupon's minimum can make a dearer line worth it.
    const isSum = threshold !== undefined || offers.coupons.some((one) => one.minimumFen > 0)
    for (const state of statesOf(goods, timed, threshold, isSum)) {
      const offFen = threshold === undefined ? 0 : thresholdOffFen(threshold, state.scopeFen)
      if (threshold !== undefined && offFen === 0) continue
      const afterFen = state.sumFen - offFen
      for (const coupon of [undefined, ...offers.coupons]) {
        if (coupon !== undefined && (afterFen < coupon.minimumFen || afterFen === 0)) continue
        const couponFen = Math.min(coupon?.offFen ?? 0, afterFen)
        const pointsFen = Math.min(offers.points, afterFen - couponFen)
        yield {
          timed: state.timed,
          threshold,
          coupon,
          totalFen: afterFen - couponFen - pointsFen,
          // A coupon is gone whole, whatever it was good for here.
          usedUpFen: (coupon?.offFen ?? 0) + pointsFen,
          offerCount:
            new Set(state.timed.filter((one) => one !== undefined)).size +
            (threshold === undefined ? 0 : 1) +
            (coupon === undefined ? 0 : 1),
        }
      }
    }
  }
}

interface State {
  readonly sumFen: number
  readonly scopeFen: number
  readonly timed: Assignment
}
/** Every reachable pair of sums, once, each with a way to it. */
function statesOf(
  goods: readonly Goods[],
  timed: readonly TimedOffer[],
  threshold: ThresholdOffer | undefined,
  isSum: boolean,
): State[] {
  let states: State[] = [{ sumFen: 0, scopeFen: 0, timed: [] }]
  for (const line of goods) {
    const options = optionsOf(line, timed, isSum)
    const inScope = threshold !== undefined && isFor(threshold, line.sku)
    const next = new Map<string, State>()
    for (const state of states)
      for (const { offer, fen } of options) {
        const sumFen = state.sumFen + fen
        const scopeFen = state.scopeFen + (inScope ? fen : 0)
        const key = `${sumFen} ${scopeFen}`
        if (!next.has(key)) next.set(key, { sumFen, scopeFen, timed: [...state.timed, offer] })
      }
    states = prune([...next.values()])
  }
  return states
}
function prune(states: State[]): State[] {
  if (states.length <= STATES_MOST) return states
  const sorted = states.toSorted((a, b) => a.sumFen - b.sumFen)
  return [...sorted.slice(0, STATES_MOST / 2), ...sorted.slice(-STATES_MOST / 2)]
}
/** Cheapest first; one offer for each different price. Without a sum to reach only the cheapest matters. */
function optionsOf(line: Goods, timed: readonly TimedOffer[], isSum: boolean) {
  const fullFen = line.quantity * line.unitPriceFen
  const byFen = new Map<number, TimedOffer | undefined>([[fullFen, undefined]])
  for (const offer of timed) {
    if (!isFor(offer, line.sku)) continue
    const fen = line.quantity * timedUnitFen(offer, line.unitPriceFen)
    if (fen < fullFen && !byFen.has(fen)) byFen.set(fen, offer)
  }
  const options = [...byFen].map(([fen, offer]) => ({ fen, offer })).toSorted((a, b) => a.fen - b.fen)
  return isSum ? options : options.slice(0, 1)
}

/** The plan as discounts, each with its share of each line, so that the refund of a line is exact. */
function carryOut(goods: readonly Goods[], plan: Plan, points: number): BestPrice {
  const gross = goods.map((line) => line.quantity * line.unitPriceFen)
  const discounts: Discount[] = []
  let amounts = gross
  const takeOff = (discount: Omit<Discount, 'amountFen'>) => {
    const amountFen = sum(discount.shares)
    if (amountFen === 0) return
    amounts = amounts.map((fen, index) => fen - (discount.shares[index] ?? 0))
    discounts.push({ ...discount, amountFen })
  }
  for (const offer of new Set(plan.timed)) {
    if (offer === undefined) continue
    const shares = goods.map((line, index) =>
      plan.timed[index] === offer
        ? line.quantity * (line.unitPriceFen - timedUnitFen(offer, line.unitPriceFen))
        : 0,
    )
    takeOff({ kind: 'timed', sourceId: offer.id, name: offer.name, isCompensation: false, shares })
  }
  const { threshold, coupon } = plan
  if (threshold !== undefined) {
    const weights = amounts.map((fen, index) => (isFor(threshold, (goods[index] as Goods).sku) ? fen : 0))
    const shares = allocate(thresholdOffFen(threshold, sum(weights)), weights)
    takeOff({
      kind: 'threshold',
      sourceId: threshold.id,
      name: threshold.name,
      isCompensation: false,
      shares,
    })
  }
  if (coupon !== undefined) {
    const { isCompensation } = coupon
    const name = isCompensation ? NAMES.compensation : NAMES.coupon
    const shares = allocate(Math.min(coupon.offFen, sum(amounts)), amounts)
    takeOff({ kind: 'coupon', sourceId: coupon.id, name, isCompensation, shares })
  }
  const shares = allocate(Math.min(points, sum(amounts)), amounts)
  takeOff({ kind: 'points', sourceId: 'points', name: NAMES.points, isCompensation: true, shares })
  return { grossFen: sum(gross), totalFen: sum(amounts), amounts, discounts }
}

/**
 * Spreads an amount over lines by what they cost. The last line takes the rounding, as far as it can bear it; what it cannot,
 * the one before takes, and so on.
 * @param weights  fen of each line; the amount is at most their sum
 */
export function allocate(amountFen: number, weights: readonly number[]): number[] {
  const total = sum(weights)
  if (amountFen > total) throw new Error(`assertion failed: ${amountFen} fen off ${total}`)
  if (amountFen === 0) return weights.map(() => 0)
  const shares = weights.map((weight) => Math.floor((amountFen * weight) / total))
  let rest = amountFen - sum(shares)
  for (let index = shares.length - 1; index >= 0 && rest > 0; index--) {
    const more = Math.min(rest, (weights[index] as number) - (shares[index] as number))
    shares[index] = (shares[index] as number) + more
    rest -= more
  }
  return shares
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
