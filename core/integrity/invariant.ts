import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from '#core/platform/tables/index.ts'

/** A rule that was found broken, and where. */
export interface Violation {
  readonly invariantId: string
  /** Kind and id of what breaks it, for example `order:or01…`. */
  readonly subject: string
  /** One sentence for whoever is called: what is there and what should be. */
  readonly message: string
}

/** What a check may know, and how much of the database it looks at. */
export interface CheckContext {
  readonly nowMs: number
  /** Only these sessions, with their orders, charges, payments and refunds. Undefined: all. */
  readonly sessionIds?: readonly string[] | undefined
  /** Only the streams of these cabinets. Undefined: all. */
  readonly cabinetIds?: readonly string[] | undefined
  /** Key of the chains and seals. Without it they are not recomputed. */
  readonly auditKey?: Uint8Array | undefined
  /** The audit chain is walked from this row; undefined: from the first. */
  readonly auditFrom?: { readonly seq: number; readonly mac: string } | undefined
  /** What a database that came back from a backup cannot know; see `restoreWindows`. */
  readonly restores?: readonly RestoreWindow[] | undefined
  /** For how long things may be under way before somebody must know of them. */
  readonly settleWithinMs?: number | undefined
}

/** Between these times rows were lost with the former database. */
export interface RestoreWindow {
  readonly backupAtMs: number
  readonly restoredAtMs: number
  /**
   * The cabinet on whose word alone it is believed. Nothing of that cabinet is excused: one that opens without a command
   * must not excuse that by what it says.
   */
  readonly toldBy?: string | undefined
}

/** One promise of the system as a question to the database. */
export interface Invariant {
  /** I1 … I21 of docs/explain/reliability.md. */
  readonly id: string
  readonly title: string
  /** Whether money stops when it is broken. The others only call a person. */
  readonly stopsMoney: boolean
  /** @returns at most `VIOLATIONS_MOST` of them; none is the usual answer */
  check(read: Kysely<Tables>, context: CheckContext): Promise<readonly Violation[]>
}

/** More than this many of one kind tell nothing new. */
export const VIOLATIONS_MOST = 20

type Reader = Kysely<Tables>

/** `column IN (…)` for a scope, or true for everything. One text whatever the scope, so that statements are prepared once. */
export function within(column: string, ids: readonly string[] | undefined): RawBuilder<boolean> {
  if (ids === undefined) return sql<boolean>`true`
  return sql<boolean>`${sql.ref(column)} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`
}

/** Runs a query whose rows are what is wrong. Each row says subject and message. */
export async function findBroken(
  read: Reader,
  invariantId: string,
  query: RawBuilder<{ subject: string; message: string }>,
): Promise<Violation[]> {
  const { rows } = await sql<{ subject: string; message: string }>`
    SELECT subject, message FROM (${query}) LIMIT ${VIOLATIONS_MOST}`.execute(read)
  return rows.map(({ subject, message }) => ({ invariantId, subject, message }))
}
