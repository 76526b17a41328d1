import { describe, expect, it } from 'vitest'
import { crc16 } from '#edge/hardware/crc16.ts'
import { expectedAnswer, findAnswer } from '#edge/hardware/rtu-answer.ts'
import { decodeFlag, decodePoint, decodeRaw, encodePoint, planReads } from '#edge/hardware/registers.ts'
import { createSeededRandom, integerBelow } from '#protocol/base/random.ts'
import { referenceProfile } from '#protocol/wire/reference-profile.ts'

const bytes = (hex: string) => Uint8Array.from(hex.split(' ').map((one) => Number.parseInt(one, 16)))

// Modbus over Serial Line V1.02 and the examples of common masters: address 0x11, registers 0x6B to 0x6D.
const REQUEST = bytes('11 03 00 6b 00 03 76 87')
const ANSWER = bytes('11 03 06 ae 41 56 52 43 40 49 ad')
const EXCEPTION = bytes('11 83 02 c1 34')

describe('the checksum', () => {
  it.each([[REQUEST], [ANSWER], [EXCEPTION]])('of a published frame', (frame) => {
    const sum = crc16(frame, 0, frame.length - 2)
    expect([sum & 0xff, sum >> 8]).toEqual(Array.from(frame.slice(-2)))
  })
})

describe('an answer on the line', () => {
  const expected = expectedAnswer(REQUEST)
  it('is found whole, after noise, and only when it is complete', () => {
    expect(findAnswer(ANSWER, expected)).toEqual({ start: 0, end: 11 })
    expect(findAnswer(Uint8Array.from([0x11, 0x03, 0xff, ...ANSWER]), expected)).toEqual({
      start: 3,
      end: 14,
    })
    expect(findAnswer(ANSWER.slice(0, 10), expected)).toBeUndefined()
  })
  it('may be an exception', () => {
    expect(findAnswer(EXCEPTION, expected)).toEqual({ start: 0, end: 5 })
  })
  it('of another device, another length, or with a flipped bit is none', () => {
    expect(findAnswer(ANSWER, { ...expected, unit: 0x12 })).toBeUndefined()
    expect(findAnswer(ANSWER, expectedAnswer(bytes('11 03 00 6b 00 02 b7 47')))).toBeUndefined()
    for (let bit = 0; bit < ANSWER.length * 8; bit++) {
      const flipped = Uint8Array.from(ANSWER)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(findAnswer(flipped, expected)).toBeUndefined()
    }
  })
  it('to a write names the register that was written', () => {
    const write = bytes('11 06 00 01 00 03 9a 9b')
    expect(findAnswer(write, expectedAnswer(write))).toEqual({ start: 0, end: 8 })
    expect(findAnswer(bytes('11 06 00 02 00 03 6a 9b'), expectedAnswer(write))).toBeUndefined()
  })
  it('is never made out of garbage, and is found in the middle of it', () => {
    const random = createSeededRandom(4)
    let falseAnswers = 0
    for (let round = 0; round < 20_000; round++) {
      const noise = random.bytes(1 + integerBelow(random, 40))
      const found = findAnswer(noise, expected)
      // A checksum of 16 bits can be met by chance; then every byte of it must fit all the same.
      if (found && crc16(noise, found.start, found.end) !== 0) falseAnswers++
      expect(findAnswer(Uint8Array.from([...noise, ...ANSWER, ...random.bytes(5)]), expected)).toBeDefined()
    }
    expect(falseAnswers).toBe(0)
  })
})

describe('registers and what they mean', () => {
  it('32 bits in either word order, signed or not', () => {
    const high = { width: 32, isSigned: true, wordOrder: 'high-first' } as const
    expect(decodeRaw([0xffff, 0xfffe], high)).toBe(-2)
    expect(decodeRaw([0xfffe, 0xffff], { ...high, wordOrder: 'low-first' })).toBe(-2)
    expect(decodeRaw([0x0001, 0x0000], high)).toBe(65_536)
    expect(decodeRaw([0xffff], { width: 16, isSigned: false })).toBe(65_535)
  })
  it('a fault value is no reading', () => {
    const point = referenceProfile.scales[0]?.netGrams ?? expect.fail('no scale')
    const range = { unit: point.unit, start: point.register, count: 2, kind: 'holding' as const }
    expect(decodePoint([{ range, words: [0x7fff, 0xffff] }], point)).toBeNull()
    expect(decodePoint([{ range, words: [0x0000, 0x0521] }], point)).toBe(131.3)
    expect(decodePoint([{ range, words: null }], point)).toBeNull()
  })
  it('a contact with neither of its two values is stale', () => {
    const flag = referenceProfile.door.isOpen
    const range = { unit: flag.unit, start: flag.register, count: 1, kind: 'holding' as const }
    expect([1, 0, 0xff].map((word) => decodeFlag([{ range, words: [word] }], flag))).toEqual([
      true,
      false,
      null,
    ])
  })
  it('a negative setpoint survives the way to the register', () => {
    expect(encodePoint(-18, { scale: 0.1, isSigned: true, width: 16 })).toBe(0xff4c)
    expect(() => encodePoint(-18, { scale: 0.1, isSigned: false, width: 16 })).toThrow(RangeError)
  })
  it('a block is fetched in one request, a point outside alone', () => {
    expect(
      planReads(referenceProfile, [referenceProfile.door.isOpen, referenceProfile.lock.isUnlocked]),
    ).toEqual([{ unit: 1, start: 10, count: 23, kind: 'holding' }])
    expect(planReads({ blocks: [] }, [referenceProfile.door.isOpen])).toEqual([
      { unit: 1, start: 13, count: 1, kind: 'holding' },
    ])
  })
})
