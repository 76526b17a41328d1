import { parentPort, workerData } from 'node:worker_threads'
import { lintPlanogram } from '#protocol/weighing/linter.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'

/** Figures first, then once more with a better dealing, which takes far longer: who waits may take what there is. */
if (parentPort === null) throw new Error('assertion failed: lint-worker.ts runs only as a worker thread')
const planogram = workerData as WeighingPlanogram
parentPort.postMessage({ lint: lintPlanogram(planogram, {}, false), isWhole: false })
parentPort.postMessage({ lint: lintPlanogram(planogram), isWhole: true })
