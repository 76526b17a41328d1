import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { PlanogramLint as LinterAnswer } from '#protocol/weighing/linter.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'

/** A cabinet of 5 × 6 takes 30 ms, one of 12 × 20 half a minute: then the search ends with the best dealing it has. */
const SEARCH_MS = 4000
/** A search that was told to end has this long to say what it found. */
const LAST_WORD_MS = 3000
const AT_ONCE = 2
/** More than this wait: the next one gets no lint, and a save goes through without. */
const WAITING_MOST = 16
const KEPT = 100

export interface PlanogramLinter {
  /** @returns null when it could not be worked out in time; a lint is a warning, so nothing may fail for want of it */
  lint(planogram: WeighingPlanogram): Promise<LinterAnswer | null>
  stop(): Promise<void>
}

/** Lints planograms in a thread of their own, a few at once and never for longer than the limit: HTTP and MQTT go on meanwhile. */
export function createPlanogramLinter({ clock, log }: { clock: Clock; log: Logger }): PlanogramLinter {
  const workers = new Set<Worker>()
  const waiting: Array<() => void> = []
  const known = new Map<string, LinterAnswer>()
  let running = 0

  async function turn(): Promise<boolean> {
    if (running < AT_ONCE) {
      running += 1
      return true
    }
    if (waiting.length >= WAITING_MOST) return false
    await new Promise<void>((resolve) => waiting.push(resolve))
    return true
  }
  /** The turn is handed on as it is, so that nobody new slips in between. */
  function leave(): void {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }

  function work(planogram: WeighingPlanogram): Promise<LinterAnswer | null> {
    return new Promise((resolve) => {
      let best: LinterAnswer | null = null
      const stop = new SharedArrayBuffer(4)
      const worker = new Worker(new URL('./lint-worker.ts', import.meta.url), {
        workerData: { planogram, stop },
      })
      workers.add(worker)
      const finish = () => {
        search.cancel()
        limit.cancel()
        workers.delete(worker)
        void worker.terminate()
        resolve(best)
      }
      const search = clock.setTimer('planogram-search', SEARCH_MS, () =>
        Atomics.store(new Int32Array(stop), 0, 1),
      )
      const limit = clock.setTimer('planogram-lint', SEARCH_MS + LAST_WORD_MS, finish)
      worker.on('message', (message: { lint: LinterAnswer; isLast: boolean }) => {
        best = message.lint
        if (message.isLast) finish()
      })
      worker.on('error', (error) => {
        log.error({ err: error }, 'planogram could not be linted')
        finish()
      })
      worker.on('exit', finish)
    })
  }

  return {
    async lint(planogram) {
      const key = JSON.stringify(planogram)
      const before = known.get(key)
      if (before !== undefined) return before
      if (!(await turn())) return null
      try {
        const lint = await work(planogram)
        if (lint?.isSearchWhole === true) {
          known.set(key, lint)
          for (const oldest of known.keys()) {
            if (known.size <= KEPT) break
            known.delete(oldest)
          }
        }
        return lint
      } finally {
        leave()
      }
    },
    async stop() {
      for (const worker of workers) await worker.terminate()
    },
  }
}
