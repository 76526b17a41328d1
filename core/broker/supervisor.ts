import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import {
  type BrokerDevice,
  type BrokerTls,
  CORE_IDENTITY,
  type FromBroker,
  type ToBroker,
} from './messages.ts'

/** Where the core connects to a broker, and with what. New for each start of an embedded broker. */
export interface CoreAddress {
  readonly url: string
  readonly username: string
  readonly password?: string
  /** For a broker that is not ours: its authority, and what the core shows to it, PEM. */
  readonly tls?: { readonly caPem: string; readonly certificatePem: string; readonly privateKeyPem: string }
}

export interface BrokerListener {
  /** A broker waits for the core's subscriptions. Also called after each restart. */
  onReady(address: CoreAddress): void
  onTakeover(cabinetId: string, address: string): void
  /** A cabinet connected and proved itself with this. */
  onProved(cabinetId: string, credentialId: string, address: string): void
}

/** The broker's process, kept alive. What was unacknowledged when it died, the cabinets send again. */
export interface BrokerSupervisor {
  start(listener: BrokerListener): void
  /** The core's subscriptions are granted. @returns the device port, once it listens */
  open(): Promise<number>
  admit(device: BrokerDevice): void
  revoke(cabinetId: string): void
  /** Cuts the connection of a cabinet, which may come back at once. */
  cut(cabinetId: string): void
  /** The server's certificate was renewed. */
  renew(tls: BrokerTls): void
  /** How often the process had to be started again. */
  readonly restarts: number
  readonly devicePort: number
  readonly processId: number | undefined
  stop(): Promise<void>
}

const RESTART_SHORTEST_MS = 200
const RESTART_LONGEST_MS = 10_000
/** A process that lived this long was sound: the next pause starts small again. */
const SOUND_MS = 30_000

export function createBrokerSupervisor(options: {
  clock: Clock
  random: Random
  log: Logger
  host: string
  /** 0: a free port, kept over restarts. */
  port: number
  devices: () => Promise<readonly BrokerDevice[]>
  /** Asked at each start of the process; null: devices speak plain MQTT. */
  tls: () => BrokerTls | null
}): BrokerSupervisor {
  const { clock, random, log, host } = options
  let child: ChildProcess | undefined
  let devicePort = options.port
  let listener: BrokerListener | undefined
  let isStopping = false
  let restarts = 0
  let quickDeaths = 0
  let restartTimer: Timer | undefined
  /** Changes of the registry while the process is still loading: they come after its snapshot. */
  let held: ToBroker[] | undefined = []
  let opening: { resolve: (port: number) => void; reject: (error: Error) => void } | undefined

  function send(message: ToBroker): void {
    if (child?.connected) child.send(message)
  }

  function sendInOrder(message: ToBroker): void {
    if (held === undefined) send(message)
    else held.push(message)
  }

  function launch(): void {
    held = []
    const startedMonoMs = clock.monoMs()
    const coreSecret = Buffer.from(random.bytes(32)).toString('base64url')
    const process_ = fork(path.join(import.meta.dirname, 'main.ts'), [], {
      serialization: 'json',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    })
    child = process_
    process_.on('message', (message: FromBroker) => void onMessage(message, coreSecret))
    process_.on('error', (error) => log.error({ err: error }, 'the broker process failed'))
    process_.on('exit', (code, signal) => {
      if (child === process_) child = undefined
      if (isStopping) return
      quickDeaths = clock.monoMs() - startedMonoMs > SOUND_MS ? 0 : quickDeaths + 1
      const pauseMs = Math.min(RESTART_LONGEST_MS, RESTART_SHORTEST_MS * 2 ** Math.min(quickDeaths, 10))
      restarts++
      log.error(
        { code, signal, pauseMs },
        'the broker process ended; it is started again, and cabinets send again what was under way',
      )
      restartTimer = clock.setTimer('restart the broker', pauseMs, launch)
    })
  }

  async function onMessage(message: FromBroker, coreSecret: string): Promise<void> {
    switch (message.type) {
      case 'loaded':
        try {
          const devices = await options.devices()
          send({ type: 'start', coreSecret, devices, host, devicePort, tls: options.tls() })
          for (const change of held ?? []) send(change)
          held = undefined
        } catch (error) {
          log.error({ err: error }, 'the registry of cabinets could not be read; the broker is started again')
          child?.kill('SIGKILL')
        }
        return
      case 'core-listening':
        listener?.onReady({
          url: `mqtt://127.0.0.1:${message.port}`,
          username: CORE_IDENTITY,
          password: coreSecret,
        })
        return
      case 'device-listening':
        devicePort = message.port
        opening?.resolve(devicePort)
        opening = undefined
        return
      case 'failed': {
        const error =
          message.code === 'port_taken'
            ? new CabinetError('port_taken', `The MQTT port ${devicePort} is in use (--mqtt-port).`)
            : new CabinetError('internal', `The broker failed: ${message.message}.`)
        if (opening === undefined) log.error({ err: error }, 'the broker failed')
        opening?.reject(error)
        opening = undefined
        return
      }
      case 'proved':
        listener?.onProved(message.cabinetId, message.credentialId, message.address)
        return
      case 'takeover':
        log.warn({ cabinetId: message.cabinetId }, 'a second connection took over the identity of a live one')
        listener?.onTakeover(message.cabinetId, message.address)
        return
      case 'refused':
        log.warn(
          { cabinetId: message.cabinetId, address: message.address },
          `refused by the broker: ${message.reason}`,
        )
    }
  }

  return {
    start(given) {
      listener = given
      launch()
    },
    open() {
      return new Promise((resolve, reject) => {
        opening = { resolve, reject }
        send({ type: 'open' })
      })
    },
    admit: (device) => sendInOrder({ type: 'admit', device }),
    revoke: (cabinetId) => sendInOrder({ type: 'revoke', cabinetId }),
    cut: (cabinetId) => sendInOrder({ type: 'cut', cabinetId }),
    renew: (tls) => sendInOrder({ type: 'renew', tls }),
    get restarts() {
      return restarts
    },
    get devicePort() {
      return devicePort
    },
    get processId() {
      return child?.pid
    },
    async stop() {
      isStopping = true
      restartTimer?.cancel()
      const ending = child
      if (ending === undefined) return
      const gone = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
      ending.kill('SIGTERM')
      await gone
    },
  }
}
