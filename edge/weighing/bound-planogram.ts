import type { DoorUnlockArgs } from '#protocol/messages/commands.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import { withLearnedUnits } from '#protocol/weighing/learning.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import type { BoundPlanogram, ListedUnit } from '../session/record.ts'
import { beliefsFor, type LearnedWeights } from './learned-weights.ts'

/**
 * The planogram as it holds for one session: products from the desired document, weights as this cabinet has learned them,
 * pieces as the core counted them when it sent the command, sensors from the hardware profile, foreign objects as remembered.
 */
export function bindPlanogram(
  planogram: NonNullable<Twin['planogram']>,
  stock: DoorUnlockArgs['stock'],
  sensors: ReadonlyArray<{ shelf: string; sensor: string }>,
  learned: LearnedWeights,
): BoundPlanogram {
  const counted = new Map(stock.map((one) => [`${one.shelf} ${one.sku}`, one.quantity]))
  const catalogue: Record<string, ListedUnit> = Object.fromEntries(
    planogram.shelves
      .flatMap((shelf) => shelf.products)
      .map(({ sku, unitGrams, sigmaGrams }) => [sku, { unitGrams, sigmaGrams }]),
  )
  const listed: WeighingPlanogram = {
    shelves: planogram.shelves.map((shelf) => {
      const foreignGrams = learned.foreignGrams[shelf.id] ?? []
      return {
        id: shelf.id,
        products: shelf.products.map((product) => ({
          ...product,
          stock: counted.get(`${shelf.id} ${product.sku}`) ?? product.stock,
        })),
        ...(foreignGrams.length > 0 ? { foreignGrams: [...foreignGrams] } : {}),
      }
    }),
  }
  return {
    version: planogram.version,
    sensors: sensors.map((one) => one.sensor),
    shelves: withLearnedUnits(listed, beliefsFor(learned, catalogue)).shelves.map((shelf) => ({
      ...shelf,
      sensors: sensors.filter((one) => one.shelf === shelf.id).map((one) => one.sensor),
    })),
    catalogue,
  }
}

/** As the engine takes it. A shelf without a sensor of its own is left to the engine, which reports it as absent. */
export function weighingPlanogramOf(bound: BoundPlanogram): WeighingPlanogram {
  return {
    shelves: bound.shelves.map(({ sensors, ...shelf }) => ({
      ...shelf,
      ...(sensors.length > 0 ? { sensors } : {}),
    })),
  }
}
