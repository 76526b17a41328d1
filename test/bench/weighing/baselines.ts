import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import type { Recording } from './physics.ts'

/** Simple ways to a receipt, each as short as its idea. They see the same readings and the same believed planogram. */
export type Baseline = (
  planogram: WeighingPlanogram,
  recording: Recording,
  sigmaGrams: number,
) => Map<string, number>

type Product = { sku: string; grams: number; sigma: number; stock: number }

function productsOf(planogram: WeighingPlanogram, shelf: number): Product[] {
  return (planogram.shelves[shelf]?.products ?? []).map((product) => ({
    sku: product.sku,
    grams: product.unitGrams,
    sigma: product.sigmaGrams ?? 0.006 * product.unitGrams,
    stock: product.stock,
  }))
}

function median(values: number[]): number {
  values.sort((a, b) => a - b)
  return values.length === 0 ? 0 : (values[values.length >> 1] as number)
}

function between(recording: Recording, shelf: number, fromMs: number, untilMs: number): number[] {
  const values: number[] = []
  const series = recording.grams[shelf] as Float64Array
  for (let i = 0; i < series.length; i++) {
    const t = recording.tMs[i] as number
    const value = series[i] as number
    if (t >= fromMs && t < untilMs && !Number.isNaN(value)) values.push(value)
  }
  return values
}

function netOf(recording: Recording, shelf: number): number {
  const before = median(between(recording, shelf, recording.openMs - 2000, recording.openMs - 100))
  const after = median(between(recording, shelf, recording.closeMs + 1500, recording.closeMs + 4000))
  return after - before
}

/** Visits every handful of up to `units` goods of one shelf. */
function handfuls(
  products: Product[],
  units: number,
  visit: (counts: number[], grams: number) => void,
): void {
  const counts = products.map(() => 0)
  const walk = (from: number, left: number, grams: number): void => {
    visit(counts, grams)
    if (left === 0) return
    for (let i = from; i < products.length; i++) {
      const product = products[i] as Product
      if ((counts[i] as number) >= product.stock) continue
      counts[i] = (counts[i] as number) + 1
      walk(i, left - 1, grams + product.grams)
      counts[i] = (counts[i] as number) - 1
    }
  }
  walk(0, units, 0)
}

function byNet(
  choose: (products: Product[], lossGrams: number, sigmaGrams: number) => number[] | null,
): Baseline {
  return (planogram, recording, sigmaGrams) => {
    const receipt = new Map<string, number>()
    planogram.shelves.forEach((_, shelf) => {
      const products = productsOf(planogram, shelf)
      const loss = -netOf(recording, shelf)
      if (loss < 8) return
      const counts = choose(products, loss, sigmaGrams)
      counts?.forEach((count, i) => {
        const sku = (products[i] as Product).sku
        if (count > 0) receipt.set(sku, (receipt.get(sku) ?? 0) + count)
      })
    })
    return receipt
  }
}

const closestSum = byNet((products, loss) => {
  let best: number[] | null = null
  let least = Number.POSITIVE_INFINITY
  handfuls(products, 4, (counts, grams) => {
    const off = Math.abs(grams - loss)
    if (off < least) {
      least = off
      best = counts.slice()
    }
  })
  return best
})

const singleProduct = byNet((products, loss) => {
  let best: number[] | null = null
  let least = Number.POSITIVE_INFINITY
  products.forEach((product, i) => {
    const units = Math.max(1, Math.round(loss / product.grams))
    const off = Math.abs(units * product.grams - loss) / Math.sqrt(units)
    if (units <= product.stock && off < least) {
      least = off
      best = products.map((_, j) => (j === i ? units : 0))
    }
  })
  return best
})

const fewestInTolerance = byNet((products, loss, sigmaGrams) => {
  let best: number[] | null = null
  let bestCost = Number.POSITIVE_INFINITY
  handfuls(products, 5, (counts, grams) => {
    const units = counts.reduce((sum, count) => sum + count, 0)
    const tolerance = 3 * Math.sqrt(2 * sigmaGrams ** 2 + (0.006 * grams) ** 2)
    const off = Math.abs(grams - loss)
    const cost = off < tolerance ? units + off / (tolerance + 1) : 100 + off
    if (cost < bestCost) {
      bestCost = cost
      best = counts.slice()
    }
  })
  return best
})

const netBayes = byNet((products, loss, sigmaGrams) => {
  let best: number[] | null = null
  let most = Number.NEGATIVE_INFINITY
  handfuls(products, 5, (counts, grams) => {
    let variance = 2 * sigmaGrams ** 2
    let units = 0
    let kinds = 0
    counts.forEach((count, i) => {
      variance += count * (products[i] as Product).sigma ** 2
      units += count
      if (count > 0) kinds++
    })
    if (units === 0) return
    const score =
      units * Math.log(0.12) - 0.4 * kinds - 0.5 * ((grams - loss) ** 2 / variance + Math.log(variance))
    if (score > most) {
      most = score
      best = counts.slice()
    }
  })
  return best
})

/** After the competition's winner: a spread trigger, fixed sigmas of 10 g, put-back is the nearest thing in the cart. */
const mpsLike: Baseline = (planogram, recording) => {
  const receipt = new Map<string, number>()
  const weights = new Map<string, number>()
  planogram.shelves.forEach((_, shelf) => {
    for (const product of productsOf(planogram, shelf)) weights.set(product.sku, product.grams)
  })
  const events = planogram.shelves
    .flatMap((_, shelf) => spreadEvents(recording, shelf).map((event) => ({ shelf, ...event })))
    .sort((a, b) => a.atMs - b.atMs)
  for (const { shelf, delta } of events) {
    if (delta < 0) {
      const products = productsOf(planogram, shelf)
      let best: { sku: string; units: number } | null = null
      let least = Number.POSITIVE_INFINITY
      for (const product of products) {
        for (let units = 1; units <= 3; units++) {
          const off =
            Math.abs(units * product.grams + delta) / (10 * Math.sqrt(1 + units)) + (units - 1) * 0.7
          if (off < least) {
            least = off
            best = { sku: product.sku, units }
          }
        }
      }
      if (best !== null) receipt.set(best.sku, (receipt.get(best.sku) ?? 0) + best.units)
    } else {
      let nearest: string | null = null
      let least = Math.max(30, 0.3 * delta)
      for (const [sku, units] of receipt) {
        const off = Math.abs((weights.get(sku) as number) - delta)
        if (units > 0 && off < least) {
          least = off
          nearest = sku
        }
      }
      if (nearest !== null) receipt.set(nearest, (receipt.get(nearest) as number) - 1)
    }
  }
  for (const [sku, units] of receipt) if (units === 0) receipt.delete(sku)
  return receipt
}

function spreadEvents(recording: Recording, shelf: number): Array<{ atMs: number; delta: number }> {
  const events: Array<{ atMs: number; delta: number }> = []
  const windowMs = 700
  let level = median(between(recording, shelf, 0, recording.openMs - 100))
  for (let t = recording.openMs; t < recording.closeMs + 3500; t += 200) {
    const values = between(recording, shelf, t, t + windowMs)
    if (values.length < 4) continue
    const middle = median(values.slice())
    const spread = median(values.map((value) => Math.abs(value - middle))) * 1.48
    if (spread < 5 && Math.abs(middle - level) > 10) {
      const again = median(between(recording, shelf, t + windowMs / 2, t + 1.5 * windowMs))
      if (Math.abs(again - middle) < 5) {
        events.push({ atMs: t, delta: again - level })
        level = again
      }
    }
  }
  return events
}

export const baselines: Readonly<Record<string, Baseline>> = {
  closestSum,
  singleProduct,
  fewestInTolerance,
  mpsLike,
  netBayes,
}
