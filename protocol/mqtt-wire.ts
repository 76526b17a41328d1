import { Readable } from 'node:stream'
import type { IStore } from 'mqtt'

/**
 * A store that keeps nothing. MQTT.js would keep QoS 1 packets, hold the connection back until it has sent them again one
 * by one, and lose them with the process; the edge's outbox and the core's own rules do that better.
 */
export function createNoStore(): IStore {
  const store: IStore = {
    put(_packet, done) {
      done()
      return store
    },
    createStream: () => Readable.from([]) as unknown as ReturnType<IStore['createStream']>,
    del(packet, done) {
      done(undefined, packet as Parameters<typeof done>[1])
      return store
    },
    get(_packet, done) {
      done(new Error('nothing is kept'))
      return store
    },
    close: (done) => done(),
  }
  return store
}

/** Bytes that wait in the socket of an MQTT.js client: more than a bound, and the peer is not reading. */
export function waitingBytesOf(client: { stream?: unknown }): number {
  return (client.stream as { writableLength?: number } | undefined)?.writableLength ?? 0
}

const PUBLISH_QOS_0 = 0x30
const LENGTH_DIGIT = 128

/** A PUBLISH packet with QoS 0, which needs no number and no answer, so that many can go out in one write. MQTT 3.1.1, 3.3 */
export function encodePublish(topic: string, payload: string): Buffer {
  const topicBytes = Buffer.byteLength(topic)
  const length = 2 + topicBytes + Buffer.byteLength(payload)
  const digits: number[] = []
  for (let left = length; left > 0 || digits.length === 0; left = Math.floor(left / LENGTH_DIGIT))
    digits.push((left % LENGTH_DIGIT) | (left >= LENGTH_DIGIT ? LENGTH_DIGIT : 0))
  const packet = Buffer.allocUnsafe(1 + digits.length + length)
  packet[0] = PUBLISH_QOS_0
  for (const [index, digit] of digits.entries()) packet[1 + index] = digit
  const at = 1 + digits.length
  packet.writeUInt16BE(topicBytes, at)
  packet.write(topic, at + 2)
  packet.write(payload, at + 2 + topicBytes)
  return packet
}
