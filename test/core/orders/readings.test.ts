import { describe, expect, it } from 'vitest'
import { readingsOf } from '#core/orders/readings.ts'

const receipt = {
  engineVersion: 'weighing-1',
  lines: [{ sku: 'cola', quantity: 1, probability: 0.9 }],
  probability: 0.9,
  verdict: 'review' as const,
  reasons: ['ambiguous' as const],
  alternatives: [
    { lines: [{ sku: 'tea', quantity: 2 }], probability: 0.07 },
    { lines: [], probability: 0.02 },
    { lines: [{ sku: 'gum', quantity: 9 }], probability: 0.001 },
  ],
}
const prices = { cola: 350, tea: 250 }
const read = (lines: Array<{ sku: string; quantity: number }>) =>
  readingsOf(receipt, lines, prices, new Map())

describe('an order whose weights fit more than one choice of goods', () => {
  it('says how likely its lines are, and what else it could have been at what price', () => {
    const { probability, alternatives } = read([{ sku: 'cola', quantity: 1 }])
    expect(probability).toBe(0.9)
    expect(alternatives.map((one) => [one.totalFen, one.probability])).toEqual([
      [500, 0.07],
      [0, 0.02],
    ])
    expect(alternatives[0]?.lines).toEqual([{ sku: 'tea', name: { zh: 'tea', en: 'tea' }, quantity: 2 }])
  })
  it('names the likeliest among the others when the cheaper mix was charged', () => {
    const { probability, alternatives } = read([{ sku: 'tea', quantity: 2 }])
    expect(probability).toBe(0.07)
    expect(alternatives[0]).toMatchObject({ probability: 0.9, totalFen: 350 })
  })
  it('does not call something that only came in another choice', () => {
    const brought = { ...receipt, lines: [...receipt.lines, { sku: 'tea', quantity: -1, probability: 0.9 }] }
    const { probability } = readingsOf(brought, [{ sku: 'cola', quantity: 1 }], prices, new Map())
    expect(probability).toBe(0.9)
  })
})
