import type { DoorUnlockArgs, Twin } from '#protocol/messages/frames.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import type { BoundPlanogram } from '../session/record.ts'

/**
 * The planogram as it holds for one session: products and weights from the desired document, pieces as the core counted
 * them when it sent the command, sensors from the hardware profile.
 */
export function bindPlanogram(
  planogram: NonNullable<Twin['planogram']>,
  stock: DoorUnlockArgs['stock'],
  sensors: ReadonlyArray<{ shelf: string; sensor: string }>,
): BoundPlanogram {
  const counted = new Map(stock.map((one) => [`${one.shelf} ${one.sku}`, one.quantity]))
  return {
    version: planogram.version,
    sensors: sensors.map((one) => one.sensor),
    shelves: planogram.shelves.map((shelf) => ({
      id: shelf.id,
      sensors: sensors.filter((one) => one.shelf === shelf.id).map((one) => one.sensor),
      products: shelf.products.map((product) => ({
        ...product,
        stock: counted.get(`${shelf.id} ${product.sku}`) ?? product.stock,
      })),
    })),
  }
}

/** As the engine takes it. A shelf without a sensor of its own is left to the engine, which reports it as absent. */
export function weighingPlanogramOf(bound: BoundPlanogram): WeighingPlanogram {
  return {
    shelves: bound.shelves.map((shelf) => ({
      id: shelf.id,
      ...(shelf.sensors.length > 0 ? { sensors: shelf.sensors } : {}),
      products: shelf.products,
    })),
  }
}
