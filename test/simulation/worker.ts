import { enableCompileCache, flushCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { Mutant } from './mutants/mutant.ts'
import { plant } from './mutants/plant.ts'
import type { FromWorker, Job } from './pool.ts'

const mutant = workerData as Mutant | undefined
const say = (message: FromWorker) => parentPort?.postMessage(message)

/** What an earlier thread or run compiled is not compiled again; half of the time that it takes to load the system. */
enableCompileCache()
/** Before anything of the system is loaded. */
const planted = mutant === undefined ? undefined : plant(mutant)

parentPort?.on('message', (job: Job) => {
  work(job).then(
    () => say({ kind: 'done' }),
    (error: unknown) =>
      say({
        kind: 'broken',
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  )
})

async function work(job: Job): Promise<void> {
  const { runOne } = await import('./run.ts')
  flushCompileCache()
  planted?.check()
  for (let seed = job.seed; seed < job.seed + job.runs; seed++) {
    const result = await runOne({ seed, focus: job.focus })
    say({ kind: 'result', result })
    if (job.isUntilFailure && result.failure !== undefined) break
  }
}
