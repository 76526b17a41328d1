/**
 * Modbus RTU as bytes: checksum, requests, responses, and a parser that finds requests in a stream.
 * Pure. The simulator's slave uses it; the edge speaks through another implementation (modbus-serial), so that the two
 * ends cannot share a mistake. Vectors from published samples: protocol/vectors/modbus/.
 * Source: "MODBUS over Serial Line V1.02" and "MODBUS Application Protocol V1.1b3".
 */
export const FUNCTION = {
  readHolding: 3,
  readInput: 4,
  writeSingle: 6,
  writeMultiple: 16,
} as const

export const EXCEPTION = {
  illegalFunction: 1,
  illegalAddress: 2,
  illegalValue: 3,
  deviceFailure: 4,
  deviceBusy: 6,
} as const
export type ExceptionCode = (typeof EXCEPTION)[keyof typeof EXCEPTION]

/** Address, function, at most 252 bytes of data, checksum. */
export const LONGEST_FRAME_BYTES = 256
const SHORTEST_FRAME_BYTES = 4
export const MOST_REGISTERS_READ = 125
export const MOST_REGISTERS_WRITTEN = 123

export type ModbusRequest =
  | { unit: number; kind: 'read'; function: 3 | 4; start: number; count: number }
  | { unit: number; kind: 'write-single'; function: 6; start: number; value: number }
  | { unit: number; kind: 'write-multiple'; function: 16; start: number; values: number[] }
  /** A well-formed frame that this protocol part cannot serve: answer with the exception. */
  | { unit: number; kind: 'unsupported'; function: number; exception: ExceptionCode }

export type ModbusResponse =
  | { unit: number; kind: 'read'; function: 3 | 4; values: number[] }
  | { unit: number; kind: 'write-single'; function: 6; start: number; value: number }
  | { unit: number; kind: 'write-multiple'; function: 16; start: number; count: number }
  | { unit: number; kind: 'exception'; function: number; exception: number }

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  return crc
})

/** CRC-16/MODBUS of `bytes[from, to)`. On the wire its low byte comes first. */
export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = 0xffff
  for (let i = from; i < to; i++) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0)
  return crc
}

/** Appends the checksum, low byte first. */
export function sealFrame(body: ArrayLike<number>): Uint8Array {
  const frame = new Uint8Array(body.length + 2)
  frame.set(body)
  const crc = crc16(frame, 0, body.length)
  frame[body.length] = crc & 0xff
  frame[body.length + 1] = crc >>> 8
  return frame
}

export function isSealed(frame: Uint8Array): boolean {
  const end = frame.length - 2
  return frame.length >= SHORTEST_FRAME_BYTES && crc16(frame, 0, end) === word(frame, end + 1, end)
}

export function encodeRequest(request: Exclude<ModbusRequest, { kind: 'unsupported' }>): Uint8Array {
  const head = [request.unit, request.function, ...wordBytes(request.start)]
  switch (request.kind) {
    case 'read':
      return sealFrame([...head, ...wordBytes(request.count)])
    case 'write-single':
      return sealFrame([...head, ...wordBytes(request.value)])
    case 'write-multiple':
      return sealFrame([
        ...head,
        ...wordBytes(request.values.length),
        request.values.length * 2,
        ...request.values.flatMap(wordBytes),
      ])
  }
}

export function encodeResponse(response: ModbusResponse): Uint8Array {
  switch (response.kind) {
    case 'read':
      return sealFrame([
        response.unit,
        response.function,
        response.values.length * 2,
        ...response.values.flatMap(wordBytes),
      ])
    case 'write-single':
      return sealFrame([response.unit, 6, ...wordBytes(response.start), ...wordBytes(response.value)])
    case 'write-multiple':
      return sealFrame([response.unit, 16, ...wordBytes(response.start), ...wordBytes(response.count)])
    case 'exception':
      return sealFrame([response.unit, response.function | 0x80, response.exception])
  }
}

/**
 * One whole request frame.
 * @returns undefined when the checksum is wrong or the length does not fit the function: a slave stays silent then
 */
export function decodeRequest(frame: Uint8Array): ModbusRequest | undefined {
  if (!isSealed(frame)) return undefined
  const unit = frame[0] ?? 0
  const code = frame[1] ?? 0
  const start = word(frame, 2, 3)
  const second = word(frame, 4, 5)
  switch (code) {
    case FUNCTION.readHolding:
    case FUNCTION.readInput:
      if (frame.length !== 8) return undefined
      if (second < 1 || second > MOST_REGISTERS_READ) return unsupported(unit, code, EXCEPTION.illegalValue)
      return { unit, kind: 'read', function: code, start, count: second }
    case FUNCTION.writeSingle:
      if (frame.length !== 8) return undefined
      return { unit, kind: 'write-single', function: code, start, value: second }
    case FUNCTION.writeMultiple: {
      const byteCount = frame[6] ?? 0
      if (frame.length !== 9 + byteCount) return undefined
      if (second < 1 || second > MOST_REGISTERS_WRITTEN || byteCount !== second * 2) {
        return unsupported(unit, code, EXCEPTION.illegalValue)
      }
      const values = Array.from({ length: second }, (_, i) => word(frame, 7 + 2 * i, 8 + 2 * i))
      return { unit, kind: 'write-multiple', function: code, start, values }
    }
    default:
      return unsupported(unit, code, EXCEPTION.illegalFunction)
  }
}

/** One whole response frame. @returns undefined when the checksum or the length is wrong */
export function decodeResponse(frame: Uint8Array): ModbusResponse | undefined {
  if (!isSealed(frame)) return undefined
  const unit = frame[0] ?? 0
  const code = frame[1] ?? 0
  if (code & 0x80) {
    return frame.length === 5
      ? { unit, kind: 'exception', function: code & 0x7f, exception: frame[2] ?? 0 }
      : undefined
  }
  if (code === FUNCTION.readHolding || code === FUNCTION.readInput) {
    const byteCount = frame[2] ?? 0
    if (frame.length !== 5 + byteCount || byteCount % 2 !== 0) return undefined
    const values = Array.from({ length: byteCount / 2 }, (_, i) => word(frame, 3 + 2 * i, 4 + 2 * i))
    return { unit, kind: 'read', function: code, values }
  }
  if (frame.length !== 8) return undefined
  const start = word(frame, 2, 3)
  const second = word(frame, 4, 5)
  if (code === FUNCTION.writeSingle)
    return { unit, kind: 'write-single', function: code, start, value: second }
  if (code === FUNCTION.writeMultiple)
    return { unit, kind: 'write-multiple', function: code, start, count: second }
  return undefined
}

/**
 * Whole length in bytes of the request that begins with these bytes.
 * @returns undefined when more bytes are needed to say, or 0 when the function is not known: only the silence after
 * the frame tells its end then
 */
export function requestLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 2) return undefined
  switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 8:
      return 8
    case 7:
    case 11:
    case 12:
    case 17:
      return 4
    case 15:
    case 16:
      return bytes.length < 7 ? undefined : 9 + (bytes[6] ?? 0)
    case 22:
      return 10
    case 23:
      return bytes.length < 11 ? undefined : 13 + (bytes[10] ?? 0)
    default:
      return 0
  }
}

export interface RequestParser {
  /** Bytes as they come. @returns the requests that are complete now, in order */
  push(bytes: Uint8Array): ModbusRequest[]
  /**
   * The line was silent for longer than a gap inside a frame: what is left is a frame of an unknown length, or rubbish
   * that may have a request inside.
   */
  gap(): ModbusRequest[]
  /** Bytes given up because they belonged to no valid frame; for diagnostics. */
  readonly droppedBytes: number
}

/**
 * Finds requests by their length. A wrong checksum drops one byte and looks again, so the parser is back in step at
 * the next good frame; at most one frame is kept.
 */
export function createRequestParser(): RequestParser {
  let buffer = new Uint8Array(0)
  let droppedBytes = 0

  function drop(count: number) {
    droppedBytes += count
    buffer = buffer.subarray(count)
  }
  /** @returns a request, 'more' when the frame at the front is incomplete, or undefined when there is none there */
  function takeFront(): ModbusRequest | 'more' | undefined {
    const length = requestLength(buffer)
    if (length === undefined) return 'more'
    if (length === 0 || length > LONGEST_FRAME_BYTES) return undefined
    if (buffer.length < length) return 'more'
    const request = decodeRequest(buffer.subarray(0, length))
    if (request !== undefined) buffer = buffer.subarray(length)
    return request
  }
  return {
    push(bytes) {
      const requests: ModbusRequest[] = []
      const joined = new Uint8Array(buffer.length + bytes.length)
      joined.set(buffer)
      joined.set(bytes, buffer.length)
      buffer = joined
      while (buffer.length > 0) {
        const found = takeFront()
        if (found === 'more') break
        if (found !== undefined) requests.push(found)
        // An unknown function may still be one whole frame: wait for the silence after it, up to one frame's length.
        else if (requestLength(buffer) === 0 && buffer.length < LONGEST_FRAME_BYTES) break
        else drop(1)
      }
      return requests
    },
    gap() {
      const requests: ModbusRequest[] = []
      const whole = decodeRequest(buffer)
      if (whole !== undefined) {
        buffer = buffer.subarray(buffer.length)
        return [whole]
      }
      while (buffer.length >= SHORTEST_FRAME_BYTES) {
        const found = takeFront()
        if (found === 'more' || found === undefined) drop(1)
        else requests.push(found)
      }
      drop(buffer.length)
      return requests
    },
    get droppedBytes() {
      return droppedBytes
    },
  }
}

function unsupported(unit: number, code: number, exception: ExceptionCode): ModbusRequest {
  return { unit, kind: 'unsupported', function: code, exception }
}
function word(bytes: Uint8Array, high: number, low: number): number {
  return ((bytes[high] ?? 0) << 8) | (bytes[low] ?? 0)
}
function wordBytes(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff]
}

/** A signed value as the 16 bits that carry it: -5 → 0xFFFB. */
export function word16(value: number): number {
  return value & 0xffff
}
/** A signed 32-bit value as two registers, high word first. */
export function words32(value: number): [number, number] {
  return [(value >>> 16) & 0xffff, value & 0xffff]
}
