import { connect, type Socket } from 'node:net'

/**
 * MQTT 3.1.1 for a load generator: two thousand connections in one process that leave the processor to the system under
 * test. It speaks what a cabinet speaks and nothing else; a real client is in edge/delivery.
 */
export interface Connection {
  readonly isUp: boolean
  publish(topic: Buffer, payload: Buffer): void
  end(): void
}

const CONNACK = 2
const PUBLISH = 3
const PUBACK = 4
const SUBACK = 9

export function openConnection(options: {
  host: string
  port: number
  clientId: string
  password: string
  filter: string
  onUp: () => void
  onMessage: (topic: string, payload: Buffer) => void
  onDown: (reason: string) => void
}): Connection {
  const socket: Socket = connect({ host: options.host, port: options.port, noDelay: true })
  let rest: Buffer = Buffer.alloc(0)
  let isUp = false
  let packetId = 0
  let reason = 'closed'

  socket.on('connect', () => socket.write(connectPacket(options.clientId, options.password)))
  socket.on('error', (error) => {
    reason = error.message
  })
  socket.on('close', () => {
    isUp = false
    options.onDown(reason)
  })
  socket.on('data', (chunk: Buffer) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let packet = readPacket(data); packet !== undefined; packet = readPacket(data)) {
      take(data, packet)
      data = data.subarray(packet.end)
    }
    rest = data
  })

  function take(data: Buffer, packet: { type: number; flags: number; start: number; end: number }): void {
    switch (packet.type) {
      case CONNACK:
        if (data[packet.start + 1] === 0) socket.write(subscribePacket(options.filter))
        else {
          reason = `refused with code ${data[packet.start + 1]}`
          socket.destroy()
        }
        break
      case SUBACK:
        isUp = true
        options.onUp()
        break
      case PUBLISH: {
        const topicEnd = packet.start + 2 + data.readUInt16BE(packet.start)
        const qos = (packet.flags >> 1) & 3
        if (qos > 0)
          socket.write(Buffer.from([PUBACK << 4, 2, data[topicEnd] as number, data[topicEnd + 1] as number]))
        options.onMessage(
          data.toString('latin1', packet.start + 2, topicEnd),
          data.subarray(topicEnd + (qos > 0 ? 2 : 0), packet.end),
        )
        break
      }
    }
  }

  return {
    get isUp() {
      return isUp
    },
    publish(topic, payload) {
      packetId = (packetId % 65_535) + 1
      const length = 2 + topic.length + 2 + payload.length
      const size = sizeBytes(length)
      const packet = Buffer.allocUnsafe(1 + size.length + length)
      packet[0] = (PUBLISH << 4) | 2
      size.copy(packet, 1)
      let at = 1 + size.length
      at = packet.writeUInt16BE(topic.length, at)
      at += topic.copy(packet, at)
      at = packet.writeUInt16BE(packetId, at)
      payload.copy(packet, at)
      socket.write(packet)
    },
    end() {
      socket.destroy()
    },
  }
}

function sizeBytes(length: number): Buffer {
  const bytes: number[] = []
  let left = length
  do {
    const low = left % 128
    left = Math.floor(left / 128)
    bytes.push(left > 0 ? low | 128 : low)
  } while (left > 0)
  return Buffer.from(bytes)
}
function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const head = Buffer.alloc(2)
  head.writeUInt16BE(bytes.length)
  return Buffer.concat([head, bytes])
}
function packetOf(first: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([first]), sizeBytes(body.length), body])
}
function connectPacket(clientId: string, password: string): Buffer {
  // Clean session with name and password; keepalive of ten minutes, because a benchmark never falls silent.
  const head = Buffer.concat([text('MQTT'), Buffer.from([4, 0b1100_0010, 0, 120])])
  return packetOf(0x10, Buffer.concat([head, text(clientId), text(clientId), text(password)]))
}
function subscribePacket(filter: string): Buffer {
  return packetOf(0x82, Buffer.concat([Buffer.from([0, 1]), text(filter), Buffer.from([1])]))
}

function readPacket(data: Buffer): { type: number; flags: number; start: number; end: number } | undefined {
  if (data.length < 2) return undefined
  let length = 0
  let at = 1
  for (let shift = 0; ; shift += 7) {
    const byte = data[at++]
    if (byte === undefined) return undefined
    length += (byte & 127) * 2 ** shift
    if (byte < 128) break
  }
  const end = at + length
  return data.length < end
    ? undefined
    : { type: (data[0] as number) >> 4, flags: (data[0] as number) & 15, start: at, end }
}
