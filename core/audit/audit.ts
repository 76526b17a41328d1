import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import { contextOf, type Tx } from '#core/platform/database.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { takenKey } from '#core/platform/taken-key.ts'

export interface AuditEntry {
  /** `staff:<id>`, `consumer:<id>`, `cabinet:<id>` or `system`. */
  actor: string
  /** A verb in the past tense with its noun, for example `setpoint.changed`. */
  action: string
  subject: string
  detail?: object
}

/** Before the first entry. */
const GENESIS_MAC = '0'.repeat(64)

const lastEntry = preparedFor((db) =>
  db.selectFrom('audit').select(['seq', 'mac']).orderBy('seq', 'desc').limit(1),
)

const addEntry = preparedFor(
  (
    db,
    seq: number,
    atMs: number,
    actor: string,
    action: string,
    subject: string,
    detail: string,
    previousMac: string,
    mac: string,
  ) => db.insertInto('audit').values({ seq, atMs, actor, action, subject, detail, previousMac, mac }),
)

/**
 * Appends to the audit log. Rows are never changed or deleted (triggers), numbered without gaps, and each carries an
 * HMAC over itself and its predecessor, so that a removed or altered row shows.
 */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  const { nowMs, auditKey } = contextOf(tx)
  const [last] = await lastEntry(tx)
  const row = {
    seq: (last?.seq ?? 0) + 1,
    atMs: nowMs,
    actor: entry.actor,
    action: entry.action,
    subject: entry.subject,
    detail: JSON.stringify(entry.detail ?? {}),
    previousMac: last?.mac ?? GENESIS_MAC,
  }
  await addEntry(
    tx,
    row.seq,
    row.atMs,
    row.actor,
    row.action,
    row.subject,
    row.detail,
    row.previousMac,
    macOf(auditKey, row),
  )
}

interface ChainedRow {
  seq: number
  atMs: number
  actor: string
  action: string
  subject: string
  detail: string
  previousMac: string
}

function macOf(key: Uint8Array, row: ChainedRow): string {
  return createHmac('sha256', takenKey(key))
    .update(
      JSON.stringify([row.previousMac, row.seq, row.atMs, row.actor, row.action, row.subject, row.detail]),
    )
    .digest('hex')
}

const ROWS_AT_ONCE = 1000

/**
 * Walks the chain.
 * @param from  a row that was found whole before; undefined: from the first
 * @returns the first row that does not fit, or undefined when all do
 */
export async function findBrokenAudit(
  db: Kysely<Tables>,
  key: Uint8Array,
  from?: { readonly seq: number; readonly mac: string },
): Promise<{ seq: number; reason: string } | undefined> {
  let previousMac = from?.mac ?? GENESIS_MAC
  let seq = from?.seq ?? 0
  for (;;) {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(ROWS_AT_ONCE)
      .execute()
    for (const row of rows) {
      if (row.seq !== seq + 1) return { seq: seq + 1, reason: 'the row is missing' }
      if (row.previousMac !== previousMac)
        return { seq: row.seq, reason: 'it does not follow its predecessor' }
      if (!timingSafeEqual(Buffer.from(row.mac, 'hex'), Buffer.from(macOf(key, row), 'hex')))
        return { seq: row.seq, reason: 'its contents were changed' }
      seq = row.seq
      previousMac = row.mac
    }
    if (rows.length < ROWS_AT_ONCE) return undefined
  }
}
