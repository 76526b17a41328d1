import mqttPacket from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { encodePublish } from '#protocol/mqtt-wire.ts'

function parse(bytes: Buffer): mqttPacket.Packet[] {
  const packets: mqttPacket.Packet[] = []
  const parser = mqttPacket.parser()
  parser.on('packet', (packet) => packets.push(packet))
  parser.parse(bytes)
  return packets
}

describe('a packet that we write ourselves', () => {
  it.each([0, 1, 100, 127, 128, 16_383, 16_384, 100_000])(
    'is read as it was meant, with %i characters',
    (length) => {
      const payload = 'ü'.repeat(length)
      const [packet] = parse(encodePublish('vc/1/07/cab-1/dn/ack', payload))
      expect(packet).toMatchObject({ cmd: 'publish', qos: 0, retain: false, topic: 'vc/1/07/cab-1/dn/ack' })
      expect((packet as mqttPacket.IPublishPacket).payload.toString()).toBe(payload)
    },
  )
  it('may follow others in one write', () => {
    const bytes = Buffer.concat([encodePublish('a', '1'), encodePublish('b', '2')])
    expect(parse(bytes).map((packet) => (packet as mqttPacket.IPublishPacket).topic)).toEqual(['a', 'b'])
  })
})
