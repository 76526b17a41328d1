import type Sqlite from 'better-sqlite3'
import { type Kysely, sql } from 'kysely'
import { auditLedger } from '#core/ledger/audit.ts'
import { findBrokenSeals } from '#core/platform/row-seals.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { checkInvariants, type RestoreWindow, type Violation } from './invariants.ts'

/** How far the last look came, so that the next one looks at what is new. */
export interface PassCursor {
  readonly changeId: number
  readonly audit: { readonly seq: number; readonly mac: string } | undefined
  readonly atMs: number
}
export interface PassResult {
  readonly kind: 'new' | 'all'
  readonly violations: readonly Violation[]
  readonly cursor: PassCursor
  readonly sessions: number | 'all'
}

/** More changed sessions than this and everything is looked at. */
const SESSIONS_MOST = 20_000
/** What was written in the last moments of the former look is looked at once more. */
const OVERLAP_MS = 120_000
const RESTORES_FACT = 'restores'

/**
 * Looks once, on a connection of its own.
 * @param since  look at what has changed since then; undefined: at everything, with every page, chain and seal
 */
export async function runPass(
  connection: Sqlite.Database,
  options: { auditKey: Uint8Array; nowMs: number; since: PassCursor | undefined },
): Promise<PassResult> {
  const { auditKey, nowMs, since } = options
  const read = createKysely(createRunner(connection))
  const restores = await readRestores(read)
  const cursor: PassCursor = { changeId: await lastChangeId(read), audit: await lastAudit(read), atMs: nowMs }
  const sessionIds = since === undefined ? undefined : await changedSessions(read, since.changeId)
  const violations: Violation[] = []
  if (sessionIds === undefined)
    violations.push(...checkPages(connection), ...checkSeals(connection, auditKey))
  const cabinetIds =
    since === undefined || sessionIds === undefined
      ? undefined
      : await heardCabinets(read, since.atMs - OVERLAP_MS)
  violations.push(
    ...(await checkInvariants(read, {
      nowMs,
      auditKey,
      sessionIds,
      cabinetIds,
      restores,
      auditFrom: sessionIds === undefined ? undefined : since?.audit,
    })),
  )
  if (sessionIds === undefined) violations.push(...(await checkLedger(read, auditKey, nowMs)))
  return {
    kind: sessionIds === undefined ? 'all' : 'new',
    violations,
    cursor,
    sessions: sessionIds?.length ?? 'all',
  }
}

/** What SQLite itself finds: pages, indexes against their tables, foreign keys. */
function checkPages(connection: Sqlite.Database): Violation[] {
  const found: Violation[] = []
  try {
    for (const line of connection.pragma('integrity_check(20)', { simple: false }) as Array<{
      integrity_check: string
    }>)
      if (line.integrity_check !== 'ok')
        found.push({
          invariantId: 'I15',
          subject: 'database',
          message: `the file is damaged: ${line.integrity_check}`,
        })
    const foreign = connection.pragma('foreign_key_check') as Array<{ table: string; parent: string }>
    for (const { table, parent } of foreign.slice(0, 20))
      found.push({
        invariantId: 'I15',
        subject: `table:${table}`,
        message: `a row refers to a ${parent} that is not there`,
      })
  } catch (error) {
    found.push({
      invariantId: 'I15',
      subject: 'database',
      message: `the file cannot be read: ${String(error)}`,
    })
  }
  return found
}

const SEAL_WORDS = {
  changed: 'was changed past this program',
  unsealed: 'was written past this program',
  vanished: 'is gone',
} as const

function checkSeals(connection: Sqlite.Database, auditKey: Uint8Array): Violation[] {
  // One snapshot: rows and seals are read by several statements.
  return connection
    .transaction(() => findBrokenSeals(connection, auditKey))()
    .slice(0, 20)
    .map(({ tableName, rowId, reason }) => ({
      invariantId: 'I15',
      subject: `${tableName}:${rowId}`,
      message: `a row about money ${SEAL_WORDS[reason]}`,
    }))
}

/** The journal against the orders, payments and refunds, and its chain. */
async function checkLedger(read: Kysely<Tables>, auditKey: Uint8Array, nowMs: number): Promise<Violation[]> {
  const { findings } = await auditLedger(read, auditKey, nowMs)
  return findings
    .slice(0, 20)
    .map(({ rule, subject, message }) => ({ invariantId: rule === 'chain' ? 'I15' : 'I4', subject, message }))
}

async function lastChangeId(read: Kysely<Tables>): Promise<number> {
  const row = await read
    .selectFrom('change')
    .select((eb) => eb.fn.max<number | null>('id').as('id'))
    .executeTakeFirst()
  return row?.id ?? 0
}
async function lastAudit(read: Kysely<Tables>): Promise<{ seq: number; mac: string } | undefined> {
  return read.selectFrom('audit').select(['seq', 'mac']).orderBy('seq', 'desc').limit(1).executeTakeFirst()
}

/** @returns undefined when there are too many to name, or changes between then and now are not kept any more */
async function changedSessions(read: Kysely<Tables>, afterId: number): Promise<string[] | undefined> {
  const first = await read
    .selectFrom('change')
    .select((eb) => eb.fn.min<number | null>('id').as('id'))
    .executeTakeFirst()
  if (first?.id !== null && first?.id !== undefined && first.id > afterId + 1) return undefined
  const { rows } = await sql<{ sessionId: string }>`
    SELECT DISTINCT sessionId FROM (
      SELECT subjectId AS sessionId FROM change WHERE id > ${afterId} AND kind = 'session'
      UNION ALL SELECT o.sessionId FROM change c JOIN "order" o ON o.orderId = c.subjectId
        WHERE c.id > ${afterId} AND c.kind = 'order'
      UNION ALL SELECT o.sessionId FROM change c JOIN refund f ON f.refundId = c.subjectId
        JOIN "order" o ON o.orderId = f.orderId WHERE c.id > ${afterId} AND c.kind = 'refund')
    LIMIT ${SESSIONS_MOST + 1}`.execute(read)
  return rows.length > SESSIONS_MOST ? undefined : rows.map(({ sessionId }) => sessionId)
}

async function heardCabinets(read: Kysely<Tables>, sinceMs: number): Promise<string[]> {
  const rows = await read
    .selectFrom('receiver')
    .select('cabinetId')
    .where('lastAtMs', '>=', sinceMs)
    .execute()
  return rows.map(({ cabinetId }) => cabinetId)
}

/** The times whose rows were lost with a former database. Written by a restore. */
export async function readRestores(read: Kysely<Tables>): Promise<RestoreWindow[]> {
  const row = await read
    .selectFrom('fact')
    .select('value')
    .where('name', '=', RESTORES_FACT)
    .executeTakeFirst()
  return row === undefined ? [] : (JSON.parse(row.value) as RestoreWindow[])
}
