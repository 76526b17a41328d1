import { Worker } from 'node:worker_threads'
import type { Focus } from './faults/plan.ts'
import type { Mutant } from './mutants/mutant.ts'
import type { RunResult } from './run.ts'

/** What a thread is told to do: `runs` seeds from `seed`, with a mutant planted or without. */
export interface Job {
  readonly seed: number
  readonly runs: number
  readonly focus: Focus | undefined
  readonly mutant: Mutant | undefined
  /** Stop at the first failure. */
  readonly isUntilFailure: boolean
}
export type FromWorker =
  | { kind: 'result'; result: RunResult }
  | { kind: 'done' }
  | { kind: 'broken'; message: string }

const WORKER = new URL('./worker.ts', import.meta.url)

/**
 * Runs one job in a thread of its own; a seed gives the same run in any thread.
 * @throws when the thread itself fails, for example because a mutant does not fit its file
 */
export function runJob(job: Job, onResult: (result: RunResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: job })
    let isOver = false
    const end = (settle: () => void) => {
      if (isOver) return
      isOver = true
      settle()
      void worker.terminate()
    }
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'result') onResult(message.result)
      else if (message.kind === 'done') end(resolve)
      else end(() => reject(new Error(message.message)))
    })
    worker.on('error', (error) => end(() => reject(error)))
    worker.on('exit', (code) => end(() => reject(new Error(`a simulation thread ended with ${code}`))))
  })
}

/** Each item by the next free hand, at most `hands` at once. */
export async function shareOut<T>(
  items: readonly T[],
  hands: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items]
  await Promise.all(
    Array.from({ length: Math.max(1, hands) }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
    }),
  )
}
