import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { EvidenceStore } from '../evidence/evidence-store.ts'
import type { DoorHardware } from '../hardware/door-view.ts'
import type { BoardReading, ScaleSweep } from '../hardware/ports.ts'
import type { DeferredCharges } from './deferred.ts'
import type { BoundPlanogram, SessionRecord } from './record.ts'
import type { SnapshotSource } from './session-pictures.ts'

export interface SessionsOptions {
  db: EdgeDatabase
  outbox: Outbox
  evidence: EvidenceStore
  deferred: DeferredCharges
  /** The door that these sessions are of, with the shelves behind it. */
  hardware: DoorHardware
  /** From 0. */
  door?: number
  snapshots: SnapshotSource
  clock: Clock
  log: Logger
  isReachable: () => boolean
  settings: {
    lockRetryMs: number
    settleLongestMs: number
    quietBeforeMs: number
    journalFlushMs: number
    traceSamplesMost: number
    snapshotWaitMs: number
  }
}

type Begin = Pick<SessionRecord, 'sessionId' | 'commandId' | 'kind' | 'door' | 'planogramVersion' | 'policy'>

/** The session in progress, if any: feeds the rules with what the hardware says and carries out what they answer. */
export interface Sessions {
  readonly current: Readonly<SessionRecord> | undefined
  /** Inside a transaction, before the relay is touched. */
  begin(about: Begin, planogram: BoundPlanogram): void
  /** What became of the unlock; `alongside` runs in the same transaction. @returns true when the door is or was free */
  concludeUnlock(isUnlocked: boolean, alongside: (isUnlocked: boolean) => void): void
  /** The bus failed in the middle of the unlock: from here on only the hardware's own words count. */
  leaveUnlockToHardware(): void
  onBoard(reading: BoardReading): void
  onScales(sweep: ScaleSweep): void
  /** A scale was set to zero or calibrated: what was weighed before is no baseline any more. */
  forgetBaseline(): void
  onReachable(isReachable: boolean): void
  onCameraFrame(): void
  onCameraTrouble(camera: string, kind: string | undefined, sinceMonoMs: number): void
  /** Takes up what was in progress when the agent stopped. @returns its id */
  resume(): string | undefined
  onEnded(run: (sessionId: string) => void): void
  /** Writes what is not yet in the journal. */
  stop(): void
}
