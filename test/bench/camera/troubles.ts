import { integerBelow, type Random } from '#protocol/base/random.ts'
import type { Pixels } from '#simulator/camera/pixels.ts'
import { between, blurred, type Exposure, type Mount } from './lens.ts'

/**
 * What may be wrong with a camera, in more forms than the simulator's buttons have: the watch is judged on troubles it
 * was not built on.
 */
export const TROUBLES = ['covered', 'dark', 'blurred', 'moved', 'frozen', 'unreachable'] as const
export type Trouble = (typeof TROUBLES)[number]

/** Soft, near the lens: a palm, a sleeve, a plastic bag, a sheet of paper, tape over most of the view. */
export async function cover(scene: Pixels, random: Random): Promise<Pixels> {
  const form = integerBelow(random, 5)
  const { width, height } = scene
  const rgb = new Uint8Array(width * height * 3)
  const tint: readonly number[] = [
    [170, 120, 95],
    [52, 58, 74],
    [225, 228, 230],
    [238, 236, 228],
    [24, 22, 22],
  ][form] as readonly number[]
  // How much of the view is hidden, from which side; a palm or paper hides all.
  const share = form === 4 || random.next() < 0.3 ? between(random, 0.78, 0.97) : 1
  const angle = random.next() * 2 * Math.PI
  const folds = Array.from({ length: 4 }, () => ({
    x: between(random, 0.5, 4) / width,
    y: between(random, 0.5, 4) / height,
    phase: random.next() * 6.28,
    levels: between(random, 2, form === 1 ? 22 : 9),
  }))
  const under = form === 2 ? await blurred(scene, between(random, 14, 24)) : scene
  const veil = form === 2 ? between(random, 0.6, 0.85) : 1
  const edge = edgeOf(share, angle, width, height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = edge(x, y)
      let fold = 0
      for (const one of folds) fold += one.levels * Math.sin(6.28 * (x * one.x + y * one.y) + one.phase)
      const at = (y * width + x) * 3
      for (let channel = 0; channel < 3; channel++) {
        const seen = (inside > 0 && share === 1 ? under : scene).rgb[at + channel] as number
        const cloth = (tint[channel] as number) + fold
        const opacity = inside * veil
        const level = seen * (1 - opacity) + cloth * opacity
        rgb[at + channel] = level < 0 ? 0 : level > 255 ? 255 : level
      }
    }
  }
  return { width, height, rgb }
}

/** A soft edge: what is right before the lens is out of focus. @returns 0 (free) to 1 (hidden) at a pixel */
function edgeOf(share: number, angle: number, width: number, height: number) {
  if (share === 1) return () => 1
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)]
  const span = Math.abs(dx) * width + Math.abs(dy) * height
  const soft = 0.06 * span
  return (x: number, y: number): number => {
    const along = (x - width / 2) * dx + (y - height / 2) * dy + span / 2
    const inside = (share * span - along) / soft + 0.5
    return inside < 0 ? 0 : inside > 1 ? 1 : inside
  }
}

export function withoutLight(exposure: Exposure, random: Random): Exposure {
  return {
    ...exposure,
    gain: between(random, 0.005, 0.06),
    daylight: { levels: between(random, 0, 4), side: exposure.daylight.side },
    glare: { ...exposure.glare, radius: 0 },
    noiseFactor: between(random, 0.5, 2),
  }
}

/** Out of focus, or breath and frost on the glass: soft, and with less contrast. */
export async function defocus(scene: Pixels, random: Random): Promise<Pixels> {
  const soft = await blurred(scene, between(random, 4.5, 11))
  const fog = random.next() < 0.5 ? between(random, 0.1, 0.45) : 0
  if (fog === 0) return soft
  return { ...soft, rgb: soft.rgb.map((level) => level * (1 - fog) + 205 * fog) }
}

/** Knocked: turned, shifted, or both; by less than an eye would notice at once, up to looking at the wall. */
export function knocked(mount: Mount, random: Random): Mount {
  const way = integerBelow(random, 3)
  const turn = way === 1 ? 0 : sign(random) * between(random, 5, 24)
  const far = way === 0 ? 0 : between(random, 0.07, 0.4)
  const angle = random.next() * 2 * Math.PI
  return {
    ...mount,
    degrees: mount.degrees + turn,
    shift: { x: mount.shift.x + far * Math.cos(angle), y: mount.shift.y + far * Math.sin(angle) },
  }
}

/** What an unreachable camera sends where it sends anything: a page, half a picture, nothing. */
export function brokenAnswer(jpeg: Uint8Array, random: Random): Uint8Array | undefined {
  const form = integerBelow(random, 3)
  if (form === 0) return undefined
  if (form === 1) return new TextEncoder().encode('<html><body>503 busy</body></html>')
  return jpeg.subarray(0, Math.floor(jpeg.length * between(random, 0.02, 0.7)))
}

function sign(random: Random): number {
  return random.next() < 0.5 ? -1 : 1
}
