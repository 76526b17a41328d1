import { availableParallelism } from 'node:os'
import { FOCUSES, type Focus } from '#test/simulation/faults/plan.ts'
import { MUTANTS } from '#test/simulation/mutants/list.ts'
import { huntMutants, type Hunted, mutantTable } from '#test/simulation/mutants/hunt.ts'
import { runJobs } from '#test/simulation/pool.ts'
import type { RunResult } from '#test/simulation/run.ts'
import { addUp, type Summary, summaryOf } from '#test/simulation/summary.ts'
import { endWithReader, flagHelp, readFlags, UsageError, type FlagSpec } from './flags.ts'

const usage = `usage: npm run simulate -- [--runs N] [--seed S] [--focus ${FOCUSES.join('|')}] [--json]
       npm run simulate -- --repeat SEED [--focus …]      one run, told line by line
       npm run simulate -- --mutants [ID …] [--json]      plants bugs and shows that each is found`

const RUNS = 1000
const RUNS_PER_MUTANT = 2000
/** Seeds are drawn from 32 bits, and those of many runs count up from the first. */
const SEED_MOST = 4_000_000_000
/** More threads than any machine of ours has cores. */
const WORKERS_MOST = 256

const flags: Record<string, FlagSpec> = {
  runs: {
    type: 'integer',
    hint: 'N',
    least: 1,
    help: `how many runs (default ${RUNS}); for --mutants: at most so many for each (default ${RUNS_PER_MUTANT})`,
  },
  seed: {
    type: 'integer',
    hint: 'S',
    least: 0,
    most: SEED_MOST,
    help: 'seed of the first run; the next ones count up',
    default: 1,
  },
  focus: {
    type: 'string',
    hint: 'NAME',
    help: `where the troubles lie: ${FOCUSES.join(', ')}; without it the seed decides`,
  },
  repeat: {
    type: 'integer',
    hint: 'SEED',
    least: 0,
    most: SEED_MOST,
    help: 'one run, told line by line (with --json only how it ended)',
  },
  mutants: {
    type: 'boolean',
    help: 'plant bugs in the code while it loads, and count the runs until each is found',
  },
  workers: {
    type: 'integer',
    hint: 'N',
    least: 1,
    most: WORKERS_MOST,
    help: 'threads; without it one for each core',
  },
  json: { type: 'boolean', help: 'print one JSON object' },
}

/** Seeds that a thread takes at once: few enough to share out evenly. */
const CHUNK_RUNS = 5
const FAILURES_SHOWN = 20
const PROGRESS_EVERY_MS = 5000

async function main(args: readonly string[]): Promise<number> {
  const { values, words, wantsHelp, explicit } = readFlags(usage, flags, args)
  if (wantsHelp) {
    process.stdout.write(
      flagHelp(
        usage,
        'Runs the whole system in one process on a virtual clock, with everything going wrong.',
        flags,
      ),
    )
    return 0
  }
  const focus = focusOf(values['focus'])
  const asJson = values['json'] === true
  const seed = Number(values['seed'])
  const workers = Number(values['workers'] ?? availableParallelism())
  const alone = (flag: string, others: readonly string[]) => {
    const other = others.find((name) => explicit.has(name))
    if (other !== undefined) throw new UsageError(`--${flag} and --${other} do not go together.\n${usage}`)
  }
  if (values['repeat'] !== undefined) {
    alone('repeat', ['mutants', 'runs', 'seed', 'workers'])
    refuseWords(words)
    return repeat(Number(values['repeat']), focus, asJson)
  }
  if (values['mutants'] === true) {
    alone('mutants', ['focus'])
    return mutants(words, { runs: Number(values['runs'] ?? RUNS_PER_MUTANT), seed, workers, asJson })
  }
  refuseWords(words)
  return many({ runs: Number(values['runs'] ?? RUNS), seed, focus, workers, asJson })
}

function refuseWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`${words.join(' ')} means nothing here.\n${usage}`)
}

function focusOf(given: unknown): Focus | undefined {
  if (given === undefined) return undefined
  const focus = FOCUSES.find((one) => one === given)
  if (focus === undefined) throw new UsageError(`--focus is one of ${FOCUSES.join(', ')}.\n${usage}`)
  return focus
}

/** Tells one run so that a person can follow it. */
async function repeat(seed: number, focus: Focus | undefined, asJson: boolean): Promise<number> {
  const { runOne } = await import('#test/simulation/run.ts')
  const say = (text: string) => void process.stdout.write(text)
  const tell = (atMs: number, who: string, what: string) =>
    say(`${(atMs / 1000).toFixed(3).padStart(9)} s  ${who.slice(-8).padEnd(8)}  ${what}\n`)
  const result = await runOne({ seed, focus, ...(asJson ? {} : { tell }) })
  const { failure, fingerprint, sessions, events } = result
  if (asJson) say(`${JSON.stringify({ ...result, failure: failure ?? null }, null, 2)}\n`)
  else {
    say(`\nfingerprint ${fingerprint.toString(16)}, ${sessions} sessions, ${events} events\n`)
    say(
      failure === undefined
        ? 'Nothing was broken.\n'
        : `Broken at ${(failure.atMs / 1000).toFixed(3)} s: ${failure.invariant}: ${failure.message}\n`,
    )
  }
  return failure === undefined ? 0 : 1
}

async function many(wish: {
  runs: number
  seed: number
  focus: Focus | undefined
  workers: number
  asJson: boolean
}): Promise<number> {
  const startedAtMs = performance.now()
  const cpuBefore = process.cpuUsage()
  const sum = addUp()
  const chunkRuns = Math.max(1, Math.min(CHUNK_RUNS, Math.ceil(wish.runs / wish.workers)))
  const chunks = Array.from({ length: Math.ceil(wish.runs / chunkRuns) }, (_, index) => ({
    seed: wish.seed + index * chunkRuns,
    runs: Math.min(chunkRuns, wish.runs - index * chunkRuns),
    focus: wish.focus,
    isUntilFailure: false,
  }))
  const speed = () => sum.runs / Math.max(0.001, (performance.now() - startedAtMs) / 1000)
  const progress = setInterval(
    () =>
      process.stderr.write(
        `${sum.runs} of ${wish.runs} runs, ${speed().toFixed(1)} a second, ${sum.failures.length} failures\n`,
      ),
    PROGRESS_EVERY_MS,
  )
  try {
    await runJobs(chunks, wish.workers, (result) => {
      sum.add(result)
      if (result.failure !== undefined) process.stderr.write(`${failureText(result, wish.focus)}\n`)
    })
  } finally {
    clearInterval(progress)
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const summary = summaryOf(sum, {
    seed: wish.seed,
    focus: wish.focus,
    runsPerSecond: speed(),
    cpuMsPerRun: (user + system) / 1000 / Math.max(1, sum.runs),
  })
  process.stdout.write(wish.asJson ? `${JSON.stringify(summary, null, 2)}\n` : tableOf(summary))
  return summary.failures.length === 0 ? 0 : 1
}

function failureText(result: RunResult, focus: Focus | undefined): string {
  const { failure, seed } = result
  return `seed ${seed}: ${failure?.invariant ?? ''} at ${((failure?.atMs ?? 0) / 1000).toFixed(3)} s: ${failure?.message ?? ''}\n  repeat it: npm run simulate -- --repeat ${seed}${focus === undefined ? '' : ` --focus ${focus}`}`
}

function tableOf(summary: Summary): string {
  const timesOf = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([kind, times]) => `  ${String(times).padStart(8)}  ${kind}`)
      .join('\n')
  const failures = summary.failures
    .slice(0, FAILURES_SHOWN)
    .map((one) => `  ${one.invariant}: ${one.message}\n    ${one.repeat}`)
    .join('\n')
  return `${summary.runs} runs from seed ${summary.seed}: ${summary.failures.length} failures
${summary.sessions} sessions, ${summary.events} events, ${summary.simulatedHours} simulated hours, ${summary.runsPerSecond} runs a second, ${summary.cpuMsPerRun} ms of CPU a run
${failures === '' ? '' : `\nfailures\n${failures}\n`}
faults
${timesOf(summary.faults)}

what people did, and what the rules answered
${timesOf(summary.answers)}
`
}

async function mutants(
  words: readonly string[],
  wish: { runs: number; seed: number; workers: number; asJson: boolean },
): Promise<number> {
  const unknown = words.find((id) => !MUTANTS.some((mutant) => mutant.id === id))
  if (unknown !== undefined)
    throw new UsageError(
      `There is no mutant ${unknown}; there are ${MUTANTS.map(({ id }) => id).join(', ')}.`,
    )
  const chosen = words.length === 0 ? MUTANTS : MUTANTS.filter(({ id }) => words.includes(id))
  const hunted: Hunted[] = await huntMutants(chosen, wish, (one) =>
    process.stderr.write(
      `${one.id}: ${one.foundAfterRuns === null ? `survived ${one.runs} runs` : `found after ${one.foundAfterRuns} runs by ${one.invariant}`}\n`,
    ),
  )
  const survivors = hunted.filter((one) => one.foundAfterRuns === null)
  process.stdout.write(
    wish.asJson
      ? `${JSON.stringify({ mutants: hunted, survivors: survivors.map(({ id }) => id) }, null, 2)}\n`
      : `${mutantTable(hunted)}\n\n${survivors.length === 0 ? 'All were found.' : `Not found: ${survivors.map(({ id }) => id).join(', ')}`}\n`,
  )
  return survivors.length === 0 ? 0 : 1
}

endWithReader(process.stdout)
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  } else {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
