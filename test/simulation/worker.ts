import { parentPort, workerData } from 'node:worker_threads'
import { plant } from './mutants/plant.ts'
import type { FromWorker, Job } from './pool.ts'

const job = workerData as Job
const say = (message: FromWorker) => parentPort?.postMessage(message)

try {
  // Before anything of the system is loaded.
  const planted = job.mutant === undefined ? undefined : plant(job.mutant)
  const { runOne } = await import('./run.ts')
  planted?.check()
  for (let seed = job.seed; seed < job.seed + job.runs; seed++) {
    const result = await runOne({ seed, focus: job.focus })
    say({ kind: 'result', result })
    if (job.isUntilFailure && result.failure !== undefined) break
  }
  say({ kind: 'done' })
} catch (error) {
  say({ kind: 'broken', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}
