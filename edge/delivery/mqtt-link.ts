import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { PACKET_BYTES_MAX } from '#protocol/messages/frames.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import { createNoStore, waitingBytesOf } from '#protocol/mqtt-wire.ts'
import { downFilter, parseTopic, UP, upTopic } from '#protocol/topics.ts'
import type { LinkCredentials } from '../enrolment/credential-keeper.ts'
import { backoffMs } from './backoff.ts'
import type { Link, LinkListener } from './link.ts'

export interface MqttLinkOptions {
  /** Asked at each connection: they may be exchanged while the agent runs. */
  credentials: LinkCredentials
  cabinetId: string
  partition: number
  clock: Clock
  ids: Ids
  random: Random
  log: Logger
  connectTimeoutMs: number
  keepaliveSeconds: number
  reconnectShortestMs: number
  reconnectLongestMs: number
}

/** A connection that held this long was a good one: the next pause starts small again. */
const STABLE_MS = 60_000
/** With more than this waiting in the socket the peer is not reading; publishing would only fill memory. */
const SOCKET_BYTES_MOST = 512 * 1024
/** History leaves the line free for what is live: on a slow one, more than this in front of a reply would hold it up. */
const HISTORY_BYTES_MOST = 64 * 1024
const FAREWELL_MS = 1000

/** More than this does not come between a subscription and its confirmation. */
const EARLY_MOST = 16

interface Connection {
  readonly client: MqttClient
  readonly linkId: string
  upSinceMonoMs: number | undefined
  /** What came before the subscription was confirmed: nobody could answer it yet. */
  readonly early: Array<Parameters<LinkListener['onMessage']>>
}

/**
 * One MQTT.js client per connection: the link id is new each time and stands in the will, and the library's own
 * reconnect (fixed pause, no jitter, stops for ever on a refused CONNECT) is not used.
 */
export function createMqttLink(options: MqttLinkOptions): Link {
  const { cabinetId, partition, clock, log } = options
  const stateTopic = upTopic(partition, cabinetId, 'state')
  let listener: LinkListener | undefined
  let isStopped = false
  let attempts = 0
  let retryTimer: Timer | undefined
  let current: Connection | undefined

  function connect(): void {
    if (isStopped) return
    const linkId = options.ids.next('link')
    const { url, username, password, caPem, certificatePem, privateKeyPem } = options.credentials.present()
    const settings: IClientOptions = {
      clientId: cabinetId,
      username,
      ...(password === undefined ? {} : { password }),
      ...(caPem === undefined ? {} : { ca: caPem }),
      ...(certificatePem === undefined ? {} : { cert: certificatePem }),
      ...(privateKeyPem === undefined ? {} : { key: privateKeyPem }),
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: options.connectTimeoutMs,
      keepalive: options.keepaliveSeconds,
      // Pings go out on their own: constant publishing into a dead socket would put them off for ever.
      reschedulePings: false,
      resubscribe: false,
      queueQoSZero: false,
      outgoingStore: createNoStore(),
      incomingStore: createNoStore(),
      will: {
        topic: stateTopic,
        payload: Buffer.from(JSON.stringify({ v: 1, on: false, linkId })),
        qos: 1,
        retain: true,
      },
    }
    const client = mqtt.connect(url, settings)
    const link: Connection = { client, linkId, upSinceMonoMs: undefined, early: [] }
    current = link
    let reason = 'the connection was closed'
    client.on('error', (error) => {
      reason = messageOf(error)
    })
    client.on('connect', () => void greet(link))
    client.on('message', (topic, payload, packet) => onMessage(link, topic, payload, packet.retain))
    client.on('close', () => onClosed(link, reason))
  }

  async function greet(link: Connection): Promise<void> {
    try {
      const granted = await link.client.subscribeAsync({
        [downFilter(partition, cabinetId)]: { qos: 1 },
        [stateTopic]: { qos: 1 },
      })
      const refused = granted.filter((grant) => grant.qos === 128)
      if (granted.length < 2 || refused.length > 0) {
        close(
          link,
          `the broker refused a subscription (${refused.map((one) => one.topic).join(', ') || 'none granted'})`,
        )
        return
      }
    } catch (error) {
      close(link, `the subscription failed: ${messageOf(error)}`)
      return
    }
    if (link !== current || !link.client.connected) return
    link.upSinceMonoMs = clock.monoMs()
    options.credentials.connected()
    publishBirth(link)
    log.info({ linkId: link.linkId }, 'connected to the broker')
    listener?.onUp(link.linkId)
    for (const message of link.early.splice(0)) listener?.onMessage(...message)
  }

  function publishBirth(link: Connection): void {
    publishOn(link, 'state', { v: 1, on: true, linkId: link.linkId, nowMs: Math.max(0, clock.now()) })
  }

  function onMessage(link: Connection, topic: string, payload: Uint8Array, isRetained: boolean): void {
    // While stopping, our own farewell comes back and must be left standing.
    if (link !== current || isStopped) return
    const parsed = parseTopic(topic)
    if (parsed === undefined || parsed.cabinetId !== cabinetId) return
    if (parsed.direction === 'dn') {
      if (link.upSinceMonoMs !== undefined) listener?.onMessage(parsed.channel, payload, isRetained)
      else if (link.early.length < EARLY_MOST) link.early.push([parsed.channel, payload, isRetained])
      return
    }
    // Our own retained state: a will of an earlier link, or of a copy of this cabinet, must not stand.
    if (parsed.channel !== 'state' || link.upSinceMonoMs === undefined) return
    const state = parseFrame('state', payload)
    if (state.ok && state.value.on && state.value.linkId === link.linkId) return
    log.warn({ linkId: link.linkId }, 'a foreign state stood on our topic; ours is published again')
    publishBirth(link)
  }

  function publishOn(link: Connection, channel: keyof typeof UP, frame: object): boolean {
    const { client } = link
    if (!client.connected) return false
    if (waitingBytesOf(client) > (channel === 'ev' ? HISTORY_BYTES_MOST : SOCKET_BYTES_MOST)) return false
    const payload = Buffer.from(JSON.stringify(frame))
    if (payload.length > PACKET_BYTES_MAX) {
      log.error(
        { channel, byteCount: payload.length },
        'a frame is larger than the protocol allows and was not sent',
      )
      return false
    }
    const { qos, retain } = UP[channel]
    client.publish(upTopic(partition, cabinetId, channel), payload, { qos, retain }, (error) => {
      // The outbox, not this callback, decides whether something arrived.
      if (error) log.debug({ channel, reason: messageOf(error) }, 'a publish was not confirmed')
    })
    return true
  }

  function close(link: Connection, reason: string): void {
    log.warn({ linkId: link.linkId }, `connection dropped: ${reason}`)
    link.client.stream?.destroy()
    onClosed(link, reason)
  }

  function onClosed(link: Connection, reason: string): void {
    if (link !== current) return
    current = undefined
    link.client.removeAllListeners()
    // After this the library may still report the end of the socket; nobody else is interested.
    link.client.on('error', () => undefined)
    link.client.end(true)
    const wasUp = link.upSinceMonoMs !== undefined
    if (wasUp) attempts = clock.monoMs() - (link.upSinceMonoMs ?? 0) >= STABLE_MS ? 0 : Math.min(attempts, 3)
    else options.credentials.failed()
    if (wasUp) listener?.onDown(reason)
    if (isStopped) return
    const pauseMs = backoffMs(
      attempts,
      options.reconnectShortestMs,
      options.reconnectLongestMs,
      options.random.next(),
      50,
    )
    attempts++
    if (wasUp || attempts <= 3 || attempts % 20 === 0) {
      log.warn(
        { linkId: link.linkId, attempt: attempts },
        `no connection to the broker: ${reason}; next try in ${pauseMs} ms`,
      )
    }
    retryTimer = clock.setTimer('connect to the broker', pauseMs, () => {
      retryTimer = undefined
      connect()
    })
  }

  return {
    get linkId() {
      return current?.upSinceMonoMs === undefined ? undefined : current.linkId
    },
    start(given) {
      listener = given
      connect()
    },
    publish: (channel, frame) =>
      current?.upSinceMonoMs === undefined ? false : publishOn(current, channel, frame),
    drop(reason) {
      if (current) close(current, reason)
    },
    async stop() {
      isStopped = true
      retryTimer?.cancel()
      const link = current
      if (!link) return
      listener = undefined
      if (link.client.connected) {
        const farewell = { v: 1, on: false, linkId: link.linkId, nowMs: Math.max(0, clock.now()) }
        await new Promise<void>((resolve) => {
          const timer = clock.setTimer('say goodbye to the broker', FAREWELL_MS, resolve)
          link.client.publish(stateTopic, JSON.stringify(farewell), { qos: 1, retain: true }, () => {
            timer.cancel()
            resolve()
          })
        })
      }
      current = undefined
      link.client.removeAllListeners()
      link.client.on('error', () => undefined)
      await new Promise<void>((resolve) => link.client.end(true, {}, () => resolve()))
    },
  }
}
