import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { weighTrace } from '#protocol/weighing/engine.ts'
import type { WeighingPlanogram, WeighingSample } from '#protocol/weighing/types.ts'
import { trace, type Happening } from './trace.ts'

const units = { cola: 350, water: 520, gum: 30, chips: 85, tea: 260, milk: 1030 }
const planogram: WeighingPlanogram = {
  shelves: [
    {
      id: 'top',
      products: (['cola', 'water', 'gum'] as const).map((sku) => ({
        sku,
        unitGrams: units[sku],
        stock: 4,
        priceFen: 500,
      })),
    },
    {
      id: 'bottom',
      products: (['chips', 'tea', 'milk'] as const).map((sku) => ({
        sku,
        unitGrams: units[sku],
        stock: 4,
        priceFen: 500,
      })),
    },
  ],
}
type Sku = keyof typeof units
const shelfOf = (sku: Sku): string =>
  planogram.shelves[0]?.products.some((p) => p.sku === sku) ? 'top' : 'bottom'

describe('whatever the shopper takes, one thing every two seconds', () => {
  it('the receipt lists exactly that', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Sku>('cola', 'water', 'gum', 'chips', 'tea', 'milk'), { maxLength: 4 }),
        fc.integer({ min: 1, max: 1e6 }),
        (taken, seed) => {
          const happenings: Happening[] = taken.map((sku, i) => ({
            atMs: 5000 + 2000 * i,
            sensor: shelfOf(sku),
            grams: -units[sku],
          }))
          const result = weighTrace(planogram, trace({ sensors: ['top', 'bottom'], happenings, seed }))
          const expected = new Map<string, number>()
          for (const sku of taken) expected.set(sku, (expected.get(sku) ?? 0) + 1)
          expect(new Map(result.receipt.lines.map((line) => [line.sku, line.quantity]))).toEqual(expected)
        },
      ),
      { numRuns: 60, seed: 7 },
    )
  })
})

describe('whatever the sensors say', () => {
  const reading = fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: -10_000, max: 10_000, noNaN: true }) },
    { weight: 3, arbitrary: fc.constantFrom(5000, 5001, 4999, 4650) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 23 - 1, -1e300),
    },
  )
  const samples = fc
    .array(
      fc.record({
        stepMs: fc.constantFrom(0, 10, 50, 100, 100, 100, 100, 900, -40),
        door: fc.constantFrom<'open' | 'closed'>('open', 'open', 'closed'),
        top: reading,
        bottom: fc.option(reading, { nil: undefined }),
      }),
      { maxLength: 120 },
    )
    .map((rows) => {
      let tMs = 0
      return rows.map(({ stepMs, door, top, bottom }): WeighingSample => {
        tMs += stepMs
        return { tMs, door, grams: bottom === undefined ? { top } : { top, bottom } }
      })
    })

  it('probabilities stay between 0 and 1, nobody takes more than the stock, and a review has a reason', () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const { receipt, alternatives, shelfDeltas } = weighTrace(planogram, rows)
        expect(receipt.probability).toBeGreaterThanOrEqual(0)
        expect(receipt.probability).toBeLessThanOrEqual(1)
        for (const line of receipt.lines) {
          expect(Number.isInteger(line.quantity)).toBe(true)
          expect(line.quantity).toBeLessThanOrEqual(4)
          expect(line.probability).toBeGreaterThanOrEqual(0)
          expect(line.probability).toBeLessThanOrEqual(1)
        }
        expect(alternatives.reduce((sum, other) => sum + other.probability, 0)).toBeLessThanOrEqual(1.000001)
        expect(receipt.verdict === 'clear').toBe(receipt.reasons.length === 0)
        for (const shelf of shelfDeltas) expect(Number.isNaN(shelf.deltaGrams)).toBe(false)
      }),
      { numRuns: 150, seed: 11 },
    )
  })

  it('the zero of a scale and of the clock do not matter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -20_000, max: 20_000 }),
        fc.integer({ min: -1e6, max: 1e9 }),
        fc.constantFrom<Sku>('cola', 'tea'),
        (zero, startMs, sku) => {
          const happenings = [{ atMs: 6000, sensor: shelfOf(sku), grams: -units[sku] }]
          const plain = trace({ sensors: ['top', 'bottom'], happenings })
          const moved = plain.map(
            (sample): WeighingSample => ({
              tMs: sample.tMs + startMs,
              door: sample.door,
              grams: Object.fromEntries(
                Object.entries(sample.grams).map(([sensor, grams]) => [sensor, (grams ?? 0) + zero]),
              ),
            }),
          )
          const { lines } = weighTrace(planogram, moved).receipt
          expect(lines.map((line) => [line.sku, line.quantity])).toEqual([[sku, 1]])
        },
      ),
      { numRuns: 20, seed: 13 },
    )
  })
})
