import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, writeFileSync, type WriteStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { PARTITION_COUNT } from '#protocol/base/units.ts'
import { type RunningMosquitto, startMosquitto } from './mosquitto.ts'
import { findFreePort } from './ports.ts'

/**
 * The whole system as separate processes over real wires: simulator, core (with its broker) and edge.
 * `npm start`, the scenarios and the browser tests all stand on this; nothing here reaches into a process.
 */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
export const DEMO_SEED = path.join(ROOT, 'scripts/seed/demo.json')
export const DEMO_CABINET = 'cab-001'

/** The first cabinet's parts have short names; those of the others carry the cabinet's id, as in `edge-cab-002`. */
export type PartName = 'simulator' | 'core' | 'edge' | `simulator-${string}` | `edge-${string}`

export interface SystemOptions {
  dataDir: string
  host?: string
  /** 0 or absent: a free port. */
  ports?: {
    core?: number
    mqtt?: number
    device?: number
    workshop?: number
    provider?: number
    notices?: number
  }
  /** Do leads and above need a code besides the password? Offered only, when left out: a trial has no phone at hand. */
  secondFactor?: 'required' | 'offered'
  /** Policy settings that differ from the defaults of the core (durations, limits). */
  policy?: Record<string, unknown>
  /** Settings of the edge that differ from its defaults. */
  edgeSettings?: Record<string, unknown>
  /** First cabinet, products and accounts; the demonstration's when absent. */
  seedFile?: string
  /** Further cabinets like the first one, each with an edge and a simulated board of its own. They share the provider of the first. */
  moreCabinets?: number
  /** Seed of the simulated physics. */
  seed?: number
  /** The program that a cabinet runs (`npm run bundle:edge`); the sources of the edge when absent. */
  edgeProgram?: string
  /** How many of the cabinet's cameras are fitted; one when absent. */
  cameras?: 1 | 2
  /** Further flags of each edge. */
  edgeFlags?: readonly string[]
  /** Says what is being started. */
  say?: (line: string) => void
  /** An external broker with generated files instead of the core's own. */
  broker?: 'embedded' | 'mosquitto'
  /** Milliseconds that a part may take to become ready. */
  readyWithinMs?: number
}

export interface SimulatorReady {
  workshopUrl: string
  controlUrl: string
  cameraUrl: string
  cameraUrls: Record<string, string>
  serialPath: string
  servicePath: string
  providerUrl: string
  merchantFile: string
  noticesUrl: string
  noticesFile: string
  linkMqttPort: number
  linkHttpUrl: string
}
export interface CoreReady {
  url: string
  /** TLS; `caFile` vouches for it. */
  mqttPort: number
  /** What cabinets reach over HTTPS. */
  deviceUrl: string
  /** PEM of the core's own authority. */
  caFile: string
  enrolmentCodes?: Array<{ cabinetId: string; code: string }>
}
export interface SignIn {
  name: string
  role: string
  password: string
}

/** One cabinet of the system: its board and its agent. */
export interface RunningCabinet {
  readonly cabinetId: string
  readonly dataDir: string
  readonly simulator: SimulatorReady
  readonly simulatorPart: PartName
  readonly edgePart: PartName
}

export interface RunningSystem {
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
  isRunning(part: PartName): boolean
  /** For who measures a process or ends one of its children; undefined while the part is down. */
  processId(part: PartName): number | undefined
  /** The last lines that a part wrote, for the reason of a failure. */
  logTail(part: PartName, lines?: number): string
  logFile(part: PartName): string
  /** Called when a part ends although nobody asked for it. */
  onUnexpectedExit(listener: (part: PartName, how: string) => void): void
  stop(): Promise<void>
}

const STOP_WITHIN_MS = 5000

export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const {
    dataDir,
    host = '127.0.0.1',
    seedFile = DEMO_SEED,
    say = () => undefined,
    readyWithinMs = 30_000,
  } = options
  const clock = createSystemClock()
  mkdirSync(path.join(dataDir, 'log'), { recursive: true })
  const ports = {
    core: options.ports?.core || (await findFreePort(host)),
    mqtt: options.ports?.mqtt || (await findFreePort(host)),
    device: options.ports?.device || (await findFreePort(host)),
    workshop: options.ports?.workshop ?? 0,
    provider: options.ports?.provider ?? 0,
    notices: options.ports?.notices ?? 0,
  }
  const publicUrl = `http://${host}:${ports.core}`
  const policyFile = writeSettings(dataDir, 'policy.json', options.policy)
  const edgeFile = writeSettings(dataDir, 'edge.json', options.edgeSettings)
  const children = new Map<PartName, ChildProcess>()
  const wanted = new Set<PartName>()
  const exitListeners: Array<(part: PartName, how: string) => void> = []
  const simulatorDir = path.join(dataDir, 'simulator')
  const first: Place = {
    cabinetId: DEMO_CABINET,
    dataDir,
    seedFile,
    simulatorPart: 'simulator',
    edgePart: 'edge',
    simulator: undefined,
    enrolmentCode: undefined,
  }
  const places: readonly Place[] = [
    first,
    ...Array.from({ length: options.moreCabinets ?? 0 }, (_, index) =>
      createPlace(dataDir, seedFile, index + 2),
    ),
  ]
  let core: CoreReady | undefined
  let mosquitto: RunningMosquitto | undefined

  const commands = {
    simulator: ({ simulator, ...place }: Place) => {
      const isFirst = place.dataDir === dataDir
      const wish = isFirst ? ports : { workshop: 0, provider: 0, notices: 0 }
      return [
        'simulator/main.ts',
        '--data',
        place.dataDir,
        '--host',
        host,
        '--port',
        String(simulator === undefined ? wish.workshop : portOf(simulator.workshopUrl)),
        '--provider-port',
        String(simulator === undefined ? wish.provider : portOf(simulator.providerUrl)),
        '--notices-port',
        String(simulator === undefined ? wish.notices : portOf(simulator.noticesUrl)),
        '--link-mqtt-port',
        String(simulator?.linkMqttPort ?? 0),
        '--link-http-port',
        String(simulator === undefined ? 0 : portOf(simulator.linkHttpUrl)),
        '--core-mqtt',
        `${host}:${ports.mqtt}`,
        '--core-http',
        `https://${host}:${ports.device}`,
        '--goods',
        place.seedFile,
        ...(options.seed === undefined ? [] : ['--seed', String(options.seed)]),
        '--json-ready',
        '--exit-with-parent',
      ]
    },
    core: () => {
      const far = known(first.simulator, 'simulator')
      return [
        'core/main.ts',
        '--data',
        dataDir,
        '--host',
        host,
        '--port',
        String(ports.core),
        '--mqtt-port',
        String(ports.mqtt),
        '--device-port',
        String(ports.device),
        ...(mosquitto === undefined ? [] : ['--mosquitto', mosquitto.folder]),
        '--second-factor',
        options.secondFactor ?? 'offered',
        '--public-url',
        publicUrl,
        '--provider',
        far.merchantFile,
        '--notices',
        far.noticesFile,
        '--seed',
        seedFile,
        '--workshop-url',
        far.workshopUrl,
        ...(policyFile === undefined ? [] : ['--policy', policyFile]),
        '--json-ready',
        '--exit-with-parent',
      ]
    },
    edge: ({ enrolmentCode, ...place }: Place) => {
      const far = known(place.simulator, place.simulatorPart)
      return [
        ...(options.edgeProgram === undefined ? ['edge/main.ts'] : []),
        ...(options.edgeFlags ?? []),
        '--data',
        place.dataDir,
        '--core',
        `https://${host}:${portOf(far.linkHttpUrl)}`,
        '--mqtt-url',
        `mqtts://${host}:${far.linkMqttPort}`,
        '--serial',
        far.serialPath,
        ...Object.entries(far.cameraUrls)
          .slice(0, options.cameras ?? 1)
          .flatMap(([id, url]) => ['--camera', `${id}=${url}`]),
        ...(enrolmentCode === undefined ? [] : ['--enrol-code', enrolmentCode]),
        ...(edgeFile === undefined ? [] : ['--config', edgeFile]),
        '--json-ready',
        '--exit-with-parent',
      ]
    },
  }

  function logFile(part: PartName): string {
    return path.join(dataDir, 'log', `${part}.log`)
  }
  function logTail(part: PartName, lines = 15): string {
    return readFileSync(logFile(part), 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }

  /** Spawns a part and waits for its line of readiness. */
  async function boot<T>(
    part: PartName,
    command: readonly string[],
    program: string = process.execPath,
  ): Promise<T> {
    const log = createWriteStream(logFile(part), { flags: 'a', mode: 0o600 })
    const child = spawn(program, command, {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C reaches us alone, and we stop the parts in order. They end with us by their standard input.
      detached: true,
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    })
    children.set(part, child)
    wanted.add(part)
    child.stderr?.pipe(log, { end: false })
    child.once('exit', (code, signal) => {
      children.delete(part)
      if (wanted.has(part)) for (const listener of exitListeners) listener(part, signal ?? `code ${code}`)
    })
    return new Promise<T>((resolve, reject) => {
      const timer = clock.setTimer(`${part} becomes ready`, readyWithinMs, () => {
        fail(`The ${part} was not ready within ${readyWithinMs} ms.`)
      })
      const fail = (sentence: string) => {
        timer.cancel()
        reject(new Error(`${sentence} Its log, ${logFile(part)}, ends with:\n${logTail(part)}`))
      }
      child.once('error', (error) => fail(`The ${part} could not be started: ${error.message}.`))
      child.once('exit', (code, signal) =>
        fail(`The ${part} ended with ${signal ?? code} before it was ready.`),
      )
      readLines(child, log, (line) => {
        if (line.ready !== true) return
        timer.cancel()
        resolve(line as T)
      })
    })
  }

  async function bootSimulator(place: Place): Promise<void> {
    place.simulator = await boot<SimulatorReady>(place.simulatorPart, commands.simulator(place))
  }
  async function bootCore(): Promise<void> {
    core = await boot<CoreReady>('core', commands.core())
    first.enrolmentCode =
      core.enrolmentCodes?.find((entry) => entry.cabinetId === DEMO_CABINET)?.code ?? first.enrolmentCode
  }
  async function bootEdge(place: Place): Promise<void> {
    await boot(place.edgePart, commands.edge(place), options.edgeProgram)
  }
  function bootPart(part: PartName): Promise<void> {
    if (part === 'core') return bootCore()
    for (const place of places) {
      if (part === place.simulatorPart) return bootSimulator(place)
      if (part === place.edgePart) return bootEdge(place)
    }
    throw new Error(`assertion failed: there is no part ${part}`)
  }

  async function end(part: PartName, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    wanted.delete(part)
    const child = children.get(part)
    if (child === undefined) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    const timer = clock.setTimer(`${part} stops`, STOP_WITHIN_MS, () => child.kill('SIGKILL'))
    await gone
    timer.cancel()
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
  mkdirSync(simulatorDir, { recursive: true })

  return {
    dataDir,
    cabinetId: DEMO_CABINET,
    simulator: known(first.simulator, 'simulator'),
    core: known(core, 'core'),
    cabinets: places.map((place) => ({ ...place, simulator: known(place.simulator, place.simulatorPart) })),
    signIns: () => JSON.parse(readFileSync(path.join(dataDir, 'core', 'sign-ins.json'), 'utf8')) as SignIn[],
    kill: (part) => end(part, 'SIGKILL'),
    restart: async (part) => {
      await end(part, 'SIGTERM')
      await bootPart(part)
    },
    isRunning: (part) => children.has(part),
    processId: (part) => children.get(part)?.pid,
    logTail,
    logFile,
    onUnexpectedExit: (listener) => {
      exitListeners.push(listener)
    },
    stop,
  }
}

/** A cabinet as it is being started. */
interface Place {
  readonly cabinetId: string
  readonly dataDir: string
  readonly seedFile: string
  readonly simulatorPart: PartName
  readonly edgePart: PartName
  simulator: SimulatorReady | undefined
  enrolmentCode: string | undefined
}

/** Another cabinet with the goods of the first: its folder and its seed file. */
function createPlace(dataDir: string, seedFile: string, number: number): Place {
  const cabinetId = `cab-${String(number).padStart(3, '0')}`
  const folder = path.join(dataDir, 'cabinets', cabinetId)
  mkdirSync(folder, { recursive: true })
  const seed = JSON.parse(readFileSync(seedFile, 'utf8')) as { cabinet: object; staff: unknown[] }
  const own = {
    ...seed,
    cabinet: {
      ...seed.cabinet,
      id: cabinetId,
      partition: number % PARTITION_COUNT,
      name: { zh: `${number} 号柜`, en: `Cabinet ${number}` },
    },
    // People are made with the first cabinet, which is registered by the core itself.
    staff: [],
  }
  const file = path.join(folder, 'seed.json')
  writeFileSync(file, JSON.stringify(own))
  return {
    cabinetId,
    dataDir: folder,
    seedFile: file,
    simulatorPart: `simulator-${cabinetId}`,
    edgePart: `edge-${cabinetId}`,
    simulator: undefined,
    enrolmentCode: undefined,
  }
}

/** Makes the cabinet known to a core that is not running. @returns the code with which its edge enrols */
async function registerCabinet({ cabinetId, seedFile }: Place, dataDir: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['core/main.ts', 'seed', '--data', dataDir, '--seed', seedFile, '--log-level', 'error'],
    { cwd: ROOT, env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  )
  const { enrolmentCodes } = JSON.parse(stdout) as {
    enrolmentCodes: Array<{ cabinetId: string; code: string }>
  }
  const code = enrolmentCodes.find((entry) => entry.cabinetId === cabinetId)?.code
  if (code === undefined) throw new Error(`assertion failed: ${cabinetId} got no enrolment code: ${stdout}`)
  return code
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`assertion failed: the ${name} has not been started`)
  return value
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

function writeSettings(
  dataDir: string,
  name: string,
  settings: Record<string, unknown> | undefined,
): string | undefined {
  if (settings === undefined) return undefined
  const file = path.join(dataDir, name)
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`)
  return file
}

/** Lines on standard output: one JSON object when ready; everything also goes to the log. */
function readLines(
  child: ChildProcess,
  log: WriteStream,
  onObject: (line: Record<string, unknown>) => void,
): void {
  if (child.stdout === null) throw new Error('assertion failed: the child has no standard output')
  createInterface({ input: child.stdout }).on('line', (line) => {
    // The line of readiness may carry an enrolment code, which does not belong in a log.
    if (!line.startsWith('{"ready"')) log.write(`${line}\n`)
    if (line.startsWith('{')) onObject(JSON.parse(line) as Record<string, unknown>)
  })
}
