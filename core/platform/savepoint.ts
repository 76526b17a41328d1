import { contextOf, type Tx } from './database.ts'

/**
 * Runs a part of a unit that may fail without taking the rest with it.
 * @throws what `part` throws, after its writes are undone
 */
export async function inSavepoint<T>(tx: Tx, part: () => Promise<T>): Promise<T> {
  const { direct, told } = contextOf(tx)
  direct.run('SAVEPOINT part')
  try {
    const result = await part()
    direct.run('RELEASE part')
    return result
  } catch (error) {
    direct.run('ROLLBACK TO part')
    direct.run('RELEASE part')
    // What was told inside is undone; telling it twice does no harm.
    told.clear()
    throw error
  }
}

/** The storage failed, not the data: nothing that was done in this transaction may be believed. */
export function isStorageError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && code.startsWith('SQLITE_') && !code.startsWith('SQLITE_CONSTRAINT')
}
