import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import mqtt, { type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { partitionFilter } from '#protocol/topics.ts'
import { CORE_IDENTITY } from '#core/broker/messages.ts'
import { type BrokerSupervisor, type CoreAddress, createBrokerSupervisor } from '#core/broker/supervisor.ts'
import { eventually } from '#test/support/eventually.ts'

/** The embedded broker as it runs in production: a process of its own, met over real sockets. */
let broker: BrokerSupervisor
let core: MqttClient
let devicePort: number
let heard: Array<{ topic: string; text: string; retain: boolean }>
let takeovers: string[]
let coreAddress: CoreAddress
const devices: MqttClient[] = []

const device = (cabinetId: string, partition: number) => ({
  cabinetId,
  partition,
  credentials: [passwordOf(`secret of ${cabinetId}`)],
})
const passwordOf = (password: string) => ({
  credentialId: `cr-${password}`,
  kind: 'password' as const,
  sha256: createHash('sha256').update(password).digest('hex'),
  endsAtMs: null,
})

beforeAll(async () => {
  broker = createBrokerSupervisor({
    clock: createSystemClock(),
    random: createSystemRandom(),
    log: pino({ level: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    tls: () => null,
    devices: async () => [device('cab-a', 1), device('cab-b', 2)],
  })
  await new Promise<void>((resolve, reject) => {
    broker.start({
      onReady: (address) => {
        coreAddress = address
        connectCore(address).then(resolve, reject)
      },
      onTakeover: (cabinetId) => takeovers.push(cabinetId),
      onProved: () => undefined,
    })
  })
  devicePort = await broker.open()
})
afterAll(async () => {
  await core.endAsync(true)
  await broker.stop()
})
beforeEach(() => {
  heard = []
  takeovers = []
})
afterEach(async () => {
  for (const client of devices.splice(0)) await client.endAsync(true)
  broker.admit(device('cab-a', 1))
})

async function connectCore({ url, username, password }: CoreAddress): Promise<void> {
  core = await mqtt.connectAsync(url, {
    clientId: CORE_IDENTITY,
    username,
    password: String(password),
    protocolVersion: 4,
    reconnectPeriod: 0,
  })
  core.on('message', (topic, payload, { retain }) => heard.push({ topic, text: payload.toString(), retain }))
  await core.subscribeAsync([1, 2, 3].map(partitionFilter), { qos: 1 })
}

async function connectDevice(
  cabinetId: string,
  options: Partial<mqtt.IClientOptions> & { port?: number } = {},
): Promise<MqttClient> {
  const { port = devicePort, ...given } = options
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    clientId: cabinetId,
    username: cabinetId,
    password: `secret of ${cabinetId}`,
    protocolVersion: 4,
    clean: true,
    keepalive: 30,
    reconnectPeriod: 0,
    connectTimeout: 3000,
    ...given,
  })
  devices.push(client)
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client))
    client.once('error', reject)
    client.once('close', () => reject(new Error('the broker closed the connection')))
  })
}
const closeOf = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()))
const refusedWith = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: Error & { code?: number }) => error.code ?? error.message,
  )
/** Is the connection still there after the broker has dealt with everything before? */
async function isCut(client: MqttClient, act: () => void): Promise<boolean> {
  const closed = closeOf(client).then(() => true)
  act()
  const answered = client.publishAsync('vc/1/01/cab-a/up/hello', 'still here', { qos: 1 }).then(
    () => false,
    () => true,
  )
  return Promise.race([closed, answered])
}

describe('who may connect', () => {
  it.each([
    ['the right password', {}, 'accepted'],
    ['a wrong password', { password: 'guess' }, 4],
    ['no password', { password: undefined, username: undefined }, 2],
    ["another cabinet's client id", { clientId: 'cab-b' }, 2],
    ['a session that the broker would have to keep', { clean: false }, 5],
    [
      'a will on a topic of another cabinet',
      { will: { topic: 'vc/1/02/cab-b/up/state', payload: Buffer.from('x'), qos: 1, retain: true } },
      5,
    ],
    [
      'a will on the event stream',
      { will: { topic: 'vc/1/01/cab-a/up/ev', payload: Buffer.from('x'), qos: 1 } },
      5,
    ],
  ] as const)('%s', async (_name, options, answer) => {
    expect(await refusedWith(connectDevice('cab-a', options as Partial<mqtt.IClientOptions>))).toBe(answer)
  })
  it('a cabinet that nobody enrolled is refused', async () => {
    expect(await refusedWith(connectDevice('cab-x'))).toBe(4)
  })
  it('a cabinet is refused on the listener of the core, whatever it knows', async () => {
    const port = Number(new URL(coreAddress.url).port)
    expect(await refusedWith(connectDevice('cab-a', { port }))).toBe(5)
    expect(
      await refusedWith(
        connectDevice(CORE_IDENTITY, { username: CORE_IDENTITY, password: String(coreAddress.password) }),
      ),
    ).toBe(2)
  })
})

describe('what a cabinet may say', () => {
  it.each([
    ['its own event stream', 'vc/1/01/cab-a/up/ev', {}, false],
    ['its own state, retained', 'vc/1/01/cab-a/up/state', { retain: true }, false],
    ['the stream of another cabinet', 'vc/1/02/cab-b/up/ev', {}, true],
    ['its stream in a partition that is not its own', 'vc/1/02/cab-a/up/ev', {}, true],
    ['a command to itself', 'vc/1/01/cab-a/dn/cmd', {}, true],
    ['a command to another cabinet', 'vc/1/02/cab-b/dn/cmd', { retain: true }, true],
    ['a retained event', 'vc/1/01/cab-a/up/ev', { retain: true }, true],
    ['a topic of nobody', 'hello/world', {}, true],
    ['a system topic', '$SYS/x', {}, true],
    ['QoS 2', 'vc/1/01/cab-a/up/ev', { qos: 2 }, true],
  ] as const)('%s', async (_name, topic, options, cut) => {
    const client = await connectDevice('cab-a')
    expect(
      await isCut(client, () => client.publish(topic, 'payload', { qos: 1, ...options }, () => undefined)),
    ).toBe(cut)
    const arrived = () => heard.some((message) => message.topic === topic)
    if (cut) expect(arrived()).toBe(false)
    else await eventually('the core hearing it', async () => arrived())
  })
})

describe('what a cabinet may hear', () => {
  it.each([
    ['vc/1/01/cab-a/dn/+', 1],
    ['vc/1/+/cab-a/dn/#', 1],
    ['vc/1/01/cab-a/up/state', 1],
    ['vc/1/02/cab-b/dn/+', 128],
    ['vc/1/+/+/dn/+', 128],
    ['vc/1/01/cab-a/up/+', 128],
    ['#', 128],
    ['+/+/+/+/+/+', 128],
    ['$share/g/vc/1/01/cab-a/dn/+', 128],
    ['$SYS/#', 128],
  ] as const)('%s → %i', async (filter, code) => {
    const client = await connectDevice('cab-a')
    // MQTT.js turns a refused filter into an error; the raw code is what matters.
    const granted = await new Promise<number>((resolve) => {
      client.on('packetreceive', (packet) => packet.cmd === 'suback' && resolve(packet.granted[0] as number))
      client.subscribe(filter, { qos: 1 }, () => undefined)
    })
    expect(granted).toBe(code)
  })
  it('commands of the core reach the cabinet they are for and no other', async () => {
    const received: string[] = []
    for (const [cabinetId, partition] of [
      ['cab-a', '01'],
      ['cab-b', '02'],
    ] as const) {
      const client = await connectDevice(cabinetId)
      client.on('message', (topic) => received.push(`${cabinetId} ${topic}`))
      await client.subscribeAsync(`vc/1/${partition}/${cabinetId}/dn/+`, { qos: 1 })
    }
    await core.publishAsync('vc/1/02/cab-b/dn/cmd', '{}', { qos: 1 })
    await core.publishAsync('vc/1/01/cab-a/dn/ack', '{}', { qos: 0 })
    await eventually('both messages', async () => received.length === 2)
    expect(received.toSorted()).toEqual(['cab-a vc/1/01/cab-a/dn/ack', 'cab-b vc/1/02/cab-b/dn/cmd'])
  })
})

describe('hostile bytes', () => {
  /** Sends bytes over a bare socket and waits until the broker ends the connection. */
  async function sendUntilCut(...pieces: Uint8Array[]): Promise<void> {
    const socket = connectSocket(devicePort, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.resume()
    const ended = once(socket, 'close')
    for (const piece of pieces) socket.write(piece)
    await ended
  }
  const field = (text: string, encoding: BufferEncoding = 'utf8') => {
    const bytes = Buffer.from(text, encoding)
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
  }
  /** CONNECT of MQTT 3.1.1: clean session, user name and password. */
  const connectAs = (clientId: Buffer) => {
    const body = Buffer.concat([
      field('MQTT'),
      Buffer.from([4, 0xc2, 0, 30]),
      clientId,
      field('cab-a'),
      field('secret of cab-a'),
    ])
    return Buffer.concat([Buffer.from([0x10, body.length]), body])
  }
  const connect = connectAs(field('cab-a'))

  it('an announced packet of 200 MB is cut off at once, without being read', async () => {
    await sendUntilCut(connect, Buffer.from([0x30, 0x80, 0xc2, 0xd7, 0x2f]))
  })
  it('a CONNECT of 5 KiB from a stranger is cut off', async () => {
    await sendUntilCut(Buffer.from([0x10, 0x88, 0x27]), Buffer.alloc(5000))
  })
  it('something that is not MQTT is cut off', async () => {
    await sendUntilCut(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
  })
  it('a topic that is not UTF-8 is cut off and reaches nobody', async () => {
    const body = Buffer.concat([field('vc/1/01/cab-a/up/e\xff', 'latin1'), Buffer.from('x')])
    await sendUntilCut(connect, Buffer.concat([Buffer.from([0x30, body.length]), body]))
    expect(heard).toEqual([])
  })
  it('a client id that is not UTF-8 is cut off', async () => {
    await sendUntilCut(connectAs(field('cab\xff', 'latin1')))
  })
  it('a silent connection is ended after five seconds', async () => {
    const socket = connectSocket(devicePort, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'close')
  })
  it('a keep-alive of an hour is refused', async () => {
    expect(await refusedWith(connectDevice('cab-a', { keepalive: 3600 }))).toBe(6)
  })
})

describe('two connections with one identity', () => {
  it('the later one stays, the earlier one ends, and the core is told', async () => {
    const first = await connectDevice('cab-a')
    const ended = closeOf(first)
    const second = await connectDevice('cab-a')
    await ended
    expect(second.connected).toBe(true)
    await eventually('the core being told', async () => takeovers.includes('cab-a'))
  })
})

describe('a cabinet whose credentials are withdrawn', () => {
  it('is cut off at once and cannot return', async () => {
    const client = await connectDevice('cab-a')
    const ended = closeOf(client)
    broker.revoke('cab-a')
    await ended
    expect(await refusedWith(connectDevice('cab-a'))).toBe(4)
  })
  it('is cut off when its password is replaced, and returns with the new one', async () => {
    const client = await connectDevice('cab-a')
    const ended = closeOf(client)
    broker.admit({ ...device('cab-a', 1), credentials: [passwordOf('new')] })
    await ended
    expect(await refusedWith(connectDevice('cab-a'))).toBe(4)
    expect(await refusedWith(connectDevice('cab-a', { password: 'new' }))).toBe('accepted')
  })
})

describe('a crowd behind one address', () => {
  it('gets in, although few may prove themselves at a time', async () => {
    const sockets = Array.from({ length: 60 }, () => connectSocket(devicePort, '127.0.0.1'))
    for (const socket of sockets) socket.on('error', () => undefined)
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    for (const socket of sockets) socket.destroy()
    expect(await refusedWith(connectDevice('cab-a'))).toBe('accepted')
  })
})

describe('a busy subscriber that vanishes', () => {
  it('does not take the broker with it', async () => {
    const before = broker.processId
    const publisher = await connectDevice('cab-a')
    for (let round = 0; round < 3; round++) {
      const victim = await connectDevice('cab-b')
      await victim.subscribeAsync('vc/1/02/cab-b/dn/+', { qos: 1 })
      const burst = Array.from({ length: 3000 }, () =>
        core.publishAsync('vc/1/02/cab-b/dn/twin', 'x'.repeat(500), { qos: 1 }),
      )
      victim.stream.destroy()
      await Promise.allSettled(burst)
    }
    expect(await isCut(publisher, () => undefined)).toBe(false)
    expect(broker.processId).toBe(before)
    expect(broker.restarts).toBe(0)
  })
})

describe('the broker process is killed', () => {
  it('is started again on the same port, with new credentials for the core', async () => {
    const before = { address: coreAddress, processId: broker.processId as number }
    process.kill(before.processId, 'SIGKILL')
    await eventually('the broker being back', async () => coreAddress.password !== before.address.password, {
      withinMs: 10_000,
    })
    await eventually('the core being connected', async () => core.connected)
    expect(await broker.open()).toBe(devicePort)
    expect(await refusedWith(connectDevice('cab-a'))).toBe('accepted')
  })
})
