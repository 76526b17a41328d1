import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { PlanogramLint } from '#protocol/api/staff.ts'
import type { Clock } from '#protocol/base/clock.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'

/** A cabinet of 5 × 6 takes 30 ms, one of 12 × 20 half a minute: what is not found by then is left out. */
const LIMIT_MS = 4000
const AT_ONCE = 2
/** More than this wait: the next one gets no lint, and a save goes through without. */
const WAITING_MOST = 16
const KEPT = 100

export interface PlanogramLinter {
  /** @returns null when it could not be worked out in time; a lint is a warning, so nothing may fail for want of it */
  lint(planogram: WeighingPlanogram): Promise<PlanogramLint | null>
  stop(): Promise<void>
}

/** Lints planograms in a thread of their own, a few at once and never for longer than the limit: HTTP and MQTT go on meanwhile. */
export function createPlanogramLinter({ clock, log }: { clock: Clock; log: Logger }): PlanogramLinter {
  const workers = new Set<Worker>()
  const waiting: Array<() => void> = []
  const known = new Map<string, PlanogramLint>()
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

  function work(planogram: WeighingPlanogram): Promise<{ lint: PlanogramLint | null; isWhole: boolean }> {
    return new Promise((resolve) => {
      let best: PlanogramLint | null = null
      const worker = new Worker(new URL('./lint-worker.ts', import.meta.url), { workerData: planogram })
      workers.add(worker)
      const finish = (isWhole: boolean) => {
        limit.cancel()
        workers.delete(worker)
        void worker.terminate()
        resolve({ lint: best, isWhole })
      }
      const limit = clock.setTimer('planogram-lint', LIMIT_MS, () => finish(false))
      worker.on('message', (message: { lint: PlanogramLint; isWhole: boolean }) => {
        best = message.lint
        if (message.isWhole) finish(true)
      })
      worker.on('error', (error) => {
        log.error({ err: error }, 'planogram could not be linted')
        finish(false)
      })
      worker.on('exit', () => finish(false))
    })
  }

  return {
    async lint(planogram) {
      const key = JSON.stringify(planogram)
      const before = known.get(key)
      if (before !== undefined) return before
      if (!(await turn())) return null
      try {
        const { lint, isWhole } = await work(planogram)
        if (lint !== null && isWhole) {
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
