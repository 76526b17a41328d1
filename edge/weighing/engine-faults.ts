import type { DomainEvent } from '#protocol/messages/index.ts'
import type { SensorFault } from '#protocol/weighing/types.ts'

/** What the engine last said of each doubtful sensor, by sensor. Kept over restarts, so that it is told once. */
export type KnownFaults = Readonly<Record<string, SensorFault['kind']>>

/**
 * What the engine's own checks (stuck, drifting, wrong gain …) change about the sensors at the end of a session.
 * A fault that stays is not told again; one that is gone is told as restored.
 */
export function decideEngineFaults(
  known: KnownFaults,
  faults: readonly SensorFault[],
  shelfOf: ReadonlyMap<string, string>,
): { known: KnownFaults; events: DomainEvent[] } {
  const now: Record<string, SensorFault['kind']> = {}
  for (const { sensor, kind } of faults) now[sensor] ??= kind
  const events: DomainEvent[] = []
  for (const [sensor, kind] of Object.entries(now)) {
    const shelf = shelfOf.get(sensor)
    if (shelf !== undefined && known[sensor] !== kind)
      events.push({ type: 'weighing.sensor-fault', data: { shelf, sensor, kind } })
  }
  for (const sensor of Object.keys(known)) {
    const shelf = shelfOf.get(sensor)
    if (shelf !== undefined && now[sensor] === undefined)
      events.push({ type: 'weighing.sensor-restored', data: { shelf, sensor } })
  }
  return { known: now, events }
}
