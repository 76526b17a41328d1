/** Share of answers that are worse than their sigma says; a wide component keeps the tails honest. */
export type Wide = { share: number }

/** A few answers of a shelf are worse than its sigma says; a wide component keeps the tails honest. */
const wideFactor = 3
export const ordinaryWide: Wide = { share: 0.02 }

/** What is read between two quick moves may hold a part of the next hand's push. */
export const briefWide: Wide = { share: 0.07 }
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/** A normal density with a wide component: a narrow one for what the sigma says, a wide one for what it does not. */
export function logDensity(residual: number, variance: number, wide: Wide): number {
  const squared = residual * residual
  const broadVariance = wideFactor * wideFactor * variance
  return (
    logAdd(
      Math.log((1 - wide.share) / Math.sqrt(variance)) - (0.5 * squared) / variance,
      Math.log(wide.share / Math.sqrt(broadVariance)) - (0.5 * squared) / broadVariance,
    ) - halfLogTwoPi
  )
}

export function logAdd(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b
  if (b === Number.NEGATIVE_INFINITY) return a
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b))
}

/** Foreign objects and losses that nothing explains may weigh anything up to this. */
export const openRangeGrams = 3000

export const logOpenDensity = -Math.log(openRangeGrams)
