import mqtt from 'mqtt'
import type { Logger } from 'pino'
import { type Clock, type Timer, wait } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { CORE_IDENTITY } from './messages.ts'
import type { BrokerSupervisor, CoreAddress } from './supervisor.ts'

/** Changes of the registry that come together are told together. */
const GATHER_MS = 100
const TRIES_MOST = 5
const TRY_AGAIN_MS = 1000
/** SIGHUP returns before the files are read; a cut before that would only let the device back in. */
const CUT_AFTER_MS = 300
const CONNECT_TIMEOUT_MS = 3000

/**
 * A broker that is not our process: the core connects to it, has its files or database brought up to date when the
 * registry changes, and cuts connections by taking over their client id, which every broker understands.
 */
export function createExternalBroker(options: {
  clock: Clock
  log: Logger
  /** Where the core connects, and with what. */
  address: CoreAddress
  /** Told to cabinets. */
  devicePort: number
  /** Brings the broker up to date with the registry; absent when it asks by HTTP instead. */
  sync?: () => Promise<void>
}): BrokerSupervisor {
  const { clock, log, address } = options
  const known = new Map<string, ReadonlySet<string>>()
  const toCut = new Set<string>()
  const stopping = new AbortController()
  let gathering: Timer | undefined
  let running: Promise<void> = Promise.resolve()

  function changed(): void {
    gathering ??= clock.setTimer('tell the broker', GATHER_MS, () => {
      gathering = undefined
      running = running.then(bringUpToDate)
    })
  }

  async function bringUpToDate(): Promise<void> {
    const cutting = [...toCut]
    toCut.clear()
    if (options.sync !== undefined && !(await synced(options.sync))) return
    if (cutting.length === 0) return
    await wait(clock, 'the broker reads its files', CUT_AFTER_MS, stopping.signal)
    for (const cabinetId of cutting) await cut(cabinetId)
  }

  async function synced(sync: () => Promise<void>): Promise<boolean> {
    for (let attempt = 1; attempt <= TRIES_MOST && !stopping.signal.aborted; attempt++) {
      try {
        await sync()
        return true
      } catch (error) {
        log.error({ err: error, attempt }, 'the broker could not be brought up to date with the registry')
        await wait(clock, 'tell the broker again', TRY_AGAIN_MS * attempt, stopping.signal)
      }
    }
    return false
  }

  /** Another connection with its client id ends the one that is there; then ours goes, too. */
  async function cut(cabinetId: string): Promise<void> {
    if (stopping.signal.aborted) return
    try {
      const client = await mqtt.connectAsync(address.url, {
        ...connectionOf(address),
        clientId: cabinetId,
        clean: true,
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectPeriod: 0,
      })
      await client.endAsync()
    } catch (error) {
      log.error({ cabinetId, reason: messageOf(error) }, 'a connection could not be cut at the broker')
    }
  }

  return {
    start(listener) {
      changed()
      listener.onReady(address)
    },
    open: () => Promise.resolve(options.devicePort),
    admit({ cabinetId, credentials }) {
      const before = known.get(cabinetId)
      const now = new Set(credentials.map(({ credentialId }) => credentialId))
      known.set(cabinetId, now)
      if (before !== undefined && [...before].some((one) => !now.has(one))) toCut.add(cabinetId)
      changed()
    },
    revoke(cabinetId) {
      known.delete(cabinetId)
      toCut.add(cabinetId)
      changed()
    },
    cut(cabinetId) {
      toCut.add(cabinetId)
      changed()
    },
    renew: () => changed(),
    restarts: 0,
    devicePort: options.devicePort,
    processId: undefined,
    async stop() {
      stopping.abort()
      gathering?.cancel()
      await running
    },
  }
}

function connectionOf({ username, password, tls }: CoreAddress) {
  return {
    username: username || CORE_IDENTITY,
    protocolVersion: 4 as const,
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { ca: tls.caPem, cert: tls.certificatePem, key: tls.privateKeyPem }),
  }
}
