import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, type WriteStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Clock } from '#protocol/base/clock.ts'
import type { PartName } from './parts.ts'
import { ROOT } from './roots.ts'

const STOP_WITHIN_MS = 5000

/** The processes of a system: started, watched and ended by the name of their part. */
export interface Processes {
  /** Spawns a part and waits for its line of readiness. */
  readonly boot: <T>(part: PartName, command: readonly string[], how?: BootOptions) => Promise<T>
  readonly end: (part: PartName, signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
  isRunning(part: PartName): boolean
  /** For who measures a process or ends one of its children; undefined while the part is down. */
  processId(part: PartName): number | undefined
  logFile(part: PartName): string
  /** The last lines that a part wrote, for the reason of a failure. */
  logTail(part: PartName, lines?: number): string
  /** Called when a part ends although nobody asked for it. */
  onUnexpectedExit(listener: (part: PartName, how: string) => void): void
}

export interface BootOptions {
  /** Node when absent. */
  readonly program?: string | undefined
  readonly environment?: Readonly<Record<string, string>> | undefined
}

export function createProcesses(clock: Clock, dataDir: string, readyWithinMs: number): Processes {
  mkdirSync(path.join(dataDir, 'log'), { recursive: true })
  const children = new Map<PartName, ChildProcess>()
  const wanted = new Set<PartName>()
  const exitListeners: Array<(part: PartName, how: string) => void> = []

  function logFile(part: PartName): string {
    return path.join(dataDir, 'log', `${part}.log`)
  }
  function logTail(part: PartName, lines = 15): string {
    return readFileSync(logFile(part), 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }

  async function boot<T>(
    part: PartName,
    command: readonly string[],
    { program = process.execPath, environment }: BootOptions = {},
  ): Promise<T> {
    const log = createWriteStream(logFile(part), { flags: 'a', mode: 0o600 })
    const child = spawn(program, command, {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C reaches us alone, and we stop the parts in order. They end with us by their standard input.
      detached: true,
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...environment },
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

  return {
    boot,
    end,
    isRunning: (part) => children.has(part),
    processId: (part) => children.get(part)?.pid,
    logFile,
    logTail,
    onUnexpectedExit: (listener) => {
      exitListeners.push(listener)
    },
  }
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
