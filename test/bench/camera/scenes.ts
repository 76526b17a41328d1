import { integerBelow, type Random } from '#protocol/base/random.ts'
import type { Product } from '#simulator/cabinet/goods-file.ts'
import type { Pixels } from '#simulator/camera/pixels.ts'
import { createRenderer } from '#simulator/camera/renderer.ts'
import type { SceneState, ShelfScene } from '#simulator/camera/scene.ts'
import { between } from './lens.ts'

const SHAPES = ['can', 'bottle', 'cup', 'box', 'bag'] as const

/** Goods of another shop than the demo's, in random colours. */
export function drawProducts(random: Random): ReadonlyMap<string, Product> {
  return new Map(
    Array.from({ length: 14 }, (_, index) => {
      const sku = `p${index}`
      const product: Product = {
        sku,
        name: { zh: sku, en: String.fromCharCode(65 + index) },
        unitGrams: 300,
        sigmaGrams: 3,
        picture: {
          shape: SHAPES[integerBelow(random, SHAPES.length)] ?? 'can',
          color: colour(random),
          accent: colour(random),
        },
      }
      return [sku, product]
    }),
  )
}
function colour(random: Random): string {
  return `#${Array.from({ length: 3 }, () => integerBelow(random, 256).toString(16).padStart(2, '0')).join('')}`
}

export function drawCabinet(products: ReadonlyMap<string, Product>, random: Random): SceneState {
  const skus = [...products.keys()]
  const shelves = Array.from(
    { length: 3 + integerBelow(random, 4) },
    (): ShelfScene => ({
      isTouched: false,
      strays: [],
      lanes: Array.from({ length: 2 + integerBelow(random, 3) }, () => {
        const planned = 4 + 2 * integerBelow(random, 4)
        return { sku: skus[integerBelow(random, skus.length)] ?? 'p0', planned, present: planned }
      }),
    }),
  )
  return { isDoorOpen: false, shelves }
}

/** Somebody takes, puts back in the wrong place, or fills up: from one good to the whole cabinet. */
export function afterAVisit(state: SceneState, random: Random): SceneState {
  const isRestock = random.next() < 0.12
  return {
    ...state,
    shelves: state.shelves.map((shelf) => ({
      ...shelf,
      isTouched: false,
      strays: random.next() < 0.06 ? ['p1'] : isRestock ? [] : shelf.strays,
      lanes: shelf.lanes.map((lane) => ({
        ...lane,
        present: isRestock
          ? lane.planned
          : random.next() < 0.3
            ? Math.max(0, lane.present - 1 - integerBelow(random, 4))
            : lane.present,
      })),
    })),
  }
}

export function withDoor(state: SceneState, isDoorOpen: boolean): SceneState {
  return { ...state, isDoorOpen }
}

export type SceneMaker = (state: SceneState) => Promise<Pixels>
export function sceneMaker(products: ReadonlyMap<string, Product>): SceneMaker {
  const renderer = createRenderer(products)
  return (state) => renderer.scene('plain', state)
}

/**
 * Arms, sleeves and heads before the shelves: up to two, each a soft-edged limb that comes in from one side.
 * Together they hide less than half of the view: more would be a covered camera by anybody's word.
 */
export function withPeople(scene: Pixels, random: Random): Pixels {
  const { width, height } = scene
  const rgb = Uint8Array.from(scene.rgb)
  const count = 1 + integerBelow(random, 2)
  for (let i = 0; i < count; i++) {
    const from = { x: random.next() * width, y: random.next() < 0.7 ? height : random.next() * height }
    const to = { x: between(random, 0.15, 0.85) * width, y: between(random, 0.15, 0.8) * height }
    const radius = between(random, 0.04, 0.1) * width
    const sleeve = [0, 1, 2].map(() => between(random, 20, 220))
    const skin = [217, 165, 131].map((level) => level * between(random, 0.55, 1.05))
    const [dx, dy] = [to.x - from.x, to.y - from.y]
    const length = dx * dx + dy * dy
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const along = Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / length))
        const distance = Math.hypot(x - from.x - along * dx, y - from.y - along * dy)
        if (distance > radius) continue
        const shade = 0.65 + 0.35 * Math.sqrt(1 - (distance / radius) ** 2)
        const tint = along > 0.8 ? skin : sleeve
        const at = (y * width + x) * 3
        for (let channel = 0; channel < 3; channel++)
          rgb[at + channel] = Math.min(255, (tint[channel] as number) * shade)
      }
    }
  }
  return { width, height, rgb }
}
