import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import Sqlite from 'better-sqlite3'
import { ROOT } from '#scripts/system.ts'
import { prepareFleet } from './fleet.ts'
import type { GeneratorOrder, GeneratorReport } from './generator.ts'

/**
 * How fast the core takes events, beside a ceiling that does nothing but keep them: the same broker, frames, QoS and
 * durable group commit, in turns on the same machine. What it says was acknowledged is counted in the tables at the end.
 */
export interface IngestFigures {
  /** Single events of 2,000 cabinets, as many as it takes; acknowledged after a durable commit, with all that they change. */
  eventsPerSecond: number
  ceilingEventsPerSecond: number
  ratio: number
  /** Of each pair of turns as they came: how far a noisy machine spreads them, and whether they climb. */
  ratiosByRound: number[]
  /** One event a second of each cabinet: publish to durable acknowledgement. */
  p50Ms: number
  p99Ms: number
  /** Backlogs in full frames. */
  drainEventsPerSecond: number
  drainCeilingEventsPerSecond: number
  drainRatio: number
  cabinets: number
  rounds: number
  cpuMicrosPerEvent: {
    core: number
    ceiling: number
    broker: number
    coreDraining: number
    ceilingDraining: number
  }
  rowsCounted: {
    acknowledged: number
    inbox: number
    readings: number
    doorIntervals: number
    ceiling: number
  }
}

/** Short turns, so that what else the machine does falls on both alike. */
const ROUNDS = 6
const SATURATE_MS = 2000
/** Not counted: code that V8 has not compiled yet, of which the core has more than the ceiling. */
const WARM_UP_ROUNDS = 2
const DRAIN_ROUNDS = 3
const PACE_MS = 10_000
const DRAIN_EVENTS = 100
const TICKS_PER_SECOND = 100
const START_WITHIN_MS = 30_000

interface System {
  readonly name: 'core' | 'ceiling'
  readonly port: number
  readonly pids: { main: number; broker: number }
  readonly generator: ChildProcess
}

export async function runIngestBench(options: {
  cabinets?: number
  onProgress: (line: string) => void
}): Promise<IngestFigures> {
  const { cabinets = 2000, onProgress: say } = options
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-ingest-'))
  const children: ChildProcess[] = []
  try {
    say(`${cabinets} cabinets are enrolled …`)
    await prepareFleet(folder, cabinets)
    const core = await startCore(folder, await shopFiles(folder), children)
    say('the core runs; its ceiling is started …')
    const ceiling = await startCeiling(path.join(folder, 'ceiling.sqlite'), cabinets, children)
    say('cabinets connect …')
    for (const { generator, port } of [core, ceiling])
      await order(generator, { kind: 'connect', host: '127.0.0.1', port, count: cabinets })

    const single: Record<System['name'], Measured[]> = { core: [], ceiling: [] }
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      for (const system of [core, ceiling]) {
        const measured = await measure(system, {
          kind: 'saturate',
          forMs: SATURATE_MS,
          framesUnderWay: 2,
          eventsPerFrame: 1,
        })
        if (round < 0) continue
        single[system.name].push(measured)
        say(`single events, ${system.name}: ${Math.round(measured.perSecond)}/s`)
      }
    }
    const paced = await measure(core, { kind: 'pace', forMs: PACE_MS, everyMs: 1000 })
    const latencies = paced.report.latenciesMs.toSorted((a, b) => a - b)
    say(`one event a second each: ${latencies.length} events`)
    const drained: Record<System['name'], Measured[]> = { core: [], ceiling: [] }
    for (let round = 0; round < DRAIN_ROUNDS; round++) {
      for (const system of [core, ceiling]) {
        const measured = await measure(system, { kind: 'drain', eventsPerCabinet: DRAIN_EVENTS })
        drained[system.name].push(measured)
        say(`backlog, ${system.name}: ${Math.round(measured.perSecond)}/s`)
      }
    }

    const acknowledged = (await order(core.generator, { kind: 'pace', forMs: 0, everyMs: 1000 })).ackedTotal
    const ceilingRows = await countCeiling(children[1] as ChildProcess)
    await stopAll(children)
    const rows = countRows(path.join(folder, 'core', 'core.sqlite'))
    if (rows.inbox !== acknowledged)
      throw new Error(`${acknowledged} events were acknowledged and ${rows.inbox} are in the inbox`)
    // All turns together: a median would pick a lucky turn of one and an unlucky one of the other.
    const perSecond = (list: readonly Measured[]) =>
      list.reduce((sum, one) => sum + one.perSecond, 0) / list.length
    const micros = (list: readonly Measured[], who: 'main' | 'broker') =>
      Math.round(median(list.map((one) => one.cpuMicros[who])) * 10) / 10
    return {
      eventsPerSecond: Math.round(perSecond(single.core)),
      ceilingEventsPerSecond: Math.round(perSecond(single.ceiling)),
      ratio: share(perSecond(single.core), perSecond(single.ceiling)),
      ratiosByRound: single.core.map((one, round) =>
        share(one.perSecond, (single.ceiling[round] as Measured).perSecond),
      ),
      p50Ms: rounded(quantile(latencies, 0.5)),
      p99Ms: rounded(quantile(latencies, 0.99)),
      drainEventsPerSecond: Math.round(perSecond(drained.core)),
      drainCeilingEventsPerSecond: Math.round(perSecond(drained.ceiling)),
      drainRatio: share(perSecond(drained.core), perSecond(drained.ceiling)),
      cabinets,
      rounds: ROUNDS,
      cpuMicrosPerEvent: {
        core: micros(single.core, 'main'),
        ceiling: micros(single.ceiling, 'main'),
        broker: micros(single.core, 'broker'),
        coreDraining: micros(drained.core, 'main'),
        ceilingDraining: micros(drained.ceiling, 'main'),
      },
      rowsCounted: { acknowledged, ...rows, ceiling: ceilingRows },
    }
  } finally {
    await stopAll(children)
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Measured {
  readonly perSecond: number
  readonly report: GeneratorReport
  /** Processor time of an event. */
  readonly cpuMicros: { main: number; broker: number }
}
async function measure(system: System, what: GeneratorOrder): Promise<Measured> {
  const before = cpuOf(system)
  const ackedBefore = (await order(system.generator, { kind: 'pace', forMs: 0, everyMs: 1000 })).ackedTotal
  const report = await order(system.generator, what)
  const after = cpuOf(system)
  const events = report.ackedTotal - ackedBefore
  return {
    perSecond: (report.events * 1000) / report.tookMs,
    report,
    cpuMicros: {
      main: ((after.main - before.main) * 1000) / events,
      broker: ((after.broker - before.broker) * 1000) / events,
    },
  }
}

/** @throws what the generator saw, or that it ended */
async function order(generator: ChildProcess, what: GeneratorOrder): Promise<GeneratorReport> {
  const ended = new AbortController()
  const onExit = () => ended.abort(new Error('the generator ended'))
  generator.once('exit', onExit)
  try {
    const answered = once(generator, 'message', { signal: ended.signal })
    generator.send(what)
    const [answer] = (await answered) as [{ report?: GeneratorReport; failure?: string }]
    if (answer.report === undefined) throw new Error(answer.failure)
    return answer.report
  } finally {
    generator.off('exit', onExit)
  }
}

/** Processor milliseconds so far. */
function cpuOf({ pids }: System): { main: number; broker: number } {
  const of = (pid: number) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
  }
  return { main: of(pids.main), broker: of(pids.broker) }
}

/** The provider's and the gateway's files, so that the core sells: their events change sessions and orders too. */
async function shopFiles(folder: string): Promise<{ provider: string; notices: string }> {
  const simulator = spawn(
    process.execPath,
    [
      'simulator/main.ts',
      '--data',
      folder,
      '--port',
      '0',
      '--provider-port',
      '0',
      '--notices-port',
      '0',
      '--link-mqtt-port',
      '0',
      '--link-http-port',
      '0',
      '--json-ready',
      '--exit-with-parent',
    ],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  try {
    const ready = await readyLine(simulator, 'simulator')
    return { provider: String(ready['merchantFile']), notices: String(ready['noticesFile']) }
  } finally {
    simulator.kill('SIGTERM')
    await once(simulator, 'exit')
  }
}

async function startCore(
  folder: string,
  files: { provider: string; notices: string },
  children: ChildProcess[],
): Promise<System> {
  const child = spawn(
    process.execPath,
    [
      'core/main.ts',
      '--data',
      folder,
      '--port',
      '0',
      '--mqtt-port',
      '0',
      '--device-port',
      '0',
      '--plain-mqtt',
      '--provider',
      files.provider,
      '--notices',
      files.notices,
      '--log-level',
      'error',
      '--json-ready',
      '--exit-with-parent',
    ],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  )
  children.push(child)
  const ready = await readyLine(child, 'core')
  const main = child.pid as number
  return {
    name: 'core',
    port: Number(ready['mqttPort']),
    pids: { main, broker: childOf(main) },
    generator: startGenerator(children),
  }
}

async function startCeiling(file: string, cabinets: number, children: ChildProcess[]): Promise<System> {
  mkdirSync(path.dirname(file), { recursive: true })
  const child = fork(path.join(import.meta.dirname, 'ceiling.ts'), [file, String(cabinets)], {
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  children.splice(1, 0, child)
  const [ready] = (await once(child, 'message', { signal: AbortSignal.timeout(START_WITHIN_MS) })) as [
    { port: number; brokerPid: number },
  ]
  return {
    name: 'ceiling',
    port: ready.port,
    pids: { main: child.pid as number, broker: ready.brokerPid },
    generator: startGenerator(children),
  }
}

function startGenerator(children: ChildProcess[]): ChildProcess {
  const generator = fork(path.join(import.meta.dirname, 'generator.ts'), [], {
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  children.push(generator)
  return generator
}

async function countCeiling(ceiling: ChildProcess): Promise<number> {
  const answer = once(ceiling, 'message')
  ceiling.send({ kind: 'count' })
  return ((await answer) as [{ rows: number }])[0].rows
}

function countRows(file: string): { inbox: number; readings: number; doorIntervals: number } {
  const db = new Sqlite(file, { readonly: true })
  const count = (table: string) => (db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n
  const rows = { inbox: count('inbox'), readings: count('reading'), doorIntervals: count('doorInterval') }
  db.close()
  return rows
}

async function readyLine(child: ChildProcess, name: string): Promise<Record<string, unknown>> {
  if (child.stdout === null) throw new Error(`the ${name} has no standard output`)
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue
    const ready = JSON.parse(line) as Record<string, unknown>
    if (ready['ready'] === true) return ready
  }
  throw new Error(`the ${name} ended before it was ready`)
}

/** The one child of the core: its broker. */
function childOf(pid: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /, '')
      if (Number(stat.split(' ')[1]) === pid) return Number(name)
    } catch (error) {
      // Ended while we were looking; it was not the one.
      if (
        (error as NodeJS.ErrnoException).code !== 'ENOENT' &&
        (error as NodeJS.ErrnoException).code !== 'ESRCH'
      )
        throw error
    }
  }
  throw new Error('the core runs no broker')
}

async function stopAll(children: ChildProcess[]): Promise<void> {
  for (const child of children.splice(0).toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    if (child.connected) child.disconnect()
    else child.kill('SIGTERM')
    await ended
  }
}

function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}
function quantile(sorted: readonly number[], at: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN
}
function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
function share(part: number, whole: number): number {
  return Math.round((part / whole) * 1000) / 1000
}
