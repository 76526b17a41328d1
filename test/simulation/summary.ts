import type { Focus } from './faults/plan.ts'
import type { RunResult } from './run.ts'

/** What `--json` prints. */
export interface Summary {
  readonly runs: number
  readonly seed: number
  readonly failures: ReadonlyArray<{
    readonly seed: number
    readonly invariant: string
    readonly message: string
    readonly atMs: number
    readonly repeat: string
  }>
  readonly simulatedHours: number
  readonly sessions: number
  readonly events: number
  /** How often each thing happened that should not. */
  readonly faults: Readonly<Record<string, number>>
  /** What people did, and what the rules answered. */
  readonly answers: Readonly<Record<string, number>>
  readonly runsPerSecond: number
  /** Of all threads together, with their start: what a run costs, whatever else the machine does. */
  readonly cpuMsPerRun: number
}

export interface Sum {
  runs: number
  sessions: number
  events: number
  simulatedMs: number
  readonly faults: Record<string, number>
  readonly answers: Record<string, number>
  readonly failures: RunResult[]
  add(result: RunResult): void
}

export function addUp(): Sum {
  const sum: Sum = {
    runs: 0,
    sessions: 0,
    events: 0,
    simulatedMs: 0,
    faults: {},
    answers: {},
    failures: [],
    add(result) {
      sum.runs++
      sum.sessions += result.sessions
      sum.events += result.events
      sum.simulatedMs += result.simulatedMs
      addTo(sum.faults, result.faults)
      addTo(sum.answers, result.answers)
      if (result.failure !== undefined) sum.failures.push(result)
    },
  }
  return sum
}

function addTo(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [kind, times] of Object.entries(counts)) sum[kind] = (sum[kind] ?? 0) + times
}
function mostFirst(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).toSorted(([, a], [, b]) => b - a))
}

export function summaryOf(
  sum: Sum,
  about: { seed: number; focus: Focus | undefined; runsPerSecond: number; cpuMsPerRun: number },
): Summary {
  const focus = about.focus === undefined ? '' : ` --focus ${about.focus}`
  return {
    runs: sum.runs,
    seed: about.seed,
    failures: sum.failures
      .toSorted((a, b) => a.seed - b.seed)
      .map(({ seed, failure }) => ({
        seed,
        invariant: failure?.invariant ?? '',
        message: failure?.message ?? '',
        atMs: failure?.atMs ?? 0,
        repeat: `npm run simulate -- --repeat ${seed}${focus}`,
      })),
    simulatedHours: Math.round(sum.simulatedMs / 360_000) / 10,
    sessions: sum.sessions,
    events: sum.events,
    faults: mostFirst(sum.faults),
    answers: mostFirst(sum.answers),
    runsPerSecond: Math.round(about.runsPerSecond * 10) / 10,
    cpuMsPerRun: Math.round(about.cpuMsPerRun * 10) / 10,
  }
}
