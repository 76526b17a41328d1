import type { Generated } from 'kysely'
import type { HaltReason } from '#protocol/messages/frames.ts'

export interface IngestTables {
  /** How far each cabinet's stream has been received: the compare-and-set that makes two cores harmless. */
  receiver: {
    cabinetId: string
    epoch: string
    lastSeq: number
    openedAtMs: number
    lastAtMs: number
    /** Hash of the event at `lastSeq`, for the acknowledgement; null when that event was never received. */
    lastHash: string | null
    /** When the event at `lastSeq` happened: no later event of a stream happened before it. */
    lastOccurredAtMs: number | null
    /** The epoch that this one goes on from: its events up to `continuesToSeq` may come once more under this one. */
    continuesEpoch: string | null
    continuesToSeq: number | null
  }
  inbox: {
    id: Generated<number>
    cabinetId: string
    epoch: string
    seq: number
    type: string
    occurredAtMs: number
    receivedAtMs: number
    deviceAtMs: number
    boot: number
    /** JSON of the event's data, as it came. */
    data: string
    /** SHA-256 over what the cabinet sent, to tell a repetition from a fork. */
    hash: string
    /** unprojected: of a type that this version does not know. repeated: received before, under an earlier epoch. */
    status: 'projected' | 'unprojected' | 'dead' | 'repeated' | 'mended' | 'discarded'
  }
  deadLetter: {
    id: Generated<number>
    cabinetId: string
    receivedAtMs: number
    topic: string
    kind: 'event' | 'frame' | 'stale_epoch' | 'fork'
    epoch: string | null
    seq: number | null
    reason: string
    body: string
    resolvedAtMs: number | null
    resolution: 'replayed' | 'discarded' | null
    /** Staff id. */
    resolvedBy: string | null
    note: string | null
    /** The event as a person made it good, JSON. */
    mendedBody: string | null
  }
  /** An outbox that may not go on under its epoch until a person says that it is the real one. */
  streamHalt: {
    cabinetId: string
    reason: HaltReason
    /** Of the outbox that is refused. */
    epoch: string
    /** The first event that differs, where that is known. */
    seq: number | null
    linkId: string | null
    boot: number | null
    firmware: string | null
    firstSeq: number | null
    lastSeq: number | null
    sinceMs: number
    lastAtMs: number
    count: number
    permittedBy: string | null
    permittedAtMs: number | null
    permitNote: string | null
  }
}
