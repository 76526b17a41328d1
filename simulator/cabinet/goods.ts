import { createSeededRandom, gaussian, type Random } from '#protocol/base/random.ts'
import type { Product } from './goods-file.ts'

/** One thing that can lie in the cabinet. `sku` is undefined for something that was never on sale here. */
export interface Item {
  readonly itemId: string
  readonly sku: string | undefined
  /** True grams of this very item; nobody outside the simulator knows it. */
  readonly grams: number
  /** The shelf that it was stocked on: where a tidy shopper puts it back. */
  readonly homeShelf: string | undefined
}

/** How true weights differ from the catalogue. Sources: research on weighing, tables 4.2 and 4.3. */
export const GOODS_SPREAD = {
  /** The catalogue mean was measured once, with an error: standard deviation as a share of the mean. */
  catalogueError: 0.003,
  /** Each delivery is filled a little differently: standard deviation in units of the product's sigma. */
  lotShift: 0.5,
  /** Filling machines reject what lies further out, in units of sigma. */
  furthest: 3.5,
} as const

/** Draws individual weights. The true mean of a product depends only on `seed` and its sku: a restart keeps it. */
export function createGoods(options: { seed: number; random: Random; firstNumber: number }) {
  const { random } = options
  let nextNumber = options.firstNumber

  function trueMeanGrams(product: Product): number {
    const own = createSeededRandom(hashText(product.sku) ^ options.seed)
    return product.unitGrams * (1 + GOODS_SPREAD.catalogueError * boundedGaussian(own, 2.5))
  }
  return {
    get nextNumber() {
      return nextNumber
    },
    /** One delivery of `quantity` of one product: it shares a lot shift. */
    deliver(product: Product, quantity: number, homeShelf: string): Item[] {
      const lotMean = trueMeanGrams(product) + GOODS_SPREAD.lotShift * product.sigmaGrams * gaussian(random)
      return Array.from({ length: quantity }, () => ({
        itemId: `${product.sku}-${String(nextNumber++).padStart(4, '0')}`,
        sku: product.sku,
        grams: round(lotMean + product.sigmaGrams * boundedGaussian(random, GOODS_SPREAD.furthest)),
        homeShelf,
      }))
    },
    /** Something that is not sold here: a phone, a bag, an umbrella. */
    foreign(grams: number): Item {
      return {
        itemId: `foreign-${String(nextNumber++).padStart(4, '0')}`,
        sku: undefined,
        grams,
        homeShelf: undefined,
      }
    },
  }
}

function boundedGaussian(random: Random, furthest: number): number {
  for (;;) {
    const value = gaussian(random)
    if (Math.abs(value) <= furthest) return value
  }
}
function round(grams: number): number {
  return Math.round(grams * 100) / 100
}
/** FNV-1a, so that a product's true mean depends on its name and not on its place in the file. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
