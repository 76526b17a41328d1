import fc from 'fast-check'
import type { PolicyName } from '#protocol/api/policies.ts'
import { storeReceipt } from '#core/orders/receipt-rule.ts'
import { LIMITS_OF, type Limits } from '#core/policies/limits.ts'
import { PolicySchema } from '#core/platform/policy.ts'

const DAY = 86_400_000
const NOW = 1_800_000_000_000
const share = fc.double({ min: 0, max: 1, noNaN: true })
const sku = fc.constantFrom('cola', 'tea', 'milk', 'salad')
const fen = fc.integer({ min: 0, max: 50_000 })
const REASONS = [
  'ambiguous',
  'foreign_object',
  'sensor_fault',
  'opened_package_returned',
  'brought_in',
] as const
const PRICES = new Map([
  ['cola', 350],
  ['tea', 500],
  ['milk', 600],
])

const goods = fc.array(fc.record({ sku, quantity: fc.integer({ min: -3, max: 3 }) }), { maxLength: 4 })
const receipt = fc
  .record({
    mixes: fc.array(fc.record({ lines: goods, weight: share }), { minLength: 1, maxLength: 4 }),
    reasons: fc.uniqueArray(fc.constantFrom(...REASONS), { maxLength: 2 }),
  })
  .map(({ mixes, reasons }) => {
    const total = mixes.reduce((sum, { weight }) => sum + weight, 0.01)
    const [own, ...others] = mixes.map(({ lines, weight }) => ({ lines, probability: weight / total }))
    const probability = own?.probability ?? 0
    return {
      engineVersion: 'any',
      lines: (own?.lines ?? []).map((line) => ({ ...line, probability })),
      probability,
      verdict: 'review' as const,
      reasons,
      alternatives: others,
    }
  })

/** A tenth off, with the rounding on the last line: as a promotion would have it. */
const pricer = {
  prices: PRICES,
  quote: (lines: ReadonlyArray<{ quantity: number; unitPriceFen: number }>) => ({
    amounts: lines.map((line) => Math.floor(line.quantity * line.unitPriceFen * 0.9)),
  }),
}

const step = fc.record({
  tMs: fc.nat(60_000),
  shelf: fc.constant('s1'),
  grams: fc.double({ min: -600, max: 600, noNaN: true }),
  sigmaGrams: fc.double({ min: 0, max: 5, noNaN: true }),
  explanation: fc.constant(''),
})
const line = fc.record({
  lineId: fc.constantFrom('a', 'b'),
  sku,
  quantity: fc.integer({ min: 1, max: 3 }),
  amountFen: fen,
})
const purchase = fc.record({
  orderId: fc.constantFrom('or1', 'or2'),
  lineId: fc.constantFrom('a', 'b', 'c'),
  sku,
  quantity: fc.constant(3),
  leftQuantity: fc.integer({ min: 1, max: 3 }),
  amountFen: fen,
  leftFen: fen,
  money: fc.constantFrom('paid', 'owed', 'open'),
  closedAtMs: fc.integer({ min: NOW - 8 * DAY, max: NOW }),
  operator: fc.constantFrom('op', 'other'),
  isPerishable: fc.boolean(),
})

/** Anything that the rule of this name might have been given. */
export const INPUTS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'receipt-2': fc
    .record({ receipt, wasCameraBlocked: fc.boolean(), isComingInExplained: fc.boolean(), capFen: fen })
    .map(({ receipt: own, ...facts }) => storeReceipt(own, facts, pricer)),
  'item-returned-1': fc.record({
    disputed: fc.array(line, { maxLength: 2 }),
    billed: fc.array(line, { maxLength: 2 }),
    first: receipt,
    again: fc.record({ receipt, alternatives: fc.constant([]), steps: fc.array(step, { maxLength: 4 }) }),
    unitGrams: fc.constant({
      cola: { unitGrams: 353, sigmaGrams: 1 },
      tea: { unitGrams: 528, sigmaGrams: 2 },
    }),
  }),
  'returned-later-1': fc.record({
    closedAtMs: fc.constant(NOW),
    cabinetId: fc.constant('cab'),
    operator: fc.constant('op'),
    wasCameraBlocked: fc.boolean(),
    reasons: fc.uniqueArray(fc.constantFrom(...REASONS), { maxLength: 2 }),
    readings: fc.array(fc.record({ lines: goods, probability: share }), { minLength: 1, maxLength: 4 }),
    purchases: fc.array(purchase, { maxLength: 4 }),
  }),
  'automatic-refund-1': fc.record({ amountFen: fen, isProven: fc.boolean(), refundedThisMonthFen: fen }),
  'double-charge-1': fc.record({
    payments: fc.array(
      fc.record({
        paymentId: fc.constantFrom('p1', 'p2', 'p3'),
        amountFen: fen,
        paidAtMs: fc.constant(NOW),
        isDuplicate: fc.boolean(),
        refundedFen: fc.constant(0),
      }),
      { maxLength: 3 },
    ),
    paymentId: fc.constantFrom('p1', 'p2', 'p3'),
  }),
  'delayed-charge-1': fc.record({
    closedAtMs: fc.constant(NOW),
    chargedAtMs: fc.integer({ min: NOW, max: NOW + DAY }),
    pendingAtMs: fc.option(fc.integer({ min: NOW, max: NOW + DAY })),
    wasOffline: fc.boolean(),
  }),
  'unpaid-1': fc.record({ sent: fc.integer({ min: 1, max: 30 }), amountFen: fen }),
  'restriction-1': fc.record({
    atMs: fc.constant(NOW),
    signals: fc.array(
      fc.record({
        kind: fc.constantFrom('camera_covered', 'unpaid'),
        orderId: fc.constantFrom('or1', 'or2', 'or3'),
        atMs: fc.integer({ min: NOW - 400 * DAY, max: NOW }),
        othersBlind: fc.integer({ min: 0, max: 1 }),
        receiptProbability: share,
        isConfirmed: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
    forgivenAtMs: fc.option(fc.integer({ min: NOW - 400 * DAY, max: NOW })),
  }),
}

/** Limits that a lead could save, within their ranges. */
export function limitsOf(policy: PolicyName): fc.Arbitrary<Limits> {
  const names = LIMITS_OF[policy]
  return fc.record(
    Object.fromEntries(
      names.map((name) => {
        const {
          type,
          minimum: min = 0,
          maximum: max = 1,
        } = PolicySchema.properties[name] as {
          type?: string
          minimum?: number
          maximum?: number
        }
        return [name, type === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true })]
      }),
    ),
  )
}
