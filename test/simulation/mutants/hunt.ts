import type { Focus } from '../faults/plan.ts'
import { runJob, shareOut } from '../pool.ts'
import type { RunResult } from '../run.ts'
import type { Mutant } from './mutant.ts'

export interface Hunted {
  readonly id: string
  readonly file: string
  readonly why: string
  readonly expected: readonly string[]
  readonly runs: number
  /** Null: it survived. */
  readonly foundAfterRuns: number | null
  readonly seed: number | null
  readonly invariant: string | null
  readonly message: string | null
}

/** Plants one bug after the other, each in a thread of its own, and runs until it shows. */
export async function huntMutants(
  mutants: readonly Mutant[],
  wish: { runs: number; seed: number; workers: number },
  onHunted: (one: Hunted) => void = () => undefined,
): Promise<Hunted[]> {
  const hunted: Hunted[] = []
  await shareOut(mutants, wish.workers, async (mutant) => {
    const one = await hunt(mutant, wish)
    hunted.push(one)
    onHunted(one)
  })
  return mutants.map(({ id }) => hunted.find((one) => one.id === id) as Hunted)
}

async function hunt(mutant: Mutant, wish: { runs: number; seed: number }): Promise<Hunted> {
  const { id, file, why, expected, focus } = mutant
  const about = { id, file, why, expected }
  let runs = 0
  while (runs < wish.runs) {
    let found: RunResult | undefined
    const job = { seed: wish.seed + runs, runs: wish.runs - runs, focus, isUntilFailure: true }
    await runJob({ ...job, mutant }, (result) => {
      runs++
      if (result.failure !== undefined) found = result
    })
    if (found?.failure === undefined) break
    // What breaks without the bug too says nothing about the bug.
    if (await isBrokenAnyway(found.seed, focus)) continue
    const { invariant, message } = found.failure
    return {
      ...about,
      runs,
      foundAfterRuns: runs,
      seed: found.seed,
      invariant,
      message: message.slice(0, 300),
    }
  }
  return { ...about, runs, foundAfterRuns: null, seed: null, invariant: null, message: null }
}

async function isBrokenAnyway(seed: number, focus: Focus | undefined): Promise<boolean> {
  let isBroken = false
  await runJob({ seed, runs: 1, focus, isUntilFailure: true }, ({ failure }) => {
    isBroken = failure !== undefined
  })
  return isBroken
}

/** As it stands in the documentation. */
export function mutantTable(hunted: readonly Hunted[]): string {
  const rows = hunted.map(
    ({ id, why, foundAfterRuns, invariant }) =>
      `| ${id} | ${why} | ${foundAfterRuns ?? 'not found'} | ${invariant ?? ''} |`,
  )
  return ['| bug | what it would do | found after runs | by |', '|---|---|---:|---|', ...rows].join('\n')
}
