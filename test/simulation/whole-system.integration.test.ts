import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { MUTANTS } from './mutants/list.ts'
import { huntMutants } from './mutants/hunt.ts'
import { runJob } from './pool.ts'
import type { RunResult } from './run.ts'

async function runs(seed: number, count: number): Promise<RunResult[]> {
  const results: RunResult[] = []
  await runJob({ seed, runs: count, focus: undefined, isUntilFailure: false }, (result) =>
    results.push(result),
  )
  return results
}

describe('the whole system on a virtual clock, with everything going wrong', () => {
  it('keeps every promise in a short run over new seeds', async () => {
    const results = (await Promise.all([runs(1, 30), runs(100_001, 30)])).flat()
    expect(
      results.flatMap(({ seed, failure }) => (failure === undefined ? [] : [{ seed, ...failure }])),
    ).toEqual([])
    expect(results.reduce((sum, one) => sum + one.sessions, 0)).toBeGreaterThan(120)
    const kinds = new Set(results.flatMap((one) => Object.keys(one.faults)))
    for (const kind of ['message lost', 'partition', 'core killed after a commit', 'provider answer lost'])
      expect(kinds).toContain(kind)
  })

  it('does the same again from the same seed, in another thread', async () => {
    const [first, again] = await Promise.all([runs(7, 4), runs(7, 4)])
    expect(again.map(({ fingerprint }) => fingerprint)).toEqual(first.map(({ fingerprint }) => fingerprint))
    expect(new Set(first.map(({ fingerprint }) => fingerprint)).size).toBe(4)
  })
})

describe('a bug that is planted on purpose', () => {
  const few = [
    'ack-before-commit',
    'actuate-before-persist',
    'gives-up-on-unknown',
    'callback-not-idempotent',
  ]

  it('is found', async () => {
    const hunted = await huntMutants(
      MUTANTS.filter(({ id }) => few.includes(id)),
      { runs: 150, seed: 1, workers: Math.min(4, availableParallelism()) },
    )
    expect(hunted.filter((one) => one.foundAfterRuns === null).map(({ id }) => id)).toEqual([])
    expect(hunted).toHaveLength(few.length)
  })
})
