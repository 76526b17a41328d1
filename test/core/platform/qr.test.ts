import { describe, expect, it } from 'vitest'
import { checkCodewords, formatBits, qrModules } from '#core/platform/qr.ts'

/** Values that the standard and its tutorials print, so that encoder and test cannot share one mistake. */
describe('the code on a cabinet', () => {
  it('has the check words of the standard', () => {
    const data = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17]
    expect(checkCodewords(data, 10)).toEqual([196, 35, 39, 119, 235, 215, 231, 226, 93, 23])
  })
  it('has the format words of the standard for level M', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((mask) => formatBits(mask).toString(2).padStart(15, '0'))).toEqual([
      '101010000010010',
      '101000100100101',
      '101111001111100',
      '101101101001011',
      '100010111111001',
      '100000011001110',
      '100111110010111',
      '100101010100000',
    ])
  })
  it.each([
    ['http://10.0.0.7/c/cab-001'],
    ['https://cabinets.example/c/cab-001'],
    ['https://cabinets.example.com/a/longer/address/with/a/path/c/cab-0123456789'],
    [`https://cabinets.example/${'x'.repeat(80)}`],
  ])('reads back as %s', (address) => {
    const modules = qrModules(address)
    if (modules === undefined) throw new Error('it should fit')
    expect(readCode(modules)).toBe(address)
  })
  it('is left out when the address is too long for it', () => {
    expect(qrModules('x'.repeat(107))).toBeUndefined()
  })
})

/** A reader for undamaged codes of level M, sizes 1 to 6; it knows the layout from the standard and nothing of the encoder. */
function readCode(modules: boolean[][]): string {
  const width = modules.length
  const version = (width - 17) / 4
  const at = (x: number, y: number) => modules[y]?.[x] ?? false
  const mask = readMask(at)
  const alignment = width - 7
  const isFixed = (x: number, y: number) =>
    x === 6 ||
    y === 6 ||
    (x < 9 && y < 9) ||
    (x >= width - 8 && y < 9) ||
    (x < 9 && y >= width - 8) ||
    (version > 1 && Math.abs(x - alignment) <= 2 && Math.abs(y - alignment) <= 2)
  const bits: number[] = []
  let goesUp = true
  for (let column = width - 1; column > 0; column -= 2) {
    if (column === 6) column--
    for (let i = 0; i < width; i++) {
      const y = goesUp ? width - 1 - i : i
      for (const x of [column, column - 1])
        if (!isFixed(x, y)) bits.push(Number(at(x, y) !== isFlipped(mask, x, y)))
    }
    goesUp = !goesUp
  }
  const words: number[] = []
  for (let i = 0; i + 8 <= bits.length; i += 8) words.push(Number.parseInt(bits.slice(i, i + 8).join(''), 2))
  const [blocks, perBlock] = [
    [1, 16],
    [1, 28],
    [1, 44],
    [2, 32],
    [2, 43],
    [4, 27],
  ][version - 1] as [number, number]
  const data: number[] = []
  for (let block = 0; block < blocks; block++)
    for (let i = 0; i < perBlock; i++) data.push(words[i * blocks + block] ?? 0)
  const stream = data.map((word) => word.toString(2).padStart(8, '0')).join('')
  expect(stream.slice(0, 4)).toBe('0100')
  const length = Number.parseInt(stream.slice(4, 12), 2)
  const bytes = Array.from({ length }, (_, i) => Number.parseInt(stream.slice(12 + i * 8, 20 + i * 8), 2))
  return new TextDecoder().decode(new Uint8Array(bytes))
}

/** The mask number stands in the bits 12 to 10 of the format word, in row 8 from the left; 101 is what the word is hidden with. */
function readMask(at: (x: number, y: number) => boolean): number {
  const shown = [2, 3, 4].map((x) => Number(at(x, 8))).join('')
  return Number.parseInt(shown, 2) ^ 0b101
}
function isFlipped(mask: number, column: number, row: number): boolean {
  const rules = [
    (row + column) % 2,
    row % 2,
    column % 3,
    (row + column) % 3,
    (Math.floor(row / 2) + Math.floor(column / 3)) % 2,
    ((row * column) % 2) + ((row * column) % 3),
    (((row * column) % 2) + ((row * column) % 3)) % 2,
    (((row + column) % 2) + ((row * column) % 3)) % 2,
  ]
  return rules[mask] === 0
}
