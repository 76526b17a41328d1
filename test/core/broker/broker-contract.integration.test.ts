import { existsSync } from 'node:fs'
import type { IClientOptions, MqttClient } from 'mqtt'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually, never } from '#test/support/eventually.ts'
import { type BrokerUnderTest, MOSQUITTO, type Proof, startBroker } from './brokers.ts'

/**
 * What cabinets and core may rely on, whichever broker stands between them, over TLS and from outside. A broker may
 * refuse what is forbidden, end the connection, or take it and do nothing with it: what counts is what reaches whom.
 */
const BROKERS = existsSync(MOSQUITTO) ? (['embedded', 'mosquitto'] as const) : (['embedded'] as const)
const PROOFS: readonly Proof[] = ['certificate', 'password']
const NOTHING_MS = 400

describe('the brokers that are looked at', () => {
  it(
    BROKERS.length === 2
      ? 'are the embedded one and Mosquitto with generated files'
      : 'are the embedded one alone: Mosquitto is not here (apt-get install mosquitto), its files were NOT tried',
    () => expect(BROKERS[0]).toBe('embedded'),
  )
})

describe.each(BROKERS)('%s broker', (kind) => {
  let world: BrokerUnderTest
  beforeAll(async () => {
    world = await startBroker(kind)
  })
  afterAll(() => world.stop())
  beforeEach(() => {
    world.heard.splice(0)
  })

  const isLetIn = (promise: Promise<MqttClient>) =>
    promise.then(
      (client) => client.endAsync(true).then(() => true),
      () => false,
    )
  const tell = (client: MqttClient, topic: string, text: string, options = {}) =>
    client.publish(topic, text, { qos: 1, ...options }, () => undefined)

  describe.each(PROOFS)('a cabinet with a %s', (proof) => {
    it('gets in, is heard, and hears what is for it', async () => {
      const { a } = world.devices
      const client = await world.connect(a, proof)
      const got: string[] = []
      client.on('message', (topic, payload) => got.push(`${topic} ${payload.toString()}`))
      await client.subscribeAsync('vc/1/01/cab-a/dn/+', { qos: 1 })
      for (const channel of ['hello', 'ev', 'live', 'cmdr'])
        tell(client, `vc/1/01/cab-a/up/${channel}`, `my ${channel}`)
      await eventually('the core hearing all four', async () => world.heard.length === 4)
      for (const channel of ['ack', 'cmd', 'twin'])
        await world.core.publishAsync(`vc/1/01/cab-a/dn/${channel}`, channel, { qos: 1 })
      await eventually('the cabinet hearing all three', async () => got.length === 3)
      await client.endAsync(true)
    })
    it('has its state kept for whoever comes later', async () => {
      const { a } = world.devices
      const client = await world.connect(a, proof)
      await client.publishAsync('vc/1/01/cab-a/up/state', `kept ${proof}`, { qos: 1, retain: true })
      await client.endAsync(true)
      const again = await world.connect(a, proof)
      const got: string[] = []
      again.on('message', (_topic, payload) => got.push(payload.toString()))
      await again.subscribeAsync('vc/1/01/cab-a/up/state', { qos: 1 })
      await eventually('the kept state', async () => got.includes(`kept ${proof}`))
      await again.endAsync(true)
    })
    it('has its will told when its connection breaks', async () => {
      const { a } = world.devices
      const will = {
        topic: 'vc/1/01/cab-a/up/state',
        payload: Buffer.from('gone'),
        qos: 1 as const,
        retain: true,
      }
      const client = await world.connect(a, proof, { will })
      client.stream.destroy()
      await eventually('the will', async () => world.heard.some(({ text }) => text === 'gone'))
    })
    it.each([
      ['the stream of another cabinet', 'vc/1/02/cab-b/up/ev', {}],
      ['the state of another cabinet', 'vc/1/02/cab-b/up/state', { retain: true }],
      ['its stream in a partition that is not its own', 'vc/1/02/cab-a/up/ev', {}],
      ['a command to itself', 'vc/1/01/cab-a/dn/cmd', {}],
      ['a command to another cabinet', 'vc/1/02/cab-b/dn/cmd', { retain: true }],
      ['a channel that does not exist', 'vc/1/01/cab-a/up/other', {}],
      ['a topic of ten levels', 'vc/1/01/cab-a/up/ev/a/b/c/d', {}],
      ['a topic of nobody', 'hello/world', {}],
      ['a system topic', '$SYS/broker/x', {}],
    ])('cannot say %s', async (_name, topic, options) => {
      const victim = await world.connect(world.devices.b, proof)
      const got: string[] = []
      victim.on('message', (_topic, payload) => got.push(payload.toString()))
      await victim.subscribeAsync(['vc/1/02/cab-b/dn/+', 'vc/1/02/cab-b/up/state'], { qos: 1 })
      const client = await world.connect(world.devices.a, proof)
      tell(client, topic, 'forbidden', options)
      await never(
        'somebody hearing it',
        async () => [...got, ...world.heard.map(({ text }) => text)].includes('forbidden'),
        NOTHING_MS,
      )
      await Promise.all([client.endAsync(true), victim.endAsync(true)])
    })
    it.each([
      'vc/1/02/cab-b/dn/+',
      'vc/1/02/cab-b/up/state',
      'vc/1/+/+/dn/+',
      'vc/1/01/cab-a/up/+',
      '#',
      '+/+/+/+/+/+',
      '$SYS/#',
    ])('listens in vain at %s', async (filter) => {
      const client = await world.connect(world.devices.a, proof)
      const got: string[] = []
      client.on('message', (topic) => got.push(topic))
      await client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined)
      const other = await world.connect(world.devices.b, proof)
      tell(other, 'vc/1/02/cab-b/up/ev', 'secret')
      await other.publishAsync('vc/1/02/cab-b/up/state', 'secret', { qos: 1, retain: true })
      await world.core.publishAsync('vc/1/02/cab-b/dn/cmd', 'secret', { qos: 1 })
      await never('it hearing another', async () => got.some((topic) => !topic.includes('cab-a')), NOTHING_MS)
      await Promise.all([client.endAsync(true), other.endAsync(true)])
    })
    it("under another's client id disturbs nobody", async () => {
      const victim = await world.connect(world.devices.b, proof)
      const got: string[] = []
      victim.on('message', (topic) => got.push(topic))
      await victim.subscribeAsync('vc/1/02/cab-b/dn/+', { qos: 1 })
      await isLetIn(world.connect(world.devices.a, proof, { clientId: 'cab-b' }))
      await world.core.publishAsync('vc/1/02/cab-b/dn/cmd', 'still for cab-b', { qos: 1 })
      await eventually('the command reaching the one it is for', async () => got.length === 1)
      await victim.endAsync(true)
    })
    it('with a packet above the limit is cut off, and the others go on', async () => {
      const client = await world.connect(world.devices.a, proof)
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      tell(client, 'vc/1/01/cab-a/up/ev', 'x'.repeat(200_000))
      await closed
      expect(world.heard).toEqual([])
      expect(await isLetIn(world.connect(world.devices.b, proof))).toBe(true)
    })
    it('with a will on a topic of another has it told to nobody', async () => {
      const topic = 'vc/1/02/cab-b/up/state'
      const will = { topic, payload: Buffer.from('false will'), qos: 1 as const, retain: true }
      const client = await world.connect(world.devices.a, proof, { will }).catch(() => undefined)
      client?.stream.destroy()
      await never('its will', async () => world.heard.some(({ text }) => text === 'false will'), NOTHING_MS)
    })
    it('that is revoked is cut off within five seconds and not let in again; enrolled again it is', async () => {
      const { a, b } = world.devices
      const neighbour = await world.connect(b, proof)
      const client = await world.connect(a, proof)
      const startedMs = performance.now()
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      world.setCredentials(a, [])
      await closed
      expect(performance.now() - startedMs).toBeLessThan(5000)
      expect(await isLetIn(world.connect(a, proof))).toBe(false)
      expect(neighbour.connected).toBe(true)
      world.setCredentials(a, PROOFS)
      await eventually('it being let in', () => isLetIn(world.connect(a, proof)))
      await neighbour.endAsync(true)
    })
    it('whose credentials were replaced is cut off, and those alone are refused', async () => {
      const { a } = world.devices
      const other = PROOFS.find((one) => one !== proof) as Proof
      const client = await world.connect(a, proof)
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      world.setCredentials(a, [other])
      await closed
      expect(await isLetIn(world.connect(a, proof))).toBe(false)
      expect(await isLetIn(world.connect(a, other))).toBe(true)
      world.setCredentials(a, PROOFS)
      await eventually('it being let in', () => isLetIn(world.connect(a, proof)))
    })
  })

  it.each<[string, Partial<IClientOptions>]>([
    ['a wrong password', { password: 'guess' }],
    ['no password', { password: undefined, username: undefined } as Partial<IClientOptions>],
    ['the name of a cabinet that nobody enrolled', { username: 'cab-x', clientId: 'cab-x' }],
    ["the core's name", { username: 'core.main', clientId: 'core.main' }],
  ])('lets nobody in with %s', async (_name, options) => {
    expect(await isLetIn(world.connect(world.devices.a, 'password', options))).toBe(false)
  })
  it("lets nobody in with another's certificate under the own name", async () => {
    const { a, b } = world.devices
    const victim = await world.connect(a, 'certificate')
    const got: string[] = []
    victim.on('message', (topic) => got.push(topic))
    await victim.subscribeAsync('vc/1/01/cab-a/dn/+', { qos: 1 })
    const thief = await world
      .connect(b, 'certificate', { clientId: 'cab-a', username: 'cab-a' })
      .catch(() => undefined)
    if (thief !== undefined) tell(thief, 'vc/1/01/cab-a/up/ev', 'forged')
    await world.core.publishAsync('vc/1/01/cab-a/dn/cmd', 'for cab-a', { qos: 1 })
    await eventually('the command reaching its cabinet', async () => got.length === 1)
    await never('the forged event', async () => world.heard.some(({ text }) => text === 'forged'), NOTHING_MS)
  })
  it('speaks no older TLS than 1.3', async () => {
    const old = { maxVersion: 'TLSv1.2' } as Partial<IClientOptions>
    expect(await isLetIn(world.connect(world.devices.a, 'password', old))).toBe(false)
  })
  it('is not trusted by a cabinet that knows another authority', async () => {
    const ca = world.devices.a.certificatePem
    await expect(world.connect(world.devices.a, 'password', { ca })).rejects.toThrow(/certificate|issuer/i)
  })
  it('serves many at a time: a frozen one holds up nobody', async () => {
    const { a, b } = world.devices
    const frozen = await world.connect(b, 'certificate')
    await frozen.subscribeAsync('vc/1/02/cab-b/dn/+', { qos: 1 })
    frozen.stream.pause()
    const client = await world.connect(a, 'certificate')
    const got: number[] = []
    client.on('message', () => got.push(performance.now()))
    await client.subscribeAsync('vc/1/01/cab-a/dn/+', { qos: 0 })
    const flood = Array.from({ length: 400 }, () =>
      world.core.publishAsync('vc/1/02/cab-b/dn/twin', 'x'.repeat(50_000), { qos: 1 }),
    )
    const startedMs = performance.now()
    await world.core.publishAsync('vc/1/01/cab-a/dn/ack', 'now', { qos: 0 })
    await eventually('the other cabinet hearing its message', async () => got.length > 0)
    expect(performance.now() - startedMs).toBeLessThan(5000)
    await Promise.allSettled(flood)
    expect(await isLetIn(world.connect(b, 'password'))).toBe(true)
  })
})
