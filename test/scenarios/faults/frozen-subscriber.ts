import { createHash } from 'node:crypto'
import mqtt, { type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { wait } from '#protocol/base/clock.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { partitionFilter } from '#protocol/topics.ts'
import { CORE_IDENTITY } from '#core/broker/messages.ts'
import { type CoreAddress, createBrokerSupervisor } from '#core/broker/supervisor.ts'
import { eventually, expectThat } from '#test/support/eventually.ts'
import type { FaultCount } from './fault-count.ts'

const clock = createSystemClock()
const PARTITION = 1
const [FROZEN, LIVELY] = ['cab-frozen', 'cab-lively'] as const
const PAYLOAD = Buffer.alloc(32 * 1024, 'x')
/** More than the socket's buffers and everything that the broker keeps for one client hold together. */
const FLOOD = 400
const BEAT_MS = 25
/** A broker that waits for the frozen one would hold the others up to its patience of three seconds, or for ever. */
const LONGEST_WAIT_MS = 1000

const secretOf = (cabinetId: string) => `secret of ${cabinetId}`
const device = (cabinetId: string) => ({
  cabinetId,
  partition: PARTITION,
  credentials: [
    {
      credentialId: `credential-${cabinetId}`,
      kind: 'password' as const,
      sha256: createHash('sha256').update(secretOf(cabinetId)).digest('hex'),
      endsAtMs: null,
    },
  ],
})

export const frozenSubscriber: FaultCount = {
  name: 'frozen-subscriber',
  shows: 'a cabinet that stops reading is cut off, and no other cabinet waits for it',
  counts: { test: 1, all: 3, full: 25 },
  async run({ count }) {
    const broker = createBrokerSupervisor({
      clock,
      random: createSystemRandom(),
      log: pino({ level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
      tls: () => null,
      devices: async () => [device(FROZEN), device(LIVELY)],
    })
    const address = await new Promise<CoreAddress>((resolve) => {
      broker.start({ onReady: resolve, onTakeover: () => undefined, onProved: () => undefined })
    })
    const core = await mqtt.connectAsync(address.url, {
      clientId: CORE_IDENTITY,
      username: address.username,
      password: address.password,
      protocolVersion: 4,
      reconnectPeriod: 0,
    })
    let longestMs = 0
    try {
      await core.subscribeAsync([partitionFilter(PARTITION)], { qos: 1 })
      const port = await broker.open()
      const lively = await connectDevice(port, LIVELY)
      const processId = broker.processId
      for (let round = 0; round < count; round++)
        longestMs = Math.max(longestMs, await freezeOne(core, lively, port))
      expectThat(
        broker.restarts === 0 && broker.processId === processId,
        'the broker had to be started again',
      )
      await lively.endAsync(true)
    } finally {
      await core.endAsync(true)
      await broker.stop()
    }
    return `${count} clients stopped reading under ${(FLOOD * PAYLOAD.length) / 1024 / 1024} MiB each: cut off; another cabinet waited ${Math.round(longestMs)} ms at most`
  },
}

/** @returns the longest that an event of the other cabinet took to the core meanwhile, ms */
async function freezeOne(core: MqttClient, lively: MqttClient, port: number): Promise<number> {
  const frozen = await connectDevice(port, FROZEN)
  await frozen.subscribeAsync(`vc/1/01/${FROZEN}/dn/#`, { qos: 0 })
  const cut = new Promise<true>((resolve) => frozen.stream.once('close', () => resolve(true)))
  frozen.stream.pause()
  const arrived = new Map<string, number>()
  const onMessage = (_topic: string, payload: Buffer) => arrived.set(payload.toString(), clock.monoMs())
  core.on('message', onMessage)
  let longestMs = 0
  try {
    for (let sent = 0; sent < FLOOD; sent++) {
      core.publish(`vc/1/01/${FROZEN}/dn/cmd`, PAYLOAD, { qos: 0 })
      if (sent % 10 !== 0) continue
      const beat = `beat ${sent}`
      const sentMs = clock.monoMs()
      lively.publish(`vc/1/01/${LIVELY}/up/ev`, beat, { qos: 1 })
      await wait(clock, 'between two beats', BEAT_MS)
      const atMs = await eventually('an event of another cabinet', () => arrived.get(beat), {
        withinMs: 10_000,
        everyMs: 5,
      })
      longestMs = Math.max(longestMs, atMs - sentMs)
    }
    // Reading on only tells it what has happened to it.
    frozen.stream.resume()
    await eventually('the frozen client being cut off', async () =>
      Promise.race([cut, wait(clock, 'cut', 50, undefined).then(() => false as const)]),
    )
  } finally {
    core.off('message', onMessage)
    await frozen.endAsync(true)
  }
  expectThat(longestMs < LONGEST_WAIT_MS, `another cabinet's event took ${Math.round(longestMs)} ms`)
  return longestMs
}

function connectDevice(port: number, cabinetId: string): Promise<MqttClient> {
  return mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: cabinetId,
    username: cabinetId,
    password: secretOf(cabinetId),
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
  })
}
