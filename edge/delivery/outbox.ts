import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import { assert } from '#protocol/base/decision.ts'
import { hashEvent } from '#protocol/messages/event-hash.ts'
import type { FrameEvent, HaltReason } from '#protocol/messages/frames.ts'
import { type EventData, type EventType, parseEvent } from '#protocol/messages/index.ts'
import type { EdgeDatabase } from '../database.ts'
import { type Identity, renewIdentity } from '../identity.ts'
import { PLAUSIBLE_FROM_MS } from '../row-times.ts'

export interface OutboxRow {
  readonly seq: number
  readonly event: FrameEvent
  readonly byteCount: number
}
export type PressureLevel = 'normal' | 'high' | 'full'

export interface OutboxLimits {
  bytesMost: number
  rewindKeepMs: number
  rewindBytesMost: number
}

/**
 * Events on their way to the core. Appended in the transaction of the state change that they tell of; forgotten only
 * when the core has committed them, and not at once, so that a core restored from a backup can ask again.
 */
export interface Outbox {
  /** A new one after `renew`; whoever keeps it across a wait keeps an old one. */
  readonly epoch: string
  /** The epoch before this one in the same database, for the hello. */
  readonly continues: Identity['continues']
  /**
   * Inside a transaction.
   * @param at  when it happened, if that was not now: wall clock and monotonic clock of this start
   * @returns the event's sequence number
   */
  append<T extends EventType>(type: T, data: EventData<T>, at?: { atMs: number; monoMs: number }): number
  /** `firstSeq` is the oldest kept, 0 when none. */
  range(): { firstSeq: number; lastSeq: number; ackedSeq: number }
  /** The most that the core ever said to have; a rewind does not take it back. */
  readonly safeSeq: number
  /** Events from `fromSeq`, at most so many and so many bytes, but one at least. */
  read(fromSeq: number, eventsMost: number, bytesMost: number): OutboxRow[]
  /** The core has committed everything up to `seq`. */
  confirm(seq: number): void
  /** The core lost what came after `seq` and asks again. Never inside a transaction: see `prune`. */
  rewind(seq: number): void
  /**
   * The core refuses this epoch and a person let us go on: what it does not have follows under a new one, with the same
   * numbers, and so everything that refers to a number stays true.
   */
  renew(given: { candidate: string; after: string; reason: HaltReason }): void
  /** Hash of the event with this number, undefined when it is not kept. */
  hashAt(seq: number): string | undefined
  /**
   * Removes acknowledged events beyond the rewind window, a bounded number at a time. Never inside a transaction: one that is
   * undone afterwards would bring rows back that are counted as gone.
   * @param nowMs  true time, as the core tells it; undefined while it is unknown, and then only bytes count
   */
  prune(nowMs: number | undefined): void
  pressure(): { level: PressureLevel; waiting: number; byteCount: number }
  /** `run` after each commit that appended something. */
  onAppended(run: (lastSeq: number) => void): void
}

interface Row {
  seq: number
  type: string
  at_ms: number
  mono_ms: number
  boot: number
  data: string
  byte_count: number
}
interface Position {
  lastSeq: number
  ackedSeq: number
  /** Absent: never more than `ackedSeq`. */
  safeSeq?: number
}

/** Share of the limit above which the outbox is called high, and below which it is called normal again. */
const HIGH_SHARE = 0.9
const NORMAL_SHARE = 0.8
const PRUNE_ROWS = 500
/** A larger event would fit no frame; the schemas keep every honest one far below. */
const EVENT_BYTES_MOST = 48 * 1024
const EXCERPT_CHARACTERS = 8 * 1024
/** What an event costs beside its data: type, times, punctuation. */
const ENVELOPE_BYTES = 96

export function createOutbox(
  db: EdgeDatabase,
  startedAs: Identity,
  clock: Clock,
  limits: OutboxLimits,
  log: Logger,
): Outbox {
  const { sql } = db
  let identity = startedAs
  const insert = sql.prepare(
    'INSERT INTO outbox (seq, type, at_ms, mono_ms, boot, data, byte_count) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const select = sql.prepare<[number, number], Row>(
    'SELECT * FROM outbox WHERE seq >= ? ORDER BY seq LIMIT +?',
  )
  const sum = sql.prepare<[number, number], { bytes: number; events: number }>(
    'SELECT coalesce(sum(byte_count), 0) AS bytes, count(*) AS events FROM outbox WHERE seq > ? AND seq <= ?',
  )
  const oldest = sql.prepare<[], { seq: number; at_ms: number }>(
    'SELECT seq, at_ms FROM outbox ORDER BY seq LIMIT 1',
  )
  const oldAcked = sql.prepare<[number, number], { seq: number; at_ms: number; byte_count: number }>(
    'SELECT seq, at_ms, byte_count FROM outbox WHERE seq <= ? ORDER BY seq LIMIT +?',
  )
  const remove = sql.prepare('DELETE FROM outbox WHERE seq <= ?')

  // Kept beside the rows, because pruned rows must not give their numbers away again.
  let position = db.readDocument<Position>('outbox') ?? { lastSeq: 0, ackedSeq: 0 }
  let waiting = sum.get(position.ackedSeq, position.lastSeq) ?? { bytes: 0, events: 0 }
  let keptAckedBytes = (sum.get(0, position.ackedSeq) ?? { bytes: 0 }).bytes
  let firstSeq = oldest.get()?.seq ?? 0
  let level: PressureLevel = 'normal'
  const listeners: Array<(lastSeq: number) => void> = []

  const append: Outbox['append'] = (type, data, stamp) => write(position, type, data, stamp)
  /** @param known  the position that is saved beside the new number */
  function write<T extends EventType>(
    known: Position,
    type: T,
    data: EventData<T>,
    { atMs, monoMs } = { atMs: clock.now(), monoMs: clock.monoMs() },
  ): number {
    assert(sql.inTransaction, `the event ${type} is appended in a transaction`)
    // A wrong event is a bug of ours, but the fact that it tells must not be lost: the core keeps it as a dead letter.
    const parsed = parseEvent(type, data)
    if (parsed.kind === 'invalid')
      log.error({ type, reason: parsed.reason }, 'an event does not match its schema')
    const text = textOf(type, data)
    const byteCount = Buffer.byteLength(text) + ENVELOPE_BYTES
    // Read again inside the transaction: a rolled-back append must not leave a hole.
    const stored = db.readDocument<Position>('outbox') ?? { lastSeq: 0, ackedSeq: 0 }
    const seq = stored.lastSeq + 1
    insert.run(seq, type, Math.max(0, atMs), monoMs, identity.boot, text, byteCount)
    db.saveDocument('outbox', { ...known, lastSeq: seq })
    db.afterCommit(() => {
      position = { ...position, lastSeq: seq }
      if (firstSeq === 0) firstSeq = seq
      waiting = { bytes: waiting.bytes + byteCount, events: waiting.events + 1 }
      for (const run of listeners) run(seq)
    })
    return seq
  }

  /** The beginning of what is too large to travel: the core keeps it as a dead letter, and nothing waits behind it. */
  function textOf(type: string, data: unknown): string {
    const text = JSON.stringify(data)
    if (Buffer.byteLength(text) <= EVENT_BYTES_MOST) return text
    log.error({ type, byteCount: Buffer.byteLength(text) }, 'an event is too large and goes as its beginning')
    return JSON.stringify({
      tooLargeBytes: Buffer.byteLength(text),
      beginning: text.slice(0, EXCERPT_CHARACTERS),
    })
  }

  return {
    get epoch() {
      return identity.epoch
    },
    get continues() {
      return identity.continues
    },
    append,
    range: () => ({
      firstSeq,
      lastSeq: position.lastSeq,
      ackedSeq: position.ackedSeq,
    }),
    get safeSeq() {
      return Math.max(position.ackedSeq, position.safeSeq ?? 0)
    },
    read(fromSeq, eventsMost, bytesMost) {
      const rows: OutboxRow[] = []
      let bytes = 0
      if (fromSeq > position.lastSeq) return rows
      for (const row of select.all(fromSeq, eventsMost)) {
        bytes += row.byte_count
        if (rows.length > 0 && bytes > bytesMost) break
        rows.push({ seq: row.seq, byteCount: row.byte_count, event: eventOf(row) })
      }
      return rows
    },
    confirm(seq) {
      if (seq <= position.ackedSeq) return
      // Not worth a sync of its own: it is saved with the next event, and the core repeats it in every hello answer.
      const freed = sum.get(position.ackedSeq, seq) ?? { bytes: 0, events: 0 }
      position = { lastSeq: position.lastSeq, ackedSeq: seq, safeSeq: Math.max(seq, position.safeSeq ?? 0) }
      waiting = { bytes: waiting.bytes - freed.bytes, events: waiting.events - freed.events }
      keptAckedBytes += freed.bytes
    },
    rewind(seq) {
      assert(!sql.inTransaction, 'the outbox is rewound outside a transaction')
      if (seq >= position.ackedSeq) return
      const safeSeq = Math.max(position.ackedSeq, position.safeSeq ?? 0)
      const again = sum.get(seq, position.ackedSeq) ?? { bytes: 0, events: 0 }
      const rewound = { lastSeq: position.lastSeq, ackedSeq: seq, safeSeq }
      db.transact(() => db.saveDocument('outbox', rewound))
      position = rewound
      waiting = { bytes: waiting.bytes + again.bytes, events: waiting.events + again.events }
      keptAckedBytes -= again.bytes
    },
    renew({ candidate, after, reason }) {
      const seq = position.ackedSeq
      const fromEpoch = identity.epoch
      db.transact(() => {
        const renewed = renewIdentity(db, identity, { candidate, after, seq })
        db.afterCommit(() => {
          identity = renewed
          position = { ...position, safeSeq: seq }
        })
        // What was said of the epoch before is not said of this one.
        write({ ...position, safeSeq: seq }, 'agent.stream-renewed', { reason, fromEpoch, seq })
      })
    },
    hashAt(seq) {
      const row = select.get(seq, 1)
      if (row?.seq !== seq) return undefined
      return hashEvent(eventOf(row), row.boot)
    },
    prune(nowMs) {
      assert(!sql.inTransaction, 'the outbox is pruned outside a transaction')
      // By the core's clock: ours may jump ten years ahead, and the window would be gone at once.
      const oldestKeptMs = nowMs === undefined ? 0 : nowMs - limits.rewindKeepMs
      const isOld = (atMs: number) => atMs < oldestKeptMs && atMs > PLAUSIBLE_FROM_MS
      let upTo = 0
      let excessBytes = keptAckedBytes - limits.rewindBytesMost
      let removedBytes = 0
      // Mostly there is nothing to do, and one row says so.
      const first = excessBytes > 0 ? undefined : oldest.get()
      if (first !== undefined && !isOld(first.at_ms)) return
      for (const row of oldAcked.all(position.ackedSeq, PRUNE_ROWS)) {
        if (!isOld(row.at_ms) && excessBytes <= 0) break
        upTo = row.seq
        excessBytes -= row.byte_count
        removedBytes += row.byte_count
      }
      if (upTo === 0) return
      db.transact(() => {
        db.saveDocument('outbox', position)
        remove.run(upTo)
      })
      // What is kept may be half a million rows, and whoever opens the door waits while they are summed up.
      keptAckedBytes -= removedBytes
      firstSeq = oldest.get()?.seq ?? 0
    },
    pressure() {
      const share = waiting.bytes / limits.bytesMost
      if (share >= 1) level = 'full'
      else if (share >= HIGH_SHARE) level = 'high'
      else if (share < NORMAL_SHARE) level = 'normal'
      else if (level === 'full') level = 'high'
      return { level, waiting: waiting.events, byteCount: waiting.bytes }
    },
    onAppended: (run) => void listeners.push(run),
  }

  function eventOf(row: Row): FrameEvent {
    const event: FrameEvent = {
      type: row.type,
      atMs: row.at_ms,
      monoMs: row.mono_ms,
      data: JSON.parse(row.data) as Record<string, unknown>,
    }
    if (row.boot !== identity.boot) event.boot = row.boot
    return event
  }
}
