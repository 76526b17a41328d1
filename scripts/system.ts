import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { type RunningMosquitto, startMosquitto } from './mosquitto.ts'
import { findFreePort } from './ports.ts'
import { createCommandLines } from './system/command-lines.ts'
import type { SystemOptions } from './system/options.ts'
import {
  type CoreReady,
  known,
  type PartName,
  type RunningCabinet,
  type SignIn,
  type SimulatorReady,
} from './system/parts.ts'
import { createPlace, firstPlace, type Place, registerCabinet } from './system/places.ts'
import { createProcesses, type Processes } from './system/processes.ts'
import { DEMO_CABINET, DEMO_SEED } from './system/roots.ts'

export type { SystemOptions } from './system/options.ts'
export type { CoreReady, PartName, RunningCabinet, SignIn, SimulatorReady } from './system/parts.ts'
export { DEMO_CABINET, DEMO_SEED, ROOT } from './system/roots.ts'

export interface RunningSystem extends Omit<Processes, 'boot' | 'end'> {
  readonly dataDir: string
  readonly cabinetId: string
  readonly simulator: SimulatorReady
  readonly core: CoreReady
  /** All cabinets, the first one included. */
  readonly cabinets: readonly RunningCabinet[]
  signIns(): SignIn[]
  /** Ends a part at once, as a power cut would; it stays down until `restart`. */
  kill(part: PartName): Promise<void>
  restart(part: PartName): Promise<void>
  /** The broker that stands beside the core, where the system has one. */
  readonly mosquitto: RunningMosquitto | undefined
  stop(): Promise<void>
}

/**
 * The whole system as separate processes over real wires: simulator, core (with its broker) and edge.
 * `npm start`, the scenarios and the browser tests all stand on this; nothing here reaches into a process.
 */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const {
    dataDir,
    host = '127.0.0.1',
    seedFile = DEMO_SEED,
    say = () => undefined,
    readyWithinMs = 30_000,
  } = options
  const clock = createSystemClock()
  const { boot, end, ...watch } = createProcesses(clock, dataDir, readyWithinMs)
  const ports = {
    core: options.ports?.core || (await findFreePort(host)),
    mqtt: options.ports?.mqtt || (await findFreePort(host)),
    device: options.ports?.device || (await findFreePort(host)),
    workshop: options.ports?.workshop || (await findFreePort(host)),
    provider: options.ports?.provider || (await findFreePort(host)),
    notices: options.ports?.notices || (await findFreePort(host)),
  }
  const first = firstPlace(dataDir, seedFile)
  const places: readonly Place[] = [
    first,
    ...Array.from({ length: options.moreCabinets ?? 0 }, (_, index) =>
      createPlace(dataDir, seedFile, index + 2),
    ),
  ]
  const commands = createCommandLines(options, { host, ports, first })
  let core: CoreReady | undefined
  let mosquitto: RunningMosquitto | undefined

  async function bootSimulator(place: Place): Promise<void> {
    place.simulator = await boot<SimulatorReady>(place.simulatorPart, commands.simulator(place))
  }
  async function bootCore(): Promise<void> {
    core = await boot<CoreReady>('core', commands.core(mosquitto?.folder), {
      environment: options.environmentOf?.('core', dataDir),
    })
    first.enrolmentCode =
      core.enrolmentCodes?.find((entry) => entry.cabinetId === DEMO_CABINET)?.code ?? first.enrolmentCode
  }
  async function bootEdge(place: Place): Promise<void> {
    await boot(place.edgePart, commands.edge(place), {
      program: options.edgeProgram,
      environment: options.environmentOf?.(place.edgePart, place.dataDir),
    })
  }
  function bootPart(part: PartName): Promise<void> {
    if (part === 'core') return bootCore()
    for (const place of places) {
      if (part === place.simulatorPart) return bootSimulator(place)
      if (part === place.edgePart) return bootEdge(place)
    }
    throw new Error(`assertion failed: there is no part ${part}`)
  }

  async function stop(): Promise<void> {
    await Promise.all(places.map(({ edgePart }) => end(edgePart, 'SIGTERM')))
    await end('core', 'SIGTERM')
    await mosquitto?.stop()
    await Promise.all(places.map(({ simulatorPart }) => end(simulatorPart, 'SIGTERM')))
  }

  try {
    say('Starting the simulated cabinet, payment provider and message gateway …')
    await Promise.all(places.map(bootSimulator))
    for (const place of places) {
      if (place !== first) place.enrolmentCode = await registerCabinet(place, dataDir)
    }
    if (options.broker === 'mosquitto') {
      say('Starting Mosquitto with generated files …')
      mosquitto = await startMosquitto(clock, dataDir, host, ports.mqtt)
    }
    say('Starting the core with its broker …')
    await bootCore()
    say('Starting the agent inside the cabinet …')
    await Promise.all(places.map(bootEdge))
  } catch (error) {
    await stop()
    throw error
  }

  return {
    ...watch,
    dataDir,
    cabinetId: DEMO_CABINET,
    simulator: known(first.simulator, 'simulator'),
    core: known(core, 'core'),
    cabinets: places.map((place) => ({ ...place, simulator: known(place.simulator, place.simulatorPart) })),
    signIns: () => JSON.parse(readFileSync(path.join(dataDir, 'core', 'sign-ins.json'), 'utf8')) as SignIn[],
    mosquitto,
    kill: (part) => end(part, 'SIGKILL'),
    restart: async (part) => {
      await end(part, 'SIGTERM')
      await bootPart(part)
    },
    stop,
  }
}
