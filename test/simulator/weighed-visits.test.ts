import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { weighTrace } from '#protocol/weighing/engine.ts'
import type { WeighingPlanogram, WeighingSample } from '#protocol/weighing/types.ts'
import { type VisitName, visits } from '#simulator/shoppers/visits.ts'
import { aShopper } from './a-shopper.ts'

/**
 * The physics and the weighing engine know nothing of each other. Here they meet as in a shop: grams ten times a
 * second, nothing else. What the engine believes is compared with what was really taken.
 */
interface Seed {
  products: Array<{ sku: string; unitGrams: number; sigmaGrams: number }>
  planogram: {
    shelves: Array<{ id: string; lanes: Array<{ sku: string; stock: number; priceFen: number }> }>
  }
}
const seedFile = JSON.parse(readFileSync('scripts/seed/demo.json', 'utf8')) as Seed
const planogram: WeighingPlanogram = {
  shelves: seedFile.planogram.shelves.map(({ id, lanes }) => ({
    id,
    products: lanes.map((lane) => {
      const product = seedFile.products.find((candidate) => candidate.sku === lane.sku)
      if (product === undefined) throw new Error(`no product ${lane.sku}`)
      return { ...lane, unitGrams: product.unitGrams, sigmaGrams: product.sigmaGrams }
    }),
  })),
}

async function weigh(name: VisitName, chance: number) {
  const samples: WeighingSample[] = []
  const { play, rest } = aShopper({
    chance,
    onTick: (cabinet, tMs) => {
      const grams: Record<string, number | null> = {}
      for (const id of cabinet.shelfIds) {
        const { status, grossGrams, tareGrams } = cabinet.scale(id)
        grams[id] = status === 'ok' ? Math.round((grossGrams - tareGrams) * 10) / 10 : null
      }
      samples.push({ tMs, door: cabinet.lock.isDoorOpen ? 'open' : 'closed', grams })
    },
  })
  const truth = await play(visits[name].steps)
  await rest(5000)
  const { receipt } = weighTrace(planogram, samples)
  const believed = Object.fromEntries(
    receipt.lines.filter((line) => line.quantity !== 0).map((line) => [line.sku, line.quantity]),
  )
  return { taken: truth.taken, believed, receipt }
}

describe('an ordinary visit', () => {
  const ordinary = [
    'normal-visit',
    'nothing-taken',
    'put-back',
    'put-back-elsewhere',
    'swap',
    'lean',
  ] as const
  it.each(ordinary)('%s is weighed right and without doubt', async (name) => {
    for (const chance of [1, 2, 3]) {
      const { taken, believed, receipt } = await weigh(name, chance)
      expect(believed).toEqual(taken)
      expect(receipt.verdict).toBe('clear')
    }
  })
})

describe('a difficult visit', () => {
  it.each(['quick-double', 'hold-long', 'foreign-object', 'greedy'] as const)(
    '%s is never wrong without a doubt',
    async (name) => {
      for (const chance of [1, 2, 3, 4]) {
        const { taken, believed, receipt } = await weigh(name, chance)
        if (receipt.verdict === 'clear') expect(believed).toEqual(taken)
      }
    },
  )
  it('with something left behind takes the foreign object for what it is', async () => {
    const { believed, receipt } = await weigh('foreign-object', 1)
    expect(believed).toEqual({ 'coffee-latte': 1 })
    expect(receipt.reasons).toContain('foreign_object')
  })
})
