import { readFileSync } from 'node:fs'
import { wait } from '#protocol/base/clock.ts'
import { integerBelow, type Random } from '#protocol/base/random.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import type { PartName, RunningSystem } from '#scripts/system.ts'
import { eventually, ExpectationError } from '#test/support/eventually.ts'

/** What may be ended with SIGKILL. */
export type Target = 'core' | 'broker' | PartName

export interface Strike {
  readonly targets: readonly Target[]
  readonly afterMs: number
  /** How long the parts stay down before they are started again. The broker is started again by the core. */
  readonly downMs: number
}

const clock = createSystemClock()
/** A visit takes about five seconds from the scan to the locked door; the charge follows. */
const LATEST_MS = 7000
const LONGEST_DOWN_MS = 2500
const SECOND_TARGET_SHARE = 0.4

/**
 * One or two targets, at a moment of the visits and for a time that the seed decides.
 * @param ofMany  strikes that share the time of the visits
 */
export function drawStrike(random: Random, edges: readonly PartName[], ofMany = 1): Strike {
  const kinds: Target[] = ['core', 'broker', ...edges]
  const first = kinds.splice(drawKind(random, edges.length), 1)
  const second = random.next() < SECOND_TARGET_SHARE ? [pick(random, kinds)] : []
  return {
    targets: [...first, ...second],
    afterMs: integerBelow(random, Math.ceil(LATEST_MS / ofMany)),
    downMs: integerBelow(random, Math.ceil(LONGEST_DOWN_MS / ofMany)),
  }
}

/** Core, broker and edges in equal shares, however many edges there are. */
function drawKind(random: Random, edges: number): number {
  const kind = integerBelow(random, 3)
  return kind < 2 ? kind : 2 + integerBelow(random, edges)
}

/**
 * Ends the targets at once, waits, and starts again what nobody else starts.
 * @param onDown  what happens to the disk of each part while it is down
 */
export async function strike(
  system: RunningSystem,
  { targets, downMs }: Strike,
  onDown: (part: PartName) => Promise<void> = async () => undefined,
): Promise<void> {
  const parts = targets.filter((target): target is PartName => target !== 'broker')
  if (targets.includes('broker')) killBroker(system)
  await Promise.all(parts.map((part) => system.kill(part)))
  for (const part of parts) await onDown(part)
  await wait(clock, 'stay down', downMs)
  await Promise.all(parts.map((part) => system.restart(part)))
}

/** The broker is a child of the core; with the core it is gone anyway. */
function killBroker(system: RunningSystem): void {
  const processId = brokerProcessId(system)
  if (processId !== undefined) process.kill(processId, 'SIGKILL')
}

export function brokerProcessId(system: RunningSystem): number | undefined {
  const core = system.processId('core')
  if (core === undefined) throw new ExpectationError('the core is not running')
  return childrenOf(core).find((child) => commandLineOf(child).includes('broker'))
}

/** The core has a broker again, another one than before. */
export function brokerBack(system: RunningSystem, before: number | undefined): Promise<number> {
  return eventually('a new broker process', () => {
    const now = brokerProcessId(system)
    return now !== before && now
  })
}

function childrenOf(processId: number): number[] {
  const text = readFileSync(`/proc/${processId}/task/${processId}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

function commandLineOf(processId: number): string {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch (error) {
    // It ended between the two readings.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function pick<T>(random: Random, among: readonly T[]): T {
  const one = among[integerBelow(random, among.length)]
  if (one === undefined) throw new Error('assertion failed: nothing to choose from')
  return one
}
