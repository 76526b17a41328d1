import type { Checksum, FramedRead, FramedUnit, FramedWrite } from '#protocol/wire/framed-unit.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import { crc16 } from './crc16.ts'

/** Bytes with `undefined` where any byte will do. */
type Pattern = ReadonlyArray<number | undefined>

/** One question to a device that speaks frames of its own. */
export interface FramedExchange {
  readonly request: Uint8Array
  /** Finds the answer, checksum included, in what arrived; undefined when none is due. */
  readonly find: ((received: Uint8Array) => { start: number; end: number } | undefined) | undefined
  readonly timeoutMs: number | undefined
}

export function checksumOf(kind: Checksum, bytes: Uint8Array): number[] {
  switch (kind) {
    case 'none':
      return []
    case 'xor':
      return [bytes.reduce((sum, byte) => sum ^ byte, 0)]
    case 'sum8':
      return [bytes.reduce((sum, byte) => sum + byte, 0) & 0xff]
    case 'crc16-modbus': {
      const sum = crc16(bytes, 0, bytes.length)
      return [sum & 0xff, sum >> 8]
    }
  }
}

function encode(checksum: Checksum, request: string, value: number): Uint8Array {
  const bytes = request.split(' ').map((byte) => (byte === 'vv' ? value & 0xff : Number.parseInt(byte, 16)))
  return Uint8Array.from([...bytes, ...checksumOf(checksum, Uint8Array.from(bytes))])
}

function patternOf(reply: string): Pattern {
  return reply.split(' ').map((byte) => (byte === '..' ? undefined : Number.parseInt(byte, 16)))
}

/** Fixed bytes, length and checksum must all fit, at any offset: noise before an answer costs only its bytes. */
function finder(checksum: Checksum, pattern: Pattern): NonNullable<FramedExchange['find']> {
  const trailer = checksumOf(checksum, new Uint8Array()).length
  return (received) => {
    for (let start = 0; start + pattern.length + trailer <= received.length; start++) {
      const end = start + pattern.length
      if (!pattern.every((byte, at) => byte === undefined || received[start + at] === byte)) continue
      const sum = checksumOf(checksum, received.subarray(start, end))
      if (sum.every((byte, at) => received[end + at] === byte)) return { start, end: end + trailer }
    }
    return undefined
  }
}

/** @returns undefined when the unit speaks Modbus */
export function framedUnitOf(profile: Pick<Profile, 'framed'>, unit: number): FramedUnit | undefined {
  return profile.framed?.find((one) => one.unit === unit)
}

export function framedReadOf(
  device: FramedUnit,
  range: { start: number; count: number },
): FramedRead | undefined {
  return device.reads.find(
    (one) => one.register <= range.start && range.start + range.count <= one.register + one.words.length,
  )
}
export function framedWriteOf(device: FramedUnit, register: number, value: number): FramedWrite | undefined {
  return device.writes.find(
    (one) => one.register === register && (one.value === undefined || one.value === value),
  )
}

export function readExchange(device: FramedUnit, read: FramedRead): FramedExchange {
  return {
    request: encode(device.checksum, read.request, 0),
    find: finder(device.checksum, patternOf(read.reply)),
    timeoutMs: read.timeoutMs,
  }
}
export function writeExchange(device: FramedUnit, write: FramedWrite, value: number): FramedExchange {
  return {
    request: encode(device.checksum, write.request, value),
    find: write.reply === undefined ? undefined : finder(device.checksum, patternOf(write.reply)),
    timeoutMs: write.timeoutMs,
  }
}

/** The words of an answer as 16-bit registers, from `read.register` on. */
export function wordsOf(read: FramedRead, answer: Uint8Array): number[] {
  return read.words.map(({ at, bytes, isSigned, byteOrder }) => {
    const first = answer[at] ?? 0
    if (bytes === 1) return isSigned === true && first >= 0x80 ? 0xff00 | first : first
    const second = answer[at + 1] ?? 0
    return byteOrder === 'low-first' ? (second << 8) | first : (first << 8) | second
  })
}
