import mqtt, { type MqttClient } from 'mqtt'
import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { PARTITION_COUNT } from '#protocol/base/units.ts'
import { createNoStore, encodePublish, waitingBytesOf } from '#protocol/mqtt-wire.ts'
import { DOWN, downTopic, parseTopic, partitionFilter, type UpChannel } from '#protocol/topics.ts'
import type { CabinetWire } from './wire.ts'

export interface UpMessage {
  readonly topic: string
  readonly partition: number
  readonly cabinetId: string
  readonly channel: UpChannel
  readonly payload: Uint8Array
  readonly isRetained: boolean
}
export interface BrokerAddress {
  readonly url: string
  readonly username: string
  readonly password?: string
  /** For a broker that is not ours: its authority, and what the core shows to it, PEM. */
  readonly tls?: { readonly caPem: string; readonly certificatePem: string; readonly privateKeyPem: string }
}

/** The core's own connection to the broker, embedded or not. */
export interface BrokerLink extends CabinetWire {
  /** Connects, and stays connected, to this broker instead of the last one. */
  connect(address: BrokerAddress): void
  readonly isUp: boolean
  stop(): Promise<void>
}

/** The broker refuses more than a handful of filters at a time on some systems; 8 is the least common limit. */
const FILTERS_PER_SUBSCRIBE = 8
const RECONNECT_MS = 300
const CONNECT_TIMEOUT_MS = 4000
const SOCKET_BYTES_MOST = 8 * 1024 * 1024

export function createBrokerLink(options: {
  clock: Clock
  log: Logger
  clientId: string
  partitionOf: (cabinetId: string) => number | undefined
  /** Called in the parser: it must only queue. */
  onMessage: (message: UpMessage) => void
  /** All subscriptions are granted. */
  onUp: () => void
  onDown: () => void
}): BrokerLink {
  const { clock, log } = options
  let client: MqttClient | undefined
  let address: BrokerAddress | undefined
  let isUp = false
  let isStopped = false
  let retry: Timer | undefined
  let unsent: Buffer[] = []
  let isCorked = false

  function open(): void {
    if (isStopped || address === undefined) return
    const { url, username, password, tls } = address
    const opened = mqtt.connect(url, {
      clientId: options.clientId,
      username,
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined
        ? {}
        : { ca: tls.caPem, cert: tls.certificatePem, key: tls.privateKeyPem, minVersion: 'TLSv1.3' }),
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: 30,
      resubscribe: false,
      queueQoSZero: false,
      outgoingStore: createNoStore(),
      incomingStore: createNoStore(),
    })
    client = opened
    let reason = 'the connection was closed'
    opened.on('error', (error) => {
      reason = messageOf(error)
    })
    opened.on('message', (topic, payload, packet) => {
      const parsed = parseTopic(topic)
      if (parsed?.direction !== 'up') return
      gatherConfirmations(opened)
      options.onMessage({ ...parsed, topic, payload, isRetained: packet.retain })
    })
    opened.on('connect', () => void subscribe(opened))
    opened.on('close', () => onClosed(opened, reason))
  }

  async function subscribe(opened: MqttClient): Promise<void> {
    try {
      const filters = Array.from({ length: PARTITION_COUNT }, (_, partition) => partitionFilter(partition))
      for (let at = 0; at < filters.length; at += FILTERS_PER_SUBSCRIBE) {
        const asked = filters.slice(at, at + FILTERS_PER_SUBSCRIBE)
        const granted = await opened.subscribeAsync(asked, { qos: 1 })
        const refused = granted.filter((grant) => grant.qos > 1)
        // A granted code is the only sign: $share, for example, is granted by aedes and never delivers.
        if (granted.length !== asked.length || refused.length > 0)
          throw new Error(
            `the broker refused ${refused.map((one) => one.topic).join(', ') || 'a subscription'}`,
          )
      }
    } catch (error) {
      log.error({ err: error }, 'the subscriptions were not granted')
      opened.stream?.destroy()
      return
    }
    if (client !== opened) return
    isUp = true
    log.info('connected to the broker')
    options.onUp()
  }

  function onClosed(closed: MqttClient, reason: string): void {
    if (client !== closed) return
    release()
    log.warn(`no connection to the broker: ${reason}`)
    retry = clock.setTimer('connect to the broker', RECONNECT_MS, open)
  }

  function release(): void {
    const old = client
    client = undefined
    if (isUp) {
      isUp = false
      options.onDown()
    }
    if (old === undefined) return
    old.removeAllListeners()
    // The library may still report the end of the socket; nobody else is interested.
    old.on('error', () => undefined)
    old.end(true)
  }

  /** What came in one read is confirmed in one write. */
  function gatherConfirmations({ stream }: MqttClient): void {
    if (isCorked) return
    isCorked = true
    stream.cork()
    setImmediate(() => {
      isCorked = false
      stream.uncork()
    })
  }

  /** The acknowledgements of a batch leave in one write: on its own, each costs more than the event that it is about. */
  function sendSoon(through: MqttClient, packet: Buffer): void {
    unsent.push(packet)
    if (unsent.length > 1) return
    queueMicrotask(() => {
      const bytes = Buffer.concat(unsent)
      unsent = []
      if (client === through && through.connected) through.stream.write(bytes)
    })
  }

  return {
    connect(given) {
      address = given
      retry?.cancel()
      release()
      open()
    },
    get isUp() {
      return isUp
    },
    publish(cabinetId, channel, frame) {
      const partition = options.partitionOf(cabinetId)
      if (client === undefined || !isUp || !client.connected || partition === undefined) return false
      if (waitingBytesOf(client) > SOCKET_BYTES_MOST) return false
      const { qos, retain } = DOWN[channel]
      const topic = downTopic(partition, cabinetId, channel)
      if (qos === 0) {
        sendSoon(client, encodePublish(topic, JSON.stringify(frame)))
        return true
      }
      client.publish(topic, JSON.stringify(frame), { qos, retain }, (error) => {
        // Acknowledgements, replies and answered twins say what arrived; this callback only says what the broker took.
        if (error) log.debug({ cabinetId, channel, reason: messageOf(error) }, 'a publish was not confirmed')
      })
      return true
    },
    async stop() {
      isStopped = true
      retry?.cancel()
      release()
    },
  }
}
