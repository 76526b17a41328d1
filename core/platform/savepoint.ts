import { sql } from 'kysely'
import type { Tx } from './database.ts'

/**
 * Runs a part of a unit that may fail without taking the rest with it.
 * @throws what `part` throws, after its writes are undone
 */
export async function inSavepoint<T>(tx: Tx, part: () => Promise<T>): Promise<T> {
  await sql`SAVEPOINT part`.execute(tx)
  try {
    const result = await part()
    await sql`RELEASE part`.execute(tx)
    return result
  } catch (error) {
    await sql`ROLLBACK TO part`.execute(tx)
    await sql`RELEASE part`.execute(tx)
    throw error
  }
}

/** The storage failed, not the data: nothing that was done in this transaction may be believed. */
export function isStorageError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && code.startsWith('SQLITE_') && !code.startsWith('SQLITE_CONSTRAINT')
}
