import { describe, expect, it } from 'vitest'
import { lintPlanogram } from '#protocol/weighing/linter.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'

function shelf(
  id: string,
  goods: Record<string, number>,
  priceFen = 500,
): WeighingPlanogram['shelves'][number] {
  return {
    id,
    products: Object.entries(goods).map(([sku, unitGrams], i) => ({
      sku,
      unitGrams,
      sigmaGrams: 0.006 * unitGrams,
      stock: 8,
      priceFen: priceFen + 100 * i,
    })),
  }
}

describe('a planogram with two goods of one weight on one shelf', () => {
  const lint = lintPlanogram({
    shelves: [
      shelf('top', { plum: 350, pear: 350.5, water: 520 }),
      shelf('bottom', { chips: 80, tea: 260, milk: 1030 }),
    ],
  })

  it('names the pair, its gap and the gap that it needs', () => {
    expect(lint.pairs).toHaveLength(1)
    expect(lint.pairs[0]).toMatchObject({
      shelf: 'top',
      skus: ['plum', 'pear'],
      gapGrams: 0.5,
      verdict: 'indistinguishable',
    })
    expect(lint.pairs[0]?.errorShare).toBeGreaterThan(0.4)
    expect(lint.pairs[0]?.neededGapGrams).toBeGreaterThan(8)
  })

  it('predicts that about one pick in three of that shelf goes wrong, and none of the other', () => {
    const [top, bottom] = lint.shelves
    expect(top?.singleErrorShare).toBeGreaterThan(0.28)
    expect(top?.singleErrorShare).toBeLessThan(0.36)
    expect(bottom?.singleErrorShare).toBeLessThan(0.001)
  })

  it('deals the same goods so that the twins part', () => {
    const better = lint.better
    expect(better).not.toBeNull()
    expect(better?.shelves.flatMap(({ skus }) => skus).sort()).toEqual([
      'chips',
      'milk',
      'pear',
      'plum',
      'tea',
      'water',
    ])
    expect(better?.shelves.map(({ skus }) => skus.length)).toEqual([3, 3])
    expect(better?.shelves.some(({ skus }) => skus.includes('plum') && skus.includes('pear'))).toBe(false)
    expect(better?.errorShare).toBeLessThan(lint.errorShare / 3)
  })

  it('asks for one swap where one swap brings nearly everything', () => {
    expect(lint.better?.moves).toBe(2)
  })
})

describe('what the linter leaves alone', () => {
  it('goods far apart → no pair, nothing to move', () => {
    const lint = lintPlanogram({
      shelves: [
        shelf('top', { gum: 30, cola: 350, water: 520 }),
        shelf('bottom', { chips: 85, tea: 260, milk: 1030 }),
      ],
    })
    expect(lint.pairs).toEqual([])
    expect(lint.errorShare).toBeLessThan(0.01)
  })

  it('equal weights on sensors of their own are told apart by place', () => {
    const lint = lintPlanogram({
      shelves: [
        {
          id: 'top',
          sensors: ['left', 'right'],
          products: [
            { sku: 'plum', unitGrams: 350, stock: 6, priceFen: 400, sensors: ['left'] },
            { sku: 'pear', unitGrams: 350, stock: 6, priceFen: 900, sensors: ['right'] },
          ],
        },
      ],
    })
    expect(lint.pairs).toEqual([])
    expect(lint.shelves[0]?.singleErrorShare).toBe(0)
  })

  it('equal weights at one price are said to be so: a mistake costs nothing', () => {
    const lint = lintPlanogram({
      shelves: [
        {
          id: 'top',
          products: [
            { sku: 'red', unitGrams: 350, stock: 6, priceFen: 400 },
            { sku: 'blue', unitGrams: 350, stock: 6, priceFen: 400 },
          ],
        },
      ],
    })
    expect(lint.pairs[0]?.samePrice).toBe(true)
  })

  it('an empty shelf and a single product are no trouble', () => {
    const lint = lintPlanogram({ shelves: [{ id: 'top', products: [] }, shelf('bottom', { cola: 350 })] })
    expect(lint).toEqual({
      errorShare: expect.any(Number),
      shelves: [
        { shelf: 'top', singleErrorShare: 0, handfulErrorShare: 0 },
        { shelf: 'bottom', singleErrorShare: 0, handfulErrorShare: expect.any(Number) },
      ],
      pairs: [],
      better: null,
      isSearchWhole: true,
    })
  })
})

describe('a cabinet so large that the search for a better dealing is stopped', () => {
  /** Ten shelves by twelve goods, light ones together and heavy ones together: nearly everything could lie better. */
  const large: WeighingPlanogram = {
    shelves: Array.from({ length: 10 }, (_, shelf) => ({
      id: `s${shelf + 1}`,
      products: Array.from({ length: 12 }, (_, place) => ({
        sku: `p${shelf * 12 + place}`,
        unitGrams: 60 + 4 * (shelf * 12 + place),
        stock: 8,
        priceFen: 300,
      })),
    })),
  }

  it('stopped before it began: the figures are there, and no word that there is nothing better', () => {
    const lint = lintPlanogram(large, {}, () => true)
    expect(lint.errorShare).toBeGreaterThan(0)
    expect(lint).toMatchObject({ better: null, isSearchWhole: false })
  })

  it('stopped on the way: the best dealing found by then, with every product in it once', () => {
    let asked = 0
    const lint = lintPlanogram(large, {}, () => ++asked > 40)
    expect(lint.isSearchWhole).toBe(false)
    expect(lint.better?.errorShare).toBeLessThan(lint.errorShare)
    const skus = lint.better?.shelves.flatMap((shelf) => shelf.skus) ?? []
    expect(new Set(skus).size).toBe(120)
  })
})
