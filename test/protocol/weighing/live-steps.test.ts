import { describe, expect, it } from 'vitest'
import { createWeighingSession } from '#protocol/weighing/engine.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import { trace, type Happening } from './trace.ts'

const planogram: WeighingPlanogram = {
  shelves: [
    { id: 's1', products: [{ sku: 'cola', unitGrams: 210, stock: 8, priceFen: 300 }] },
    { id: 's2', products: [{ sku: 'bar', unitGrams: 60, stock: 8, priceFen: 500 }] },
  ],
}

function toldLive(happenings: Happening[]) {
  const session = createWeighingSession(planogram)
  return trace({ sensors: ['s1', 's2'], happenings }).flatMap((sample) =>
    session.push(sample).map(({ explanation }) => ({ atMs: sample.tMs, explanation })),
  )
}

describe('something that is not sold here is put on a shelf', () => {
  it.each([35, 120, 520, 1500])('is told while the door is open, within three seconds: %i g', (grams) => {
    const told = toldLive([{ atMs: 6000, sensor: 's1', grams }])
    expect(told).toHaveLength(1)
    expect(told[0]?.explanation).toMatch(/not sold here/)
    expect(told[0]?.atMs).toBeLessThanOrEqual(9000)
  })

  it('is told once, and what is taken afterwards too', () => {
    const told = toldLive([
      { atMs: 6000, sensor: 's1', grams: 520 },
      { atMs: 7500, sensor: 's2', grams: -60 },
      { atMs: 10_000, sensor: 's1', grams: -210 },
    ])
    expect(told.map(({ explanation }) => explanation.replace(/ \(.*/, ''))).toEqual([
      'Taken: 1 × bar',
      'Something that is not sold here was put on the shelf',
      'Taken: 1 × cola',
    ])
  })
})

describe('a hand that rests on a shelf for a second', () => {
  it('is never told as goods or as an object', () => {
    const told = toldLive([{ atMs: 6000, sensor: 's1', grams: 700, untilMs: 7000 }])
    expect(told.filter(({ explanation }) => !explanation.startsWith('A hand'))).toEqual([])
  })
})
