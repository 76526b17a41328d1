import type { Logger } from 'pino'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { EVENTS, type EventType, parseEvent } from '#protocol/messages/index.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { type Database, directSql, nowOf, type Tx } from '#core/platform/database.ts'
import { recordChange } from '#core/live/changes.ts'
import { bury, closeIncidents } from './graves.ts'
import type { AfterCommit } from './handlers.ts'
import type { Projector } from './projecting.ts'
import type { StreamObserver } from './receiver.ts'

export interface DeadLetter {
  readonly id: number
  readonly cabinetId: string
  readonly receivedAtMs: number
  readonly topic: string
  readonly kind: 'event' | 'frame' | 'stale_epoch' | 'fork'
  readonly epoch: string | null
  readonly seq: number | null
  readonly reason: string
  readonly body: string
}
/** What somebody makes of a dead event. */
export interface Mending {
  readonly id: number
  readonly type: string
  readonly data: object
  /** Why this is what happened. */
  readonly note: string
  readonly staffId: string
}

/** Events that could not be taken, and how a person makes them good. */
export interface DeadLetters {
  find(id: number): Promise<DeadLetter | undefined>
  /** @returns why this would not be taken, undefined when it would as far as its form goes */
  check(type: string, data: unknown): string | undefined
  /**
   * Takes the event as mended, through the same projection as every event, after those of its cabinet that are older and
   * dead too. @throws not_found, dead_letter_settled, dead_letter_order, dead_letter_not_event, dead_letter_unmended with the reason
   */
  replay(mending: Mending): Promise<void>
  /** @throws not_found, dead_letter_settled */
  discard(given: { id: number; note: string; staffId: string }): Promise<void>
  /** Events that came from a newer version and that this one knows, in their order. @returns how many */
  projectWaiting(): Promise<number>
}

interface InboxRow {
  cabinetId: string
  epoch: string
  seq: number
  type: string
  occurredAtMs: number
  receivedAtMs: number
  data: string
}
const ROWS_PER_UNIT = 200

export function createDeadLetters(deps: {
  db: Database
  ids: Ids
  log: Logger
  projector: Projector
  observer: StreamObserver
  /** What should follow an event, outside the transaction. */
  runEffect: (effect: AfterCommit) => void
}): DeadLetters {
  const { db, ids, log, projector, observer, runEffect } = deps

  function openLetter(tx: Tx, id: number): DeadLetter {
    const letter = directSql(tx).get<DeadLetter & { resolvedAtMs: number | null }>(
      'SELECT * FROM deadLetter WHERE id = ?',
      id,
    )
    if (letter === undefined) throw new CabinetError('not_found')
    if (letter.resolvedAtMs !== null) throw new CabinetError('dead_letter_settled')
    return letter
  }

  /** What happened later may rest on what happened first. */
  function refuseOutOfOrder(tx: Tx, { cabinetId, epoch, seq }: DeadLetter): void {
    const older = directSql(tx).get<{ id: number; seq: number }>(
      `SELECT id, seq FROM deadLetter WHERE cabinetId = ? AND kind = 'event' AND resolvedAtMs IS NULL
        AND (epoch < ? OR (epoch = ? AND seq < ?)) ORDER BY epoch, seq LIMIT 1`,
      cabinetId,
      epoch,
      epoch,
      seq,
    )
    if (older !== undefined)
      throw new CabinetError(
        'dead_letter_order',
        `Event ${older.seq} of this cabinet is older and dead too. Make it good or discard it first.`,
        { context: { earlierId: older.id } },
      )
  }

  async function settle(
    tx: Tx,
    letter: DeadLetter,
    given: { resolution: 'replayed' | 'discarded'; staffId: string; note: string; mendedBody?: string },
  ): Promise<void> {
    const { resolution, staffId, note, mendedBody = null } = given
    const { id, cabinetId } = letter
    directSql(tx).run(
      'UPDATE deadLetter SET resolvedAtMs = ?, resolution = ?, resolvedBy = ?, note = ?, mendedBody = ? WHERE id = ?',
      nowOf(tx),
      resolution,
      staffId,
      note,
      mendedBody,
      id,
    )
    if (letter.kind === 'event' && letter.epoch !== null && letter.seq !== null)
      directSql(tx).run(
        `UPDATE inbox SET status = ? WHERE cabinetId = ? AND epoch = ? AND seq = ? AND status = 'dead'`,
        resolution === 'replayed' ? 'mended' : 'discarded',
        cabinetId,
        letter.epoch,
        letter.seq,
      )
    if (closeIncidents(tx, cabinetId)) await observer.onRecovery(tx, cabinetId, 'poison')
    await appendAudit(tx, {
      actor: `staff:${staffId}`,
      action: `dead_letter.${resolution}`,
      subject: `cabinet:${cabinetId}`,
      detail: {
        id,
        epoch: letter.epoch,
        seq: letter.seq,
        note,
        ...(mendedBody === null ? {} : { mendedBody }),
      },
    })
    await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
  }

  async function replayIn(tx: Tx, mending: Mending): Promise<AfterCommit | undefined> {
    const letter = openLetter(tx, mending.id)
    if (letter.kind !== 'event') throw new CabinetError('dead_letter_not_event')
    refuseOutOfOrder(tx, letter)
    const row = directSql(tx).get<InboxRow>(
      'SELECT cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, data FROM inbox WHERE cabinetId = ? AND epoch = ? AND seq = ?',
      letter.cabinetId,
      letter.epoch,
      letter.seq,
    )
    if (row === undefined) throw new CabinetError('not_found')
    const result = await projector.projectLate(tx, placeOf(row), mending.type, mending.data)
    if (result.status !== 'projected') {
      throw new CabinetError(
        'dead_letter_unmended',
        result.status === 'dead' ? result.reason : `There is no event type ${mending.type}.`,
      )
    }
    await settle(tx, letter, {
      resolution: 'replayed',
      staffId: mending.staffId,
      note: mending.note,
      mendedBody: JSON.stringify({ type: mending.type, data: mending.data }),
    })
    return result.afterCommit
  }

  /** @returns how many rows were looked at, and what should follow */
  async function projectSome(tx: Tx): Promise<{ count: number; effects: AfterCommit[] }> {
    const rows = directSql(tx).all<InboxRow>(
      `SELECT cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, data FROM inbox INDEXED BY inboxWaiting
        WHERE status = 'unprojected' AND type IN (SELECT value FROM json_each(?))
        ORDER BY cabinetId, epoch, seq LIMIT +?`,
      JSON.stringify(Object.keys(EVENTS)),
      ROWS_PER_UNIT,
    )
    const effects: AfterCommit[] = []
    for (const row of rows) {
      const data = JSON.parse(row.data) as unknown
      const result = await projector.projectLate(tx, placeOf(row), row.type, data)
      directSql(tx).run(
        'UPDATE inbox SET status = ? WHERE cabinetId = ? AND epoch = ? AND seq = ?',
        result.status,
        row.cabinetId,
        row.epoch,
        row.seq,
      )
      if (result.status === 'projected' && result.afterCommit) effects.push(result.afterCommit)
      if (result.status !== 'dead') continue
      const { cabinetId, epoch, seq, receivedAtMs } = row
      await bury(tx, ids, {
        cabinetId,
        epoch,
        seq,
        receivedAtMs,
        topic: '',
        kind: 'event',
        reason: `${row.type}: ${result.reason}`,
        body: JSON.stringify({ type: row.type, data }),
      })
      await observer.onTrouble(tx, cabinetId, 'poison')
    }
    return { count: rows.length, effects }
  }

  return {
    find: (id) => db.read.selectFrom('deadLetter').selectAll().where('id', '=', id).executeTakeFirst(),
    check(type, data) {
      const parsed = parseEvent(type, data)
      if (parsed.kind === 'known') return undefined
      return parsed.kind === 'invalid' ? parsed.reason : `There is no event type ${type}.`
    },
    async replay(mending) {
      const effect = await db.write('replay a dead letter', (tx) => replayIn(tx, mending))
      if (effect !== undefined) runEffect(effect)
    },
    async discard({ id, note, staffId }) {
      await db.write('discard a dead letter', (tx) =>
        settle(tx, openLetter(tx, id), { resolution: 'discarded', note, staffId }),
      )
    },
    async projectWaiting() {
      let total = 0
      for (;;) {
        const { count, effects } = await db.write('project what waited', projectSome)
        for (const effect of effects) runEffect(effect)
        total += count
        if (count < ROWS_PER_UNIT) break
      }
      if (total > 0) log.info({ events: total }, 'events of a newer version that waited were taken')
      return total
    },
  }
}

function placeOf({ cabinetId, epoch, seq, occurredAtMs, receivedAtMs }: InboxRow) {
  return { cabinetId, epoch, seq, occurredAtMs, receivedAtMs }
}

/** The schema of an event's data, as JSON Schema, for who mends one. */
export function schemaOf(type: string): object | undefined {
  return Object.hasOwn(EVENTS, type) ? EVENTS[type as EventType] : undefined
}
