import { createCabinetModel, type CabinetModel, type ModelProduct, type ModelShelf } from './combinations.ts'
import { lintShelf, meanOf, rounded, upperTail } from './shelf-error.ts'
import type { WeighingOptions, WeighingPlanogram } from './types.ts'

/** The same goods dealt again over the same shelves. */
export type BetterDealing = {
  shelves: Array<{ id: string; skus: string[] }>
  errorShare: number
  moves: number
}

const mostRounds = 400
/** Share of all there is to gain that makes a dealing with few swaps good enough, and how few are tried. */
const gainEnough = 0.8
const fewSwaps = [1, 2, 3, 4]

/**
 * Deals the goods again. Every shelf keeps its number of products. Start: sorted by weight and dealt round, so that near
 * weights part; then swaps of two products as long as they help, by the error of pairs and of pairs against
 * single units. The start planogram itself competes too. Among dealings that bring nearly the same, the fewest swaps win.
 * @param isStopped  once it says so, the best dealing found by then is taken
 */
export function dealBetter(
  planogram: WeighingPlanogram,
  model: CabinetModel,
  options: WeighingOptions,
  isStopped: () => boolean,
): { better: BetterDealing | null; isWhole: boolean } {
  // A product on two shelves, or one tied to sensors, stays where it is: moving it is a choice for a person.
  const places = new Map<number, number>()
  for (const shelf of model.shelves) {
    for (const home of shelf.homes) {
      if (home.sensors !== null || places.has(home.product)) return { better: null, isWhole: true }
      places.set(home.product, shelf.index)
    }
  }
  if (model.shelves.length < 2 || places.size < 2) return { better: null, isWhole: true }
  if (isStopped()) return { better: null, isWhole: false }
  const capacity = model.shelves.map((shelf) => shelf.homes.length)
  const now = model.shelves.map((shelf) => shelf.homes.map((home) => home.product))
  const confusion = confusionOf(model, options)
  const cost = (deal: readonly number[][]): number =>
    deal.reduce((sum, shelf) => sum + shelfCost(shelf, model, confusion, options), 0)
  const improved = [
    improve(roundRobin(model, capacity), model, confusion, options, isStopped),
    improve(now, model, confusion, options, isStopped),
  ]
  const best = improved.sort((a, b) => cost(a) - cost(b))[0] as number[][]
  if (cost(best) > 0.98 * cost(now)) return { better: null, isWhole: !isStopped() }
  const before = meanOf(model.shelves.map((shelf) => lintShelf(shelf, options).handfulErrorShare))
  const least = errorOfDeal(best, planogram, model, options)
  if (least >= before) return { better: null, isWhole: !isStopped() }
  // Goods are carried by hand: of the dealings that bring nearly all there is to gain, the one with the fewest swaps.
  const enough = least + (1 - gainEnough) * (before - least)
  let deal = best
  for (const swaps of fewSwaps) {
    if (isStopped()) break
    const nearby = improve(now, model, confusion, options, isStopped, swaps)
    if (errorOfDeal(nearby, planogram, model, options) > enough) continue
    deal = nearby
    break
  }
  const better: BetterDealing = {
    shelves: deal.map((shelf, i) => ({
      id: (model.shelves[i] as ModelShelf).id,
      skus: shelf.map((product) => (model.products[product] as ModelProduct).sku),
    })),
    errorShare: rounded(errorOfDeal(deal, planogram, model, options)),
    moves: deal.reduce(
      (sum, shelf, i) => sum + shelf.filter((product) => places.get(product) !== i).length,
      0,
    ),
  }
  return { better, isWhole: !isStopped() }
}

function errorOfDeal(
  deal: readonly (readonly number[])[],
  planogram: WeighingPlanogram,
  model: CabinetModel,
  options: WeighingOptions,
): number {
  const dealt: WeighingPlanogram = {
    shelves: planogram.shelves.map((shelf, i) => ({
      id: shelf.id,
      ...(shelf.sensors === undefined ? {} : { sensors: shelf.sensors }),
      products: (deal[i] as number[]).map((product) =>
        productOf(planogram, (model.products[product] as ModelProduct).sku),
      ),
    })),
  }
  return meanOf(
    createCabinetModel(dealt, options).shelves.map((shelf) => lintShelf(shelf, options).handfulErrorShare),
  )
}

function productOf(planogram: WeighingPlanogram, sku: string) {
  for (const shelf of planogram.shelves) {
    for (const product of shelf.products) if (product.sku === sku) return product
  }
  throw new Error(`the planogram has no product ${sku}`)
}

/** By pair of products: probability that a single pick of one is read as the other. */
function confusionOf(model: CabinetModel, options: WeighingOptions): Float64Array {
  const n = model.products.length
  const table = new Float64Array(n * n)
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      if (a === b) continue
      const one = model.products[a] as ModelProduct
      const other = model.products[b] as ModelProduct
      table[a * n + b] = upperTail(
        Math.abs(one.unitGrams - other.unitGrams) / (singleSigma(one, options) + singleSigma(other, options)),
      )
    }
  }
  return table
}

function singleSigma(product: ModelProduct, options: WeighingOptions): number {
  return Math.sqrt(
    product.unitVariance +
      product.sharedVariance +
      options.repeatabilityGrams ** 2 +
      (options.noiseGrams * 0.5) ** 2,
  )
}

/** Confusion of singles with singles, and of pairs with singles at the rate at which pairs are taken. */
function shelfCost(
  shelf: readonly number[],
  model: CabinetModel,
  confusion: Float64Array,
  options: WeighingOptions,
): number {
  const n = model.products.length
  const pairRate = (options.priors.takeSizes[1] ?? 0.1) / Math.max(1, shelf.length)
  let cost = 0
  for (let i = 0; i < shelf.length; i++) {
    const a = shelf[i] as number
    const one = model.products[a] as ModelProduct
    for (let j = i; j < shelf.length; j++) {
      const b = shelf[j] as number
      const other = model.products[b] as ModelProduct
      if (i !== j) cost += confusion[a * n + b] as number
      const sum = one.unitGrams + other.unitGrams
      const sigma = singleSigma(one, options) + singleSigma(other, options)
      for (const c of shelf) {
        const third = model.products[c] as ModelProduct
        const gap = Math.abs(sum - third.unitGrams)
        if (gap < 5 * sigma) cost += pairRate * upperTail(gap / (sigma + singleSigma(third, options)))
      }
    }
  }
  return cost
}

function roundRobin(model: CabinetModel, capacity: readonly number[]): number[][] {
  const sorted = model.products.map((product) => product.index)
  sorted.sort(
    (a, b) => (model.products[a] as ModelProduct).unitGrams - (model.products[b] as ModelProduct).unitGrams,
  )
  const deal: number[][] = capacity.map(() => [])
  let shelf = 0
  for (const product of sorted) {
    for (let tries = 0; tries < capacity.length; tries++) {
      if ((deal[shelf] as number[]).length < (capacity[shelf] as number)) break
      shelf = (shelf + 1) % capacity.length
    }
    ;(deal[shelf] as number[]).push(product)
    shelf = (shelf + 1) % capacity.length
  }
  return deal
}

function improve(
  start: readonly number[][],
  model: CabinetModel,
  confusion: Float64Array,
  options: WeighingOptions,
  isStopped: () => boolean,
  rounds = mostRounds,
): number[][] {
  const deal = start.map((shelf) => shelf.slice())
  const costs = deal.map((shelf) => shelfCost(shelf, model, confusion, options))
  for (let round = 0; round < rounds; round++) {
    let best: {
      a: number
      i: number
      b: number
      j: number
      gain: number
      costA: number
      costB: number
    } | null = null
    // The worst shelf is where a swap helps most; looking only there keeps a large cabinet quick.
    const a = costs.indexOf(Math.max(...costs))
    const shelfA = deal[a] as number[]
    for (let b = 0; b < deal.length; b++) {
      if (b === a) continue
      // What is half looked through counts for nothing: the dealing so far stands.
      if (isStopped()) return deal
      const shelfB = deal[b] as number[]
      for (let i = 0; i < shelfA.length; i++) {
        for (let j = 0; j < shelfB.length; j++) {
          const nextA = shelfA.slice()
          const nextB = shelfB.slice()
          nextA[i] = shelfB[j] as number
          nextB[j] = shelfA[i] as number
          const costA = shelfCost(nextA, model, confusion, options)
          const costB = shelfCost(nextB, model, confusion, options)
          const gain = (costs[a] as number) + (costs[b] as number) - costA - costB
          if (gain > 1e-6 && (best === null || gain > best.gain)) best = { a, i, b, j, gain, costA, costB }
        }
      }
    }
    if (best === null) return deal
    const one = deal[best.a] as number[]
    const other = deal[best.b] as number[]
    const product = one[best.i] as number
    one[best.i] = other[best.j] as number
    other[best.j] = product
    costs[best.a] = best.costA
    costs[best.b] = best.costB
  }
  return deal
}
