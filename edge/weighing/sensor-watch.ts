import type { DomainEvent } from '#protocol/messages/index.ts'
import type { ScaleSweep } from '../hardware/ports.ts'

/** Per sensor: since when it gives no weight, and whether that was told. */
export type SensorWatch = Readonly<Record<string, { silentSinceMonoMs: number | null; isReported: boolean }>>

/** A scale that gives no weight for this long is a fault worth telling. */
const FAULT_AFTER_MS = 3000

/** Which scales fell silent or came back with this sweep. */
export function decideSensors(
  watch: SensorWatch,
  sweep: ScaleSweep,
  sensors: ReadonlyArray<{ shelf: string; sensor: string }>,
): { watch: SensorWatch; events: DomainEvent[] } {
  const next: Record<string, SensorWatch[string]> = {}
  const events: DomainEvent[] = []
  for (const { shelf, sensor } of sensors) {
    const known = watch[sensor] ?? { silentSinceMonoMs: null, isReported: false }
    if (sweep.grams[sensor] !== null && sweep.grams[sensor] !== undefined) {
      if (known.isReported) events.push({ type: 'weighing.sensor-restored', data: { shelf, sensor } })
      next[sensor] = { silentSinceMonoMs: null, isReported: false }
      continue
    }
    const silentSinceMonoMs = known.silentSinceMonoMs ?? sweep.atMonoMs
    const isDue = !known.isReported && sweep.atMonoMs - silentSinceMonoMs >= FAULT_AFTER_MS
    if (isDue) events.push({ type: 'weighing.sensor-fault', data: { shelf, sensor, kind: 'stale' } })
    next[sensor] = { silentSinceMonoMs, isReported: known.isReported || isDue }
  }
  return { watch: next, events }
}
