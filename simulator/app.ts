import path from 'node:path'
import { type Clock, every } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { createSeededRandom, type Random } from '#protocol/base/random.ts'
import { createBus } from './bus/bus.ts'
import { createBanks } from './bus/registers.ts'
import { openSerialDevice } from './bus/serial-device.ts'
import { openTerminal } from './bus/terminal.ts'
import { createCabinet } from './cabinet/cabinet.ts'
import { hashText } from './cabinet/goods.ts'
import { loadGoodsFile } from './cabinet/goods-file.ts'
import { loadCabinet, saveCabinet } from './cabinet/saved-cabinet.ts'
import { createCamera } from './camera/camera.ts'
import type { CameraMode } from './camera/modes.ts'
import { registerCamera } from './camera/routes.ts'
import type { Parts } from './control/parts.ts'
import { registerControl } from './control/routes.ts'
import { createServer, listen } from './control/server.ts'
import { parseHostPort } from './link/address.ts'
import { type LinkProxy, type NetworkMode, startLinkProxy } from './link/proxy.ts'
import { createNoticeStandIn } from './notices/notices.ts'
import { createProviderStandIn } from './provider/provider.ts'
import { createShopper } from './shoppers/player.ts'
import { registerWorkshop } from './workshop/routes.ts'

export interface SimulatorOptions {
  readonly clock: Clock
  readonly ids: Ids
  /** For keys and nonces of the provider; physics draws from `seed`. */
  readonly random: Random
  /** The simulator keeps its things in `<dataDir>/simulator/`. */
  readonly dataDir: string
  readonly goodsFile: string
  readonly seed: number
  readonly host: string
  /** 0 chooses a free one. */
  readonly ports: { control: number; provider: number; notices: number; linkMqtt: number; linkHttp: number }
  /** A real serial device instead of the pseudo-terminal for the edge. */
  readonly serialDevice?: string
  /** The serial device could not be opened or went away. */
  readonly onSerialLost: (error: CabinetError) => void
  /** Every frame on the edge's line, for a technician who wants to see the bytes. */
  readonly onFrame?: (direction: 'rx' | 'tx', bytes: Uint8Array) => void
  readonly coreMqtt: string
  readonly coreHttp: string
}

/** Addresses of everything, as `--json-ready` prints them. */
export interface SimulatorAddresses {
  readonly workshopUrl: string
  readonly controlUrl: string
  /** Of the first camera. */
  readonly cameraUrl: string
  /** Each camera by its name. */
  readonly cameraUrls: Readonly<Record<string, string>>
  readonly serialPath: string
  readonly servicePath: string
  readonly providerUrl: string
  readonly merchantFile: string
  readonly noticesUrl: string
  readonly noticesFile: string
  readonly linkMqttPort: number
  readonly linkHttpUrl: string
}
export interface Simulator {
  readonly addresses: SimulatorAddresses
  stop(): Promise<void>
}

const CAMERA_IDS = ['inside', 'door'] as const
/** Physics runs at least this often, so that a lock moves and a page lives when nobody reads the bus. */
const PHYSICS_PERIOD_MS = 40
const SAVE_PERIOD_MS = 500

/** Starts the far end of every wire. What was started is stopped again when a later part fails. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { clock, host, ports, seed } = options
  const folder = path.join(options.dataDir, 'simulator')
  const savedFile = path.join(folder, 'cabinet.json')
  const undo: Array<() => Promise<void> | void> = []
  const part = (name: string) => createSeededRandom(seed ^ hashText(name))
  const nameOfHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const urlOf = (port: number) =>
    `http://${nameOfHost.includes(':') ? `[${nameOfHost}]` : nameOfHost}:${port}`

  async function stop() {
    for (const step of undo.splice(0).toReversed()) await step()
  }
  async function start(): Promise<SimulatorAddresses> {
    const coreMqtt = parseHostPort(options.coreMqtt, '--core-mqtt')
    const coreHttp = parseHostPort(options.coreHttp, '--core-http')
    const goodsFile = loadGoodsFile(options.goodsFile)
    const cabinet = createCabinet({
      goodsFile,
      random: part('cabinet'),
      seed,
      startMs: clock.monoMs(),
      saved: loadCabinet(savedFile),
    })
    const sync = () => cabinet.advance(clock.monoMs())
    let savedRevision = -1
    const save = () => {
      if (cabinet.revision === savedRevision) return
      savedRevision = cabinet.revision
      saveCabinet(savedFile, cabinet.save())
    }
    save()
    const physics = every(clock, 'physics', PHYSICS_PERIOD_MS, sync)
    const saving = every(clock, 'save-cabinet', SAVE_PERIOD_MS, save)
    undo.push(() => {
      physics.cancel()
      saving.cancel()
      save()
    })

    const wiring = { clock, banks: createBanks(cabinet), sync }
    const { serialDevice, onFrame, onSerialLost } = options
    const linkPath = serialDevice ?? path.join(folder, 'tty-cabinet')
    const bus = createBus({
      ...wiring,
      random: part('bus'),
      linkPath,
      open: (onBytes) =>
        serialDevice === undefined
          ? openTerminal({ linkPath, onBytes })
          : openSerialDevice({ devicePath: serialDevice, onBytes, onLost: onSerialLost }),
      trace: onFrame,
    })
    const servicePath = path.join(folder, 'tty-service')
    const serviceBus = createBus({
      ...wiring,
      random: part('service-bus'),
      linkPath: servicePath,
      open: (onBytes) => openTerminal({ linkPath: servicePath, onBytes }),
    })

    const link = { clock, host }
    const mqtt = await startLinkProxy({
      ...link,
      name: 'link-mqtt',
      flag: '--link-mqtt-port',
      port: ports.linkMqtt,
      target: coreMqtt,
    })
    undo.push(() => mqtt.stop())
    const http = await startLinkProxy({
      ...link,
      name: 'link-http',
      flag: '--link-http-port',
      port: ports.linkHttp,
      target: coreHttp,
    })
    undo.push(() => http.stop())

    const standIn = { host, clock, ids: options.ids, random: options.random }
    const provider = createProviderStandIn({
      ...standIn,
      dataDir: path.join(folder, 'provider'),
      port: ports.provider,
    })
    const { url: providerUrl } = await namingFlag('--provider-port', ports.provider, provider.start())
    undo.push(() => provider.stop())
    const notices = createNoticeStandIn({
      ...standIn,
      dataDir: path.join(folder, 'notices'),
      port: ports.notices,
    })
    const { url: noticesUrl } = await namingFlag('--notices-port', ports.notices, notices.start())
    undo.push(() => notices.stop())

    const cameras = new Map(
      CAMERA_IDS.map((id) => [
        id as string,
        createCamera({
          id,
          clock,
          timeZone: goodsFile.cabinet?.timeZone ?? 'UTC',
          random: part(id === CAMERA_IDS[0] ? 'camera' : `camera-${id}`),
          cabinet,
          sync,
        }),
      ]),
    )
    // Drawing for the first time loads fonts; nobody should wait for that.
    for (const camera of cameras.values()) await camera.snapshot()
    const setCamera = (mode: CameraMode, id: string = CAMERA_IDS[0]) => {
      const camera = cameras.get(id)
      if (camera === undefined)
        throw new CabinetError(
          'not_found',
          `There is no camera ${JSON.stringify(id)}; known: ${CAMERA_IDS.join(', ')}.`,
        )
      camera.setMode(mode)
    }
    const setNetwork = (mode: NetworkMode, delayMs?: number) => {
      for (const proxy of [mqtt, http]) proxy.setMode(mode, delayMs)
    }
    const shopper = createShopper({
      clock,
      random: part('shopper'),
      cabinet,
      sync,
      surroundings: { setCamera, setNetwork },
    })
    undo.push(() => shopper.abandon())

    const app = createServer()
    let ownUrl = ''
    const cameraUrl = (id: string) => `${ownUrl}/camera/${id}/snapshot.jpg`
    const parts: Parts = {
      clock,
      cabinet,
      sync,
      bus,
      serviceBus,
      cameras: [...cameras.values()],
      setCamera,
      shopper,
      network: () => describeNetwork(mqtt, http),
      setNetwork,
      cameraUrl,
    }
    registerControl(app, parts)
    registerCamera(app, cameras)
    await registerWorkshop(app, {
      cabinet,
      links: {
        provider: providerUrl,
        notices: noticesUrl,
        consumer: `${options.coreHttp.replace(/\/$/, '')}/c/${goodsFile.cabinet?.id ?? 'cab-001'}`,
      },
    })
    ownUrl = urlOf(await listen(app, { host, port: ports.control, flag: '--port' }))
    undo.push(() => app.close())
    // Last: a start that fails on a port must not have taken the terminals of a simulator that runs.
    for (const line of [bus, serviceBus]) {
      undo.push(() => line.stop())
      line.start()
    }

    return {
      workshopUrl: `${ownUrl}/`,
      controlUrl: `${ownUrl}/control`,
      cameraUrl: cameraUrl(CAMERA_IDS[0]),
      cameraUrls: Object.fromEntries(CAMERA_IDS.map((id) => [id, cameraUrl(id)])),
      serialPath: bus.linkPath,
      servicePath: serviceBus.linkPath,
      providerUrl,
      merchantFile: provider.merchantFiles.config,
      noticesUrl,
      noticesFile: notices.noticesFile,
      linkMqttPort: mqtt.port,
      linkHttpUrl: urlOf(http.port),
    }
  }
  try {
    return { addresses: await start(), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function describeNetwork(mqtt: LinkProxy, http: LinkProxy) {
  return {
    mode: mqtt.mode,
    delayMs: mqtt.delayMs,
    connections: mqtt.connections + http.connections,
    heldBytes: mqtt.heldBytes + http.heldBytes,
  }
}

/** The stand-ins do not know by which flag their port was chosen. */
async function namingFlag<T>(flag: string, port: number, starting: Promise<T>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    if (!(error instanceof CabinetError) || error.code !== 'port_taken') throw error
    throw new CabinetError('port_taken', `Port ${port} (${flag}) is in use.`, { cause: error })
  }
}
