import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { runWeighingBench } from '#test/bench/weighing/index.ts'
import { reviewRateAt, wilson } from '#test/bench/weighing/metrics.ts'
import { drawSession, judge, type Outcome } from '#test/bench/weighing/session.ts'

const folder = path.resolve(import.meta.dirname, '../../bench/weighing')

describe('the generator', () => {
  it('the same seed gives the same session', () => {
    expect(drawSession(10_001, 'random')).toEqual(drawSession(10_001, 'random'))
  })

  it('shares no number with the engine: it imports types only', () => {
    for (const file of ['cabinet.ts', 'shopper.ts', 'physics.ts', 'random.ts', 'oracle.ts']) {
      const imports = readFileSync(path.join(folder, file), 'utf8').match(/^import .*#protocol.*$/gm) ?? []
      for (const line of imports) expect(line).toMatch(/^import type /)
    }
  })
})

describe('forty sessions of a well dealt cabinet', () => {
  it('nine in ten receipts are exactly right, and no settled one asks for too much', () => {
    const outcomes = Array.from({ length: 40 }, (_, i) =>
      judge(drawSession(10_100 + i, 'spread'), {}, () => 0, false),
    )
    expect(outcomes.filter(({ exact }) => exact).length).toBeGreaterThanOrEqual(36)
    expect(outcomes.filter((one) => one.clear && one.chargedFen > one.trueFen)).toEqual([])
  })
})

describe('the figures', () => {
  it('have the fields that are agreed', async () => {
    const figures = (await runWeighingBench({ tier: 'spread', sessions: 5, seed: 10_000 })) as {
      tiers: { spread: Record<string, unknown> }
      speed: Record<string, number>
    }
    for (const field of [
      'sessions',
      'exact',
      'exactInterval',
      'lineF1',
      'singleStep',
      'regretPoints',
      'oracleExact',
      'reviewAtHalfPercent',
      'ece',
      'brier',
      'overchargedPerThousand',
      'underchargedShare',
      'reviewRate',
      'crossShelfRecall',
      'foreignObjectRecall',
      'stepPrecision',
      'stepRecall',
      'baselines',
    ]) {
      expect(figures.tiers.spread).toHaveProperty(field)
    }
    for (const field of [
      'samplesPerSecond',
      'sessionsPerSecond',
      'cpuMsAfterDoorCloseP99',
      'streamMsAfterDoorCloseP99',
      'rssMb',
    ]) {
      expect(figures.speed[field]).toBeGreaterThan(0)
    }
  })

  it('an unknown tier is refused with the names of those that are', async () => {
    await expect(runWeighingBench({ tier: 'easy' })).rejects.toThrow(/gap, spread, random, twins, dense/)
  })

  it('review rate: as few as need be looked at so that the rest is right', () => {
    const outcome = (exact: boolean, probability: number, otherReasons: string[] = []): Outcome =>
      ({ exact, probability, otherReasons }) as Outcome
    expect(
      reviewRateAt([outcome(true, 0.9), outcome(true, 0.8), outcome(false, 0.7), outcome(true, 0.6)], 0.005),
    ).toBe(0.5)
    expect(reviewRateAt([outcome(true, 0.9), outcome(false, 0.99, ['sensor_fault'])], 0.005)).toBe(0.5)
  })

  it('Wilson’s interval holds its share and narrows with the count', () => {
    const [low, high] = wilson(95, 100)
    expect(low).toBeGreaterThan(0.88)
    expect(high).toBeLessThan(0.98)
    const [nearLow, nearHigh] = wilson(9500, 10_000)
    expect(nearHigh - nearLow).toBeLessThan((high - low) / 5)
  })
})
