import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { partitionFilter } from '#protocol/topics.ts'
import { type Authority, openAuthority } from '#core/authority/authority.ts'
import { createExternalBroker } from '#core/broker/external.ts'
import { type BrokerCredential, type BrokerDevice, CORE_IDENTITY } from '#core/broker/messages.ts'
import { createMosquittoFolder } from '#core/broker/mosquitto-folder.ts'
import { type BrokerSupervisor, type CoreAddress, createBrokerSupervisor } from '#core/broker/supervisor.ts'
import { mosquittoHash } from '#core/cabinets/credentials.ts'
import { makeSigningRequest } from '#edge/enrolment/signing-request.ts'
import { findFreePort } from '#scripts/ports.ts'
import { eventually } from '#test/support/eventually.ts'

export const MOSQUITTO = '/usr/sbin/mosquitto'
export type Proof = 'certificate' | 'password'

/** A cabinet with everything that it could prove itself with. */
export interface TestDevice {
  readonly cabinetId: string
  readonly partition: number
  readonly password: string
  readonly privateKeyPem: string
  readonly certificatePem: string
  readonly serial: string
  readonly credentials: Record<Proof, BrokerCredential>
}

/** A broker over TLS with a core that hears everything and two cabinets that may connect. */
export interface BrokerUnderTest {
  readonly broker: BrokerSupervisor
  readonly core: MqttClient
  readonly heard: Array<{ topic: string; text: string }>
  readonly devices: { readonly a: TestDevice; readonly b: TestDevice }
  connect(device: TestDevice, proof: Proof, options?: Partial<IClientOptions>): Promise<MqttClient>
  /** What holds from now on for this cabinet; none: it is revoked. */
  setCredentials(device: TestDevice, proofs: readonly Proof[]): void
  /** The server gets another certificate, which also names `renewed.example`. */
  renew(): Promise<void>
  stop(): Promise<void>
}

const clock = createSystemClock()
const random = createSystemRandom()
const log = pino({ level: process.env['BROKER_TEST_LOG'] ?? 'silent' })

async function makeDevice(authority: Authority, cabinetId: string, partition: number): Promise<TestDevice> {
  const keys = generateKeyPairSync('ed25519')
  const privateKeyPem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const certificate = await authority.issueForCabinet({
    cabinetId,
    certificateRequestPem: makeSigningRequest(privateKeyPem),
    publicKeyPem: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    lifeMs: 3_600_000,
  })
  const password = `secret of ${cabinetId}`
  return {
    cabinetId,
    partition,
    password,
    privateKeyPem,
    certificatePem: certificate.certificatePem,
    serial: certificate.serial,
    credentials: {
      certificate: {
        credentialId: `${cabinetId}-certificate`,
        kind: 'certificate',
        sha256: certificate.sha256,
        endsAtMs: null,
      },
      password: {
        credentialId: `${cabinetId}-password`,
        kind: 'password',
        sha256: createHash('sha256').update(password).digest('hex'),
        endsAtMs: null,
      },
    },
  }
}

export async function startBroker(kind: 'embedded' | 'mosquitto'): Promise<BrokerUnderTest> {
  const folder = mkdtempSync(path.join(tmpdir(), `broker-${kind}-`))
  const authority = await openAuthority({ folder, hosts: ['127.0.0.1'], clock, random })
  const a = await makeDevice(authority, 'cab-a', 1)
  const b = await makeDevice(authority, 'cab-b', 2)
  const held = new Map<TestDevice, readonly Proof[]>([
    [a, ['certificate', 'password']],
    [b, ['certificate', 'password']],
  ])
  const brokerDevice = (device: TestDevice): BrokerDevice => ({
    cabinetId: device.cabinetId,
    partition: device.partition,
    credentials: (held.get(device) ?? []).map((proof) => device.credentials[proof]),
  })
  const started = await (kind === 'embedded' ? startEmbedded() : startMosquitto())
  const { broker } = started
  const heard: BrokerUnderTest['heard'] = []
  const address = await new Promise<CoreAddress>((resolve) =>
    broker.start({ onReady: resolve, onTakeover: () => undefined, onProved: () => undefined }),
  )
  const core = await connectCore(address)
  core.on('message', (topic, payload) => heard.push({ topic, text: payload.toString() }))
  await core.subscribeAsync([1, 2, 3].map(partitionFilter), { qos: 1 })
  const port = await broker.open()
  const clients: MqttClient[] = []

  return {
    broker,
    core,
    heard,
    devices: { a, b },
    connect(device, proof, options = {}) {
      const client = mqtt.connect(`mqtts://127.0.0.1:${started.portOf?.(proof) ?? port}`, {
        clientId: device.cabinetId,
        ...(proof === 'certificate'
          ? { cert: device.certificatePem, key: device.privateKeyPem }
          : { username: device.cabinetId, password: device.password }),
        ca: authority.caPem,
        protocolVersion: 4,
        clean: true,
        keepalive: 30,
        reconnectPeriod: 0,
        connectTimeout: 3000,
        ...options,
      })
      clients.push(client)
      return new Promise((resolve, reject) => {
        client.once('connect', () => resolve(client))
        client.once('error', reject)
        client.once('close', () => reject(new Error('the broker closed the connection')))
      })
    },
    setCredentials(device, proofs) {
      held.set(device, proofs)
      if (proofs.length === 0) broker.revoke(device.cabinetId)
      else broker.admit(brokerDevice(device))
    },
    async renew() {
      const hosts = ['127.0.0.1', 'renewed.example']
      const renewed = await openAuthority({ folder, hosts, clock, random })
      broker.renew({ ...(await renewed.serverIdentity()), caPem: authority.caPem })
    },
    async stop() {
      for (const client of clients) await client.endAsync(true)
      await core.endAsync(true)
      await broker.stop()
      started.child?.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }

  async function startEmbedded(): Promise<Started> {
    const identity = await authority.serverIdentity()
    return {
      broker: createBrokerSupervisor({
        clock,
        random,
        log,
        host: '127.0.0.1',
        port: 0,
        devices: async () => [a, b].map(brokerDevice),
        tls: () => ({ ...identity, caPem: authority.caPem }),
      }),
    }
  }

  async function startMosquitto(): Promise<Started> {
    const identity = await authority.serverIdentity()
    const core = await authority.coreIdentity(CORE_IDENTITY)
    const listeners = {
      host: '127.0.0.1',
      certificatePort: await findFreePort('127.0.0.1'),
      passwordPort: await findFreePort('127.0.0.1'),
      coreHost: '127.0.0.1',
      corePort: await findFreePort('127.0.0.1'),
    }
    const files = createMosquittoFolder(path.join(folder, 'mosquitto'), listeners)
    const state = async () => {
      const all = [a, b]
      const has = (device: TestDevice, proof: Proof) => held.get(device)?.includes(proof) === true
      const withdrawn = all.filter((device) => !has(device, 'certificate'))
      return {
        devices: all.flatMap((device) =>
          held.get(device)?.length === 0
            ? []
            : [
                {
                  cabinetId: device.cabinetId,
                  partition: device.partition,
                  passwordHashes: has(device, 'password')
                    ? [mosquittoHash(device.password, random.bytes(12))]
                    : [],
                },
              ],
        ),
        caPem: authority.caPem,
        ...identity,
        coreCertificatePem: core.certificatePem,
        revocationListPem: await authority.revocationListPem(
          withdrawn.map(({ serial }) => ({ serial, atMs: clock.now() })),
        ),
      }
    }
    files.write(await state())
    const child = spawn(MOSQUITTO, ['-c', path.join(folder, 'mosquitto', 'mosquitto.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await eventually('Mosquitto writing its pid', async () => {
      if (child.exitCode !== null) throw new Error(`Mosquitto ended with ${child.exitCode}: ${said}`)
      return existsSync(path.join(folder, 'mosquitto', 'mosquitto.pid'))
    })
    return {
      child,
      portOf: (proof) => (proof === 'certificate' ? listeners.certificatePort : listeners.passwordPort),
      broker: createExternalBroker({
        clock,
        log,
        address: {
          url: `mqtts://127.0.0.1:${listeners.corePort}`,
          username: CORE_IDENTITY,
          tls: { caPem: authority.caPem, ...core },
        },
        devicePort: listeners.certificatePort,
        sync: async () => {
          files.write(await state())
        },
      }),
    }
  }
}

interface Started {
  broker: BrokerSupervisor
  child?: ChildProcess
  portOf?: (proof: Proof) => number
}

async function connectCore({ url, username, password, tls }: CoreAddress): Promise<MqttClient> {
  let lastError: unknown
  const client = await eventually(
    'the core being let in',
    async () => {
      try {
        return await mqtt.connectAsync(url, {
          clientId: CORE_IDENTITY,
          username,
          ...(password === undefined ? {} : { password }),
          ...(tls === undefined ? {} : { ca: tls.caPem, cert: tls.certificatePem, key: tls.privateKeyPem }),
          protocolVersion: 4,
          reconnectPeriod: 0,
          connectTimeout: 3000,
        })
      } catch (error) {
        lastError = error
        return undefined
      }
    },
    { lastSeen: () => String(lastError) },
  )
  return client
}
