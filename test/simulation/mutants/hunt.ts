import { runJob, shareOut } from '../pool.ts'
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
  const { id, file, why, expected } = mutant
  let runs = 0
  let found: Pick<Hunted, 'foundAfterRuns' | 'seed' | 'invariant' | 'message'> = {
    foundAfterRuns: null,
    seed: null,
    invariant: null,
    message: null,
  }
  await runJob(
    { seed: wish.seed, runs: wish.runs, focus: mutant.focus, mutant, isUntilFailure: true },
    ({ seed, failure }) => {
      runs++
      if (failure === undefined || found.foundAfterRuns !== null) return
      found = {
        foundAfterRuns: runs,
        seed,
        invariant: failure.invariant,
        message: failure.message.slice(0, 300),
      }
    },
  )
  return { id, file, why, expected, runs, ...found }
}

/** As it stands in the documentation. */
export function mutantTable(hunted: readonly Hunted[]): string {
  const rows = hunted.map(
    ({ id, why, foundAfterRuns, invariant }) =>
      `| ${id} | ${why} | ${foundAfterRuns ?? 'not found'} | ${invariant ?? ''} |`,
  )
  return ['| bug | what it would do | found after runs | by |', '|---|---|---:|---|', ...rows].join('\n')
}
