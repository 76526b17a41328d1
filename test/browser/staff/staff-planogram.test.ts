import { describe, expect, it } from 'vitest'
import {
  addShelf,
  addShelves,
  adoptDealing,
  changesOf,
  changePlace,
  formatShare,
  moveProduct,
  removeShelf,
} from '#console/data/staff-planogram.ts'

const place = (sku: string, priceFen = 300) => ({ sku, priceFen, capacity: 10 })
const now = [
  { id: 's1', products: [place('cola'), place('sparkling', 400)] },
  { id: 's2', products: [place('tea')] },
]

describe('an operator works on a draft', () => {
  it('and what will change is said as decisions: a move is one change, not two', () => {
    const draft = changePlace(moveProduct(now, { sku: 'cola', from: 's1', to: 's2' }), 's2', 'cola', {
      priceFen: 350,
    })
    expect(changesOf(now, draft)).toEqual([
      { kind: 'moved', sku: 'cola', from: 's1', to: 's2' },
      { kind: 'price', sku: 'cola', shelf: 's2', before: 300, after: 350 },
    ])
  })
  it('moving something there and back changes nothing', () => {
    const there = moveProduct(now, { sku: 'tea', from: 's2', to: 's1' })
    expect(changesOf(now, moveProduct(there, { sku: 'tea', from: 's1', to: 's2' }))).toEqual([])
  })
  it('moving to a shelf that has it already is not done: nothing is lost', () => {
    const twice = [...now.slice(0, 1), { id: 's2', products: [place('tea'), place('cola', 500)] }]
    expect(moveProduct(twice, { sku: 'cola', from: 's1', to: 's2' })).toBe(twice)
  })
  it('adopting a better dealing keeps prices and capacities with the goods', () => {
    const better = {
      shelves: [
        { id: 's1', skus: ['cola', 'tea'] },
        { id: 's2', skus: ['sparkling'] },
      ],
      errorShare: 0.001,
      moves: 2,
    }
    expect(adoptDealing(now, better)).toEqual([
      { id: 's1', products: [place('cola'), place('tea')] },
      { id: 's2', products: [place('sparkling', 400)] },
    ])
  })
})

describe('a cabinet without a planogram', () => {
  it('begins with as many shelves as it has, named like its scales', () => {
    expect(addShelves([], 3).map(({ id }) => id)).toEqual(['s1', 's2', 's3'])
    expect(
      addShelf([
        { id: 's1', products: [] },
        { id: 's3', products: [] },
      ]).at(-1)?.id,
    ).toBe('s2')
  })
  it('saving says which shelves are new', () => {
    expect(changesOf([], addShelves([], 2))).toEqual([
      { kind: 'shelf_added', shelf: 's1' },
      { kind: 'shelf_added', shelf: 's2' },
    ])
  })
  it('an empty shelf can go again, one with goods and the last one cannot', () => {
    const two = addShelves([], 2)
    expect(removeShelf(two, 's2')).toEqual([{ id: 's1', products: [] }])
    expect(removeShelf([{ id: 's1', products: [] }], 's1')).toHaveLength(1)
    expect(removeShelf(now, 's1')).toBe(now)
  })
})

describe('a predicted error', () => {
  it.each([
    [0, '0 %'],
    [0.0002, '< 0.1 %'],
    [0.0125, '1.3 %'],
    [0.126, '12.6 %'],
  ])('of %s reads %s', (share, text) => expect(formatShare(share)).toBe(text))
})
