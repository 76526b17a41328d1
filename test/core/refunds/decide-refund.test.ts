import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICY } from '#core/platform/policy.ts'
import { decideApproval, decideRefund, type RefundAuthority } from '#core/refunds/decide.ts'

const agent: RefundAuthority = { kind: 'staff', role: 'agent' }
const line = (change = {}) => ({
  lineId: 'l1',
  quantity: 3,
  amountFen: 1000,
  refundedQuantity: 0,
  refundedFen: 0,
  ...change,
})
const payment = (change = {}) => ({
  paymentId: 'p1',
  amountFen: 1000,
  reservedFen: 0,
  isDuplicate: false,
  ...change,
})
const wish = (change = {}) => ({
  lines: [{ lineId: 'l1', quantity: 1 }],
  reason: 'quality' as const,
  ...change,
})
function decide(
  order: Parameters<typeof decideRefund>[0],
  asked: Parameters<typeof decideRefund>[1],
  by: RefundAuthority = agent,
) {
  return decideRefund(order, asked, by, DEFAULT_POLICY)
}

describe('a refund of a line', () => {
  it('is its share, and the last pieces take what is left', () => {
    const first = decide({ lines: [line()], payments: [payment()] }, wish())
    expect(first).toMatchObject({ ok: true, amountFen: 333 })
    const rest = decide(
      { lines: [line({ refundedQuantity: 1, refundedFen: 333 })], payments: [payment({ reservedFen: 333 })] },
      wish({ lines: [{ lineId: 'l1', quantity: 2 }] }),
    )
    expect(rest).toMatchObject({ ok: true, amountFen: 667 })
  })
  it('is refused for more pieces than are left', () => {
    const decision = decide(
      { lines: [line({ refundedQuantity: 3, refundedFen: 1000 })], payments: [payment()] },
      wish(),
    )
    expect(decision).toMatchObject({ ok: false, refusal: 'amount_above_paid' })
  })
  it('is refused when nothing was paid', () => {
    expect(decide({ lines: [line()], payments: [] }, wish())).toMatchObject({
      ok: false,
      refusal: 'order_not_refundable',
    })
  })
})

describe('a second payment', () => {
  const payments = [payment(), payment({ paymentId: 'p2', isDuplicate: true })]
  it('goes back by itself, whole, whatever the limits are', () => {
    const rule: RefundAuthority = { kind: 'rule', isProven: true, refundedThisMonthFen: 99_999 }
    expect(
      decide({ lines: [line()], payments }, { lines: [], amountFen: 1000, reason: 'duplicate' }, rule),
    ).toMatchObject({ ok: true, paymentId: 'p2', needsApproval: false })
  })
  it('is never used to refund goods', () => {
    const spent = [payment({ reservedFen: 1000 }), payment({ paymentId: 'p2', isDuplicate: true })]
    expect(decide({ lines: [line()], payments: spent }, wish())).toMatchObject({ ok: false })
  })
})

describe('authority', () => {
  const big = { lines: [], payments: [payment({ amountFen: 100_000 })] }
  it.each([
    ['agent', 5_000, false],
    ['agent', 5_001, true],
    ['lead', 50_000, false],
    ['lead', 50_001, true],
    ['finance', 100_000, false],
    ['operator', 1, true],
  ] as const)('%s for %d fen needs somebody else: %s', (role, amountFen, needsApproval) => {
    expect(decide(big, { lines: [], amountFen, reason: 'goodwill' }, { kind: 'staff', role })).toMatchObject({
      ok: true,
      needsApproval,
    })
  })
  it.each([
    [3_000, 0, false],
    [3_001, 0, true],
    [3_000, 8_000, true],
    [2_000, 8_000, false],
  ])(
    'a rule for %d fen after %d in the month needs a person: %s',
    (amountFen, refundedThisMonthFen, needsApproval) => {
      const rule: RefundAuthority = { kind: 'rule', isProven: false, refundedThisMonthFen }
      expect(decide(big, { lines: [], amountFen, reason: 'returned_item' }, rule)).toMatchObject({
        needsApproval,
      })
    },
  )
  it('the maker is never the checker', () => {
    const refund = { amountFen: 6_000, requestedBy: 'st-anna' }
    expect(decideApproval(refund, { staffId: 'st-anna', role: 'lead' }, DEFAULT_POLICY)).toBe(false)
    expect(decideApproval(refund, { staffId: 'st-bo', role: 'lead' }, DEFAULT_POLICY)).toBe(true)
    expect(decideApproval(refund, { staffId: 'st-bo', role: 'agent' }, DEFAULT_POLICY)).toBe(false)
  })
})

describe('whatever is asked in whatever order', () => {
  it('never gives back more than was paid, and parts of a line add up to the line', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }),
        (quantity, amountFen, asks) => {
          let state = line({ quantity, amountFen })
          let paid = payment({ amountFen })
          for (const pieces of asks) {
            const decision = decide(
              { lines: [state], payments: [paid] },
              wish({ lines: [{ lineId: 'l1', quantity: pieces }] }),
            )
            if (!decision.ok) continue
            paid = { ...paid, reservedFen: paid.reservedFen + decision.amountFen }
            state = {
              ...state,
              refundedQuantity: state.refundedQuantity + pieces,
              refundedFen: state.refundedFen + decision.amountFen,
            }
          }
          expect(paid.reservedFen).toBeLessThanOrEqual(amountFen)
          expect(state.refundedFen).toBe(paid.reservedFen)
          if (state.refundedQuantity === quantity) expect(state.refundedFen).toBe(amountFen)
        },
      ),
    )
  })
})
