import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import type { SeededRandom } from './random.ts'

/** How the goods are dealt over the shelves. */
export const tiers = ['gap', 'spread', 'random', 'twins', 'dense'] as const
/** Beside the five: every handful of one or two units of a shelf at least 15 g from every other, as the linter aims at. */
export const furtherTiers = ['handfuls'] as const
export type Tier = (typeof tiers)[number] | (typeof furtherTiers)[number]

const shelfCount = 5
const productsPerShelf = 6
const stockPerProduct = 8
/** Error of a weighed catalogue, and of the spread that a cabinet believes its goods to have. */
const catalogueErrorShare = 0.003
const spreadErrorLog = 0.3
/** How many units of a product a cabinet has weighed alone before, and how well the readings were averaged. */
const leastEarlierPicks = 5
const mostEarlierPicks = 60
const earlierReadingGrams = 0.6
/** A batch's mean against the product's, in units of the product's spread. */
export const batchShare = 0.5

export type TrueProduct = {
  sku: string
  meanGrams: number
  sigmaGrams: number
  priceFen: number
  shelf: number
}

export type TrueCabinet = {
  tier: Tier
  products: TrueProduct[]
  stock: number
  shelves: number
  /** Spread that each handling leaves in a shelf's answer. */
  settleSigmaGrams: number
  /** What the catalogue says; never exactly the truth. */
  planogram: WeighingPlanogram
  /** By product: what the scales said about units that were taken alone in earlier weeks. */
  earlierPicks: number[][]
  believedSettleSigmaGrams: number
}

/** Gross weights like those of a convenience shop: snacks, cans, bottles, large packs. */
function drawWeight(random: SeededRandom): number {
  const kind = random.uniform()
  if (kind < 0.5) return Math.max(20, Math.min(400, Math.exp(random.normal(Math.log(80), 0.55))))
  if (kind < 0.65) return random.normal(370, 12)
  if (kind < 0.9) return random.normal(550, 25)
  return random.between(600, 1100)
}

/**
 * Spread of one unit: about a third of what the law on packages tolerates (cans measured at 0.5 to 0.6 %,
 * small bags above 1 %), different from product to product.
 */
function drawSigma(random: SeededRandom, grams: number): number {
  const legal =
    grams <= 50
      ? 0.09 * grams
      : grams <= 100
        ? 4.5
        : grams <= 200
          ? 0.045 * grams
          : grams <= 300
            ? 9
            : grams <= 500
              ? 0.03 * grams
              : grams <= 1000
                ? 15
                : 0.015 * grams
  return Math.max(0.3, ((random.between(0.28, 0.45) * legal) / 1.96) * Math.exp(random.normal(0, 0.1)))
}

export function drawCabinet(random: SeededRandom, tier: Tier, settleSigmaGrams: number): TrueCabinet {
  const count = shelfCount * productsPerShelf
  const shelves = dealWeights(random, tier, count)
  const products: TrueProduct[] = []
  shelves.forEach((weights, shelf) => {
    for (const meanGrams of weights) {
      const number = products.length + 1
      products.push({
        sku: `p${String(number).padStart(2, '0')}`,
        meanGrams,
        sigmaGrams: drawSigma(random, meanGrams),
        priceFen: 50 * Math.round(random.logBetween(300, 1500) / 50),
        shelf,
      })
    }
  })
  const planogram: WeighingPlanogram = {
    shelves: shelves.map((_, shelf) => ({
      id: `s${shelf + 1}`,
      products: products
        .filter((product) => product.shelf === shelf)
        .map((product) => ({
          sku: product.sku,
          unitGrams: round(product.meanGrams * (1 + random.normal(0, catalogueErrorShare))),
          sigmaGrams: round(product.sigmaGrams * Math.exp(random.normal(0, spreadErrorLog))),
          stock: stockPerProduct,
          priceFen: product.priceFen,
        })),
    })),
  }
  const earlierPicks = products.map((product) => {
    const picks: number[] = []
    const count = Math.round(random.logBetween(leastEarlierPicks, mostEarlierPicks))
    let batch = 0
    for (let i = 0; i < count; i++) {
      if (i % stockPerProduct === 0) batch = random.normal(0, batchShare * product.sigmaGrams)
      const reading = random.normal(0, Math.hypot(settleSigmaGrams, earlierReadingGrams))
      picks.push(product.meanGrams + batch + random.normal(0, product.sigmaGrams) + reading)
    }
    return picks
  })
  return {
    tier,
    products,
    stock: stockPerProduct,
    shelves: shelfCount,
    settleSigmaGrams,
    planogram,
    earlierPicks,
    believedSettleSigmaGrams: settleSigmaGrams * Math.exp(random.normal(0, 0.2)),
  }
}

function dealWeights(random: SeededRandom, tier: Tier, count: number): number[][] {
  const weights = Array.from({ length: count }, () => drawWeight(random))
  const shelves: number[][] = Array.from({ length: shelfCount }, () => [])
  switch (tier) {
    case 'random':
      weights.forEach((weight, i) => (shelves[i % shelfCount] as number[]).push(weight))
      return shelves
    case 'spread':
      // Sorted and dealt round: near weights come to lie on different shelves.
      weights.sort((a, b) => a - b)
      weights.forEach((weight, i) => (shelves[i % shelfCount] as number[]).push(weight))
      return shelves
    case 'gap':
      for (const shelf of shelves) {
        while (shelf.length < productsPerShelf) {
          const weight = drawWeight(random)
          if (shelf.every((other) => Math.abs(other - weight) >= 15)) shelf.push(weight)
        }
      }
      return shelves
    case 'handfuls':
      return shelves.map(() => drawApart(random))
    case 'twins':
      weights.forEach((weight, i) => (shelves[i % shelfCount] as number[]).push(weight))
      for (const shelf of shelves) shelf[1] = (shelf[0] as number) + random.between(-2, 2)
      return shelves
    case 'dense':
      // As in real shops: two placements in five have a neighbour on the shelf within two grams.
      weights.forEach((weight, i) => (shelves[i % shelfCount] as number[]).push(weight))
      for (const shelf of shelves) {
        for (let i = 1; i < shelf.length; i++) {
          const u = random.uniform()
          const near = shelf[random.below(i)] as number
          if (u < 0.22) shelf[i] = Math.max(20, near + random.between(-2, 2))
          else if (u < 0.38) shelf[i] = Math.max(20, near + random.between(-10, 10))
        }
      }
      return shelves
  }
}

function drawApart(random: SeededRandom): number[] {
  for (;;) {
    const shelf: number[] = []
    for (let tries = 0; tries < 400 && shelf.length < productsPerShelf; tries++) {
      const next = [...shelf, drawWeight(random)]
      if (handfulsApart(next)) shelf.push(next.at(-1) as number)
    }
    if (shelf.length === productsPerShelf) return shelf
  }
}

function handfulsApart(weights: readonly number[]): boolean {
  const handfuls = weights.flatMap((one, i) => [one, ...weights.slice(i).map((other) => one + other)])
  handfuls.sort((a, b) => a - b)
  return handfuls.every((grams, i) => i === 0 || grams - (handfuls[i - 1] as number) >= 15)
}

function round(grams: number): number {
  return Math.round(grams * 100) / 100
}
