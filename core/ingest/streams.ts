import { directSql, nowOf, type Tx } from '#core/platform/database.ts'
import type { ReceiverState } from './decide.ts'

/** The part of a batch that belongs to one cabinet, in the order in which it came. */
export interface Stream {
  readonly cabinetId: string
  state: ReceiverState | undefined
  readonly saved: ReceiverState | undefined
}

interface ReceiverRow {
  epoch: string
  lastSeq: number
  lastHash: string | null
  lastOccurredAtMs: number | null
  continuesEpoch: string | null
  continuesToSeq: number | null
}

/** @param known  where the stream stood after our last commit; without it the table is asked */
export function loadStream(tx: Tx, cabinetId: string, known?: ReceiverState): Stream {
  if (known !== undefined) return { cabinetId, state: known, saved: known }
  const row = directSql(tx).get<ReceiverRow>(
    'SELECT epoch, lastSeq, lastHash, lastOccurredAtMs, continuesEpoch, continuesToSeq FROM receiver WHERE cabinetId = ?',
    cabinetId,
  )
  const state = row === undefined ? undefined : stateOf(row)
  return { cabinetId, state, saved: state }
}
function stateOf(row: ReceiverRow): ReceiverState {
  return {
    epoch: row.epoch,
    lastSeq: row.lastSeq,
    lastHash: row.lastHash ?? undefined,
    lastOccurredAtMs: row.lastOccurredAtMs ?? undefined,
    continues:
      row.continuesEpoch === null || row.continuesToSeq === null
        ? undefined
        : { epoch: row.continuesEpoch, toSeq: row.continuesToSeq },
  }
}

/** @throws when another core moved the position meanwhile: the whole batch is undone and comes again */
export function saveStream(tx: Tx, { cabinetId, state, saved }: Stream): void {
  if (state === undefined || state === saved) return
  const nowMs = nowOf(tx)
  const values = [
    state.epoch,
    state.lastSeq,
    state.lastHash ?? null,
    state.lastOccurredAtMs ?? null,
    state.continues?.epoch ?? null,
    state.continues?.toSeq ?? null,
  ] as const
  if (saved === undefined) {
    directSql(tx).run(
      `INSERT INTO receiver (epoch, lastSeq, lastHash, lastOccurredAtMs, continuesEpoch, continuesToSeq, cabinetId,
        openedAtMs, lastAtMs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...values,
      cabinetId,
      nowMs,
      nowMs,
    )
    return
  }
  const moved = directSql(tx).run(
    `UPDATE receiver SET epoch = ?, lastSeq = ?, lastHash = ?, lastOccurredAtMs = ?, continuesEpoch = ?,
      continuesToSeq = ?, lastAtMs = ?, openedAtMs = iif(epoch = ?, openedAtMs, ?)
      WHERE cabinetId = ? AND epoch = ? AND lastSeq = ?`,
    ...values,
    nowMs,
    state.epoch,
    nowMs,
    cabinetId,
    saved.epoch,
    saved.lastSeq,
  )
  if (moved !== 1) throw new Error(`the stream of ${cabinetId} was moved by another core`)
}

/** Hashes of what was received under these numbers, by seq. */
export function storedHashes(
  tx: Tx,
  place: { cabinetId: string; epoch: string; fromSeq: number; count: number },
): Map<number, string> {
  const rows = directSql(tx).all<{ seq: number; hash: string }>(
    'SELECT seq, hash FROM inbox WHERE cabinetId = ? AND epoch = ? AND seq >= ? AND seq < ?',
    place.cabinetId,
    place.epoch,
    place.fromSeq,
    place.fromSeq + place.count,
  )
  return new Map(rows.map((row) => [row.seq, row.hash]))
}

/** The last seq that was received under an epoch, 0 for none. */
export function lastSeqOf(tx: Tx, stream: Stream, epoch: string): number {
  const row = directSql(tx).get<{ seq: number | null }>(
    'SELECT max(seq) AS seq FROM inbox WHERE cabinetId = ? AND epoch = ?',
    stream.cabinetId,
    epoch,
  )
  const kept = row?.seq ?? 0
  return stream.state?.epoch === epoch ? Math.max(kept, stream.state.lastSeq) : kept
}

export interface InboxEvent {
  readonly cabinetId: string
  readonly epoch: string
  readonly seq: number
  readonly type: string
  readonly occurredAtMs: number
  readonly receivedAtMs: number
  readonly deviceAtMs: number
  readonly boot: number
  /** JSON. */
  readonly data: string
  readonly hash: string
}
export function appendToInbox(
  tx: Tx,
  event: InboxEvent,
  status: 'projected' | 'unprojected' | 'dead' | 'repeated',
): void {
  directSql(tx).run(
    `INSERT INTO inbox (cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, status)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    event.cabinetId,
    event.epoch,
    event.seq,
    event.type,
    event.occurredAtMs,
    event.receivedAtMs,
    event.deviceAtMs,
    event.boot,
    event.data,
    event.hash,
    status,
  )
}
