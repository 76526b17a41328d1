import sharp from 'sharp'
import { createSeededRandom, gaussian, type Random } from '#protocol/base/random.ts'
import type { Pixels } from '#simulator/camera/pixels.ts'

/**
 * How a camera was fixed and what it is like: no two in the field are the same. All that happens to a scene between
 * the cabinet and the JPEG is done here, and nothing of it is taken from the camera of the simulator.
 */
export interface Mount {
  /** How the camera was fitted: a part of the width and height, degrees, and a factor. */
  readonly shift: { readonly x: number; readonly y: number }
  readonly degrees: number
  readonly zoom: number
  /** Falling off of the light towards the corners, 0 to 1. */
  readonly vignette: number
  /** Softness of the lens when all is well, pixels. */
  readonly softness: number
  /** Noise of the sensor at normal light, grey levels. */
  readonly noiseSd: number
  readonly jpegQuality: number
}

/** What is different about one picture. */
export interface Exposure {
  readonly gain: number
  readonly gamma: number
  /** Daylight through the open door, grey levels added at the brightest side; `side` is a direction in radians. */
  readonly daylight: { readonly levels: number; readonly side: number }
  /** A bright spot of a lamp on the glass; radius as a part of the width, 0 for none. */
  readonly glare: { readonly x: number; readonly y: number; readonly radius: number }
  readonly noiseFactor: number
  /** Vibration of the compressor, pixels. */
  readonly jitter: { readonly x: number; readonly y: number }
}

export function drawMount(random: Random): Mount {
  return {
    shift: { x: between(random, -0.03, 0.03), y: between(random, -0.03, 0.03) },
    degrees: between(random, -2.5, 2.5),
    zoom: between(random, 0.98, 1.16),
    vignette: between(random, 0, 0.35),
    softness: between(random, 0, 1.1),
    noiseSd: between(random, 0.8, 5),
    jpegQuality: Math.round(between(random, 35, 88)),
  }
}

export function drawExposure(random: Random, isDoorOpen: boolean): Exposure {
  const hasGlare = random.next() < (isDoorOpen ? 0.25 : 0.05)
  return {
    gain: isDoorOpen ? between(random, 0.6, 1.3) : between(random, 0.85, 1.12),
    gamma: isDoorOpen ? between(random, 0.8, 1.25) : between(random, 0.93, 1.07),
    daylight: {
      levels: isDoorOpen ? between(random, 0, 55) : between(random, 0, 8),
      side: random.next() * 2 * Math.PI,
    },
    glare: { x: random.next(), y: random.next(), radius: hasGlare ? between(random, 0.04, 0.12) : 0 },
    noiseFactor: isDoorOpen ? between(random, 0.8, 1.8) : between(random, 0.9, 1.2),
    jitter: { x: Math.round(gaussian(random) * 0.6), y: Math.round(gaussian(random) * 0.6) },
  }
}

/** The same scene from where the camera hangs, before the light and the sensor. */
export async function throughMount(scene: Pixels, mount: Mount): Promise<Pixels> {
  const { width, height } = scene
  const angle = (mount.degrees * Math.PI) / 180
  const [cos, sin] = [Math.cos(angle) / mount.zoom, Math.sin(angle) / mount.zoom]
  const seen = sample(scene, (x, y) => {
    const [dx, dy] = [x - width / 2, y - height / 2]
    return [
      width / 2 + cos * dx + sin * dy - mount.shift.x * width,
      height / 2 - sin * dx + cos * dy - mount.shift.y * height,
    ]
  })
  return mount.softness < 0.3 ? seen : blurred(seen, mount.softness)
}

export async function blurred(scene: Pixels, sigma: number): Promise<Pixels> {
  const { data, info } = await sharp(scene.rgb, { raw: { ...sizeOf(scene), channels: 3 } })
    .blur(sigma)
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, rgb: new Uint8Array(data) }
}

/** Light, sensor and compression: from a scene to what a camera sends. */
export async function photograph(
  scene: Pixels,
  mount: Mount,
  exposure: Exposure,
  random: Random,
): Promise<Uint8Array> {
  const { width, height } = scene
  const rgb = new Uint8Array(width * height * 3)
  const tone = Float64Array.from(
    { length: 256 },
    (_, level) => 255 * (level / 255) ** exposure.gamma * exposure.gain,
  )
  const [towardsX, towardsY] = [Math.cos(exposure.daylight.side), Math.sin(exposure.daylight.side)]
  const noiseSd = mount.noiseSd * exposure.noiseFactor
  let at = Math.floor(random.next() * NOISE.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width - 0.5, y / height - 0.5]
      const fall = 1 - mount.vignette * 2 * (u * u + v * v)
      const day = exposure.daylight.levels * (0.5 + u * towardsX + v * towardsY)
      const spot = glareAt(exposure, x / width, (y * height) / (height * height))
      at = (at + 1) % NOISE.length
      const grain = (NOISE[at] as number) * noiseSd
      const fromX = Math.min(width - 1, Math.max(0, x + exposure.jitter.x))
      const fromY = Math.min(height - 1, Math.max(0, y + exposure.jitter.y))
      const from = (fromY * width + fromX) * 3
      const to = (y * width + x) * 3
      for (let channel = 0; channel < 3; channel++) {
        const level = (tone[scene.rgb[from + channel] as number] as number) * fall + day + spot + grain
        rgb[to + channel] = level < 0 ? 0 : level > 255 ? 255 : level
      }
    }
  }
  return sharp(rgb, { raw: { ...sizeOf(scene), channels: 3 } })
    .jpeg({ quality: mount.jpegQuality })
    .toBuffer()
}

function glareAt(exposure: Exposure, x: number, y: number): number {
  const { radius } = exposure.glare
  if (radius === 0) return 0
  const distance = Math.hypot(x - exposure.glare.x, y - exposure.glare.y) / radius
  return distance > 2 ? 0 : 220 * Math.exp(-distance * distance)
}

/** Nearest pixel; outside of the scene is the dark of the cabinet's frame. */
function sample(scene: Pixels, where: (x: number, y: number) => readonly [number, number]): Pixels {
  const { width, height } = scene
  const rgb = new Uint8Array(width * height * 3).fill(52)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = where(x, y)
      const [column, row] = [Math.round(fromX), Math.round(fromY)]
      if (column < 0 || row < 0 || column >= width || row >= height) continue
      const from = (row * width + column) * 3
      const to = (y * width + x) * 3
      rgb[to] = scene.rgb[from] as number
      rgb[to + 1] = scene.rgb[from + 1] as number
      rgb[to + 2] = scene.rgb[from + 2] as number
    }
  }
  return { width, height, rgb }
}

/** One long row of noise for all pictures, read from another place each time. */
const NOISE = noiseRow(104_729)
function noiseRow(length: number): Float32Array {
  const random = createSeededRandom(7)
  return Float32Array.from({ length }, () => gaussian(random))
}

export function sizeOf({ width, height }: Pixels): { width: number; height: number } {
  return { width, height }
}
export function between(random: Random, least: number, most: number): number {
  return least + (most - least) * random.next()
}
