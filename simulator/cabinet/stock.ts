import { CabinetError } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import type { Place, SavedCabinet } from './cabinet-types.ts'
import type { GoodsFile, Product } from './goods-file.ts'
import { createGoods, type Item } from './goods.ts'

/** Which thing is where: on the shelves, or with whoever stands at the door. */
export interface Stock {
  readonly products: ReadonlyMap<string, Product>
  /** All that is on the shelves or in a hand. */
  readonly size: number
  /** Everything as the goods file plans it; what was there before is gone. */
  fill(): void
  /** @throws CabinetError not_found for a product that is not sold here */
  deliver(shelfId: string, sku: string, quantity: number): Item[]
  /** Something that was never on sale here. */
  foreign(grams: number): Item
  place(item: Item, where: Place): void
  /** @returns false when it was not there */
  remove(itemId: string): boolean
  find(itemId: string): Item | undefined
  /** Back to front. @param where  id of a shelf, or `hand` */
  at(where: string): Item[]
  /** What a hand would get hold of: the foremost that fits. @throws CabinetError precondition_failed, saying what is there */
  pick(where: string, wanted: { sku?: string | undefined; itemId?: string | undefined }): Item
  /** What each shelf carries when no hand is in it, grams. */
  gramsByShelf(): Map<string, number>
  save(): Pick<SavedCabinet, 'nextNumber' | 'items'>
}

export function createStock(options: {
  goodsFile: GoodsFile
  random: Random
  seed: number
  saved: SavedCabinet | undefined
  onChange: () => void
}): Stock {
  const { goodsFile, saved, onChange } = options
  const products = new Map(goodsFile.products.map((product) => [product.sku, product]))
  const goods = createGoods({
    seed: options.seed,
    random: options.random,
    firstNumber: saved?.nextNumber ?? 1,
  })
  const items = new Map<string, Item>()
  const places = new Map<string, Place>()

  function productOf(sku: string): Product {
    const product = products.get(sku)
    if (product === undefined) {
      throw new CabinetError(
        'not_found',
        `There is no product ${sku}; known: ${[...products.keys()].join(', ')}.`,
      )
    }
    return product
  }
  function place(item: Item, where: Place) {
    items.set(item.itemId, item)
    // Last placed is last in the map: the front of the lane.
    places.delete(item.itemId)
    places.set(item.itemId, where)
    onChange()
  }
  function deliver(shelfId: string, sku: string, quantity: number): Item[] {
    const delivered = goods.deliver(productOf(sku), quantity, shelfId)
    for (const item of delivered) place(item, { shelf: shelfId })
    return delivered
  }
  function at(where: string): Item[] {
    const found: Item[] = []
    for (const [itemId, own] of places) {
      const item = items.get(itemId)
      if (item !== undefined && (own === 'hand' ? 'hand' : own.shelf) === where) found.push(item)
    }
    return found
  }

  return {
    products,
    get size() {
      return places.size
    },
    fill() {
      items.clear()
      places.clear()
      for (const shelf of goodsFile.planogram.shelves) {
        for (const lane of shelf.lanes) deliver(shelf.id, lane.sku, lane.stock)
      }
    },
    deliver,
    foreign: (grams) => goods.foreign(grams),
    place,
    remove(itemId) {
      places.delete(itemId)
      if (!items.delete(itemId)) return false
      onChange()
      return true
    },
    find: (itemId) => items.get(itemId),
    at,
    pick(where, wanted) {
      const from = at(where)
      const item = from.findLast(
        (one) =>
          (wanted.itemId === undefined || one.itemId === wanted.itemId) &&
          (wanted.sku === undefined || one.sku === wanted.sku),
      )
      if (item === undefined) {
        const what = wanted.itemId ?? wanted.sku ?? 'anything'
        const whereSaid = where === 'hand' ? 'in the hand' : `on ${where}`
        const present = [...new Set(from.map((one) => one.sku ?? one.itemId))].join(', ') || 'nothing'
        throw new CabinetError(
          'precondition_failed',
          `There is no ${what} ${whereSaid}; there is ${present}.`,
          { context: { reason: 'not_there' } },
        )
      }
      return item
    },
    gramsByShelf() {
      const grams = new Map<string, number>()
      for (const [itemId, own] of places) {
        if (own === 'hand') continue
        grams.set(own.shelf, (grams.get(own.shelf) ?? 0) + (items.get(itemId)?.grams ?? 0))
      }
      return grams
    },
    save: () => ({
      nextNumber: goods.nextNumber,
      items: [...places].flatMap(([itemId, where]) => {
        const item = items.get(itemId)
        return item === undefined ? [] : [{ ...item, place: where }]
      }),
    }),
  }
}
