import { describe, expect, it } from 'vitest'
import { decideStockMoves } from '#core/cabinets/stock-moves.ts'

const shelf = (id: string, ...skus: string[]) => ({
  id,
  products: skus.map((sku) => ({ sku, priceFen: 100, capacity: 10 })),
})
const stock = [
  { shelf: 's1', sku: 'tea', quantity: 6 },
  { shelf: 's2', sku: 'cola', quantity: 0 },
]

describe('a planogram puts goods on other shelves', () => {
  it.each([
    ['one shelf to another', [shelf('s1', 'tea'), shelf('s2')], [shelf('s1'), shelf('s2', 'tea')], 6],
    ['from a shelf that is taken out', [shelf('s1', 'tea'), shelf('s2')], [shelf('s2', 'tea')], 6],
    [
      'to a second shelf as well',
      [shelf('s1', 'tea'), shelf('s2')],
      [shelf('s1', 'tea'), shelf('s2', 'tea')],
      0,
    ],
    ['split over two new shelves', [shelf('s1', 'tea')], [shelf('s2', 'tea'), shelf('s3', 'tea')], 0],
    ['out of the cabinet', [shelf('s1', 'tea'), shelf('s2')], [shelf('s1'), shelf('s2')], 0],
    ['with nothing of it there', [shelf('s2', 'cola'), shelf('s1')], [shelf('s2'), shelf('s1', 'cola')], 0],
  ])('%s', (_name, before, after, carried) => {
    const moves = decideStockMoves(before, after, stock)
    expect(moves.reduce((sum, move) => sum + move.quantity, 0)).toBe(carried)
    if (carried > 0) expect(moves).toEqual([{ sku: 'tea', from: 's1', to: 's2', quantity: carried }])
  })
})
