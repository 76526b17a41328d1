/** Bytes of a CONNECT packet: identity, password and a small will. */
export const CONNECT_BYTES_MOST = 4 * 1024

const CONNECT = 1
const LENGTH_BYTES_MOST = 4

/**
 * Walks the lengths of MQTT packets as bytes arrive, so that an oversized one is refused by its announcement and never
 * buffered: aedes 1.x has no limit of its own (a 64 MiB packet was accepted).
 * @returns a function that takes a chunk and answers why the connection must end, or undefined
 */
export function createPacketGuard(packetBytesMost: number): (chunk: Uint8Array) => string | undefined {
  let bodyLeft = 0
  let isInLength = false
  let length = 0
  let lengthBytes = 0
  let packetType = 0
  let isConnected = false

  function takeLengthByte(byte: number): string | undefined {
    length += (byte & 0x7f) * 128 ** lengthBytes
    lengthBytes++
    if ((byte & 0x80) !== 0)
      return lengthBytes === LENGTH_BYTES_MOST ? 'a packet length of more than four bytes' : undefined
    isInLength = false
    const most = isConnected ? packetBytesMost : CONNECT_BYTES_MOST
    if (length > most) return `a packet of ${length} bytes, at most ${most} are allowed here`
    isConnected = true
    bodyLeft = length
    return undefined
  }

  return (chunk) => {
    let at = 0
    while (at < chunk.length) {
      if (bodyLeft > 0) {
        const taken = Math.min(bodyLeft, chunk.length - at)
        bodyLeft -= taken
        at += taken
        continue
      }
      const byte = chunk[at++] as number
      if (!isInLength) {
        packetType = byte >> 4
        if (!isConnected && packetType !== CONNECT) return 'the first packet is not CONNECT'
        isInLength = true
        length = 0
        lengthBytes = 0
        continue
      }
      const reason = takeLengthByte(byte)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}
