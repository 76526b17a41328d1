import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CaseOrder, decideRest, decideShare } from '#core/refund-cases/share.ts'

const line = (sku: string, quantity: number, amountFen: number, refundedQuantity = 0, refundedFen = 0) => ({
  lineId: `or-${sku}`,
  sku,
  quantity,
  amountFen,
  refundedQuantity,
  refundedFen,
})
const order = (more: Partial<CaseOrder> = {}): CaseOrder => ({
  state: 'paid',
  lines: [line('juice', 2, 1700), line('cola', 1, 350)],
  roomFen: 2050,
  ...more,
})

describe('what an order of an incident gets', () => {
  it('is the goods of the incident, or all of the order', () => {
    expect(decideShare(order(), 'juice')).toEqual({
      exclusion: null,
      way: 'refund',
      lines: [{ lineId: 'or-juice', quantity: 2 }],
      amountFen: 1700,
    })
    expect(decideShare(order(), null)).toMatchObject({ amountFen: 2050 })
  })

  it('is what was not given back yet', () => {
    const partly = order({
      state: 'partly_refunded',
      lines: [line('juice', 2, 1700, 1, 850)],
      roomFen: 850,
    })
    expect(decideShare(partly, 'juice')).toMatchObject({
      lines: [{ lineId: 'or-juice', quantity: 1 }],
      amountFen: 850,
    })
  })

  it('is what is left of the payment when an amount without lines went back', () => {
    expect(decideShare(order({ state: 'partly_refunded', roomFen: 500 }), 'juice')).toMatchObject({
      lines: [],
      amountFen: 500,
    })
  })

  it.each([
    ['refunded', 'refunded_already'],
    ['void', 'nothing_charged'],
    ['held', 'under_review'],
    ['priced', 'under_review'],
    ['written_off', 'settled_otherwise'],
    ['paid_elsewhere', 'settled_otherwise'],
  ] as const)('is nothing for an order that is %s: %s', (state, exclusion) => {
    expect(decideShare(order({ state }), null)).toEqual({ exclusion })
  })

  it('is less to be collected while nothing was taken', () => {
    expect(decideShare(order({ state: 'arrears', roomFen: 0 }), 'juice')).toMatchObject({
      way: 'lower',
      amountFen: 1700,
    })
  })

  it('is nothing when a coupon had paid for the goods', () => {
    expect(decideShare(order({ lines: [line('juice', 2, 0)], roomFen: 0 }), 'juice')).toEqual({
      exclusion: 'nothing_charged',
    })
  })

  it('is never more than what is left of its payment', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.nat(2000)), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.nat(4000),
        (lines, roomFen) => {
          const share = decideShare(
            order({
              state: 'partly_refunded',
              lines: lines.map(([quantity, refunded, unitFen], index) => {
                const back = Math.min(quantity, refunded)
                return line(`sku-${index}`, quantity, quantity * unitFen, back, back * unitFen)
              }),
              roomFen,
            }),
            null,
          )
          if (share.exclusion === null) {
            expect(share.amountFen).toBeGreaterThan(0)
            expect(share.amountFen).toBeLessThanOrEqual(roomFen)
          }
        },
      ),
    )
  })
})

describe('when its turn comes', () => {
  const approved = { lines: [{ lineId: 'or-juice', quantity: 2 }], amountFen: 1700 }

  it('an order gets what was approved', () => {
    expect(decideRest(approved, decideShare(order(), 'juice'))).toMatchObject(approved)
  })

  it('what an agent gave back meanwhile is left out', () => {
    const now = decideShare(
      order({ state: 'partly_refunded', lines: [line('juice', 2, 1700, 1, 850)], roomFen: 1200 }),
      'juice',
    )
    expect(decideRest(approved, now)).toMatchObject({ lines: [{ lineId: 'or-juice', quantity: 1 }] })
  })

  it('an order that was refunded meanwhile gets nothing', () => {
    expect(decideRest(approved, decideShare(order({ state: 'refunded' }), 'juice'))).toBeUndefined()
  })

  it('more than was approved is never given', () => {
    const one = { lines: [{ lineId: 'or-juice', quantity: 1 }], amountFen: 850 }
    expect(decideRest(one, decideShare(order(), 'juice'))).toMatchObject({
      lines: [{ lineId: 'or-juice', quantity: 1 }],
    })
    const amount = { lines: [], amountFen: 300 }
    expect(decideRest(amount, decideShare(order(), 'juice'))).toMatchObject({ lines: [], amountFen: 300 })
  })

  it('an unpaid order that was paid meanwhile is refunded instead of lowered', () => {
    expect(decideRest(approved, decideShare(order({ state: 'paid' }), 'juice'))).toMatchObject({
      way: 'refund',
    })
  })
})
