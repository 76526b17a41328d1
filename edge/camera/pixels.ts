/** A small grey picture: what the judgement of a camera is made on. */
export interface GreyPicture {
  readonly width: number
  readonly height: number
  /** Row by row, 0 to 255. */
  readonly pixels: Uint8Array
}
export interface PixelStatistics {
  /** 0 to 255. */
  readonly meanLuminance: number
  /** Variance of the four-neighbour Laplacian; near 0 is featureless. */
  readonly laplacianVariance: number
  /** Share of tiles that show more than noise, 0 to 1. */
  readonly detailShare: number
}

/** Pictures are brought to this size before they are judged: enough for shelves, too little for noise. */
export const GREY_WIDTH = 96
export const GREY_HEIGHT = 72
const TILE = 12
/** Spread of a tile below which it shows nothing that could be compared. */
const PLAIN_TILE_SD = 4
/** Correlation below which a tile shows something else than before. */
const SAME_TILE_CORRELATION = 0.4

export function measure(picture: GreyPicture): PixelStatistics {
  const { width, height, pixels } = picture
  let sum = 0
  for (const value of pixels) sum += value
  let count = 0
  let total = 0
  let squares = 0
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x
      const value =
        4 * (pixels[at] as number) -
        (pixels[at - 1] as number) -
        (pixels[at + 1] as number) -
        (pixels[at - width] as number) -
        (pixels[at + width] as number)
      count++
      total += value
      squares += value * value
    }
  }
  const mean = total / count
  return {
    meanLuminance: sum / pixels.length,
    laplacianVariance: squares / count - mean * mean,
    detailShare: detailShareOf(picture),
  }
}

function detailShareOf(picture: GreyPicture): number {
  let tiles = 0
  let detailed = 0
  for (let y = 0; y + TILE <= picture.height; y += TILE) {
    for (let x = 0; x + TILE <= picture.width; x += TILE) {
      tiles++
      if (tileOf(picture, x, y).sd >= PLAIN_TILE_SD) detailed++
    }
  }
  return tiles === 0 ? 0 : detailed / tiles
}

/**
 * Share of the reference's detailed tiles that show something else now. Compares patterns, not brightness, so that the
 * light of an open door does not count; a hand or missing goods change some tiles, a covered or moved camera most.
 * @returns 0 to 1; 0 when the reference shows no detail at all
 */
export function changedShare(picture: GreyPicture, reference: GreyPicture): number {
  let detailed = 0
  let changed = 0
  for (let y = 0; y + TILE <= reference.height; y += TILE) {
    for (let x = 0; x + TILE <= reference.width; x += TILE) {
      const before = tileOf(reference, x, y)
      if (before.sd < PLAIN_TILE_SD) continue
      detailed++
      const now = tileOf(picture, x, y)
      if (now.sd < PLAIN_TILE_SD / 2 || correlation(before, now) < SAME_TILE_CORRELATION) changed++
    }
  }
  return detailed === 0 ? 0 : changed / detailed
}

interface Tile {
  values: Float64Array
  mean: number
  sd: number
}
function tileOf(picture: GreyPicture, left: number, top: number): Tile {
  const values = new Float64Array(TILE * TILE)
  let sum = 0
  for (let y = 0; y < TILE; y++) {
    for (let x = 0; x < TILE; x++) {
      const value = picture.pixels[(top + y) * picture.width + left + x] as number
      values[y * TILE + x] = value
      sum += value
    }
  }
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return { values, mean, sd: Math.sqrt(squares / values.length) }
}
function correlation(a: Tile, b: Tile): number {
  let sum = 0
  for (let i = 0; i < a.values.length; i++)
    sum += ((a.values[i] as number) - a.mean) * ((b.values[i] as number) - b.mean)
  return sum / (a.values.length * a.sd * b.sd)
}
