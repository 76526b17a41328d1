import type { SampleRow } from '#edge/session/journal.ts'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import { every, wait } from '#protocol/base/clock.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { referenceProfile, SCALE_UNITS } from '#protocol/wire/reference-profile.ts'
import { bundleEdge } from '#scripts/bundle-edge.ts'
import { DEMO_SEED, type RunningSystem, startSystem } from '#scripts/system.ts'
import { readInbox } from '#test/scenarios/kill-rounds/records.ts'
import { brokerProcessId } from '#test/scenarios/kill-rounds/strike.ts'
import { createWorkshop, createWorld, type VisitStep, type Workshop } from '#test/scenarios/world.ts'
import { type ProcessFigures, Watch } from './process-figures.ts'

export interface FleetOptions {
  /** Cabinets that run at once; each is a board, an edge and a shopper. */
  cabinets?: number
  /** How long each of the two phases is measured. */
  seconds?: number
  say: (line: string) => void
}

/** What a cabinet's computer, and the computer of the core, must be able to give. */
export interface FleetFigures {
  cabinets: number
  shelves: number
  /** As they came from the bus while the door was open. */
  weighingsPerSecond: number
  seconds: number
  cores: number
  edge: {
    scriptMiB: number
    /** Nobody is at the door. */
    idle: ProcessFigures
    /** The door is open, every shelf is weighed ten times a second, pictures are taken and sent. */
    session: ProcessFigures
  }
  /** With all these cabinets at it. */
  core: { idle: ProcessFigures; session: ProcessFigures }
  broker: { idle: ProcessFigures; session: ProcessFigures }
  /** What the cabinets told the core, all together. */
  eventsPerSecond: { idle: number; session: number }
}

const clock = createSystemClock()
const SHELVES = 6
const SHOPPERS = ['李伟', '王芳', 'Anna'] as const
const LOOK_EVERY_MS = 1000
/** V8 grows into what it needs in the first seconds. */
const WARM_UP_MS = 15_000
const WEIGH_EVERY_MS = 100
/** The door stays open for the whole measurement: nobody shall be called for that. */
const POLICY = { leftOpenWarningMs: 600_000, leftOpenAlarmMs: 600_000, sessionOverdueMs: 3_600_000 }

/**
 * Starts real cabinets (simulated boards on pseudo-terminals, the bundled agent as a cabinet runs it) and a real core,
 * and reads from the kernel what they take.
 */
export async function runFleetBench({
  cabinets = SHOPPERS.length,
  seconds = 60,
  say,
}: FleetOptions): Promise<FleetFigures> {
  if (cabinets < 1 || cabinets > SHOPPERS.length)
    throw new Error(`between 1 and ${SHOPPERS.length} cabinets: each one has a shopper of the provider's`)
  say('Bundling the edge …')
  const { program, scriptBytes } = await bundleEdge()
  const dataDir = mkdtempSync(path.join(tmpdir(), 'bench-fleet-'))
  const system = await startSystem({
    dataDir,
    seed: 1,
    seedFile: writeSeed(dataDir),
    moreCabinets: cabinets - 1,
    policy: POLICY,
    edgeProgram: program,
    edgeFlags: ['--profile', writeProfile(dataDir)],
    edgeSettings: { scalesSessionMs: WEIGH_EVERY_MS },
    say,
  })
  try {
    await wait(clock, 'warm up', WARM_UP_MS)
    say(`Nobody at the doors: ${seconds} s …`)
    const idle = await measure(system, seconds)
    say(`All doors open, ${SHELVES} shelves at ${1000 / WEIGH_EVERY_MS} Hz, goods taken: ${seconds} s …`)
    const doors = await openDoors(system)
    const shopping = Promise.all(doors.map((workshop) => workshop.visit(takeFor(seconds))))
    const session = await measure(system, seconds)
    await shopping
    const weighingsPerSecond = Math.min(...system.cabinets.map(({ dataDir: folder }) => paceOf(folder)))
    await Promise.all(doors.map((workshop) => workshop.visit(LEAVE)))
    return {
      cabinets,
      shelves: SHELVES,
      weighingsPerSecond,
      seconds,
      cores: cpus().length,
      edge: {
        scriptMiB: scriptBytes / 1024 / 1024,
        idle: idle.edge,
        session: session.edge,
      },
      core: { idle: idle.core, session: session.core },
      broker: { idle: idle.broker, session: session.broker },
      eventsPerSecond: { idle: idle.events / seconds, session: session.events / seconds },
    }
  } finally {
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

interface Measured {
  edge: ProcessFigures
  core: ProcessFigures
  broker: ProcessFigures
  events: number
}

async function measure(system: RunningSystem, seconds: number): Promise<Measured> {
  const eventsBefore = eventsOf(system)
  const edges = system.cabinets.map(({ edgePart }) => new Watch(idOf(system.processId(edgePart))))
  const core = new Watch(idOf(system.processId('core')))
  const broker = new Watch(idOf(brokerProcessId(system)))
  const watches = [...edges, core, broker]
  const looking = every(clock, 'look at the processes', LOOK_EVERY_MS, () => {
    for (const watch of watches) watch.look()
  })
  await wait(clock, 'measure', seconds * 1000)
  looking.cancel()
  return {
    edge: worst(edges.map((one) => one.figures())),
    core: core.figures(),
    broker: broker.figures(),
    events: eventsOf(system) - eventsBefore,
  }
}

/** Each figure of the cabinet that takes most. */
function worst(figures: readonly ProcessFigures[]): ProcessFigures {
  return {
    rssMiB: Math.max(...figures.map(({ rssMiB }) => rssMiB)),
    pssMiB: Math.max(...figures.map(({ pssMiB }) => pssMiB)),
    coreShare: Math.max(...figures.map(({ coreShare }) => coreShare)),
  }
}

function eventsOf(system: RunningSystem): number {
  return system.cabinets.reduce((sum, { cabinetId }) => sum + readInbox(system, cabinetId).length, 0)
}

const LEAVE: VisitStep[] = [{ do: 'close' }, { do: 'wait-locked', timeoutMs: 20_000 }]

/** Somebody stands at each open door. */
function openDoors(system: RunningSystem): Promise<Workshop[]> {
  const world = createWorld(system)
  return Promise.all(
    system.cabinets.map(async ({ cabinetId, simulator }, index) => {
      const workshop = createWorkshop(simulator.controlUrl)
      const consumer = await world.consumer(SHOPPERS[index], cabinetId)
      await consumer.open()
      await workshop.visit([{ do: 'wait-unlocked', timeoutMs: 10_000 }, { do: 'open' }])
      return workshop
    }),
  )
}

/** One thing every five seconds, put back at once: each is a step, a picture and an event, and the shelves stay full. */
function takeFor(seconds: number): VisitStep[] {
  return Array.from({ length: Math.floor(seconds / 5) }, (_, index): VisitStep[] => {
    const { shelf, sku } = GOODS[index % GOODS.length] ?? GOODS[0]
    return [
      { do: 'take', shelf, sku },
      { do: 'wait', ms: 1000 },
      { do: 'put-back', shelf, sku },
      { do: 'wait', ms: 500 },
    ]
  }).flat()
}
const GOODS = [
  { shelf: 's3', sku: 'cola-330' },
  { shelf: 's6', sku: 'water-550' },
  { shelf: 's2', sku: 'milk-250' },
] as const

/** Weighings of all shelves a second in the journal of the session in progress. */
function paceOf(edgeDataDir: string): number {
  const db = new Database(path.join(edgeDataDir, 'edge', 'edge.sqlite'), { readonly: true, timeout: 5000 })
  try {
    const rows = db
      .prepare<[], { body: string }>(
        'SELECT session_samples.body AS body FROM session_samples JOIN session USING (session_id) WHERE is_finished = 0 ORDER BY chunk',
      )
      .all()
      .flatMap(({ body }) => JSON.parse(body) as SampleRow[])
      .filter(([, door]) => door === 1)
    const [first, last] = [rows[0]?.[0] ?? 0, rows.at(-1)?.[0] ?? 0]
    return (rows.length - 1) / ((last - first) / 1000)
  } finally {
    db.close()
  }
}

function idOf(processId: number | undefined): number {
  if (processId === undefined) throw new Error('a process that is to be measured is not there')
  return processId
}

interface Seed {
  planogram: { shelves: Array<{ id: string; lanes: Array<Record<string, unknown>> }> }
}
/** The demonstration's cabinet with one shelf more. */
function writeSeed(dataDir: string): string {
  const seed = JSON.parse(readFileSync(DEMO_SEED, 'utf8')) as Seed
  const { shelves } = seed.planogram
  const pattern = shelves.find(({ id }) => id === 's4')
  if (pattern === undefined || shelves.length !== SHELVES - 1)
    throw new Error(
      `assertion failed: the demonstration's cabinet has ${SHELVES - 1} shelves, one of them s4`,
    )
  shelves.push({ ...pattern, id: `s${SHELVES}` })
  const file = path.join(dataDir, 'seed.json')
  writeFileSync(file, JSON.stringify(seed))
  return file
}

/** The reference board with one transmitter more. */
function writeProfile(dataDir: string): string {
  const pattern = referenceProfile.scales.at(-1)
  if (pattern === undefined) throw new Error('assertion failed: the reference board has scales')
  const name = `s${SHELVES}`
  const unit = SCALE_UNITS[0] + SHELVES - 1
  const profile = {
    ...referenceProfile,
    name: 'reference-six',
    scales: [
      ...referenceProfile.scales,
      { ...pattern, shelf: name, sensor: name, netGrams: { ...pattern.netGrams, unit } },
    ],
    blocks: [
      ...referenceProfile.blocks,
      ...referenceProfile.blocks
        .filter((block) => block.unit === SCALE_UNITS.at(-1))
        .map((block) => ({ ...block, unit })),
    ],
  }
  const file = path.join(dataDir, 'profile.json')
  writeFileSync(file, JSON.stringify(profile))
  return file
}
