import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import { type Simulator, startSimulator } from '#simulator/app.ts'
import { CODE, type CoreStandIn, eventually, startCoreStandIn } from './core-stand-in.ts'

/** A whole cabinet on a bench: the simulator's pseudo-terminal and camera, a core stand-in, and the real agent as a process. */
export interface Rig {
  readonly core: CoreStandIn
  readonly simulator: Simulator
  readonly dataFolder: string
  /** A request to the simulator's controls. */
  control(path: string, body?: unknown): Promise<unknown>
  startEdge(flags?: readonly string[]): Promise<void>
  /** @param signal  SIGKILL is a power cut for the process */
  stopEdge(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
  edgeLog(): string
  /** What went to standard output. */
  edgeOutput(): string
  isEdgeRunning(): boolean
  stop(): Promise<void>
}

const root = path.resolve(import.meta.dirname, '../../..')

export async function startRig(
  options: { seed?: number; settings?: Record<string, unknown> } = {},
): Promise<Rig> {
  const dataFolder = mkdtempSync(path.join(os.tmpdir(), 'edge-rig-'))
  const core = await startCoreStandIn()
  const clock = createSystemClock()
  const random = createSeededRandom(options.seed ?? 1)
  const simulator = await startSimulator({
    clock,
    ids: createIds(clock, random),
    random,
    dataDir: dataFolder,
    goodsFile: path.join(root, 'scripts/seed/demo.json'),
    seed: options.seed ?? 1,
    host: '127.0.0.1',
    ports: { control: 0, provider: 0, notices: 0, linkMqtt: 0, linkHttp: 0 },
    coreMqtt: `127.0.0.1:${core.mqttPort}`,
    coreHttp: core.httpUrl,
    onSerialLost: () => undefined,
  })
  const { addresses } = simulator
  const settings = {
    helloTimeoutMs: 1000,
    reconnectLongestMs: 1000,
    cameraIdleMs: 1000,
    logLevel: 'info',
    ...options.settings,
  }
  let edge: ChildProcess | undefined
  let log = ''
  let output = ''

  const rig: Rig = {
    core,
    simulator,
    dataFolder,
    async control(where, body) {
      const response = await fetch(`${addresses.controlUrl}/${where}`, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${where}: ${response.status} ${text}`)
      return text === '' ? undefined : JSON.parse(text)
    },
    async startEdge(flags = []) {
      const args = [
        path.join(root, 'edge/main.ts'),
        '--data',
        dataFolder,
        '--core',
        addresses.linkHttpUrl,
        '--serial',
        addresses.serialPath,
        '--camera',
        `inside=${addresses.cameraUrl}`,
        '--mqtt-url',
        `mqtt://127.0.0.1:${addresses.linkMqttPort}`,
        '--enrol-code',
        CODE,
        ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${JSON.stringify(value)}`]),
        '--json-ready',
        '--exit-with-parent',
        ...flags,
      ]
      const helloCount = core.hellos.length
      const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
      edge = child
      child.stderr?.on('data', (chunk: Buffer) => {
        log += chunk.toString()
      })
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
      await eventually(
        'a hello',
        () => {
          if (child.exitCode !== null) throw new Error(`the agent stopped with ${child.exitCode}: ${log}`)
          return core.hellos.length > helloCount
        },
        20_000,
      )
    },
    async stopEdge(signal = 'SIGTERM') {
      const child = edge
      if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null
      const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
      child.kill(signal)
      return ended
    },
    edgeLog: () => log,
    edgeOutput: () => output,
    isEdgeRunning: () => edge !== undefined && edge.exitCode === null && edge.signalCode === null,
    async stop() {
      await rig.stopEdge('SIGKILL')
      await simulator.stop()
      await core.stop()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
  return rig
}
/** The planogram of the demo goods as the core would send it, and everything else of a desired document. */
export function twinOf(goods: GoodsFile, changes: Partial<Twin> = {}): Twin {
  const products = new Map(goods.products.map((one) => [one.sku, one]))
  return {
    v: 1,
    twinEpoch: 'core-1',
    version: 1,
    setpointDeciCelsius: 40,
    setpointRange: { lowest: 0, highest: 120 },
    lockout: {
      isEnabled: true,
      limitDeciCelsius: 50,
      afterMs: 900_000,
      afterDoorCloseMs: 1_800_000,
      afterDefrostMs: 1_800_000,
    },
    planogram: {
      version: 1,
      shelves: goods.planogram.shelves.map((shelf) => ({
        id: shelf.id,
        products: shelf.lanes.map((lane) => ({
          sku: lane.sku,
          unitGrams: products.get(lane.sku)?.unitGrams ?? 1,
          sigmaGrams: products.get(lane.sku)?.sigmaGrams ?? 1,
          stock: lane.stock,
          priceFen: lane.priceFen,
        })),
      })),
    },
    sessionPolicy: {
      notOpenedMs: 15_000,
      leftOpenWarningMs: 60_000,
      leftOpenAlarmMs: 180_000,
      reopenGraceMs: 10_000,
    },
    isOutOfService: false,
    ...changes,
  }
}
export interface GoodsFile {
  products: Array<{ sku: string; unitGrams: number; sigmaGrams: number }>
  planogram: {
    shelves: Array<{ id: string; lanes: Array<{ sku: string; stock: number; priceFen: number }> }>
  }
}
