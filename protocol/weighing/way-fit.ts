import type { CabinetModel, ModelProduct } from './combinations.ts'
import { logAdd } from './densities.ts'
import type { PassageEvidence } from './passage.ts'

/** Of two units taken in one go, the share that leaves one after the other. */
const apartShare = 0.65

/** Two units are lifted as one, or one after the other; then the shelf may have been seen in between. */
export function wayFit(
  model: CabinetModel,
  passage: PassageEvidence,
  items: readonly number[],
  sign: 1 | -1,
): number {
  if (items.length < 2 || items.length > 3) return 0
  let sum = Number.NEGATIVE_INFINITY
  for (const item of items) {
    const product = model.products[item] as ModelProduct
    sum = logAdd(sum, passage.via(sign * product.unitGrams, product.unitVariance + product.sharedVariance))
  }
  return logAdd(Math.log(1 - apartShare), Math.log(apartShare / items.length) + sum)
}
