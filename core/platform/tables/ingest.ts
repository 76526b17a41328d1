import type { Generated } from 'kysely'

export interface IngestTables {
  /** How far each cabinet's stream has been received: the compare-and-set that makes two cores harmless. */
  receiver: { cabinetId: string; epoch: string; lastSeq: number; openedAtMs: number; lastAtMs: number }
  inbox: {
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
    status: 'projected' | 'unprojected' | 'dead'
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
  }
}
