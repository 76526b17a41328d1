import type { Combination, ModelShelf } from './combinations.ts'
import type { WeighingOptions } from './types.ts'

export type PlanogramShelfLint = {
  shelf: string
  /** Share of single picks that the best possible reader would get wrong. */
  singleErrorShare: number
  /** The same for handfuls as shoppers take them (mostly one unit, sometimes two, rarely three). */
  handfulErrorShare: number
}

/** What the best possible reader would get wrong on one shelf. */
export function lintShelf(shelf: ModelShelf, options: WeighingOptions): PlanogramShelfLint {
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

export function stepSigma(combination: Combination, options: WeighingOptions): number {
  return Math.sqrt(
    combination.variance +
      options.repeatabilityGrams ** 2 +
      (options.gainShare * combination.grams) ** 2 +
      (options.noiseGrams * 0.5) ** 2,
  )
}

/** Share of a normal distribution above `z` standard deviations (Abramowitz and Stegun 26.2.17, error below 1e-7). */
export function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * polynomial
}

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

export function rounded(value: number): number {
  return Math.round(value * 1e5) / 1e5
}
