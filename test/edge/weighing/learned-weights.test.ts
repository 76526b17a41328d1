import { describe, expect, it } from 'vitest'
import { bindPlanogram, weighingPlanogramOf } from '#edge/weighing/bound-planogram.ts'
import {
  decideGainFaults,
  decideLearned,
  type LearnedWeights,
  nothingLearned,
} from '#edge/weighing/learned-weights.ts'
import { encodeTrace } from '#edge/weighing/live-weighing.ts'
import { parseWeighingPlanogram } from '#protocol/weighing/parse.ts'
import type { WeighingResult, WeighingStep } from '#protocol/weighing/types.ts'

const shelves = ['s1', 's2', 's3', 's4']
const sensors = shelves.map((shelf) => ({ shelf, sensor: `${shelf}-cell` }))
/** Six goods on each of four shelves, 40 g apart. */
const goods = shelves.flatMap((shelf, row) =>
  Array.from({ length: 6 }, (_, lane) => ({
    shelf,
    sku: `${shelf}-${lane}`,
    unitGrams: 180 + 40 * lane + row,
  })),
)

function planogram(version = 1, changes: Record<string, number> = {}) {
  return {
    version,
    shelves: shelves.map((id) => ({
      id,
      products: goods
        .filter(({ shelf }) => shelf === id)
        .map(({ sku, unitGrams }) => ({
          sku,
          unitGrams: changes[sku] ?? unitGrams,
          sigmaGrams: 2,
          stock: 6,
          priceFen: 500,
        })),
    })),
  }
}

const bind = (learned: LearnedWeights, of = planogram()) => bindPlanogram(of, [], sensors, learned)
const boundUnit = (learned: LearnedWeights, sku: string, of = planogram()) =>
  bind(learned, of)
    .shelves.flatMap((shelf) => shelf.products)
    .find((product) => product.sku === sku)

function pick(shelf: string, sku: string, grams: number): WeighingStep {
  const tMs = 5000
  const changes = [{ sku, quantity: -1 }]
  const step = { tMs, startMs: tMs, endMs: tMs, shelf, grams: -grams, sigmaGrams: 1.5 }
  return { ...step, quality: 'good', explanation: 'Taken.', changes }
}

function sale(steps: WeighingStep[], more: Partial<WeighingResult> = {}): WeighingResult {
  return {
    engineVersion: 'test',
    receipt: { lines: [], probability: 0.999, verdict: 'clear', reasons: [] },
    alternatives: [],
    steps,
    shelfDeltas: [],
    sensorFaults: [],
    foreign: [],
    ...more,
  }
}

/** Sales of everything, so many times, each unit weighing its share of what the catalogue says. */
function sellAll(
  rounds: number,
  shareOf: (shelf: string) => number,
  from: LearnedWeights = nothingLearned,
): LearnedWeights {
  let learned = from
  for (let round = 0; round < rounds; round++) {
    for (const { shelf, sku, unitGrams } of goods) {
      const grams = shareOf(shelf) * unitGrams + (round % 2 === 0 ? 1.5 : -1.5)
      learned = decideLearned(learned, bind(learned), 'sale', sale([pick(shelf, sku, grams)]))
    }
  }
  return learned
}

const reviewOf = (reasons: WeighingResult['receipt']['reasons']): WeighingResult['receipt'] => ({
  lines: [],
  probability: 0.9,
  verdict: 'review',
  reasons,
})

describe('a product that weighs 1.5 % more than its catalogue says', () => {
  const learned = sellAll(25, () => 1.015)

  it('is bound to the next session with the weight it was seen to have, and surer than a catalogue', () => {
    const unit = boundUnit(learned, 's2-3')
    expect(Math.abs((unit?.unitGrams ?? 0) - 1.015 * 301)).toBeLessThan(1)
    expect(unit?.meanErrorGrams).toBeLessThan(0.003 * 301)
    expect(unit).toMatchObject({ stock: 6, priceFen: 500 })
  })

  it('stays known under a new planogram, where the product stays as it was', () => {
    expect(boundUnit(learned, 's2-3', planogram(2, { 's2-4': 500 }))).toEqual(boundUnit(learned, 's2-3'))
  })

  it('is started anew when the catalogue gives it another weight', () => {
    const corrected = planogram(2, { 's2-3': 306 })
    expect(boundUnit(learned, 's2-3', corrected)).toMatchObject({ unitGrams: 306, sigmaGrams: 2 })
    const after = decideLearned(learned, bind(learned, corrected), 'sale', sale([]))
    expect(after.units['s2-3']).toBeUndefined()
    expect(after.units['s2-2']).toEqual(learned.units['s2-2'])
  })

  it('is forgotten when it leaves the planogram', () => {
    const without = { ...planogram(2), shelves: planogram(2).shelves.slice(1) }
    const after = decideLearned(learned, bind(learned, without), 'sale', sale([]))
    expect(Object.keys(after.units).filter((sku) => sku.startsWith('s1'))).toEqual([])
  })
})

describe('what must teach nothing', () => {
  const taken = [pick('s1', 's1-0', 183)]
  const bound = bind(nothingLearned)
  it.each([
    ['a receipt in review', 'sale', sale(taken, { receipt: reviewOf(['ambiguous']) })],
    ['a restock', 'restock', sale(taken)],
    [
      'a scale in doubt',
      'sale',
      sale(taken, { sensorFaults: [{ sensor: 's1-cell', kind: 'drift', sinceMs: 0 }] }),
    ],
  ] as const)('%s', (_, kind, result) => {
    expect(decideLearned(nothingLearned, bound, kind, result).units).toEqual({})
  })
})

describe('goods that creep away from their catalogue weight', () => {
  it('are followed no further than five percent, and no wider than three times the spread', () => {
    let learned = nothingLearned
    for (let i = 0; i < 400; i++) {
      const grams = 180 * (1 + Math.min(0.12, i * 0.0005)) + (i % 2 === 0 ? 9 : -9)
      learned = decideLearned(learned, bind(learned), 'sale', sale([pick('s1', 's1-0', grams)]))
    }
    const unit = boundUnit(learned, 's1-0')
    expect(unit?.unitGrams).toBeCloseTo(189, 5)
    expect(unit?.sigmaGrams).toBeLessThanOrEqual(6)
  })
})

describe('a scale whose gain is off', () => {
  const onS3 = (share: number) => (shelf: string) => (shelf === 's3' ? share : 1)

  it('is told when its goods alone seem one and a half percent too heavy', () => {
    expect(decideGainFaults(sellAll(8, onS3(1.015)), {})).toEqual([
      { sensor: 's3-cell', kind: 'gain', sinceMs: 0 },
    ])
  })

  it('is believed again after it was calibrated', () => {
    const calibrated = sellAll(10, () => 1, sellAll(8, onS3(1.015)))
    expect(decideGainFaults(calibrated, { 's3-cell': 'gain' })).toEqual([])
  })

  it('is not accused when all goods of the cabinet seem too heavy: then it is the catalogue', () => {
    expect(
      decideGainFaults(
        sellAll(8, () => 1.015),
        {},
      ),
    ).toEqual([])
  })

  it('is not accused for one product that is listed wrong', () => {
    let learned = sellAll(8, () => 1)
    for (let i = 0; i < 40; i++)
      learned = decideLearned(learned, bind(learned), 'sale', sale([pick('s3', 's3-1', 1.03 * 222)]))
    expect(decideGainFaults(learned, {})).toEqual([])
  })
})

describe('an object that does not belong on a shelf', () => {
  const left = sale([], {
    receipt: reviewOf(['foreign_object']),
    foreign: [{ shelf: 's2', grams: 214.6, isNew: true }],
  })
  const learned = decideLearned(nothingLearned, bind(nothingLearned), 'sale', left)
  const foreignOf = (one: LearnedWeights) => bind(one).shelves.map((shelf) => shelf.foreignGrams)

  it('is known to the next session, on its shelf', () => {
    expect(foreignOf(learned)).toEqual([undefined, [214.6], undefined, undefined])
  })

  it('is kept while it stays, and forgotten when its weight leaves', () => {
    const stayed = sale([], { foreign: [{ shelf: 's2', grams: 214.6, isNew: false }] })
    expect(foreignOf(decideLearned(learned, bind(learned), 'sale', stayed))).toEqual(foreignOf(learned))
    const after = decideLearned(learned, bind(learned), 'restock', sale([]))
    expect(after.foreignGrams).toEqual({})
  })

  it('is not seen in unexplained weight of a restock, which is goods', () => {
    expect(decideLearned(nothingLearned, bind(nothingLearned), 'restock', left).foreignGrams).toEqual({})
  })
})

describe('the trace of a session', () => {
  it('gives the core the planogram exactly as the session was weighed with', () => {
    const learned: LearnedWeights = {
      ...sellAll(3, () => 1.007),
      foreignGrams: { s2: [214.6, 33.1] },
    }
    const bound = bind(learned)
    const trace = JSON.parse(Buffer.from(encodeTrace('se-1', bound, [])).toString()) as { planogram: unknown }
    expect(parseWeighingPlanogram(trace.planogram)).toEqual(weighingPlanogramOf(bound))
    expect(weighingPlanogramOf(bound).shelves[1]).toMatchObject({
      sensors: ['s2-cell'],
      foreignGrams: [214.6, 33.1],
      products: [{ meanErrorGrams: expect.any(Number) }, {}, {}, {}, {}, {}],
    })
  })
})
