import { describe, expect, it } from 'vitest'
import {
  checksumOf,
  framedReadOf,
  framedWriteOf,
  readExchange,
  wordsOf,
  writeExchange,
} from '#edge/hardware/framed-exchange.ts'
import { loadProfile, parseProfile, profileText } from '#edge/hardware/profile-file.ts'
import { decodeFlag, decodePoint, decodeRaw } from '#edge/hardware/registers.ts'
import type { FramedUnit } from '#protocol/wire/framed-unit.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import { PROFILES } from '#protocol/wire/profiles/index.ts'
import { iwController } from '#protocol/wire/profiles/iw-controller.ts'
import { lockBoardAndTransmitters } from '#protocol/wire/profiles/lock-board-and-transmitters.ts'
import { genericLockBoard, publishedTransmitter } from '#protocol/wire/profiles/parts.ts'

const bytes = (hex: string) => Uint8Array.from(hex.split(' ').map((one) => Number.parseInt(one, 16)))
const hex = (of: Uint8Array) =>
  [...of].map((one) => one.toString(16).padStart(2, '0').toUpperCase()).join(' ')

/** Counted here, so that nothing of the code under test is used to judge it. */
function withCrc(of: string): string {
  let crc = 0xffff
  for (const byte of bytes(of)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return `${of} ${hex(Uint8Array.of(crc & 0xff, crc >> 8))}`
}
function framedOf(profile: Profile): FramedUnit {
  return profile.framed?.[0] ?? expect.fail('no framed device')
}
function read(device: FramedUnit, register: number, count = 1) {
  const frame = framedReadOf(device, { start: register, count }) ?? expect.fail('no such read')
  const exchange = readExchange(device, frame)
  return {
    request: hex(exchange.request),
    /** @returns the words of what came over the line, or undefined when it is no answer */
    answered(line: string) {
      const received = bytes(line)
      const found = exchange.find?.(received)
      return found && wordsOf(frame, received.subarray(found.start, found.end))
    },
  }
}
function written(device: FramedUnit, register: number, value: number): string {
  const frame = framedWriteOf(device, register, value) ?? expect.fail('no such write')
  return hex(writeExchange(device, frame, value).request)
}

describe('the generic lock board', () => {
  const { framed } = genericLockBoard(201, 1, 1)
  it('gets the bytes of its manual, checksum included', () => {
    expect(written(framed, 0, 1)).toBe('8A 01 01 11 9B')
    expect(read(framed, 1).request).toBe('80 01 01 33 B3')
    expect(checksumOf('xor', bytes('80 01 00 99'))).toEqual([0x18])
  })
  it.each([
    ['opened', '80 01 01 11 91', [0x11]],
    ['closed', '80 01 01 00 80', [0]],
    ['with noise before it', 'FF 80 01 80 01 01 11 91', [0x11]],
    ['with a wrong checksum', '80 01 01 11 90', undefined],
    ['of another lock', '80 01 02 11 92', undefined],
    ['cut short', '80 01 01 11', undefined],
  ])('an answer %s is read so', (_what, line, words) => {
    expect(read(framed, 1).answered(line)).toEqual(words)
  })
  it('other boards and locks have frames of their own', () => {
    expect(written(genericLockBoard(202, 12, 24).framed, 0, 1)).toBe(
      `8A 0C 18 11 ${hex(Uint8Array.of(0x8a ^ 0x0c ^ 0x18 ^ 0x11))}`,
    )
  })
  it('an opened lock counts as an open door, because the board knows no more', () => {
    const { lock, door } = lockBoardAndTransmitters
    const fetched = [{ range: { unit: 201, start: 1, count: 1, kind: 'holding' as const }, words: [0x11] }]
    expect([
      decodeFlag(fetched, lock.isUnlocked),
      decodeFlag(fetched, lock.isBoltSeated),
      decodeFlag(fetched, door.isOpen),
    ]).toEqual([true, false, true])
  })
})

describe('the main board with published firmware', () => {
  const device = framedOf(iwController)
  it('is asked by address, code and data, with the checksum of Modbus low byte first', () => {
    expect(read(device, 2).request).toBe(withCrc('01 11'))
    expect(read(device, 10, 20).request).toBe(withCrc('01 03 00'))
    expect([written(device, 0, 1), written(device, 0, 2)]).toEqual([withCrc('01 21'), withCrc('01 22')])
    expect(written(device, 3, 4)).toBe(withCrc('01 0A 04'))
  })
  it('weights come all at once, high byte first; a broken scale has none', () => {
    const answer = withCrc(`01 03 01 4A FF FF FF 38${' 00 00'.repeat(17)}`)
    const words = read(device, 10, 20).answered(answer) ?? expect.fail('not understood')
    const fetched = [{ range: { unit: 201, start: 10, count: 20, kind: 'holding' as const }, words }]
    expect(iwController.scales.slice(0, 3).map(({ netGrams }) => decodePoint(fetched, netGrams))).toEqual([
      330,
      null,
      -200,
    ])
  })
  it.each([
    ['open', '01 11 01', true],
    ['closed', '01 11 00', false],
    ['in error', '01 11 FF', null],
  ])('a door that is %s', (_what, line, isOpen) => {
    const words = read(device, 2).answered(withCrc(line)) ?? expect.fail('not understood')
    const fetched = [{ range: { unit: 201, start: 2, count: 1, kind: 'holding' as const }, words }]
    expect(decodeFlag(fetched, iwController.door.isOpen)).toBe(isOpen)
  })
  it.each([
    ['4 set, 6 measured', '01 41 04 06', [40, 60]],
    ['below zero', '01 41 EC EE', [-200, -180]],
    ['a broken probe', '01 41 04 7F', [40, null]],
  ])('temperatures: %s', (_what, line, deciCelsius) => {
    const words = read(device, 3, 2).answered(withCrc(line)) ?? expect.fail('not understood')
    const fetched = [{ range: { unit: 201, start: 3, count: 2, kind: 'holding' as const }, words }]
    const { climate } = iwController
    expect(
      climate && [
        decodePoint(fetched, climate.setpointDeciCelsius),
        decodePoint(fetched, climate.airDeciCelsius),
      ],
    ).toEqual(deciCelsius)
  })
})

describe('published registers', () => {
  const { netGrams } = publishedTransmitter(11, 's1')
  const grams = (words: number[], point: typeof netGrams) =>
    decodePoint([{ range: { unit: 11, start: 82, count: 2, kind: 'holding' }, words }], point)
  it.each([
    ['330 g, high word first', [0x0000, 0x014a], 330],
    ['66 kg lighter than zero', [0xfffe, 0xfe30], -66_000],
    ['overload', [0x0000, 0x7fff], null],
    ['no conversion', [0xffff, 0xffff], null],
  ])("the fridge's transmitter: %s", (_what, words, value) => {
    expect(grams(words, netGrams)).toBe(value)
  })
  it('a sibling that sends the low word first is the same with one word changed', () => {
    expect(grams([0x014a, 0x0000], { ...netGrams, wordOrder: 'low-first' })).toBe(330)
  })
  it('a thermostat that sends tenths: 38 is 3.8 degrees', () => {
    expect(decodeRaw([38], { width: 16, isSigned: true }) * 1).toBe(38)
    expect(decodeRaw([0xffe2], { width: 16, isSigned: true })).toBe(-30)
  })
  it('a weight of seventeen bits beside status bits, in two registers', () => {
    const point = { width: 32 as const, isSigned: false, mask: 0x1ffff }
    expect(decodeRaw([0x8001, 0x86a0], point)).toBe(100_000)
    expect(decodeRaw([0x4001, 0xffff], { ...point, isSigned: true })).toBe(-1)
    // Bits that do not begin at the lowest one are shifted down.
    expect(decodeRaw([0x1230], { width: 16, isSigned: false, mask: 0x0ff0 })).toBe(0x23)
  })
  it('one bit of a status word is a door', () => {
    const flag = { unit: 1, register: 7, mask: 0x04, activeValue: 4, inactiveValue: 0 }
    const of = (word: number) =>
      decodeFlag([{ range: { unit: 1, start: 7, count: 1, kind: 'holding' }, words: [word] }], flag)
    expect([of(0x8f), of(0x83)]).toEqual([true, false])
  })
})

describe('a profile as data', () => {
  it.each(Object.keys(PROFILES))('%s is whole, and can be printed, changed and read again', (name) => {
    const printed = JSON.parse(profileText(name)) as Profile
    expect(parseProfile({ ...printed, name: 'mine' }, 'mine.json')).toEqual({
      ...PROFILES[name],
      name: 'mine',
    })
    expect(loadProfile(name)).toBe(PROFILES[name])
  })
  const broken = (change: (profile: Profile) => unknown) => () =>
    parseProfile(change(structuredClone(iwController)), 'mine.json')
  it.each<[string, (profile: Profile) => unknown, RegExp]>([
    ['a field that is not there', (of) => ({ ...of, door: {} }), /mine\.json is wrong: .*door/],
    [
      'a flag with one value for both',
      (of) => ({ ...of, door: { isOpen: { ...of.door.isOpen, inactiveValue: 1 } } }),
      /door\.isOpen has the same value/,
    ],
    [
      'a point that no frame has',
      (of) => ({ ...of, door: { isOpen: { ...of.door.isOpen, register: 77 } } }),
      /none of its reads has register 77/,
    ],
    [
      'a command that no frame has',
      (of) => ({ ...of, lock: { ...of.lock, unlock: { unit: 201, register: 0, value: 9 } } }),
      /lock\.unlock of door 0: .*value 9/,
    ],
    [
      'a shelf behind a door that is not there',
      (of) => ({ ...of, scales: of.scales.map((one) => ({ ...one, door: 1 })) }),
      /the doors are 0 to 0/,
    ],
    [
      'two scales of one name',
      (of) => ({ ...of, scales: of.scales.map((one) => ({ ...one, sensor: 's1' })) }),
      /s1 is there twice/,
    ],
    [
      'a value that the mask never leaves',
      (of) => ({ ...of, door: { isOpen: { ...of.door.isOpen, mask: 2 } } }),
      /the mask never leaves the value 1/,
    ],
  ])('%s is refused by name', (_what, change, says) => {
    expect(broken(change)).toThrow(says)
  })
})
