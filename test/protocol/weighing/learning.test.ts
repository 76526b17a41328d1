import { describe, expect, it } from 'vitest'
import { weighTrace } from '#protocol/weighing/engine.ts'
import {
  isMiscalibrated,
  learnGain,
  learnUnit,
  startGainBelief,
  startUnitBelief,
  sureSinglePicks,
  withLearnedUnits,
  type UnitBelief,
} from '#protocol/weighing/learning.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import { trace } from './trace.ts'

/** A fixed scatter around zero with a standard deviation of one. */
const scatter = [0.3, -1.1, 0.8, -0.2, 1.5, -0.7, 0.1, -1.4, 0.9, -0.4, 1.2, -0.9, 0.5, -0.1, -1.6, 1.1]

function weighUnits(start: UnitBelief, meanGrams: number, sigmaGrams: number, rounds: number): UnitBelief {
  let belief = start
  for (let round = 0; round < rounds; round++) {
    for (const z of scatter) belief = learnUnit(belief, meanGrams + z * sigmaGrams, 1)
  }
  return belief
}

describe('a product whose catalogue weight is a little off', () => {
  it('its mean is found, and is known to be surer than before', () => {
    const learned = weighUnits(startUnitBelief(350, 2), 353, 2, 4)
    expect(learned.unitGrams).toBeCloseTo(353, 0)
    expect(learned.meanErrorGrams).toBeLessThan(0.7)
  })

  it('its spread is found, though the catalogue said half of it', () => {
    const learned = weighUnits(startUnitBelief(350, 2), 350, 4, 10)
    expect(learned.sigmaGrams).toBeGreaterThan(3)
    expect(learned.sigmaGrams).toBeLessThan(4.6)
  })

  it('one reading of something else teaches nothing', () => {
    const start = startUnitBelief(350, 2)
    expect(learnUnit(start, 520, 1)).toEqual(start)
  })

  it('a new batch that weighs 3 % more is noticed and followed', () => {
    const old = weighUnits(startUnitBelief(350, 2), 350, 2, 4)
    const fresh = weighUnits(old, 358, 2, 1)
    expect(fresh.batchShifts).toBeGreaterThan(old.batchShifts)
    expect(fresh.unitGrams).toBeGreaterThan(355)
  })
})

describe('what may be learned from a session', () => {
  const planogram: WeighingPlanogram = {
    shelves: [
      {
        id: 'top',
        products: [
          { sku: 'cola', unitGrams: 350, sigmaGrams: 2, stock: 6, priceFen: 400 },
          { sku: 'water', unitGrams: 520, sigmaGrams: 2.5, stock: 6, priceFen: 300 },
        ],
      },
    ],
  }

  it('single units taken without a doubt, by the weight they were seen to have', () => {
    const result = weighTrace(
      planogram,
      trace({
        sensors: ['top'],
        happenings: [
          { atMs: 5000, sensor: 'top', grams: -352 },
          { atMs: 8000, sensor: 'top', grams: -1041 },
        ],
      }),
    )
    const picks = sureSinglePicks(result)
    expect(picks.map(({ sku }) => sku)).toEqual(['cola'])
    expect(picks[0]?.grams).toBeCloseTo(352, 0)
  })

  it('a receipt in doubt teaches nothing', () => {
    const result = weighTrace(
      planogram,
      trace({ sensors: ['top'], happenings: [{ atMs: 5000, sensor: 'top', grams: -440 }] }),
    )
    expect(sureSinglePicks(result)).toEqual([])
  })

  it('what was learned takes the catalogue’s place', () => {
    const learned = weighUnits(startUnitBelief(350, 2), 353, 2, 4)
    const [first] = withLearnedUnits(planogram, new Map([['cola', learned]])).shelves[0]?.products ?? []
    expect(first).toMatchObject({ sku: 'cola', unitGrams: learned.unitGrams, stock: 6, priceFen: 400 })
  })
})

describe('a scale that shows one percent too much', () => {
  it('is found out by goods that all seem too heavy', () => {
    let belief = startGainBelief
    for (const z of [...scatter, ...scatter]) {
      belief = learnGain(belief, 1.01 * 500 + 2.5 * z, { grams: 500, sigmaGrams: 2.5 })
    }
    expect(isMiscalibrated(belief)).toBe(true)
    expect(belief.gain).toBeCloseTo(1.01, 2)
  })

  it('a true scale is not accused', () => {
    let belief = startGainBelief
    for (const z of [...scatter, ...scatter])
      belief = learnGain(belief, 500 + 2.5 * z, { grams: 500, sigmaGrams: 2.5 })
    expect(isMiscalibrated(belief)).toBe(false)
  })
})
