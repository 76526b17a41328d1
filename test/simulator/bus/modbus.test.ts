import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createSeededRandom, integerBelow } from '#protocol/base/random.ts'
import {
  crc16,
  createRequestParser,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type ModbusRequest,
  type ModbusResponse,
} from '#protocol/wire/modbus.ts'

interface Sample<T> {
  name: string
  hex: string
  meaning: T
}
const published = JSON.parse(readFileSync('protocol/vectors/modbus/published.json', 'utf8')) as {
  crcOfDigits1To9: string
  requests: Array<Sample<ModbusRequest>>
  responses: Array<Sample<ModbusResponse>>
  damaged: Array<{ name: string; hex: string }>
}
function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.split(' ').map((byte) => Number.parseInt(byte, 16)))
}

describe('published samples of Modbus RTU', () => {
  it('check value of the checksum', () => {
    expect(crc16(new TextEncoder().encode('123456789')).toString(16)).toBe(published.crcOfDigits1To9)
  })
  it.each(published.requests)('request: $name', ({ hex, meaning }) => {
    expect(decodeRequest(bytesOf(hex))).toEqual(meaning)
    if (meaning.kind !== 'unsupported') expect(encodeRequest(meaning)).toEqual(bytesOf(hex))
  })
  it.each(published.responses)('response: $name', ({ hex, meaning }) => {
    expect(decodeResponse(bytesOf(hex))).toEqual(meaning)
    expect(encodeResponse(meaning)).toEqual(bytesOf(hex))
  })
  it.each(published.damaged)('not a frame: $name', ({ hex }) => {
    expect(decodeRequest(bytesOf(hex))).toBeUndefined()
    expect(decodeResponse(bytesOf(hex))).toBeUndefined()
  })
})

describe('a request that asks too much', () => {
  it.each([0, 126])('%i registers are answered with exception 3', (count) => {
    const frame = encodeRequest({ unit: 1, kind: 'read', function: 3, start: 0, count })
    expect(decodeRequest(frame)).toMatchObject({ kind: 'unsupported', exception: 3 })
  })
})

describe('requests in a stream of bytes', () => {
  const read: ModbusRequest = { unit: 1, kind: 'read', function: 3, start: 10, count: 23 }
  const write: ModbusRequest = {
    unit: 11,
    kind: 'write-multiple',
    function: 16,
    start: 84,
    values: [0x7fff, 0xffff],
  }

  it('are found however the bytes are cut', () => {
    const stream = [...encodeRequest(read), ...encodeRequest(write), ...encodeRequest(read)]
    for (let size = 1; size <= stream.length; size++) {
      const parser = createRequestParser()
      const found: ModbusRequest[] = []
      for (let at = 0; at < stream.length; at += size) {
        found.push(...parser.push(Uint8Array.from(stream.slice(at, at + size))))
      }
      expect(found).toEqual([read, write, read])
      expect(parser.droppedBytes).toBe(0)
    }
  })
  it('come through after rubbish, at the latest when the line falls silent', () => {
    const parser = createRequestParser()
    const found = parser.push(Uint8Array.from([0xff, 0x00, 0x93, ...encodeRequest(read)]))
    expect([...found, ...parser.gap()]).toEqual([read])
    expect(parser.push(encodeRequest(write))).toEqual([write])
  })
  it('of an unknown function are told from rubbish by the silence after them', () => {
    const parser = createRequestParser()
    const unknown = Uint8Array.from([1, 100, 0, 0, 0, 0])
    const crc = crc16(unknown, 0, 4)
    unknown[4] = crc & 0xff
    unknown[5] = crc >>> 8
    expect(parser.push(unknown)).toEqual([])
    expect(parser.gap()).toEqual([{ unit: 1, kind: 'unsupported', function: 100, exception: 1 }])
  })
  it('are in step again one frame after garbage of any kind, and garbage is never taken for a request', () => {
    const random = createSeededRandom(20)
    const parser = createRequestParser()
    let mistaken = 0
    for (let i = 0; i < 20_000; i++) {
      const rubbish = random.bytes(1 + integerBelow(random, 40))
      mistaken += [...parser.push(rubbish), ...parser.gap()].length
      if (i % 100 === 0) expect(parser.push(encodeRequest(read))).toEqual([read])
    }
    // A checksum of 16 bits lets one in 65,536 through; a whole frame must fit as well.
    expect(mistaken).toBeLessThan(4)
  })
})
