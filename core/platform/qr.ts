/**
 * The code that is stuck on a cabinet: an address as a QR code (ISO/IEC 18004), byte mode, error correction M, which
 * reads with 15 % of it scratched. Sizes 1 to 6, enough for an address of 106 bytes.
 */
interface Size {
  readonly version: number
  readonly blocks: number
  readonly dataPerBlock: number
  readonly checkPerBlock: number
}
const SIZES: readonly Size[] = [
  { version: 1, blocks: 1, dataPerBlock: 16, checkPerBlock: 10 },
  { version: 2, blocks: 1, dataPerBlock: 28, checkPerBlock: 16 },
  { version: 3, blocks: 1, dataPerBlock: 44, checkPerBlock: 26 },
  { version: 4, blocks: 2, dataPerBlock: 32, checkPerBlock: 18 },
  { version: 5, blocks: 2, dataPerBlock: 43, checkPerBlock: 24 },
  { version: 6, blocks: 4, dataPerBlock: 27, checkPerBlock: 16 },
]
const BYTE_MODE = 0b0100
/** Mode and length: half a byte and a byte; the terminator takes the other half. */
const HEAD_BYTES = 2

/** Dark modules, row by row. @returns nothing when the text does not fit */
export function qrModules(text: string): boolean[][] | undefined {
  const bytes = new TextEncoder().encode(text)
  const size = SIZES.find(
    (candidate) => bytes.length + HEAD_BYTES <= candidate.blocks * candidate.dataPerBlock,
  )
  if (size === undefined) return undefined
  const codewords = interleave(dataCodewords(bytes, size.blocks * size.dataPerBlock), size)
  const drawings = Array.from({ length: 8 }, (_, mask) => draw(size.version, codewords, mask))
  return drawings.reduce((best, next) => (penalty(next) < penalty(best) ? next : best))
}

/** One path for all dark modules, for `<svg viewBox="0 0 n n">` with the quiet zone of four modules included. */
export function qrPath(modules: readonly (readonly boolean[])[]): { path: string; width: number } {
  const QUIET = 4
  let path = ''
  for (const [y, row] of modules.entries())
    for (const [x, isDark] of row.entries()) if (isDark) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`
  return { path, width: modules.length + 2 * QUIET }
}

function dataCodewords(bytes: Uint8Array, capacity: number): number[] {
  const bits: number[] = []
  const push = (value: number, count: number) => {
    for (let i = count - 1; i >= 0; i--) bits.push((value >>> i) & 1)
  }
  push(BYTE_MODE, 4)
  push(bytes.length, 8)
  for (const byte of bytes) push(byte, 8)
  push(0, 4)
  const words: number[] = []
  for (let i = 0; i < bits.length; i += 8)
    words.push(bits.slice(i, i + 8).reduce((word, bit) => word * 2 + bit, 0))
  for (let pad = 0xec; words.length < capacity; pad ^= 0xec ^ 0x11) words.push(pad)
  return words
}

function interleave(data: readonly number[], { blocks, dataPerBlock, checkPerBlock }: Size): number[] {
  const parts = Array.from({ length: blocks }, (_, i) => data.slice(i * dataPerBlock, (i + 1) * dataPerBlock))
  const checks = parts.map((part) => checkCodewords(part, checkPerBlock))
  const words: number[] = []
  for (const [lists, length] of [
    [parts, dataPerBlock],
    [checks, checkPerBlock],
  ] as const)
    for (let i = 0; i < length; i++) for (const list of lists) words.push(list[i] ?? 0)
  return words
}

/** Reed and Solomon over GF(256) with the polynomial 0x11d: the remainder of the data divided by the generator. */
export function checkCodewords(data: readonly number[], count: number): number[] {
  const generator = [...Array<number>(count - 1).fill(0), 1]
  let root = 1
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) generator[j] = multiply(generator[j] ?? 0, root) ^ (generator[j + 1] ?? 0)
    root = multiply(root, 2)
  }
  const rest = Array<number>(count).fill(0)
  for (const word of data) {
    const factor = word ^ (rest.shift() ?? 0)
    rest.push(0)
    for (let i = 0; i < count; i++) rest[i] = (rest[i] ?? 0) ^ multiply(generator[i] ?? 0, factor)
  }
  return rest
}
function multiply(a: number, b: number): number {
  let product = 0
  for (let i = 7; i >= 0; i--) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d)
    product ^= ((b >>> i) & 1) * a
  }
  return product
}

const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

function draw(version: number, codewords: readonly number[], mask: number): boolean[][] {
  const width = version * 4 + 17
  const dark = Array.from({ length: width }, () => Array<boolean>(width).fill(false))
  const isFixed = Array.from({ length: width }, () => Array<boolean>(width).fill(false))
  const set = (x: number, y: number, isDark: boolean) => {
    const row = dark[y]
    const fixedRow = isFixed[y]
    if (row === undefined || fixedRow === undefined || x < 0 || x >= width) return
    row[x] = isDark
    fixedRow[x] = true
  }
  for (let i = 0; i < width; i++) {
    set(6, i, i % 2 === 0)
    set(i, 6, i % 2 === 0)
  }
  for (const [centreX, centreY] of [
    [3, 3],
    [width - 4, 3],
    [3, width - 4],
  ] as const)
    drawSquare(set, centreX, centreY, 4, (ring) => ring !== 2 && ring !== 4)
  if (version > 1) drawSquare(set, width - 7, width - 7, 2, (ring) => ring !== 1)
  drawFormat(set, width, mask)

  let bit = 0
  for (let right = width - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    const isUpward = ((right + 1) & 2) === 0
    for (let step = 0; step < width; step++) {
      const y = isUpward ? width - 1 - step : step
      for (const x of [right, right - 1]) {
        if (isFixed[y]?.[x] !== false) continue
        const word = codewords[bit >>> 3] ?? 0
        const value = bit < codewords.length * 8 && ((word >>> (7 - (bit & 7))) & 1) === 1
        bit++
        const row = dark[y]
        if (row !== undefined) row[x] = value !== (MASKS[mask]?.(x, y) ?? false)
      }
    }
  }
  return dark
}

type SetModule = (x: number, y: number, isDark: boolean) => void
function drawSquare(
  set: SetModule,
  x: number,
  y: number,
  reach: number,
  isDark: (ring: number) => boolean,
): void {
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++) set(x + dx, y + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))))
}

/** Level M and the mask, protected by a code of its own, twice. */
export function formatBits(mask: number): number {
  let rest = mask
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537)
  return ((mask << 10) | rest) ^ 0x5412
}
function drawFormat(set: SetModule, width: number, mask: number): void {
  const bits = formatBits(mask)
  const bit = (i: number) => ((bits >>> i) & 1) === 1
  for (let i = 0; i <= 5; i++) set(8, i, bit(i))
  set(8, 7, bit(6))
  set(8, 8, bit(7))
  set(7, 8, bit(8))
  for (let i = 9; i < 15; i++) set(14 - i, 8, bit(i))
  for (let i = 0; i < 8; i++) set(width - 1 - i, 8, bit(i))
  for (let i = 8; i < 15; i++) set(8, width - 15 + i, bit(i))
  set(8, width - 8, true)
}

/** How hard a drawing is to read: long runs, blocks, patterns that look like a corner, too dark or too light. */
function penalty(modules: readonly (readonly boolean[])[]): number {
  const width = modules.length
  const at = (x: number, y: number) => modules[y]?.[x] ?? false
  let points = 0
  let darkCount = 0
  for (const isAcross of [true, false])
    for (let line = 0; line < width; line++) {
      const cells = Array.from({ length: width }, (_, i) => (isAcross ? at(i, line) : at(line, i)))
      points += runPoints(cells)
    }
  for (let y = 0; y < width; y++)
    for (let x = 0; x < width; x++) {
      if (at(x, y)) darkCount++
      const isBlock =
        x + 1 < width &&
        y + 1 < width &&
        [at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)].every((cell) => cell === at(x, y))
      if (isBlock) points += 3
    }
  return points + Math.floor(Math.abs((darkCount * 20) / (width * width) - 10)) * 10
}
const LIKE_A_CORNER = ['10111010000', '00001011101']
function runPoints(cells: readonly boolean[]): number {
  const text = cells.map((cell) => (cell ? '1' : '0')).join('')
  let points = 0
  for (const run of text.match(/0{5,}|1{5,}/g) ?? []) points += run.length - 2
  for (let i = 0; i + 11 <= text.length; i++) if (LIKE_A_CORNER.includes(text.slice(i, i + 11))) points += 40
  return points
}
