import { describe, expect, it } from 'vitest'
import { weighTrace } from '#protocol/weighing/engine.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import { trace, type Happening } from './trace.ts'

/** Two colas weigh as much as one water; a bar and a cola as much as one juice. */
const planogram: WeighingPlanogram = {
  shelves: [
    {
      id: 's1',
      products: [
        { sku: 'cola', unitGrams: 210, sigmaGrams: 1, stock: 8, priceFen: 300 },
        { sku: 'water', unitGrams: 421, sigmaGrams: 1, stock: 8, priceFen: 400 },
        { sku: 'bar', unitGrams: 60, sigmaGrams: 0.6, stock: 8, priceFen: 500 },
        { sku: 'juice', unitGrams: 271, sigmaGrams: 1, stock: 8, priceFen: 700 },
      ],
    },
  ],
}

function receiptOf(happenings: Happening[], rateHz: number) {
  const { receipt } = weighTrace(planogram, trace({ sensors: ['s1'], happenings, rateHz }))
  return Object.fromEntries(receipt.lines.map(({ sku, quantity }) => [sku, quantity]))
}

describe('two units taken one right after the other, together as heavy as one of another product', () => {
  it.each([10, 20, 80])(
    'are told from that product by the weight between, at %i readings a second',
    (rateHz) => {
      const colas = [
        { atMs: 6000, sensor: 's1', grams: -210 },
        { atMs: 6380, sensor: 's1', grams: -210 },
      ]
      expect(receiptOf(colas, rateHz)).toEqual({ cola: 2 })
      const mixed = [
        { atMs: 6000, sensor: 's1', grams: -60 },
        { atMs: 6380, sensor: 's1', grams: -210 },
      ]
      expect(receiptOf(mixed, rateHz)).toEqual({ bar: 1, cola: 1 })
    },
  )
})

describe('one unit as heavy as two others', () => {
  it.each([10, 20, 80])('is still one, at %i readings a second', (rateHz) => {
    expect(receiptOf([{ atMs: 6000, sensor: 's1', grams: -421 }], rateHz)).toEqual({ water: 1 })
    expect(receiptOf([{ atMs: 6000, sensor: 's1', grams: -271 }], rateHz)).toEqual({ juice: 1 })
  })
})

describe('a hand that shakes the shelf without a plateau', () => {
  it('does not make one unit into two', () => {
    const happenings = [
      { atMs: 5600, sensor: 's1', grams: 90, untilMs: 5990 },
      { atMs: 6000, sensor: 's1', grams: -421 },
    ]
    expect(receiptOf(happenings, 20)).toEqual({ water: 1 })
  })
})
