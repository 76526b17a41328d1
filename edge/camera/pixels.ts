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

/** A picture beside the one of the closed, lit cabinet. */
export interface Comparison {
  /** Share of the reference's detailed tiles that show something else now, 0 to 1; 0 without any detail. */
  readonly changedShare: number
  /**
   * Fine detail for the contrast that there is, as a part of the reference's: 1 in focus, near 0 out of it. Light and
   * exposure cancel out.
   */
  readonly focus: number
  /** Laplacian variance as a part of the reference's. */
  readonly sharpness: number
  /** Likeness of the edges at the same place, −1 to 1: shelves and walls stay when goods go. */
  readonly inPlace: number
  /** Likeness of the edges when the picture is moved to where it fits best, and how far that is, pixels of this size. */
  readonly elsewhere: number
  readonly shiftPixels: number
}

/** Pictures are brought to this size before they are judged: enough for the edges of goods, too little for noise. */
export const GREY_WIDTH = 160
export const GREY_HEIGHT = 120
const TILE = 10
/** Spread of a tile below which it shows nothing that could be compared. */
const PLAIN_TILE_SD = 5
/** Correlation below which a tile shows something else than before. */
const SAME_TILE_CORRELATION = 0.4
/** A mount trembles with the compressor; this much is no other place, at any size of the picture. */
const TREMBLE_PIXELS = 1
/** How far a knocked camera is looked for, pixels of a quarter of the small picture. */
const SEARCH_PIXELS = 7

export function measure(picture: GreyPicture): PixelStatistics {
  let sum = 0
  for (const value of picture.pixels) sum += value
  let tiles = 0
  let detailed = 0
  for (const [x, y] of tilesOf(picture)) {
    tiles++
    if (tileOf(picture, x, y).sd >= PLAIN_TILE_SD) detailed++
  }
  return {
    meanLuminance: sum / picture.pixels.length,
    laplacianVariance: laplacianVariance(picture),
    detailShare: tiles === 0 ? 0 : detailed / tiles,
  }
}

/** Compares patterns, not brightness: the light of an open door does not count. */
export function compare(picture: GreyPicture, reference: GreyPicture): Comparison {
  return {
    changedShare: changedShare(picture, reference),
    focus: partOf(fineness(picture), fineness(reference)),
    sharpness: partOf(laplacianVariance(picture), laplacianVariance(reference)),
    ...place(picture, reference),
  }
}

function changedShare(picture: GreyPicture, reference: GreyPicture): number {
  let detailed = 0
  let changed = 0
  for (const [x, y] of tilesOf(reference)) {
    const before = tileOf(reference, x, y)
    if (before.sd < PLAIN_TILE_SD) continue
    detailed++
    if (!isSameTile(picture, before, x, y)) changed++
  }
  return detailed === 0 ? 0 : changed / detailed
}

function isSameTile(picture: GreyPicture, before: Tile, left: number, top: number): boolean {
  for (let dy = -TREMBLE_PIXELS; dy <= TREMBLE_PIXELS; dy++) {
    for (let dx = -TREMBLE_PIXELS; dx <= TREMBLE_PIXELS; dx++) {
      const [x, y] = [left + dx, top + dy]
      if (x < 0 || y < 0 || x + TILE > picture.width || y + TILE > picture.height) continue
      const now = tileOf(picture, x, y)
      if (now.sd >= PLAIN_TILE_SD / 2 && correlation(before, now) >= SAME_TILE_CORRELATION) return true
    }
  }
  return false
}

function laplacianVariance({ width, height, pixels }: GreyPicture): number {
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
  return squares / count - mean * mean
}

/** Energy of the fine differences for each unit of the coarse ones. */
function fineness(picture: GreyPicture): number {
  const coarse = laplacianVariance(halved(halved(picture)))
  return coarse === 0 ? 0 : laplacianVariance(picture) / coarse
}

function halved({ width, height, pixels }: GreyPicture): GreyPicture {
  const [halfWidth, halfHeight] = [width >> 1, height >> 1]
  const half = new Uint8Array(halfWidth * halfHeight)
  for (let y = 0; y < halfHeight; y++) {
    for (let x = 0; x < halfWidth; x++) {
      const at = 2 * y * width + 2 * x
      half[y * halfWidth + x] =
        ((pixels[at] as number) +
          (pixels[at + 1] as number) +
          (pixels[at + width] as number) +
          (pixels[at + width + 1] as number)) /
        4
    }
  }
  return { width: halfWidth, height: halfHeight, pixels: half }
}

interface Edges {
  readonly width: number
  readonly height: number
  /** Gradients along x and y, each pixel's shortened to at most 1 so that one bright edge does not outvote the rest. */
  readonly dx: Float32Array
  readonly dy: Float32Array
}
/** Grey levels of a gradient that counts in full. */
const FULL_EDGE = 24
function edgesOf({ width, height, pixels }: GreyPicture): Edges {
  const dx = new Float32Array(width * height)
  const dy = new Float32Array(width * height)
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x
      const gx = (pixels[at + 1] as number) - (pixels[at - 1] as number)
      const gy = (pixels[at + width] as number) - (pixels[at - width] as number)
      const scale = 1 / Math.max(FULL_EDGE, Math.hypot(gx, gy))
      dx[at] = gx * scale
      dy[at] = gy * scale
    }
  }
  return { width, height, dx, dy }
}

function partOf(value: number, whole: number): number {
  return whole === 0 ? 1 : value / whole
}

/** Looks at the same place finely and elsewhere coarsely: the search costs the square of what it sees. */
function place(
  now: GreyPicture,
  then: GreyPicture,
): Pick<Comparison, 'inPlace' | 'elsewhere' | 'shiftPixels'> {
  const [halfNow, halfThen] = [halved(now), halved(then)]
  const [fineNow, fineThen] = [edgesOf(halfNow), edgesOf(halfThen)]
  let inPlace = -1
  for (const [x, y] of around(TREMBLE_PIXELS)) inPlace = Math.max(inPlace, likeness(fineNow, fineThen, x, y))
  const [coarseNow, coarseThen] = [edgesOf(halved(halfNow)), edgesOf(halved(halfThen))]
  let elsewhere = -1
  let shiftPixels = 0
  for (const [x, y] of around(SEARCH_PIXELS)) {
    if (Math.max(Math.abs(x), Math.abs(y)) <= TREMBLE_PIXELS) continue
    const score = likeness(coarseNow, coarseThen, x, y)
    if (score <= elsewhere) continue
    elsewhere = score
    shiftPixels = 4 * Math.hypot(x, y)
  }
  return { inPlace, elsewhere, shiftPixels }
}

function* around(reach: number): Generator<readonly [number, number]> {
  for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) yield [x, y]
}

function likeness(now: Edges, then: Edges, shiftX: number, shiftY: number): number {
  const { width, height } = then
  let both = 0
  let ofNow = 0
  let ofThen = 0
  for (let y = Math.max(0, -shiftY); y < Math.min(height, height - shiftY); y++) {
    for (let x = Math.max(0, -shiftX); x < Math.min(width, width - shiftX); x++) {
      const a = (y + shiftY) * width + x + shiftX
      const b = y * width + x
      const [ax, ay] = [now.dx[a] as number, now.dy[a] as number]
      const [bx, by] = [then.dx[b] as number, then.dy[b] as number]
      both += ax * bx + ay * by
      ofNow += ax * ax + ay * ay
      ofThen += bx * bx + by * by
    }
  }
  return ofNow === 0 || ofThen === 0 ? 0 : both / Math.sqrt(ofNow * ofThen)
}

function* tilesOf({ width, height }: GreyPicture): Generator<readonly [number, number]> {
  for (let y = 0; y + TILE <= height; y += TILE) for (let x = 0; x + TILE <= width; x += TILE) yield [x, y]
}

interface Tile {
  readonly values: Float32Array
  readonly mean: number
  readonly sd: number
}
function tileOf(picture: GreyPicture, left: number, top: number): Tile {
  const values = new Float32Array(TILE * TILE)
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
