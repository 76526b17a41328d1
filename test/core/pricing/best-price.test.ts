import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allocate,
  type CouponOffer,
  findBestPrice,
  type Goods,
  NO_OFFERS,
  type Offers,
  type ThresholdOffer,
  thresholdOffFen,
  type TimedOffer,
  timedUnitFen,
} from '#core/pricing/best-price.ts'

const name = { zh: '优惠', en: 'offer' }
const timed = (id: string, more: Partial<TimedOffer>): TimedOffer => ({
  kind: 'timed',
  id,
  name,
  skus: null,
  isExclusive: false,
  percentOff: null,
  priceFen: null,
  ...more,
})
const threshold = (
  id: string,
  thresholdFen: number,
  offFen: number,
  more: Partial<ThresholdOffer> = {},
): ThresholdOffer => ({
  kind: 'threshold',
  id,
  name,
  skus: null,
  isExclusive: false,
  thresholdFen,
  offFen,
  timesMost: 1,
  ...more,
})
const coupon = (id: string, offFen: number, minimumFen = 0): CouponOffer => ({
  id,
  offFen,
  minimumFen,
  isCompensation: false,
  expiresAtMs: 1,
})
const goods = (...lines: Array<[string, number, number]>): Goods[] =>
  lines.map(([sku, quantity, unitPriceFen]) => ({ sku, quantity, unitPriceFen }))
const offers = (more: Partial<Offers>): Offers => ({ ...NO_OFFERS, ...more })
const told = (basket: Goods[], given: Partial<Offers>) => {
  const { totalFen, discounts } = findBestPrice(basket, offers(given))
  return `${totalFen}: ${discounts.map((one) => `${one.sourceId} −${one.amountFen}`).join(', ')}`
}

describe('the best price', () => {
  const basket = goods(['cola', 2, 350], ['tea', 1, 400])
  it.each([
    ['without offers is the goods', {}, '1100: '],
    [
      'takes a percentage off what it is for',
      { promotions: [timed('t', { percentOff: 20, skus: ['cola'] })] },
      '960: t −140',
    ],
    [
      'takes the lower of two prices for one product',
      { promotions: [timed('a', { percentOff: 10 }), timed('b', { priceFen: 300, skus: ['cola'] })] },
      '960: b −100, a −40',
    ],
    ['takes an amount off from a threshold on', { promotions: [threshold('m', 1000, 200)] }, '900: m −200'],
    ['does not reach a threshold by a fen', { promotions: [threshold('m', 1101, 200)] }, '1100: '],
    [
      'counts a threshold as often as it may',
      { promotions: [threshold('m', 500, 100, { timesMost: 5 })] },
      '900: m −200',
    ],
    [
      'leaves a timed price alone when that reaches the threshold',
      { promotions: [timed('t', { percentOff: 10 }), threshold('m', 1100, 300)] },
      '800: m −300',
    ],
    [
      'leaves it alone on one product only, when that is enough',
      {
        promotions: [
          timed('a', { priceFen: 340, skus: ['cola'] }),
          timed('b', { priceFen: 390, skus: ['tea'] }),
          threshold('m', 1090, 300),
        ],
      },
      '790: b −10, m −300',
    ],
    [
      'takes an exclusive offer when it is better than all others together',
      { promotions: [timed('t', { percentOff: 10 }), threshold('x', 1000, 400, { isExclusive: true })] },
      '700: x −400',
    ],
    [
      'leaves an exclusive offer when the others together are better',
      { promotions: [timed('t', { percentOff: 50 }), threshold('x', 1000, 400, { isExclusive: true })] },
      '550: t −550',
    ],
    [
      'takes the coupon that helps most',
      { coupons: [coupon('c1', 100), coupon('c2', 300, 2000), coupon('c3', 200, 500)] },
      '900: c3 −200',
    ],
    [
      'spends the smallest coupon that does the same',
      { coupons: [coupon('big', 5000), coupon('fits', 1100)] },
      '0: fits −1100',
    ],
    [
      'adds points after everything else',
      { promotions: [threshold('m', 1000, 200)], coupons: [coupon('c', 100)], points: 50 },
      '750: m −200, c −100, points −50',
    ],
    ['spends no more points than there is to pay', { points: 5000 }, '0: points −1100'],
  ] satisfies Array<[string, Partial<Offers>, string]>)('%s', (_what, given, expected) => {
    expect(told(basket, given)).toBe(expected)
  })
})

/** Every way of combining, tried one by one, by other code than that under test. */
function bruteForce(basket: readonly Goods[], given: Offers): number {
  let best = Number.POSITIVE_INFINITY
  const timedOffers = given.promotions.filter((one): one is TimedOffer => one.kind === 'timed')
  const thresholds = given.promotions.filter((one): one is ThresholdOffer => one.kind === 'threshold')
  const walk = (index: number, chosen: Array<TimedOffer | null>): void => {
    if (index < basket.length) {
      for (const one of [null, ...timedOffers]) {
        const { sku } = basket[index] as Goods
        if (one !== null && one.skus !== null && !one.skus.includes(sku)) continue
        walk(index + 1, [...chosen, one])
      }
      return
    }
    for (const m of [null, ...thresholds])
      for (const c of [null, ...given.coupons]) {
        const used = new Set([...chosen.filter((one) => one !== null), ...(m === null ? [] : [m])])
        if ([...used].some((one) => one.isExclusive) && used.size > 1) continue
        const nets = basket.map((line, i) => {
          const offer = chosen[i] ?? null
          return line.quantity * (offer === null ? line.unitPriceFen : timedUnitFen(offer, line.unitPriceFen))
        })
        const scope = nets.reduce(
          (s, fen, i) =>
            s + (m !== null && (m.skus === null || m.skus.includes((basket[i] as Goods).sku)) ? fen : 0),
          0,
        )
        let fen = nets.reduce((s, one) => s + one, 0) - (m === null ? 0 : thresholdOffFen(m, scope))
        if (c !== null) {
          if (fen < c.minimumFen) continue
          fen = Math.max(0, fen - c.offFen)
        }
        best = Math.min(best, Math.max(0, fen - given.points))
      }
  }
  walk(0, [])
  return best
}

const SKUS = ['a', 'b', 'c', 'd']
const skus = fc.option(fc.subarray(SKUS, { minLength: 1 }), { nil: null })
const aTimed = fc
  .record({
    skus,
    isExclusive: fc.boolean(),
    percentOff: fc.integer({ min: 1, max: 99 }),
    priceFen: fc.integer({ min: 1, max: 300 }),
    isPercent: fc.boolean(),
  })
  .map(({ isPercent, percentOff, priceFen, ...rest }) =>
    timed('', { ...rest, ...(isPercent ? { percentOff } : { priceFen }) }),
  )
const aThreshold = fc
  .record({
    skus,
    isExclusive: fc.boolean(),
    thresholdFen: fc.integer({ min: 1, max: 900 }),
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
    timesMost: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ share, thresholdFen, ...rest }) =>
    threshold('', thresholdFen, Math.max(1, Math.floor(thresholdFen * share)), rest),
  )
const aBasket = fc.uniqueArray(fc.constantFrom(...SKUS), { minLength: 1, maxLength: 4 }).chain((list) =>
  fc.tuple(
    ...list.map((sku) =>
      fc.record({
        sku: fc.constant(sku),
        quantity: fc.integer({ min: 1, max: 3 }),
        unitPriceFen: fc.integer({ min: 1, max: 300 }),
      }),
    ),
  ),
)
const someOffers = fc.record({
  promotions: fc
    .array(fc.oneof(aTimed, aThreshold), { maxLength: 4 })
    .map((list) => list.map((one, index) => ({ ...one, id: `p${index}` }))),
  coupons: fc
    .array(
      fc.record({ offFen: fc.integer({ min: 1, max: 400 }), minimumFen: fc.integer({ min: 0, max: 900 }) }),
      { maxLength: 2 },
    )
    .map((list) => list.map((one, index) => coupon(`c${index}`, one.offFen, one.minimumFen))),
  points: fc.integer({ min: 0, max: 100 }),
})

describe('whatever the offers are, the price found', () => {
  it('is the least of all combinations, and its lines and discounts say the same', () => {
    fc.assert(
      fc.property(aBasket, someOffers, (basket, given) => {
        const { grossFen, totalFen, amounts, discounts } = findBestPrice(basket, given)
        expect(totalFen).toBe(bruteForce(basket, given))
        expect(amounts.reduce((s, fen) => s + fen, 0)).toBe(totalFen)
        expect(amounts.every((fen) => Number.isInteger(fen) && fen >= 0)).toBe(true)
        expect(grossFen - discounts.reduce((s, one) => s + one.amountFen, 0)).toBe(totalFen)
        for (const [index, line] of basket.entries()) {
          const off = discounts.reduce((s, one) => s + (one.shares[index] ?? 0), 0)
          expect(line.quantity * line.unitPriceFen - off).toBe(amounts[index])
        }
        for (const one of discounts) expect(one.shares.reduce((s, fen) => s + fen, 0)).toBe(one.amountFen)
      }),
      { numRuns: 1500 },
    )
  })

  it('is found within a moment for a full cabinet with many offers', () => {
    const basket = goods(
      ...Array.from({ length: 40 }, (_, i): [string, number, number] => [`s${i}`, 1 + (i % 3), 200 + i * 7]),
    )
    const promotions = [
      ...Array.from({ length: 15 }, (_, i) =>
        timed(`t${i}`, { percentOff: 5 + i, skus: [`s${i}`, `s${i + 15}`] }),
      ),
      threshold('m1', 5000, 800),
      threshold('m2', 9000, 2000),
    ]
    const cheapest = findBestPrice(basket, offers({ promotions: promotions.slice(0, 15) })).totalFen
    const startedMs = performance.now()
    const { totalFen } = findBestPrice(basket, offers({ promotions, coupons: [coupon('c', 500, 3000)] }))
    expect(performance.now() - startedMs).toBeLessThan(5000)
    expect(totalFen).toBeLessThanOrEqual(cheapest)
  })
})

describe('an amount spread over lines', () => {
  it.each([
    [100, [100, 200, 300], [16, 33, 51]],
    [2, [1, 1, 1], [0, 1, 1]],
    [599, [100, 200, 300], [99, 200, 300]],
    [0, [5, 5], [0, 0]],
    [7, [0, 7, 0], [0, 7, 0]],
  ])('%i over %j is %j', (amount, weights, expected) => {
    const shares = allocate(amount, weights)
    expect(shares.reduce((s, fen) => s + fen, 0)).toBe(amount)
    expect(shares.every((fen, index) => fen <= (weights[index] as number))).toBe(true)
    expect(shares).toEqual(expected)
  })
})
