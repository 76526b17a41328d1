import {
  createCabinetModel,
  type CabinetModel,
  type Combination,
  type ModelProduct,
  type ModelShelf,
} from './combinations.ts'
import { defaultWeighingOptions, type WeighingOptions, type WeighingPlanogram } from './types.ts'

/** Two products on one shelf, and how often weight alone takes one for the other. */
export type PlanogramPair = {
  shelf: string
  skus: [string, string]
  gapGrams: number
  /** Spread of one weighing of one unit of either, in grams. */
  sigmaGrams: number
  /** Share of single picks of these two that are read as the other. */
  errorShare: number
  /** Below this many grams the pair goes above 1 % error. */
  neededGapGrams: number
  /** A mistake costs nothing when both have the same price. */
  samePrice: boolean
  verdict: 'indistinguishable' | 'risky'
}

export type PlanogramShelfLint = {
  shelf: string
  /** Share of single picks that the best possible reader would get wrong. */
  singleErrorShare: number
  /** The same for handfuls as shoppers take them (mostly one unit, sometimes two, rarely three). */
  handfulErrorShare: number
}

export type PlanogramLint = {
  /** Over the whole cabinet, shelves weighted alike. */
  errorShare: number
  shelves: PlanogramShelfLint[]
  pairs: PlanogramPair[]
  /** The same goods dealt again over the same shelves; null when nothing better was found. */
  better: { shelves: Array<{ id: string; skus: string[] }>; errorShare: number; moves: number } | null
}

/** Two products need this many standard deviations between them for one mistake in a hundred. */
const sigmasForOnePercent = 4.65
const indistinguishableShare = 0.1
const riskyShare = 0.005
const mostRounds = 400
/** Share of all there is to gain that makes a dealing with few swaps good enough, and how few are tried. */
const gainEnough = 0.8
const fewSwaps = [1, 2, 3, 4]

/**
 * What a planogram costs before anything is sold: the planogram decides more than any filter does.
 * Deterministic; milliseconds for a cabinet of five shelves by six products.
 * Products that lie on sensors of their own are compared only with those that share a sensor.
 * @param seeksBetter  false leaves `better` null: dealing again takes seconds where there are more than a hundred places
 */
export function lintPlanogram(
  planogram: WeighingPlanogram,
  options?: Partial<WeighingOptions>,
  seeksBetter = true,
): PlanogramLint {
  const all = { ...defaultWeighingOptions, ...options }
  const model = createCabinetModel(planogram, all)
  const shelves = model.shelves.map((shelf) => lintShelf(shelf, all))
  const pairs = model.shelves
    .flatMap((shelf) => pairsOf(shelf, model, all))
    .sort((a, b) => b.errorShare - a.errorShare || a.gapGrams - b.gapGrams)
  return {
    errorShare: rounded(meanOf(shelves.map((shelf) => shelf.handfulErrorShare))),
    shelves: shelves.map((shelf) => ({
      shelf: shelf.shelf,
      singleErrorShare: rounded(shelf.singleErrorShare),
      handfulErrorShare: rounded(shelf.handfulErrorShare),
    })),
    pairs,
    better: seeksBetter ? dealBetter(planogram, model, all) : null,
  }
}

function lintShelf(shelf: ModelShelf, options: WeighingOptions): PlanogramShelfLint {
  const inStock = shelf.combinations.filter((combination) => combination.items.length <= 3)
  return {
    shelf: shelf.id,
    singleErrorShare: bayesError(
      inStock.filter((combination) => combination.items.length === 1),
      shelf,
      options,
    ),
    handfulErrorShare: bayesError(inStock, shelf, options),
  }
}

/**
 * Error of the best possible reader of one step: one minus the integral of the largest weighted density.
 * Products on disjoint sensors are told apart by place, so each place is integrated by itself.
 */
function bayesError(
  combinations: readonly Combination[],
  shelf: ModelShelf,
  options: WeighingOptions,
): number {
  if (combinations.length <= 1) return 0
  const groups = new Map<string, Combination[]>()
  for (const combination of combinations) {
    const key = placeOf(combination.items, shelf)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [combination])
    else group.push(combination)
  }
  let total = 0
  let right = 0
  for (const group of groups.values()) {
    const components = group
      .map((combination) => ({
        grams: combination.grams,
        sigma: stepSigma(combination, options),
        prior: Math.exp(combination.logPrior),
      }))
      .sort((a, b) => a.grams - b.grams)
    for (const component of components) total += component.prior
    right += massOfLargest(components)
  }
  return Math.max(0, 1 - right / total)
}

function massOfLargest(components: ReadonlyArray<{ grams: number; sigma: number; prior: number }>): number {
  const reach = 5
  let mass = 0
  let from = 0
  const widest = Math.max(...components.map((component) => component.sigma)) * reach
  const first = components[0] as (typeof components)[number]
  const last = components.at(-1) as (typeof components)[number]
  const narrowest = Math.min(...components.map((component) => component.sigma))
  const stepGrams = Math.max(0.1, narrowest / 6)
  for (let x = first.grams - widest; x <= last.grams + widest; x += stepGrams) {
    while (from < components.length && (components[from] as (typeof components)[number]).grams < x - widest)
      from++
    let best = 0
    for (let i = from; i < components.length; i++) {
      const { grams, sigma, prior } = components[i] as (typeof components)[number]
      if (grams > x + widest) break
      const z = (x - grams) / sigma
      const density = (prior * Math.exp(-0.5 * z * z)) / sigma
      if (density > best) best = density
    }
    mass += best * stepGrams
  }
  return mass / Math.sqrt(2 * Math.PI)
}

function placeOf(items: readonly number[], shelf: ModelShelf): string {
  const sensors = new Set<number>()
  for (const item of items) {
    const home = shelf.homes.find((entry) => entry.product === item)
    if (home === undefined || home.sensors === null) return 'anywhere'
    for (const sensor of home.sensors) sensors.add(sensor)
  }
  return [...sensors].sort((a, b) => a - b).join()
}

function stepSigma(combination: Combination, options: WeighingOptions): number {
  return Math.sqrt(
    combination.variance +
      options.repeatabilityGrams ** 2 +
      (options.gainShare * combination.grams) ** 2 +
      (options.noiseGrams * 0.5) ** 2,
  )
}

function pairsOf(shelf: ModelShelf, model: CabinetModel, options: WeighingOptions): PlanogramPair[] {
  const pairs: PlanogramPair[] = []
  const single = new Map(
    shelf.combinations.flatMap((combination) =>
      combination.items.length === 1 ? [[combination.items[0] as number, combination] as const] : [],
    ),
  )
  shelf.homes.forEach((a, i) => {
    for (const b of shelf.homes.slice(i + 1)) {
      if (
        a.sensors !== null &&
        b.sensors !== null &&
        !a.sensors.some((sensor) => b.sensors?.includes(sensor))
      )
        continue
      const first = single.get(a.product) as Combination
      const second = single.get(b.product) as Combination
      const gapGrams = Math.abs(first.grams - second.grams)
      const sigmaGrams = (stepSigma(first, options) + stepSigma(second, options)) / 2
      const errorShare = upperTail(gapGrams / (2 * sigmaGrams))
      if (errorShare < riskyShare) continue
      const one = model.products[a.product] as ModelProduct
      const other = model.products[b.product] as ModelProduct
      pairs.push({
        shelf: shelf.id,
        skus: [one.sku, other.sku],
        gapGrams: rounded(gapGrams),
        sigmaGrams: rounded(sigmaGrams),
        errorShare: rounded(errorShare),
        neededGapGrams: rounded(sigmasForOnePercent * sigmaGrams),
        samePrice: one.priceFen === other.priceFen,
        verdict: errorShare > indistinguishableShare ? 'indistinguishable' : 'risky',
      })
    }
  })
  return pairs
}

/** Share of a normal distribution above `z` standard deviations (Abramowitz and Stegun 26.2.17, error below 1e-7). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * polynomial
}

/**
 * Deals the goods again. Every shelf keeps its number of products. Start: sorted by weight and dealt round, so that near
 * weights part; then swaps of two products as long as they help, by the error of pairs and of pairs against
 * single units. The start planogram itself competes too. Among dealings that bring nearly the same, the fewest swaps win.
 */
function dealBetter(
  planogram: WeighingPlanogram,
  model: CabinetModel,
  options: WeighingOptions,
): PlanogramLint['better'] {
  // A product on two shelves, or one tied to sensors, stays where it is: moving it is a choice for a person.
  const places = new Map<number, number>()
  for (const shelf of model.shelves) {
    for (const home of shelf.homes) {
      if (home.sensors !== null || places.has(home.product)) return null
      places.set(home.product, shelf.index)
    }
  }
  if (model.shelves.length < 2 || places.size < 2) return null
  const capacity = model.shelves.map((shelf) => shelf.homes.length)
  const now = model.shelves.map((shelf) => shelf.homes.map((home) => home.product))
  const confusion = confusionOf(model, options)
  const cost = (deal: readonly number[][]): number =>
    deal.reduce((sum, shelf) => sum + shelfCost(shelf, model, confusion, options), 0)
  const improved = [
    improve(now, model, confusion, options),
    improve(roundRobin(model, capacity), model, confusion, options),
  ]
  const best = improved.sort((a, b) => cost(a) - cost(b))[0] as number[][]
  if (cost(best) > 0.98 * cost(now)) return null
  const before = meanOf(model.shelves.map((shelf) => lintShelf(shelf, options).handfulErrorShare))
  const least = errorOfDeal(best, planogram, model, options)
  if (least >= before) return null
  // Goods are carried by hand: of the dealings that bring nearly all there is to gain, the one with the fewest swaps.
  const enough = least + (1 - gainEnough) * (before - least)
  const nearby = fewSwaps.map((swaps) => improve(now, model, confusion, options, swaps))
  const deal = nearby.find((one) => errorOfDeal(one, planogram, model, options) <= enough) ?? best
  return {
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

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function rounded(value: number): number {
  return Math.round(value * 1e5) / 1e5
}
