import type { WeighingResult } from '#protocol/weighing/types.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { DoorHardware } from '../hardware/door-view.ts'
import { decideEngineFaults, type KnownFaults } from '../weighing/engine-faults.ts'
import { readLearned, saveLearned } from '../weighing/learned-store.ts'
import { decideGainFaults, decideLearned, type LearnedWeights } from '../weighing/learned-weights.ts'
import type { LiveSession } from './live-session.ts'

/** Name of the kept document with what the engine last said of the sensors. */
const ENGINE_FAULTS = 'engine-faults'

/** What a finished session teaches: what goods weigh, and which scales are not right. Inside the transaction that ends it. */
export function learnFrom(
  { db, outbox, hardware }: { db: EdgeDatabase; outbox: Outbox; hardware: DoorHardware },
  one: LiveSession,
  result: WeighingResult,
): void {
  const learned = decideLearned(readLearned(db), one.planogram, one.record.kind, result)
  saveLearned(db, learned)
  tellSensorFaults({ db, outbox, hardware }, result, learned)
}

function tellSensorFaults(
  { db, outbox, hardware }: { db: EdgeDatabase; outbox: Outbox; hardware: DoorHardware },
  result: WeighingResult,
  learned: LearnedWeights,
): void {
  const shelfOf = new Map(hardware.sensors.map(({ sensor, shelf }) => [sensor, shelf]))
  const all = db.readDocument<KnownFaults>(ENGINE_FAULTS) ?? {}
  // Scales behind other doors were not looked at.
  const before = Object.fromEntries(Object.entries(all).filter(([sensor]) => shelfOf.has(sensor)))
  const faults = [...result.sensorFaults, ...decideGainFaults(learned, before)]
  const { known, events } = decideEngineFaults(before, faults, shelfOf)
  if (events.length === 0) return
  const others = Object.fromEntries(Object.entries(all).filter(([sensor]) => !shelfOf.has(sensor)))
  db.saveDocument(ENGINE_FAULTS, { ...others, ...known })
  for (const event of events) outbox.append(event.type, event.data)
}
