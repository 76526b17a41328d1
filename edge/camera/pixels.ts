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
  /**
   * Likeness of the edges when the picture is moved to where it fits best, and how far that is, pixels of this size. A
   * picture that is in its place is not looked for elsewhere: both are 0.
   */
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
/** The old place found again elsewhere must be this much more like it than what is in its place now. */
export const FOUND_LEAD = 0.15
/** Likeness is 1 at most: beyond this nothing elsewhere can lead any more, and the search, most of the work, is spared. */
const UNRIVALLED_LIKENESS = 1 - FOUND_LEAD

/** What is asked of one picture again and again: a reference is compared with every look until the next one. */
interface Studied {
  readonly laplacianVariance: number
  /** Energy of the fine differences for each unit of the coarse ones. */
  readonly fineness: number
  /** At half the size. */
  readonly edges: Edges
  /** Tile by tile, as `tilesOf` goes. */
  readonly tiles: readonly Tile[]
}
const studies = new WeakMap<GreyPicture, Studied>()
function study(picture: GreyPicture): Studied {
  let studied = studies.get(picture)
  if (studied === undefined) {
    const half = halved(picture)
    const fine = laplacianVariance(picture)
    const coarse = laplacianVariance(halved(half))
    studied = {
      laplacianVariance: fine,
      fineness: coarse === 0 ? 0 : fine / coarse,
      edges: edgesOf(half),
      tiles: tilesOf(picture).map(([x, y]) => tileOf(picture, x, y)),
    }
    studies.set(picture, studied)
  }
  return studied
}

export function measure(picture: GreyPicture): PixelStatistics {
  let sum = 0
  for (const value of picture.pixels) sum += value
  const { tiles, laplacianVariance } = study(picture)
  let detailed = 0
  for (const { sd } of tiles) if (sd >= PLAIN_TILE_SD) detailed++
  return {
    meanLuminance: sum / picture.pixels.length,
    laplacianVariance,
    detailShare: tiles.length === 0 ? 0 : detailed / tiles.length,
  }
}

/** Compares patterns, not brightness: the light of an open door does not count. */
export function compare(picture: GreyPicture, reference: GreyPicture): Comparison {
  const [now, then] = [study(picture), study(reference)]
  return {
    changedShare: changedShare(picture, then),
    focus: partOf(now.fineness, then.fineness),
    sharpness: partOf(now.laplacianVariance, then.laplacianVariance),
    ...place(picture, reference),
  }
}

function changedShare(picture: GreyPicture, reference: Studied): number {
  let detailed = 0
  let changed = 0
  for (const before of reference.tiles) {
    if (before.sd < PLAIN_TILE_SD) continue
    detailed++
    if (!isSameTile(picture, before)) changed++
  }
  return detailed === 0 ? 0 : changed / detailed
}

/** Most tiles are where they were, so that is where they are looked for first. */
const TREMBLES = around(TREMBLE_PIXELS).toSorted(
  ([ax, ay], [bx, by]) => Math.hypot(ax, ay) - Math.hypot(bx, by),
)
function isSameTile(picture: GreyPicture, before: Tile): boolean {
  for (const [dx, dy] of TREMBLES) {
    const [x, y] = [before.left + dx, before.top + dy]
    if (x < 0 || y < 0 || x + TILE > picture.width || y + TILE > picture.height) continue
    const now = tileOf(picture, x, y)
    if (now.sd >= PLAIN_TILE_SD / 2 && correlation(before, now) >= SAME_TILE_CORRELATION) return true
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
      const scale = 1 / Math.max(FULL_EDGE, Math.sqrt(gx * gx + gy * gy))
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
  const [fineNow, fineThen] = [study(now).edges, study(then).edges]
  let inPlace = -1
  for (const [x, y] of TREMBLES) inPlace = Math.max(inPlace, likeness(fineNow, fineThen, x, y))
  if (inPlace > UNRIVALLED_LIKENESS) return { inPlace, elsewhere: 0, shiftPixels: 0 }
  const [coarseNow, coarseThen] = [edgesOf(halved(halved(now))), edgesOf(halved(halved(then)))]
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

function around(reach: number): ReadonlyArray<readonly [number, number]> {
  const shifts: Array<readonly [number, number]> = []
  for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) shifts.push([x, y])
  return shifts
}

function likeness(now: Edges, then: Edges, shiftX: number, shiftY: number): number {
  const { width, height, dx: thenX, dy: thenY } = then
  const { dx: nowX, dy: nowY } = now
  let both = 0
  let ofNow = 0
  let ofThen = 0
  for (let y = Math.max(0, -shiftY); y < Math.min(height, height - shiftY); y++) {
    for (let x = Math.max(0, -shiftX); x < Math.min(width, width - shiftX); x++) {
      const a = (y + shiftY) * width + x + shiftX
      const b = y * width + x
      const ax = nowX[a] as number
      const ay = nowY[a] as number
      const bx = thenX[b] as number
      const by = thenY[b] as number
      both += ax * bx + ay * by
      ofNow += ax * ax + ay * ay
      ofThen += bx * bx + by * by
    }
  }
  return ofNow === 0 || ofThen === 0 ? 0 : both / Math.sqrt(ofNow * ofThen)
}

function tilesOf({ width, height }: GreyPicture): ReadonlyArray<readonly [number, number]> {
  const tiles: Array<readonly [number, number]> = []
  for (let y = 0; y + TILE <= height; y += TILE)
    for (let x = 0; x + TILE <= width; x += TILE) tiles.push([x, y])
  return tiles
}

interface Tile {
  readonly left: number
  readonly top: number
  /** Of the picture that the tile belongs to. */
  readonly pixels: Uint8Array
  readonly width: number
  readonly mean: number
  readonly sd: number
}
function tileOf({ pixels, width }: GreyPicture, left: number, top: number): Tile {
  let sum = 0
  for (let y = top; y < top + TILE; y++)
    for (let at = y * width + left; at < y * width + left + TILE; at++) sum += pixels[at] as number
  const mean = sum / (TILE * TILE)
  let squares = 0
  for (let y = top; y < top + TILE; y++)
    for (let at = y * width + left; at < y * width + left + TILE; at++) {
      const above = (pixels[at] as number) - mean
      squares += above * above
    }
  return { left, top, pixels, width, mean, sd: Math.sqrt(squares / (TILE * TILE)) }
}
function correlation(a: Tile, b: Tile): number {
  let sum = 0
  for (let y = 0; y < TILE; y++) {
    const ofA = (a.top + y) * a.width + a.left
    const ofB = (b.top + y) * b.width + b.left
    for (let x = 0; x < TILE; x++)
      sum += ((a.pixels[ofA + x] as number) - a.mean) * ((b.pixels[ofB + x] as number) - b.mean)
  }
  return sum / (TILE * TILE * a.sd * b.sd)
}
