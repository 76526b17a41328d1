import { gaussian, integerBelow, type Random } from '#protocol/base/random.ts'

/** Interleaved 8-bit RGB. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

/** Interleaved 8-bit RGB with opacity. */
export interface Sprite {
  readonly width: number
  readonly height: number
  readonly rgba: Uint8Array
}

/** Lays a sprite over a picture; what lies outside is cut off. @param light  1 is as drawn, less is darker */
export function blit(target: Pixels, sprite: Sprite, left: number, top: number, light: number) {
  const fromX = Math.max(0, -left)
  const toX = Math.min(sprite.width, target.width - left)
  const toY = Math.min(sprite.height, target.height - top)
  const { rgb } = target
  const { rgba } = sprite
  for (let y = Math.max(0, -top); y < toY; y++) {
    let from = (y * sprite.width + fromX) * 4
    let to = ((y + top) * target.width + left + fromX) * 3
    for (let x = fromX; x < toX; x++, from += 4, to += 3) {
      const opacity = (rgba[from + 3] ?? 0) / 255
      if (opacity === 0) continue
      for (let channel = 0; channel < 3; channel++) {
        const under = rgb[to + channel] ?? 0
        rgb[to + channel] = under + ((rgba[from + channel] ?? 0) * light - under) * opacity
      }
    }
  }
}

const NOISE_TABLE = 1 << 16

/** A sensor: multiplies the light, adds noise that differs on every frame. */
export function createSensor(random: Random) {
  const table = Int8Array.from({ length: NOISE_TABLE }, () =>
    Math.max(-127, Math.min(127, Math.round(gaussian(random) * 32))),
  )
  return {
    /** @param noiseSd  standard deviation in grey levels; the same on the three channels, as after demosaicing */
    expose(scene: Pixels, light: { gain: number; noiseSd: number }): Pixels {
      const rgb = new Uint8Array(scene.rgb.length)
      const offset = integerBelow(random, NOISE_TABLE)
      const stride = 1 + 2 * integerBelow(random, 8)
      const scale = light.noiseSd / 32
      let at = offset
      for (let i = 0; i < rgb.length; i += 3) {
        at = (at + stride) & (NOISE_TABLE - 1)
        const noise = (table[at] ?? 0) * scale
        rgb[i] = clamp((scene.rgb[i] ?? 0) * light.gain + noise)
        rgb[i + 1] = clamp((scene.rgb[i + 1] ?? 0) * light.gain + noise)
        rgb[i + 2] = clamp((scene.rgb[i + 2] ?? 0) * light.gain + noise)
      }
      return { width: scene.width, height: scene.height, rgb }
    },
  }
}
function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value
}

/** 5 × 7 dots a character, a row a number, most significant bit left: a camera's own overlay has no fonts. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [14, 17, 19, 21, 25, 17, 14],
  '1': [4, 12, 4, 4, 4, 4, 14],
  '2': [14, 17, 1, 2, 4, 8, 31],
  '3': [31, 2, 4, 2, 1, 17, 14],
  '4': [2, 6, 10, 18, 31, 2, 2],
  '5': [31, 16, 30, 1, 1, 17, 14],
  '6': [6, 8, 16, 30, 17, 17, 14],
  '7': [31, 1, 2, 4, 8, 8, 8],
  '8': [14, 17, 17, 14, 17, 17, 14],
  '9': [14, 17, 17, 15, 1, 2, 12],
  '-': [0, 0, 0, 31, 0, 0, 0],
  ':': [0, 4, 4, 0, 4, 4, 0],
  Z: [31, 1, 2, 4, 8, 16, 31],
}

/** Writes into the picture, white on a dark edge. Characters without a glyph leave a space. */
export function overlayText(pixels: Pixels, text: string, left: number, top: number, dot: number) {
  for (const [shade, shift] of [
    [16, 1],
    [245, 0],
  ] as const) {
    for (const [index, character] of text.split('').entries()) {
      const rows = GLYPHS[character]
      if (rows === undefined) continue
      for (const [row, bits] of rows.entries()) {
        for (let column = 0; column < 5; column++) {
          if (bits & (16 >> column)) {
            fill(pixels, left + (index * 6 + column) * dot + shift, top + row * dot + shift, dot, shade)
          }
        }
      }
    }
  }
}
function fill({ width, height, rgb }: Pixels, left: number, top: number, size: number, shade: number) {
  for (let y = top; y < Math.min(height, top + size); y++) {
    for (let x = left; x < Math.min(width, left + size); x++)
      rgb.fill(shade, (y * width + x) * 3, (y * width + x) * 3 + 3)
  }
}
