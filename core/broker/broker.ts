import { timingSafeEqual } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { Aedes, type Client } from 'aedes'
import type { Clock } from '#protocol/base/clock.ts'
import { PACKET_BYTES_MAX } from '#protocol/messages/frames.ts'
import { GuardedStream, type StreamLimits } from './guarded-stream.ts'
import { createDeviceListener, listenOn } from './listeners.ts'
import { type BrokerDevice, type BrokerTls, CORE_IDENTITY, type FromBroker } from './messages.ts'
import { createPacketGuard } from './packet-guard.ts'
import {
  type ConnectRequest,
  decideConnect,
  findPublishRefusal,
  isCorePublish,
  isCoreSubscription,
  isSubscriptionAllowed,
} from './rules.ts'

/** Fixed header and topic come on top of the payload. */
const PACKET_OVERHEAD_BYTES = 128
const MEBIBYTE = 1024 * 1024
/** A cabinet that drains a backlog stays far below; a hostile one is read slowly, and the others do not notice. */
const DEVICE_LIMITS: StreamLimits = {
  unsentBytesMost: MEBIBYTE,
  readBytesPerSecond: 4 * MEBIBYTE,
  readBurstBytes: 8 * MEBIBYTE,
}
/** The core is waited for: that is the back-pressure which reaches the cabinets. */
const CORE_LIMITS: StreamLimits = { unsentBytesMost: null, readBytesPerSecond: null, readBurstBytes: 0 }

export interface Broker {
  listenForCore(): Promise<number>
  listenForDevices(host: string, port: number): Promise<number>
  admit(device: BrokerDevice): void
  revoke(cabinetId: string): void
  cut(cabinetId: string): void
  renew(tls: BrokerTls): void
}

/** What a connection is: known from the listener that it came in on, never from what it says. */
interface Peer {
  readonly kind: 'core' | 'device'
  readonly address: string
  readonly certificateSha256: string | undefined
  /** With what the device proved itself. */
  credentialId: string | undefined
  readonly onProved: () => void
}

/** aedes with our rules around it. It stores nothing; what must not be lost is kept at the ends. */
export async function createBroker(options: {
  clock: Clock
  coreSecret: string
  devices: readonly BrokerDevice[]
  /** null: devices speak plain MQTT. */
  tls: BrokerTls | null
  report: (message: FromBroker) => void
}): Promise<Broker> {
  const { clock, coreSecret } = options
  const report = limitRefusals(clock, options.report)
  const devices = new Map(options.devices.map((device) => [device.cabinetId, device]))
  const peers = new WeakMap<object, Peer>()
  const peerOf = (client: Client) => peers.get(client.conn)
  const deviceOf = (client: Client) =>
    peerOf(client)?.kind === 'device' ? devices.get(client.id) : undefined

  const aedes = await Aedes.createBroker({
    id: 'embedded',
    // Any other value overflows the stack when a busy subscriber vanishes (mqemitter, pull request 204).
    concurrency: 0,
    drainTimeout: 3000,
    connectTimeout: 5000,
    keepaliveLimit: 120,
    maxTopicLevels: 8,
    preConnect: (client, packet, done) => {
      const peer = peerOf(client)
      connects.set(client, {
        clientId: packet.clientId,
        username: undefined,
        password: undefined,
        certificateSha256: peer?.certificateSha256,
        isClean: packet.clean !== false,
        will: packet.will && {
          topic: packet.will.topic,
          qos: packet.will.qos ?? 0,
          payload: { length: packet.will.payload.length },
        },
      })
      done(null, peer !== undefined)
    },
    authenticate: (client, username, password, done) => {
      const peer = peerOf(client)
      const connect = connects.get(client)
      connects.delete(client)
      if (peer === undefined || connect === undefined) return done(refusal(5, 'no such connection'), false)
      if (peer.kind === 'core') {
        const isCore = connect.clientId === CORE_IDENTITY && isSecret(coreSecret, password)
        return isCore ? done(null, true) : done(refusal(5, 'this listener is for the core'), false)
      }
      // aedes gives null for what is absent.
      const given = { username: username ?? undefined, password: password ?? undefined }
      const verdict = decideConnect({ ...connect, ...given }, devices.get(connect.clientId), clock.now())
      if (!verdict.ok) {
        return done(refusal(verdict.returnCode, verdict.reason), false)
      }
      peer.credentialId = verdict.credentialId
      peer.onProved()
      report({
        type: 'proved',
        cabinetId: connect.clientId,
        credentialId: verdict.credentialId,
        address: peer.address,
      })
      if (connect.clientId in aedesClients()) {
        report({ type: 'takeover', cabinetId: connect.clientId, address: peer.address })
      }
      return done(null, true)
    },
    authorizePublish: (client, packet, done) => {
      const reason = publishRefusal(client, packet)
      if (reason === undefined) return done(null)
      return done(new Error(reason))
    },
    authorizeSubscribe: (client, subscription, done) => {
      const device = deviceOf(client)
      const isAllowed =
        peerOf(client)?.kind === 'core'
          ? isCoreSubscription(subscription.topic)
          : device !== undefined && isSubscriptionAllowed(device, subscription.topic, subscription.qos)
      // null refuses this one filter with 128; an error would end the connection without a word.
      done(null, isAllowed ? subscription : null)
    },
  })
  const connects = new WeakMap<Client, ConnectRequest>()
  function aedesClients(): Record<string, Client> {
    return (aedes as unknown as { clients: Record<string, Client> }).clients
  }
  // Without a listener aedes' errors of single clients would be lost; they are the reasons of refusals.
  aedes.on('clientError', (client, error) => {
    report({
      type: 'refused',
      reason: error.message,
      address: peerOf(client)?.address ?? '',
      cabinetId: client.id,
    })
  })
  aedes.on('connectionError', (client, error) => {
    report({ type: 'refused', reason: error.message, address: peerOf(client)?.address ?? '' })
  })

  function publishRefusal(client: Client | null, packet: PublishedPacket): string | undefined {
    // A will of a session that is gone comes without its client; nobody can answer for it.
    if (client === null) return 'nobody answers for this message'
    if (peerOf(client)?.kind === 'core')
      return isCorePublish(packet.topic, packet.retain)
        ? undefined
        : 'the core speaks on down channels, unretained'
    const device = deviceOf(client)
    if (device === undefined) return 'the device was revoked'
    return findPublishRefusal(device, {
      topic: packet.topic,
      qos: packet.qos,
      isRetained: packet.retain,
      byteCount: packet.payload.length,
    })
  }

  function connectSocket(socket: Socket, peer: Peer): void {
    const stream = new GuardedStream(
      socket,
      clock,
      peer.kind === 'core' ? CORE_LIMITS : DEVICE_LIMITS,
      createPacketGuard(PACKET_BYTES_MAX + PACKET_OVERHEAD_BYTES),
      (reason) => report({ type: 'refused', reason, address: peer.address }),
    )
    // Errors end the stream; aedes hears them through its own listener while it owns it.
    stream.on('error', () => undefined)
    peers.set(stream, peer)
    aedes.handle(stream)
  }

  const deviceListener = createDeviceListener({
    clock,
    tls: options.tls,
    onConnection: ({ socket, address, certificateSha256, onProved }) =>
      connectSocket(socket, {
        kind: 'device',
        address,
        certificateSha256,
        credentialId: undefined,
        onProved,
      }),
    onRefused: (reason, address) => report({ type: 'refused', reason, address }),
  })
  function onCore(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    socket.setNoDelay(true)
    connectSocket(socket, {
      kind: 'core',
      address,
      certificateSha256: undefined,
      credentialId: undefined,
      onProved: () => undefined,
    })
  }

  return {
    listenForCore: () => listenOn(createServer(onCore), '127.0.0.1', 0),
    listenForDevices: deviceListener.listen,
    renew: deviceListener.renew,
    admit: (device) => {
      devices.set(device.cabinetId, device)
      const client = aedesClients()[device.cabinetId]
      const credentialId = client && peerOf(client)?.credentialId
      if (client !== undefined && !device.credentials.some((one) => one.credentialId === credentialId))
        client.close()
    },
    cut: (cabinetId) => aedesClients()[cabinetId]?.close(),
    revoke: (cabinetId) => {
      devices.delete(cabinetId)
      aedesClients()[cabinetId]?.close()
    },
  }
}

/** Refusals that are told in a second; a flood of them must not become a flood of log lines. */
const REFUSALS_A_SECOND = 20

function limitRefusals(clock: Clock, report: (message: FromBroker) => void): (message: FromBroker) => void {
  let windowStartMonoMs = clock.monoMs()
  let told = 0
  let untold = 0
  return (message) => {
    if (message.type !== 'refused') {
      report(message)
      return
    }
    if (clock.monoMs() - windowStartMonoMs >= 1000) {
      windowStartMonoMs = clock.monoMs()
      told = 0
    }
    if (told >= REFUSALS_A_SECOND) {
      untold++
      return
    }
    told++
    report(untold === 0 ? message : { ...message, reason: `${message.reason} (and ${untold} more refusals)` })
    untold = 0
  }
}

interface PublishedPacket {
  topic: string
  qos: number
  retain: boolean
  payload: string | Buffer
}

function refusal(returnCode: 2 | 4 | 5, reason: string): Error & { returnCode: number } {
  return Object.assign(new Error(reason), { returnCode })
}

function isSecret(expected: string, given: Uint8Array | undefined): boolean {
  const bytes = Buffer.from(expected)
  return given !== undefined && given.length === bytes.length && timingSafeEqual(given, bytes)
}
