import { parentPort, workerData } from 'node:worker_threads'
import { lintPlanogram } from '#protocol/weighing/linter.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'

/** Figures at once, then once more with a better dealing, which takes far longer: who waits may take what there is. */
if (parentPort === null) throw new Error('assertion failed: lint-worker.ts runs only as a worker thread')
const { planogram, stop } = workerData as { planogram: WeighingPlanogram; stop: SharedArrayBuffer }
const flag = new Int32Array(stop)
parentPort.postMessage({ lint: lintPlanogram(planogram, {}, () => true), isLast: false })
parentPort.postMessage({
  lint: lintPlanogram(planogram, {}, () => Atomics.load(flag, 0) !== 0),
  isLast: true,
})
