import type { WeighingOptions, WeighingPlanogram } from './types.ts'

/** One or more units that may have moved together. `items` are product indexes, sorted, repeated per unit. */
export type Combination = {
  items: readonly number[]
  grams: number
  /** Variance of the true weight against `grams`: units, batch and catalogue. */
  variance: number
  logPrior: number
}

export type ModelProduct = {
  index: number
  sku: string
  unitGrams: number
  unitVariance: number
  /** Shared by all units of the product: batch and catalogue. */
  sharedVariance: number
  /** The lowest price on any shelf, for the cost of a mistake. */
  priceFen: number
}

export type ModelShelf = {
  index: number
  id: string
  sensors: readonly string[]
  /** Products that belong here, with their stock and the sensors that carry them. */
  homes: ReadonlyArray<{ product: number; stock: number; sensors: readonly number[] | null }>
  /** Stock by product index; zero for strangers. */
  stock: Int16Array
  foreignGrams: readonly number[]
  /** Sorted by grams; up to three units. */
  combinations: readonly Combination[]
}

export type CabinetModel = {
  products: readonly ModelProduct[]
  shelves: readonly ModelShelf[]
  lightestGrams: number
}

/** T of OIML R87 and JJF 1070: the tolerable deficiency of a package. Measured spreads are about 0.37·T/1.96. */
export function typicalSigmaGrams(unitGrams: number): number {
  const q = unitGrams
  const tolerance =
    q <= 50
      ? 0.09 * q
      : q <= 100
        ? 4.5
        : q <= 200
          ? 0.045 * q
          : q <= 300
            ? 9
            : q <= 500
              ? 0.03 * q
              : q <= 1000
                ? 15
                : 0.015 * q
  return Math.max(0.3, (0.37 * tolerance) / 1.96)
}

const tableLimit = 20_000

export function createCabinetModel(planogram: WeighingPlanogram, options: WeighingOptions): CabinetModel {
  const products: ModelProduct[] = []
  const bySku = new Map<string, ModelProduct>()
  let lightestGrams = Number.POSITIVE_INFINITY
  for (const shelf of planogram.shelves) {
    for (const product of shelf.products) {
      lightestGrams = Math.min(lightestGrams, product.unitGrams)
      const known = bySku.get(product.sku)
      if (known !== undefined) {
        known.priceFen = Math.min(known.priceFen, product.priceFen)
        continue
      }
      const sigma = product.sigmaGrams ?? typicalSigmaGrams(product.unitGrams)
      const model: ModelProduct = {
        index: products.length,
        sku: product.sku,
        unitGrams: product.unitGrams,
        unitVariance: sigma * sigma,
        sharedVariance:
          (options.lotShare * sigma) ** 2 +
          (product.meanErrorGrams ?? options.unitErrorShare * product.unitGrams) ** 2,
        priceFen: product.priceFen,
      }
      products.push(model)
      bySku.set(product.sku, model)
    }
  }
  const shelves = planogram.shelves.map((shelf, index): ModelShelf => {
    const sensors = shelf.sensors === undefined || shelf.sensors.length === 0 ? [shelf.id] : shelf.sensors
    const stock = new Int16Array(products.length)
    const homes: Array<{ product: number; stock: number; sensors: number[] | null }> = []
    for (const product of shelf.products) {
      const model = bySku.get(product.sku) as ModelProduct
      stock[model.index] = (stock[model.index] as number) + product.stock
      const own = (product.sensors ?? []).map((id) => sensors.indexOf(id)).filter((at) => at >= 0)
      const located = own.length > 0 && own.length < sensors.length ? own : null
      const home = homes.find((entry) => entry.product === model.index)
      if (home === undefined) homes.push({ product: model.index, stock: product.stock, sensors: located })
      else {
        home.stock += product.stock
        home.sensors = home.sensors === null || located === null ? null : [...home.sensors, ...located]
      }
    }
    const ids = homes.map((home) => home.product)
    return {
      index,
      id: shelf.id,
      sensors,
      homes,
      stock,
      foreignGrams: shelf.foreignGrams ?? [],
      combinations: tableOf(ids, products, options),
    }
  })
  return { products, shelves, lightestGrams: Number.isFinite(lightestGrams) ? lightestGrams : 0 }
}

function tableOf(
  ids: readonly number[],
  products: readonly ModelProduct[],
  options: WeighingOptions,
): Combination[] {
  const table: Combination[] = []
  let units = 3
  while (units > 1 && combinationsCount(ids.length, units) > tableLimit) units--
  enumerate(ids, units, (items) => table.push(combinationOf(items, ids.length, products, options)))
  return table.sort((a, b) => a.grams - b.grams)
}

function combinationsCount(kinds: number, units: number): number {
  let count = 1
  for (let i = 1; i <= units; i++) count = (count * (kinds + i)) / i
  return count
}

function enumerate(ids: readonly number[], units: number, visit: (items: number[]) => void): void {
  const stack: number[] = []
  const walk = (from: number): void => {
    if (stack.length > 0) visit(stack.slice())
    if (stack.length === units) return
    for (let i = from; i < ids.length; i++) {
      stack.push(ids[i] as number)
      walk(i)
      stack.pop()
    }
  }
  walk(0)
}

export function combinationOf(
  items: readonly number[],
  kinds: number,
  products: readonly ModelProduct[],
  options: WeighingOptions,
): Combination {
  let grams = 0
  let variance = 0
  let kindsHere = 0
  for (let i = 0; i < items.length; ) {
    const product = products[items[i] as number] as ModelProduct
    let count = 1
    while (i + count < items.length && items[i + count] === items[i]) count++
    grams += count * product.unitGrams
    variance += count * product.unitVariance + count * count * product.sharedVariance
    kindsHere++
    i += count
  }
  return { items, grams, variance, logPrior: logPriorOf(items, kindsHere, kinds, options) }
}

/**
 * Larger handfuls, for the rare step that no small one explains (many events merged while readings were lost).
 * Bounded: the search stops after `limit` nodes.
 */
export function largeCombinations(
  shelf: ModelShelf,
  products: readonly ModelProduct[],
  options: WeighingOptions,
  grams: number,
  sigmaGrams: number,
): Combination[] {
  const found: Combination[] = []
  const ids = shelf.homes.map((home) => home.product)
  ids.sort((a, b) => (products[b] as ModelProduct).unitGrams - (products[a] as ModelProduct).unitGrams)
  const stack: number[] = []
  let nodes = 0
  const walk = (from: number, left: number): void => {
    if (++nodes > 20_000) return
    if (stack.length > 3) {
      const spread = 4 * Math.sqrt(sigmaGrams ** 2 + (0.006 * (grams - left)) ** 2)
      if (Math.abs(left) < spread) {
        found.push(
          combinationOf(
            stack.slice().sort((a, b) => a - b),
            ids.length,
            products,
            options,
          ),
        )
      }
    }
    if (stack.length === 12) return
    for (let i = from; i < ids.length; i++) {
      const product = products[ids[i] as number] as ModelProduct
      if (product.unitGrams > left + 6 * sigmaGrams + 0.02 * grams) continue
      const inStack = stack.reduce((count, item) => (item === product.index ? count + 1 : count), 0)
      if (inStack >= (shelf.stock[product.index] as number)) continue
      stack.push(product.index)
      walk(i, left - product.unitGrams)
      stack.pop()
    }
  }
  walk(0, grams)
  return found
}

/** One unit, two alike or two different are one action; more are several actions that ran together. */
function logPriorOf(
  items: readonly number[],
  kindsHere: number,
  kinds: number,
  options: WeighingOptions,
): number {
  const { takeSizes, sameProduct, ranTogether } = options.priors
  const [single = 0.86, pair = 0.13] = takeSizes
  const n = items.length
  if (n === 1) return Math.log(single / kinds)
  if (n === 2) {
    return Math.log(
      kindsHere === 1 ? (pair * sameProduct) / kinds : (pair * (1 - sameProduct) * 2) / (kinds * kinds),
    )
  }
  if (n === 3) {
    const [a, b, c] = items
    const same = (pair * sameProduct) / kinds
    const different = (pair * (1 - sameProduct) * 2) / (kinds * kinds)
    const ways = a === b && b === c ? same : a === b || b === c ? same + different : 3 * different
    return Math.log(
      ranTogether * (single / kinds) * 2 * ways + ((takeSizes[2] ?? 0) * sameProduct) / kinds ** kindsHere,
    )
  }
  // Rarer by the unit, and rarer by the kind.
  return (
    Math.log(ranTogether) +
    (n - 2) * Math.log(pair) +
    Math.log(1 - sameProduct) * (kindsHere - 1) -
    kindsHere * Math.log(kinds)
  )
}

/** Hypotheses further away than this many standard deviations are not looked at. */
export const farSigmas = 7

export function near(table: readonly Combination[], grams: number, variance: number): readonly Combination[] {
  // The combination's own variance grows with its weight; 1.2 % of the weight covers every sane product.
  const reach = farSigmas * (Math.sqrt(variance) + 0.012 * Math.abs(grams) + 1)
  let low = lowerBound(table, grams - reach)
  const found: Combination[] = []
  for (; low < table.length; low++) {
    const combination = table[low] as Combination
    if (combination.grams > grams + reach) break
    const off = combination.grams - grams
    if (off * off < farSigmas * farSigmas * (variance + combination.variance)) found.push(combination)
  }
  return found
}

function lowerBound(table: readonly Combination[], grams: number): number {
  let low = 0
  let high = table.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((table[middle] as Combination).grams < grams) low = middle + 1
    else high = middle
  }
  return low
}
