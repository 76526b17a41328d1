import { readRestores } from '#core/integrity/pass.ts'
import type { RestoreWindow } from '#core/integrity/invariants.ts'
import type { Tx } from '#core/platform/database.ts'

/** Rows of that time are gone; checks excuse what refers to them, and visits of it are built again. */
export async function addRestoreWindow(tx: Tx, window: RestoreWindow): Promise<void> {
  const value = JSON.stringify([...(await readRestores(tx)), window])
  await tx
    .insertInto('fact')
    .values({ name: 'restores', value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute()
}
