import { CabinetError } from '#protocol/base/errors.ts'
import { GREY_HEIGHT, GREY_WIDTH, type GreyPicture } from '#edge/camera/pixels.ts'
import type { Camera } from '#edge/hardware/ports.ts'
import type { CabinetBody } from './cabinet-body.ts'
import type { Chance } from './chance.ts'
import type { Life, Scheduler } from './scheduler.ts'

const HEAD = [0xff, 0xd8, 0xff, 0xe0]
const SILENT_MS = 3000
const KINDS = ['clear', 'covered', 'dark'] as const

/** A camera above the shelves, whose pictures hold no more than what is needed to tell one from another. */
export function createCamera(deps: {
  body: CabinetBody
  scheduler: Scheduler
  chance: Chance
  life: Life
}): Camera {
  const { body, scheduler, chance, life } = deps
  let frozen: Uint8Array | undefined
  return {
    id: 'c1',
    async takeSnapshot() {
      const ailment = body.ailments.camera
      if (ailment === 'silent') {
        await scheduler.pause(life, 'camera', SILENT_MS)
        throw new CabinetError('camera_unreachable')
      }
      await scheduler.pause(life, 'camera', chance.between(40, 250))
      const kind = ailment === 'covered' ? 1 : ailment === 'dark' ? 2 : 0
      const taken = Uint8Array.from([
        ...HEAD,
        kind,
        ...Array.from({ length: 8 }, () => chance.between(0, 255)),
      ])
      if (ailment !== 'frozen') frozen = undefined
      else frozen ??= taken
      return { bytes: frozen ?? taken }
    },
  }
}

/** The shelves with their edges, the same again and again except for the noise of the sensor. */
const SHELVES = Uint8Array.from({ length: GREY_WIDTH * GREY_HEIGHT }, (_, at) => {
  const x = at % GREY_WIDTH
  const y = Math.floor(at / GREY_WIDTH)
  const isEdge = x % 16 < 2 || y % 20 < 2
  return isEdge ? 30 : 110 + ((x * 7 + y * 13) % 60) + ((x >> 4) % 3) * 25
})

/** The noise of the sensor has three patterns. */
const NOISES = 3
const seen = new Map<string, GreyPicture>()

/** The far end of the image work: bytes of `createCamera` to a small grey picture. There are few, and each is drawn once. */
export async function readSimulatedPicture(jpeg: Uint8Array): Promise<GreyPicture> {
  const kind = KINDS[jpeg[HEAD.length] ?? 0] ?? 'clear'
  const noise = (jpeg[HEAD.length + 1] ?? 0) % NOISES
  const name = `${kind} ${noise}`
  let picture = seen.get(name)
  if (picture === undefined) {
    const pixels = SHELVES.map((grey, at) => {
      if (kind === 'dark') return 3
      if (kind === 'covered') return 120
      return grey + ((at * 31 + noise) % NOISES)
    })
    picture = { width: GREY_WIDTH, height: GREY_HEIGHT, pixels }
    seen.set(name, picture)
  }
  return picture
}
