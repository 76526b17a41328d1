import { describe, expect, it } from 'vitest'
import { decideDisputedLines, questionedFen } from '#core/support/disputed-lines.ts'

const water = { lineId: 'water', quantity: 2, refundedQuantity: 1, amountFen: 500, refundedFen: 250 }
const cola = { lineId: 'cola', quantity: 3, refundedQuantity: 0, amountFen: 1000, refundedFen: 0 }
const gone = { lineId: 'gone', quantity: 1, refundedQuantity: 1, amountFen: 300, refundedFen: 300 }

describe('the goods that a consumer doubts', () => {
  it('are all that did not go back yet, when they point at none', () => {
    expect(decideDisputedLines([water, cola, gone], [])).toEqual([
      { lineId: 'water', quantity: 1 },
      { lineId: 'cola', quantity: 3 },
    ])
  })
  it('are those they point at', () => {
    expect(decideDisputedLines([water, cola], [{ lineId: 'cola', quantity: 2 }])).toEqual([
      { lineId: 'cola', quantity: 2 },
    ])
  })
  it.each([
    ['another line', { lineId: 'tea', quantity: 1 }],
    ['more pieces than were sold', { lineId: 'cola', quantity: 4 }],
  ])('are never %s', (_what, chosen) => {
    expect(() => decideDisputedLines([water, cola], [chosen])).toThrow('The order has no')
  })
  it('cost their share of the line in whole fen', () => {
    expect(questionedFen(cola, [{ lineId: 'cola', quantity: 2 }])).toBe(667)
    expect(questionedFen(cola, [])).toBe(0)
  })
  it('cost no more than is left of the line', () => {
    expect(questionedFen(water, [{ lineId: 'water', quantity: 2 }])).toBe(250)
  })
})
