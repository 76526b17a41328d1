import type { PlanogramShelves } from '#protocol/api/staff/planogram.ts'
import type { StockLine } from '#core/catalog/queries.ts'

export interface StockMove {
  readonly sku: string
  readonly from: string
  readonly to: string
  readonly quantity: number
}

/**
 * Which goods must be carried to another shelf for a new planogram to be true. Pure. Only what left exactly one shelf
 * and came to exactly one: where a product is split or gathered, a person has to count.
 */
export function decideStockMoves(
  before: ReadonlyArray<{ id: string; products: ReadonlyArray<{ sku: string }> }>,
  after: PlanogramShelves,
  stock: readonly StockLine[],
): StockMove[] {
  const was = shelvesBySku(before)
  const moves: StockMove[] = []
  for (const [sku, now] of shelvesBySku(after)) {
    const left = (was.get(sku) ?? []).filter((shelf) => !now.includes(shelf))
    const came = now.filter((shelf) => !(was.get(sku) ?? []).includes(shelf))
    const [from, to] = [left[0], came[0]]
    if (from === undefined || to === undefined || left.length > 1 || came.length > 1) continue
    const quantity = stock.find((line) => line.shelf === from && line.sku === sku)?.quantity ?? 0
    if (quantity > 0) moves.push({ sku, from, to, quantity })
  }
  return moves
}

function shelvesBySku(
  shelves: ReadonlyArray<{ id: string; products: ReadonlyArray<{ sku: string }> }>,
): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { id, products } of shelves)
    for (const { sku } of products) found.set(sku, [...(found.get(sku) ?? []), id])
  return found
}
