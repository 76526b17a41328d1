import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { every, type Timer } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { type Authority, openAuthority } from '#core/authority/authority.ts'
import type { MqttEndpoint } from '#core/broker/endpoint.ts'
import type { BrokerDevice, BrokerTls } from '#core/broker/messages.ts'
import type { MosquittoState } from '#core/broker/mosquitto-files.ts'
import {
  type BrokerListener,
  type BrokerSupervisor,
  createBrokerSupervisor,
} from '#core/broker/supervisor.ts'
import { createCredentials, type Credentials } from '#core/cabinets/credentials.ts'
import type { CabinetRegistry, KnownCabinet } from '#core/cabinets/registry.ts'
import { type Settings, serverHosts } from '#core/config.ts'
import { createExternalAccess, createMosquittoState } from '#core/external-access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { loadOrCreateKey } from '#core/platform/keys.ts'

/** How cabinets get in: our authority, their credentials, the broker, and the HTTPS listener for them. */
export interface DeviceAccess {
  readonly authority: Authority
  readonly credentials: Credentials
  readonly broker: BrokerSupervisor
  /** What a Mosquitto has to know now. */
  readonly mosquittoState: () => Promise<MosquittoState>
  /** @param kind  some brokers hear certificates and passwords on different ports */
  readonly mqttEndpoint: (kind: 'certificate' | 'password') => MqttEndpoint
  /** Starts the broker; `open` is called by the core when it hears everything. */
  startBroker(listener: Pick<BrokerListener, 'onReady' | 'onTakeover'>): void
  /** A cabinet proved itself with this. */
  readonly noteUse: (cabinetId: string, credentialId: string, address: string) => void
  /** Serves the device routes of the app by HTTPS. @returns the port */
  listenForDevices(app: HttpApp): Promise<number>
  stop(): Promise<void>
}

const SWEEP_MS = 1000
const RENEWAL_CHECK_MS = 6 * 3_600_000

export async function createDeviceAccess(
  settings: Settings,
  deps: CoreDeps,
  registry: CabinetRegistry,
): Promise<DeviceAccess> {
  const { clock, random, log } = deps
  const folder = path.join(settings.data, 'core')
  const hosts = serverHosts(settings)
  const authority = await openAuthority({ folder: path.join(folder, 'authority'), hosts, clock, random })
  let identity = await authority.serverIdentity()
  const credentials = createCredentials({
    ...deps,
    registry,
    authority,
    codeKey: loadOrCreateKey(path.join(folder, 'enrolment.key'), random),
  })
  const brokerTls = (): BrokerTls => ({
    certificatePem: identity.certificatePem,
    privateKeyPem: identity.privateKeyPem,
    caPem: authority.caPem,
  })
  const mosquittoState = createMosquittoState(deps, registry, authority, () => identity)
  const external = await createExternalAccess(settings, deps, authority, mosquittoState)
  const broker =
    external?.broker ??
    createBrokerSupervisor({
      clock,
      random,
      log,
      host: settings.host,
      port: settings['mqtt-port'],
      devices: async () => registry.all().flatMap(deviceOf),
      tls: () => (settings['plain-mqtt'] ? null : brokerTls()),
    })
  registry.onChange((cabinet) => {
    const [device] = deviceOf(cabinet)
    if (device === undefined) broker.revoke(cabinet.cabinetId)
    else broker.admit(device)
  })
  let server: Server | undefined
  const timers: Timer[] = []

  function noteUse(cabinetId: string, credentialId: string, address: string): void {
    credentials.used(cabinetId, credentialId, address).catch((error: unknown) => {
      log.error({ err: error, cabinetId }, 'the use of credentials could not be recorded')
    })
  }

  /** Long before the end: connections that are there stay, new ones see the new certificate. */
  async function renewWhenDue(): Promise<void> {
    try {
      const next = await authority.serverIdentity()
      // A broker that is not ours also has a list of revoked certificates, which must not grow old.
      if (!next.isNew && external === undefined) return
      identity = next
      if (next.isNew) log.info('the certificate of the server was renewed')
      if (!settings['plain-mqtt']) broker.renew(brokerTls())
      server?.setSecureContext({ cert: identity.certificatePem, key: identity.privateKeyPem })
    } catch (error) {
      log.error({ err: error }, 'the certificate of the server could not be renewed')
    }
  }

  return {
    authority,
    credentials,
    broker,
    mosquittoState,
    noteUse,
    mqttEndpoint: (kind) =>
      external?.endpoint(kind) ?? {
        host: hosts[0] as string,
        port: broker.devicePort,
        isTls: !settings['plain-mqtt'],
        caPem: authority.caPem,
      },
    startBroker(listener) {
      if (settings['plain-mqtt'] && external === undefined)
        log.warn(
          'MQTT is plain (--plain-mqtt): whoever is on this network can read and change what cabinets say',
        )
      broker.start({
        ...listener,
        onProved: noteUse,
      })
      timers.push(
        every(clock, 'credentials that have ended', SWEEP_MS, () => registry.sweep()),
        every(clock, 'renew the certificate of the server', RENEWAL_CHECK_MS, renewWhenDue),
      )
    },
    async listenForDevices(app) {
      await app.ready()
      server = createServer(
        {
          cert: identity.certificatePem,
          key: identity.privateKeyPem,
          minVersion: 'TLSv1.3',
          handshakeTimeout: 5000,
          headersTimeout: 10_000,
          requestTimeout: 15_000,
        },
        (request, response) => {
          // Only what cabinets use: cookies of people must never depend on a certificate that browsers do not know.
          if (request.url?.startsWith('/device/') === true) {
            app.routing(request, response)
            return
          }
          response.writeHead(404).end()
        },
      )
      server.timeout = 10_000
      return listen(server, settings.host, settings['device-port'])
    },
    async stop() {
      for (const timer of timers) timer.cancel()
      const ending = server
      if (ending === undefined) return
      ending.closeAllConnections()
      await new Promise<void>((resolve) => ending.close(() => resolve()))
    },
  }
}

function deviceOf({ cabinetId, partition, credentials }: KnownCabinet): BrokerDevice[] {
  if (credentials.length === 0) return []
  return [
    {
      cabinetId,
      partition,
      credentials: credentials.map(({ credentialId, kind, sha256, endsAtMs }) => ({
        credentialId,
        kind,
        sha256,
        endsAtMs,
      })),
    },
  ]
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new CabinetError('port_taken', `The HTTPS port ${port} is in use (--device-port).`, {
              cause: error,
            })
          : error,
      )
    })
    server.listen({ host, port }, () => resolve((server.address() as AddressInfo).port))
  })
}
