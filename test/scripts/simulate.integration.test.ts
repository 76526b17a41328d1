import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

/** @returns its code and what it printed */
async function simulate(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const run = promisify(execFile)
  try {
    const { stdout, stderr } = await run(process.execPath, ['scripts/simulate.ts', ...args])
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

describe('the command line of the simulation', () => {
  it.for([
    [['--runs', '0'], '--runs takes a number of 1 or more'],
    [['--seed', '99999999999999999999'], '--seed takes a whole number'],
    [['--workers', '0'], '--workers takes a number from 1 to 256'],
    [['--mutants', '--repeat', '3'], '--repeat and --mutants do not go together'],
    [['--mutants', 'no-such-bug'], 'There is no mutant no-such-bug'],
    [['stray'], 'stray means nothing here'],
  ] as Array<[string[], string]>)(
    'refuses %j, runs nothing, and says what to do',
    async ([args, sentence]) => {
      const { code, out, err } = await simulate(...args)
      expect(code).toBe(2)
      expect(err).toContain(sentence)
      expect(out).toBe('')
    },
  )

  it('says with --json how one run ended, and nothing else on that output', async () => {
    const { code, out } = await simulate('--repeat', '3', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ seed: 3, failure: null, sessions: expect.any(Number) })
  })

  it('runs as many as it was asked for, and tells troubles apart from what people did', async () => {
    const { code, out } = await simulate('--runs', '3', '--seed', '11', '--workers', '1', '--json')
    expect(code).toBe(0)
    const { runs, seed, faults, answers } = JSON.parse(out) as Record<string, Record<string, number>>
    expect({ runs, seed }).toEqual({ runs: 3, seed: 11 })
    expect(answers?.['visit']).toBeGreaterThan(0)
    expect(Object.keys(faults ?? {}).filter((kind) => kind in (answers ?? {}))).toEqual([])
    expect(faults).not.toHaveProperty('visit')
  })
})
