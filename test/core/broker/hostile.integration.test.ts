import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { eventually } from '#test/support/eventually.ts'
import { type BrokerUnderTest, startBroker } from './brokers.ts'

/**
 * What was measured to stop or fill aedes, tried on the embedded broker over TLS. After each the process must be the
 * same, its memory bounded, and a cabinet elsewhere served within a second.
 */
let world: BrokerUnderTest
let processId: number
const clock = createSystemClock()
const MEBIBYTE = 1024 * 1024

beforeAll(async () => {
  world = await startBroker('embedded')
  processId = world.broker.processId as number
})
afterAll(() => world.stop())

function residentBytes(): number {
  const [, pages = '0'] = readFileSync(`/proc/${processId}/statm`, 'utf8').split(' ')
  return Number(pages) * 4096
}

const sockets: Socket[] = []
function openSocket(localAddress = '127.0.0.1'): Socket {
  const socket = connectTcp({ host: '127.0.0.1', port: world.broker.devicePort, localAddress })
  socket.on('error', () => undefined)
  sockets.push(socket)
  return socket
}
async function openTls(localAddress?: string): Promise<TLSSocket> {
  const socket = connectTls({ socket: openSocket(localAddress), rejectUnauthorized: false })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}
/** `once` of node would throw at a reset, which is one way of being cut off. */
const closeOf = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))
/** Bytes of a CONNECT of a cabinet with its password. */
function connectPacket(keepAliveSeconds: number): Buffer {
  const { a } = world.devices
  const field = (text: string) => {
    const bytes = Buffer.from(text)
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
  }
  const body = Buffer.concat([
    field('MQTT'),
    Buffer.from([4, 0xc2, keepAliveSeconds >> 8, keepAliveSeconds & 255]),
    field(a.cabinetId),
    field(a.cabinetId),
    field(a.password),
  ])
  return Buffer.concat([Buffer.from([0x10, body.length]), body])
}

/** The broker is the same process, and another cabinet gets in and is heard. @returns how long that took */
async function serveAnother(): Promise<number> {
  const startedMs = clock.monoMs()
  const client = await world.connect(world.devices.b, 'certificate')
  const text = `alive ${startedMs}`
  await client.publishAsync('vc/1/02/cab-b/up/ev', text, { qos: 1 })
  await eventually('the core hearing it', async () => world.heard.some((message) => message.text === text))
  await client.endAsync(true)
  expect(world.broker.processId).toBe(processId)
  expect(world.broker.restarts).toBe(0)
  return clock.monoMs() - startedMs
}
function hangUp(): void {
  for (const socket of sockets.splice(0)) socket.destroy()
}

describe('packets without a bound', () => {
  it('four strangers who announce 256 MB and send what they can are cut off, and no memory grows', async () => {
    const before = residentBytes()
    const closed = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = await openTls()
        const gone = closeOf(socket)
        socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]))
        for (let sent = 0; sent < 64 && !socket.destroyed; sent++) socket.write(Buffer.alloc(MEBIBYTE))
        return gone
      }),
    )
    expect(closed).toHaveLength(4)
    expect(residentBytes() - before).toBeLessThan(32 * MEBIBYTE)
    expect(await serveAnother()).toBeLessThan(1000)
  })
  it('a proved cabinet that sends 200 KB at a time is cut off, too', async () => {
    const socket = await openTls()
    socket.write(connectPacket(30))
    await once(socket, 'data')
    const gone = closeOf(socket)
    socket.write(Buffer.concat([Buffer.from([0x30, 0xc0, 0x9a, 0x0c]), Buffer.alloc(200_000)]))
    await gone
    expect(await serveAnother()).toBeLessThan(1000)
  })
})

describe('who never finishes', () => {
  it('a CONNECT byte by byte is ended after five seconds, however many do it', async () => {
    const slow = await Promise.all(Array.from({ length: 15 }, () => openTls()))
    const packet = connectPacket(30)
    const timers = slow.map((socket) => {
      let at = 0
      return setInterval(() => socket.write(packet.subarray(at, ++at)), 300)
    })
    const startedMs = clock.monoMs()
    const gone = Promise.all(slow.map((socket) => closeOf(socket)))
    expect(await serveAnother()).toBeLessThan(1000)
    await gone
    for (const timer of timers) clearInterval(timer)
    expect(clock.monoMs() - startedMs).toBeLessThan(7000)
  })
  it('a TLS handshake that stops in the middle is ended after five seconds', async () => {
    const socket = openSocket()
    const gone = closeOf(socket)
    socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]))
    await gone
  })
  it('a half-open connection is noticed by its keep-alive, and its will is told', async () => {
    const { a } = world.devices
    const will = {
      topic: 'vc/1/01/cab-a/up/state',
      payload: Buffer.from('vanished'),
      qos: 1 as const,
      retain: true,
    }
    const client = await world.connect(a, 'certificate', { will, keepalive: 1, reschedulePings: false })
    // Nothing leaves any more, and nothing says so: the cable was pulled.
    client.stream.cork()
    await eventually('the will', async () => world.heard.some(({ text }) => text === 'vanished'), {
      withinMs: 6000,
    })
  })
  it('a connection without any keep-alive is not let in', async () => {
    await expect(world.connect(world.devices.a, 'certificate', { keepalive: 0 })).rejects.toThrow(
      /refused|closed/,
    )
  })
})

describe('floods', () => {
  it('600 silent connections of one address hold up neither another address nor, for long, their own', async () => {
    const before = residentBytes()
    await Promise.all(Array.from({ length: 600 }, () => once(openSocket('127.0.0.2'), 'connect')))
    expect(await serveAnother()).toBeLessThan(1000)
    const neighbour = await openTls('127.0.0.2').then(
      () => 'in',
      () => 'cut',
    )
    expect(['in', 'cut']).toContain(neighbour)
    hangUp()
    await eventually('the same address getting in again', () =>
      openTls('127.0.0.2').then(
        () => true,
        () => false,
      ),
    )
    hangUp()
    expect(residentBytes() - before).toBeLessThan(64 * MEBIBYTE)
  })
  it('a cabinet that publishes as fast as it can is read slowly, and another does not notice', async () => {
    const noisy = await world.connect(world.devices.a, 'certificate')
    let isOver = false
    const flood = (async () => {
      while (!isOver) {
        noisy.publish('vc/1/01/cab-a/up/live', Buffer.alloc(60_000), { qos: 0 })
        await new Promise((resolve) => setImmediate(resolve))
        while (!isOver && noisy.stream.writableLength > MEBIBYTE)
          await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    expect(await serveAnother()).toBeLessThan(2000)
    isOver = true
    await flood
    await noisy.endAsync(true)
  })
})

describe('a new certificate of the server', () => {
  it('is shown to whoever comes from now on, and cuts nobody off', async () => {
    const client = await world.connect(world.devices.a, 'certificate')
    await world.renew()
    await eventually('the new certificate', async () => {
      const socket = await openTls()
      const { subjectaltname = '' } = socket.getPeerCertificate()
      socket.destroy()
      return subjectaltname.includes('renewed.example')
    })
    await client.publishAsync('vc/1/01/cab-a/up/ev', 'still here', { qos: 1 })
    await eventually('the core hearing the old connection', async () =>
      world.heard.some(({ text }) => text === 'still here'),
    )
    await client.endAsync(true)
  })
})

describe('a subscriber that vanishes with thousands of messages under way', () => {
  it('does not overflow the stack', async () => {
    for (let round = 0; round < 3; round++) {
      const victim = await world.connect(world.devices.b, 'certificate')
      await victim.subscribeAsync('vc/1/02/cab-b/dn/+', { qos: 1 })
      const burst = Array.from({ length: 3000 }, () =>
        world.core.publishAsync('vc/1/02/cab-b/dn/twin', 'x'.repeat(500), { qos: 1 }),
      )
      victim.stream.destroy()
      await Promise.allSettled(burst)
    }
    expect(await serveAnother()).toBeLessThan(1000)
  })
})
