import { integerBelow, type Random, createSeededRandom } from '#protocol/base/random.ts'
import type { Pixels } from '#simulator/camera/pixels.ts'
import { drawExposure, drawMount, type Exposure, type Mount, photograph, throughMount } from './lens.ts'
import { afterAVisit, drawCabinet, drawProducts, sceneMaker, withDoor, withPeople } from './scenes.ts'
import { brokenAnswer, cover, defocus, knocked, type Trouble, TROUBLES, withoutLight } from './troubles.ts'

/** One look through one camera, with what is true about it. */
export interface Frame {
  /** Undefined when no connection came about. */
  readonly bytes: Uint8Array | undefined
  readonly truth: Trouble | undefined
  /** How many frames in a row this has been true, from 1 on. */
  readonly run: number
  /** The door is closed and nobody shops. */
  readonly isAtRest: boolean
}

/** Pictures of one visit, of the quiet after it, and of one trouble. */
const VISIT_FRAMES = [5, 9] as const
const REST_FRAMES = [3, 6] as const
const TROUBLE_FRAMES = [6, 10] as const

/**
 * One camera for some days in short: quiet, visits, and each trouble once, at rest or in the middle of a visit. After a
 * trouble the camera is put right again, as a technician would.
 */
export async function* film(seed: number): AsyncGenerator<Frame> {
  const random = createSeededRandom(seed)
  const products = drawProducts(random)
  const scene = sceneMaker(products)
  const mount = drawMount(random)
  let state = drawCabinet(products, random)
  let run = 0
  let truthBefore: Trouble | undefined

  function frame(bytes: Uint8Array | undefined, truth: Trouble | undefined, isAtRest: boolean): Frame {
    run = truth === truthBefore ? run + 1 : 1
    truthBefore = truth
    return { bytes, truth, run, isAtRest }
  }
  async function look(isDoorOpen: boolean, hasPeople: boolean, view: Mount = mount): Promise<Pixels> {
    const plain = await scene(withDoor(state, isDoorOpen))
    return throughMount(hasPeople ? withPeople(plain, random) : plain, view)
  }
  async function* rest(frames: number): AsyncGenerator<Frame> {
    for (let i = 0; i < frames; i++)
      yield frame(
        await photograph(await look(false, false), mount, drawExposure(random, false), random),
        undefined,
        true,
      )
  }
  async function* visit(frames: number, at?: number, trouble?: Trouble): AsyncGenerator<Frame> {
    const light = drawExposure(random, true)
    for (let i = 0; i < frames; i++) {
      if (i === at && trouble !== undefined) yield* suffer(trouble, true, light)
      if (i === Math.floor(frames / 2)) state = afterAVisit(state, random)
      const own = drawExposure(random, true)
      // The light of one visit stays about the same, its grain and trembling do not.
      const exposure = { ...light, jitter: own.jitter, gain: light.gain * (0.95 + 0.1 * random.next()) }
      const seen = await look(true, random.next() < 0.7)
      yield frame(await photograph(seen, mount, exposure, random), undefined, false)
    }
  }
  async function* suffer(trouble: Trouble, isDoorOpen: boolean, light: Exposure): AsyncGenerator<Frame> {
    const frames = lengthIn(TROUBLE_FRAMES, random)
    const isAtRest = !isDoorOpen
    const aside = knocked(mount, random)
    const stuck = await photograph(await look(isDoorOpen, false), mount, light, random)
    const [seedOfCover, seedOfFocus] = [random.next() * 2 ** 31, random.next() * 2 ** 31]
    for (let i = 0; i < frames; i++) {
      const own = { ...drawExposure(random, isDoorOpen), glare: light.glare, daylight: light.daylight }
      const hasPeople = isDoorOpen && random.next() < 0.4
      const seen = await look(isDoorOpen, hasPeople)
      const bytes = await {
        covered: async () =>
          photograph(await cover(seen, createSeededRandom(seedOfCover)), mount, own, random),
        dark: () => photograph(seen, mount, withoutLight(own, random), random),
        blurred: async () =>
          photograph(await defocus(seen, createSeededRandom(seedOfFocus)), mount, own, random),
        moved: async () => photograph(await look(isDoorOpen, hasPeople, aside), aside, own, random),
        frozen: async () => stuck,
        unreachable: async () => brokenAnswer(stuck, random),
      }[trouble]()
      yield frame(bytes, trouble, isAtRest)
    }
  }

  yield* rest(4)
  for (const trouble of shuffled(TROUBLES, random)) {
    yield* visit(lengthIn(VISIT_FRAMES, random))
    yield* rest(lengthIn(REST_FRAMES, random))
    if (random.next() < 0.5) {
      yield* suffer(trouble, false, drawExposure(random, false))
      yield* rest(lengthIn(REST_FRAMES, random))
    } else {
      const frames = lengthIn(VISIT_FRAMES, random)
      yield* visit(frames, integerBelow(random, frames - 1) + 1, trouble)
      yield* rest(lengthIn(REST_FRAMES, random))
    }
  }
}

function lengthIn([least, most]: readonly [number, number], random: Random): number {
  return least + integerBelow(random, most - least + 1)
}
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  return items.map(() => left.splice(integerBelow(random, left.length), 1)[0] as T)
}
