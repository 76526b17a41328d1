import sharp from 'sharp'
import type { Clock } from '#protocol/base/clock.ts'
import type { Random } from '#protocol/base/random.ts'
import type { Cabinet } from '#simulator/cabinet/cabinet.ts'
import type { CameraMode } from './modes.ts'
import { createSensor, overlayText, type Pixels } from './pixels.ts'
import { drawCover, drawScene, FRAME_HEIGHT, FRAME_WIDTH, type SceneState } from './scene.ts'

export interface Camera {
  readonly id: string
  readonly mode: CameraMode
  setMode(mode: CameraMode): void
  /** A JPEG of now, 640 × 480. In the modes that give no picture this is what the lens would see. */
  snapshot(): Promise<Uint8Array>
}

const NOISE_SD = 1.8
const JPEG_QUALITY = 66
/** Drawn scenes kept, most recent last. A scene is 0.9 MB. */
const MOST_SCENES = 8
const BLUR_SIGMA = 7
const KNOCKED_ASIDE = { shiftX: 150, shiftY: -46, degrees: 11 }

/** One camera that looks into the cabinet. Renders from the physics; keeps drawn scenes, adds noise and time to each. */
export function createCamera(options: {
  id: string
  clock: Clock
  random: Random
  cabinet: Cabinet
  sync: () => void
}): Camera {
  const { clock, random, cabinet, sync } = options
  const sensor = createSensor(random)
  const scenes = new Map<string, Promise<Pixels>>()
  let mode: CameraMode = 'clear'
  let frozen: Promise<Uint8Array> | undefined

  function see(): SceneState {
    sync()
    const { lock, shelves } = cabinet.snapshot()
    return {
      isDoorOpen: lock.isDoorOpen,
      shelves: shelves.map((shelf) => ({
        isTouched: lock.isDoorOpen && shelf.isTouched,
        // By product, then by arrival: what is drawn does not jump when one is taken.
        skus: shelf.items.map((item) => item.sku ?? '').toSorted(),
      })),
    }
  }
  function scene(ofMode: CameraMode): Promise<Pixels> {
    const state = see()
    const kind = ofMode === 'covered' || ofMode === 'moved' || ofMode === 'blurred' ? ofMode : 'plain'
    const key = kind === 'covered' ? kind : `${kind} ${JSON.stringify(state)}`
    let drawn = scenes.get(key)
    if (drawn === undefined) {
      drawn = rasterise(kind, state)
      scenes.set(key, drawn)
      for (const old of scenes.keys()) {
        if (scenes.size <= MOST_SCENES) break
        scenes.delete(old)
      }
    }
    return drawn
  }
  async function rasterise(
    kind: 'plain' | 'covered' | 'moved' | 'blurred',
    state: SceneState,
  ): Promise<Pixels> {
    const svg =
      kind === 'covered'
        ? drawCover()
        : drawScene(state, cabinet.products, kind === 'moved' ? KNOCKED_ASIDE : undefined)
    const image = sharp(Buffer.from(svg)).removeAlpha()
    if (kind === 'blurred') image.blur(BLUR_SIGMA)
    const { data } = await image.raw().toBuffer({ resolveWithObject: true })
    return { width: FRAME_WIDTH, height: FRAME_HEIGHT, rgb: data }
  }
  async function render(): Promise<Uint8Array> {
    const atMs = clock.now()
    const isDark = mode === 'dark' || !cabinet.isMainsOn
    // Lamps and exposure are never quite the same twice.
    const flicker = 1 + 0.012 * Math.sin(atMs / 1700)
    const light = isDark ? { gain: 0.035, noiseSd: 1.4 } : { gain: flicker, noiseSd: NOISE_SD }
    const frame = sensor.expose(await scene(mode), light)
    overlayText(
      frame,
      new Date(atMs).toISOString().replace('T', ' ').replace(/\.\d+/, ''),
      12,
      FRAME_HEIGHT - 24,
      2,
    )
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
    snapshot: () => frozen ?? render(),
  }
}
