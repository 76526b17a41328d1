import sharp from 'sharp'
import type { Clock } from '#protocol/base/clock.ts'
import type { Random } from '#protocol/base/random.ts'
import type { Cabinet } from '#simulator/cabinet/cabinet-types.ts'
import type { CameraMode } from './modes.ts'
import { createSensor, overlayText } from './pixels.ts'
import { createRenderer, type SceneKind, type Viewpoint } from './renderer.ts'
import { FRAME_HEIGHT, type SceneState } from './scene.ts'

export interface Camera {
  readonly id: string
  readonly mode: CameraMode
  /** Pictures that were asked for. */
  readonly pictures: number
  setMode(mode: CameraMode): void
  /** A JPEG of now, 640 × 480. In the modes that give no picture this is what the lens would see. */
  snapshot(): Promise<Uint8Array>
}

const NOISE_SD = 1.8
const JPEG_QUALITY = 62

/** One camera that looks into the cabinet. Renders from the physics; keeps drawn scenes, adds noise and time to each. */
export function createCamera(options: {
  /** Names the camera, and says where it hangs. */
  id: Viewpoint
  clock: Clock
  /** IANA name of the zone in which the camera hangs: it writes the time as the wall clock beside it shows it. */
  timeZone: string
  random: Random
  cabinet: Cabinet
  sync: () => void
}): Camera {
  const { clock, random, cabinet, sync } = options
  // Swedish writes dates as ISO 8601 does.
  const wallTime = new Intl.DateTimeFormat('sv-SE', {
    timeZone: options.timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  const sensor = createSensor(random)
  const renderer = createRenderer(cabinet.products, options.id)
  let mode: CameraMode = 'clear'
  let pictures = 0
  let frozen: Promise<Uint8Array> | undefined

  function see(): SceneState {
    sync()
    const { doors, shelves } = cabinet.snapshot()
    const isDoorOpen = doors.some((door) => door.isDoorOpen)
    return {
      isDoorOpen,
      shelves: shelves.map((shelf) => {
        const lanes = cabinet.lanesOf(shelf.id)
        return {
          isTouched: isDoorOpen && shelf.isTouched,
          lanes: lanes.map(({ sku, stock }) => ({
            sku,
            planned: stock,
            present: shelf.items.filter((item) => item.sku === sku).length,
          })),
          strays: shelf.items
            .filter((item) => !lanes.some((lane) => lane.sku === item.sku))
            .map((item) => item.sku ?? ''),
        }
      }),
    }
  }
  async function render(): Promise<Uint8Array> {
    const atMs = clock.now()
    const isDark = mode === 'dark' || !cabinet.isMainsOn
    // Lamps and exposure are never quite the same twice.
    const flicker = 1 + 0.012 * Math.sin(atMs / 1700)
    const light = isDark ? { gain: 0.035, noiseSd: 1.4 } : { gain: flicker, noiseSd: NOISE_SD }
    const frame = sensor.expose(await renderer.scene(kindOf(mode), see()), light)
    overlayText(frame, wallTime.format(atMs), 12, FRAME_HEIGHT - 24, 2)
    return sharp(frame.rgb, { raw: { width: frame.width, height: frame.height, channels: 3 } })
      .jpeg({ quality: JPEG_QUALITY })
      .toBuffer()
  }
  return {
    id: options.id,
    get mode() {
      return mode
    },
    setMode(next) {
      if (next === mode) return
      // What is frozen is the picture of just before.
      frozen = next === 'frozen' ? render() : undefined
      mode = next
    },
    get pictures() {
      return pictures
    },
    snapshot() {
      pictures++
      return frozen ?? render()
    },
  }
}

function kindOf(mode: CameraMode): SceneKind {
  return mode === 'covered' || mode === 'moved' || mode === 'blurred' ? mode : 'plain'
}
