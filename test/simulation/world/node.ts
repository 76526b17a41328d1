import type { Clock } from '#protocol/base/clock.ts'
import type { Chance } from './chance.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** The moment at which every run starts, in true time. */
export const START_MS = Date.UTC(2026, 10, 2, 1, 0, 0)

/** A machine: it outlives its processes, and its wall clock may be wrong. */
export interface Machine {
  readonly name: string
  /** How wrong its wall clock is. */
  wallOffsetMs: number
}

/** The clock as one process sees it: monotonic from its own start, wall clock of its machine, timers that die with it. */
export function createNodeClock(scheduler: Scheduler, machine: Machine, life: Life): Clock {
  const startedAtMs = scheduler.nowMs - 1000
  return {
    now: () => START_MS + scheduler.nowMs + machine.wallOffsetMs,
    monoMs: () => scheduler.nowMs - startedAtMs,
    setTimer: (name, afterMs, run) => scheduler.at(life, name, afterMs, run),
  }
}

/** How long a disk takes: mostly nothing, sometimes long enough for something else to come in between. */
export function storageDelayMs(chance: Chance): number {
  const roll = chance.next()
  if (roll < 0.7) return 0
  if (roll < 0.97) return chance.between(1, 6)
  return chance.between(7, 60)
}
