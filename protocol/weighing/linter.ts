import {
  createCabinetModel,
  type CabinetModel,
  type Combination,
  type ModelProduct,
  type ModelShelf,
} from './combinations.ts'
import { dealBetter, type BetterDealing } from './dealing.ts'
import { lintShelf, meanOf, type PlanogramShelfLint, rounded, stepSigma, upperTail } from './shelf-error.ts'
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

export type PlanogramLint = {
  /** Over the whole cabinet, shelves weighted alike. */
  errorShare: number
  shelves: PlanogramShelfLint[]
  pairs: PlanogramPair[]
  /** Null when nothing better was found. */
  better: BetterDealing | null
  /** False: the search for a better dealing was stopped; what it had found by then is what there is. */
  isSearchWhole: boolean
}

/** Two products need this many standard deviations between them for one mistake in a hundred. */
const sigmasForOnePercent = 4.65
const indistinguishableShare = 0.1
const riskyShare = 0.005

/**
 * What a planogram costs before anything is sold: the planogram decides more than any filter does.
 * Deterministic; milliseconds for a cabinet of five shelves by six products.
 * Products that lie on sensors of their own are compared only with those that share a sensor.
 * @param isStopped  asked often while a better dealing is sought, which takes seconds where there are more than a hundred
 *   places; once it says so, what was found by then is taken. Always true: only the figures, no search.
 */
export function lintPlanogram(
  planogram: WeighingPlanogram,
  options?: Partial<WeighingOptions>,
  isStopped: () => boolean = () => false,
): PlanogramLint {
  const all = { ...defaultWeighingOptions, ...options }
  const model = createCabinetModel(planogram, all)
  const shelves = model.shelves.map((shelf) => lintShelf(shelf, all))
  const pairs = model.shelves
    .flatMap((shelf) => pairsOf(shelf, model, all))
    .sort((a, b) => b.errorShare - a.errorShare || a.gapGrams - b.gapGrams)
  const { better, isWhole } = dealBetter(planogram, model, all, isStopped)
  return {
    errorShare: rounded(meanOf(shelves.map((shelf) => shelf.handfulErrorShare))),
    shelves: shelves.map((shelf) => ({
      shelf: shelf.shelf,
      singleErrorShare: rounded(shelf.singleErrorShare),
      handfulErrorShare: rounded(shelf.handfulErrorShare),
    })),
    pairs,
    better,
    isSearchWhole: isWhole,
  }
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
