import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Focus } from './faults/plan.ts'
import type { Mutant } from './mutants/mutant.ts'
import type { RunResult } from './run.ts'

/** What a thread is told to do: `runs` seeds from `seed`. */
export interface Job {
  readonly seed: number
  readonly runs: number
  readonly focus: Focus | undefined
  /** Stop at the first failure. */
  readonly isUntilFailure: boolean
}
export type FromWorker =
  | { kind: 'result'; result: RunResult }
  | { kind: 'done' }
  | { kind: 'broken'; message: string }

/** A thread that does one job after the other: a new one would have to load and warm up the whole system again. */
export interface Hand {
  /** @throws when the thread itself fails, for example because a mutant does not fit its file */
  run(job: Job, onResult: (result: RunResult) => void): Promise<void>
  end(): Promise<void>
}

const WORKER = new URL('./worker.ts', import.meta.url)
/** Nearly all of a run is young when it dies. With room for it, little is ever moved; MiB. */
const YOUNG_MOST = 192

/** @param mutant  a bug that all its runs have */
export function createHand(mutant?: Mutant): Hand {
  // Every core has its thread already: more of them to collect what is left would be in each other's way.
  setFlagsFromString('--single-threaded-gc')
  // What runs rarely runs again: it need not be compiled anew.
  setFlagsFromString('--no-flush-bytecode')
  const worker = new Worker(WORKER, {
    workerData: mutant,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MOST },
  })
  let take: (message: FromWorker) => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  let failure: Error | undefined
  worker.on('message', (message: FromWorker) => take(message))
  worker.on('error', (error: unknown) => end(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', (code) => end(new Error(`a simulation thread ended with ${code}`)))
  function end(error: Error): void {
    failure ??= error
    fail(failure)
  }
  return {
    run: (job, onResult) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure)
          return
        }
        fail = reject
        take = (message) => {
          if (message.kind === 'result') onResult(message.result)
          else if (message.kind === 'done') resolve()
          else end(new Error(message.message))
        }
        worker.postMessage(job)
      }),
    async end() {
      await worker.terminate()
    },
  }
}

/** One job in a thread of its own; a seed gives the same run in any thread. */
export async function runJob(
  job: Job & { readonly mutant?: Mutant | undefined },
  onResult: (result: RunResult) => void,
): Promise<void> {
  const { mutant, ...rest } = job
  const hand = createHand(mutant)
  try {
    await hand.run(rest, onResult)
  } finally {
    await hand.end()
  }
}

/** All jobs, shared out among so many threads. */
export async function runJobs(
  jobs: readonly Job[],
  hands: number,
  onResult: (result: RunResult) => void,
): Promise<void> {
  const left = [...jobs]
  await Promise.all(
    Array.from({ length: Math.max(1, Math.min(hands, jobs.length)) }, async () => {
      const hand = createHand()
      try {
        for (let job = left.shift(); job !== undefined; job = left.shift()) await hand.run(job, onResult)
      } finally {
        await hand.end()
      }
    }),
  )
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
