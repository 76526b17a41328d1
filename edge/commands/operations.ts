import type { Clock } from '#protocol/base/clock.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import type { ClimateKeeper } from '../climate/climate-keeper.ts'
import type { LockoutPolicy } from '../climate/lockout.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { EvidenceStore } from '../evidence/evidence-store.ts'
import type { ScaleCorrections } from '../hardware/corrected-cabinet.ts'
import type { CabinetHardware } from '../hardware/ports.ts'
import type { SessionPolicy } from '../session/record.ts'
import type { SnapshotSource } from '../session/session-pictures.ts'
import type { DoorSessions } from '../session/door-sessions.ts'
import { readLearned, saveLearned } from '../weighing/learned-store.ts'
import { forgetSensors } from '../weighing/learned-weights.ts'
import { createAgentOperations } from './agent.ts'
import { createColdOperations } from './cold.ts'
import { createDoorOperations } from './door.ts'
import type { OnSiteProof } from './on-site.ts'
import type { Operations } from './operation.ts'
import { createScaleOperations } from './scales.ts'
import type { SteadyWeight } from './steady-weight.ts'

/** What every command of this cabinet does. */
export function createOperations(options: {
  db: EdgeDatabase
  outbox: Outbox
  hardware: CabinetHardware
  corrections: ScaleCorrections
  steady: SteadyWeight
  onSite: OnSiteProof
  sessions: DoorSessions
  climate: ClimateKeeper
  evidence: EvidenceStore
  snapshots: Pick<SnapshotSource, 'takeAll'>
  clock: Clock
  boot: number
  planogram: () => Twin['planogram']
  sessionPolicy: () => SessionPolicy
  lockoutPolicy: () => LockoutPolicy
  defrostPauseMs: number
  /** A door is about to be unlocked, or not after all: weigh faster meanwhile. */
  onPrepared: () => void
  restart: () => void
}): Operations {
  const { db, hardware, sessions } = options

  /** What was weighed before does not compare any more, and what was learned of the gain of these scales is not true. */
  function onChanged(shelf: string): void {
    sessions.forgetBaseline()
    const sensors = hardware.sensors.filter((one) => one.shelf === shelf).map((one) => one.sensor)
    db.transact(() => saveLearned(db, forgetSensors(readLearned(db), sensors)))
  }
  return {
    ...createDoorOperations(options),
    ...createScaleOperations({ ...options, sessionKind: () => sessions.current?.kind, onChanged }),
    ...createColdOperations(options),
    ...createAgentOperations(options),
  }
}
