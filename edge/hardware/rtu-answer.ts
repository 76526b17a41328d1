import { crc16 } from './crc16.ts'

/** What the request on the wire may be answered with. */
export interface ExpectedAnswer {
  readonly unit: number
  readonly functionCode: number
  /** Bytes of the whole answer, checksum included. */
  readonly byteCount: number
  /** For reads: the byte count that the answer must announce. */
  readonly dataBytes?: number
  /** For writes: the register that the answer must repeat, or a late answer to another write would pass for it. */
  readonly register?: number
}

const EXCEPTION_BYTES = 5

/** Derived from the request bytes; functions 3, 4, 6 and 16 are what profiles use. */
export function expectedAnswer(request: Uint8Array): ExpectedAnswer {
  const unit = request[0] as number
  const functionCode = request[1] as number
  if (functionCode === 3 || functionCode === 4) {
    const dataBytes = 2 * (((request[4] as number) << 8) | (request[5] as number))
    return { unit, functionCode, byteCount: 3 + dataBytes + 2, dataBytes }
  }
  return { unit, functionCode, byteCount: 8, register: wordAt(request, 2) }
}

/**
 * Finds the answer in what arrived: address, function, length and checksum must all fit, at any offset, so that noise
 * before, between and after frames costs nothing but its bytes.
 * @returns the answer's offsets, or undefined while it is not complete
 */
export function findAnswer(
  received: Uint8Array,
  expected: ExpectedAnswer,
): { start: number; end: number } | undefined {
  for (let start = 0; start + EXCEPTION_BYTES <= received.length; start++) {
    if (received[start] !== expected.unit) continue
    const functionCode = received[start + 1] as number
    let byteCount: number
    if (functionCode === (expected.functionCode | 0x80)) byteCount = EXCEPTION_BYTES
    else if (functionCode === expected.functionCode) byteCount = expected.byteCount
    else continue
    const end = start + byteCount
    if (end > received.length) continue
    if (functionCode === expected.functionCode && !isMeant(received, start, expected)) continue
    const sum = (received[end - 2] as number) | ((received[end - 1] as number) << 8)
    if (crc16(received, start, end - 2) === sum) return { start, end }
  }
  return undefined
}

function isMeant(received: Uint8Array, start: number, { dataBytes, register }: ExpectedAnswer): boolean {
  return dataBytes === undefined
    ? register === undefined || wordAt(received, start + 2) === register
    : received[start + 2] === dataBytes
}
function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}
