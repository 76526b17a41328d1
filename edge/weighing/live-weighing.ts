import { createWeighingSession } from '#protocol/weighing/engine.ts'
import type { WeighingResult, WeighingStep } from '#protocol/weighing/types.ts'
import type { SampleRow } from '../session/journal.ts'
import type { BoundPlanogram } from '../session/record.ts'
import { weighingPlanogramOf } from './bound-planogram.ts'

/** The engine fed with journal rows, so that a live session and a replayed one take the same way. */
export interface LiveWeighing {
  push(row: SampleRow): WeighingStep[]
  isSettled(): boolean
  result(): WeighingResult
}

export function startWeighing(planogram: BoundPlanogram): LiveWeighing {
  const engine = createWeighingSession(weighingPlanogramOf(planogram))
  return {
    push(row) {
      const [tMs, door, ...grams] = row
      const bySensor: Record<string, number | null> = {}
      for (const [index, sensor] of planogram.sensors.entries()) bySensor[sensor] = grams[index] ?? null
      return engine.push({ tMs, door: door === 1 ? 'open' : 'closed', grams: bySensor })
    },
    isSettled: () => engine.isSettled(),
    result: () => engine.result(),
  }
}

/** Everything that the receipt was made from, so that the core can make it again. */
export function encodeTrace(
  sessionId: string,
  planogram: BoundPlanogram,
  samples: readonly SampleRow[],
): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      v: 1,
      sessionId,
      planogram: weighingPlanogramOf(planogram),
      sensors: planogram.sensors,
      samples,
    }),
  )
}
