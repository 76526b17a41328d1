import { createHmac } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { LedgerAccount } from '#protocol/api/finance.ts'
import { contextOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { takenKey } from '#core/platform/taken-key.ts'
import { dayOf } from './day.ts'
import type { EntryShape, LedgerLine } from './entries.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import { addRow } from '#core/platform/rows.ts'

const saidBefore = preparedFor((db, kind: EntryShape['kind'], subjectId: string) =>
  db.selectFrom('ledgerEntry').select('seq').where('kind', '=', kind).where('subjectId', '=', subjectId),
)
const lastEntry = preparedFor((db) =>
  db.selectFrom('ledgerEntry').select(['seq', 'mac']).orderBy('seq', 'desc').limit(1),
)

/** Before the first entry. */
export const GENESIS_MAC = '0'.repeat(64)

export interface PostAbout {
  /** What happened, by its id; one entry a kind and subject. */
  readonly subjectId: string
  readonly orderId: string | null
  readonly cabinetId: string | null
  readonly operator: string
  /** When it happened; the entry belongs to that day unless the day is closed. */
  readonly occurredAtMs: number
}

/**
 * The one way into the journal, in the transaction of the state change. Below it stand triggers: lines sum to 0, numbers
 * have no holes, nothing is changed or removed; and each entry carries an HMAC over itself and its predecessor.
 * @returns false when there was nothing to say, or this was said before
 */
export async function post(tx: Tx, shape: EntryShape, about: PostAbout): Promise<boolean> {
  if (shape.lines.length === 0) return false
  const { nowMs, auditKey } = contextOf(tx)
  const [before] = await saidBefore(tx, shape.kind, about.subjectId)
  if (before !== undefined) return false
  const [last] = await lastEntry(tx)
  const row = {
    seq: (last?.seq ?? 0) + 1,
    kind: shape.kind,
    ...about,
    day: shape.kind === 'day_closed' ? dayOf(about.occurredAtMs) : await openDay(tx, about, nowMs),
    postedAtMs: nowMs,
    lineCount: shape.lines.length,
    previousMac: last?.mac ?? GENESIS_MAC,
  }
  for (const [position, line] of shape.lines.entries())
    addRow(tx, 'ledgerLine', { seq: row.seq, position, ...line })
  addRow(tx, 'ledgerEntry', { ...row, mac: macOf(auditKey, row, shape.lines) })
  return true
}

/** A closed day never changes: what is heard of it later belongs to the day on which it was heard. */
async function openDay(tx: Tx, about: PostAbout, nowMs: number): Promise<string> {
  const day = dayOf(about.occurredAtMs)
  return day < dayOf(nowMs) && (await isClosed(tx, day, about.operator)) ? dayOf(nowMs) : day
}
export function closingSubject(day: string, operator: string): string {
  return `${day}/${operator}`
}
export async function isClosed(db: Kysely<Tables>, day: string, operator: string): Promise<boolean> {
  const row = await db
    .selectFrom('ledgerEntry')
    .select('seq')
    .where('kind', '=', 'day_closed')
    .where('subjectId', '=', closingSubject(day, operator))
    .executeTakeFirst()
  return row !== undefined
}

export interface ChainedEntry extends PostAbout {
  seq: number
  kind: string
  day: string
  postedAtMs: number
  previousMac: string
}
export function macOf(key: Uint8Array, row: ChainedEntry, lines: readonly LedgerLine[]): string {
  return createHmac('sha256', takenKey(key))
    .update('ledger\n')
    .update(
      JSON.stringify([
        row.previousMac,
        row.seq,
        row.kind,
        row.subjectId,
        row.orderId,
        row.cabinetId,
        row.operator,
        row.day,
        row.occurredAtMs,
        row.postedAtMs,
        lines.map((line) => [line.account, line.amountFen]),
      ]),
    )
    .digest('hex')
}

/** Fen still receivable of an order. */
export async function receivableOf(db: Kysely<Tables>, orderId: string): Promise<number> {
  const row = await db
    .selectFrom('ledgerEntry as e')
    .innerJoin('ledgerLine as l', 'l.seq', 'e.seq')
    .select((eb) => eb.fn.sum<number | null>('l.amountFen').as('fen'))
    .where('e.orderId', '=', orderId)
    .where('l.account', '=', 'consumer_receivable')
    .executeTakeFirst()
  return Number(row?.fen ?? 0)
}

/** Sums by account. @param where  by day and operator; without it everything */
export async function balancesOf(
  db: Kysely<Tables>,
  where: { day?: string; upToDay?: string; operator?: string } = {},
): Promise<Partial<Record<LedgerAccount, number>>> {
  let query = db
    .selectFrom('ledgerEntry as e')
    .innerJoin('ledgerLine as l', 'l.seq', 'e.seq')
    .select((eb) => ['l.account', eb.fn.sum<number>('l.amountFen').as('fen')])
    .groupBy('l.account')
  if (where.day !== undefined) query = query.where('e.day', '=', where.day)
  if (where.upToDay !== undefined) query = query.where('e.day', '<=', where.upToDay)
  if (where.operator !== undefined) query = query.where('e.operator', '=', where.operator)
  return Object.fromEntries((await query.execute()).map((row) => [row.account, Number(row.fen)]))
}
