import { readRestores } from '#core/integrity/pass.ts'
import type { RestoreWindow } from '#core/integrity/invariants.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'

/** Rows of that time are gone; checks excuse what refers to them, and visits of it are built again. */
export async function addRestoreWindow(tx: Tx, window: RestoreWindow): Promise<void> {
  await save(tx, [...(await readRestores(tx)), window])
}

/** A second one who does not know of the first says the same: what the word of one cabinet did not excuse, it does now. */
export async function confirmRestoreWindows(
  tx: Tx,
  isConfirmed: (window: RestoreWindow) => boolean,
): Promise<void> {
  const windows = await readRestores(tx)
  if (!windows.some((window) => window.toldBy !== undefined && isConfirmed(window))) return
  await save(
    tx,
    windows.map((window) => (isConfirmed(window) ? { ...window, toldBy: undefined } : window)),
  )
}

async function save(tx: Tx, windows: readonly RestoreWindow[]): Promise<void> {
  const value = JSON.stringify(windows)
  await tx
    .insertInto('fact')
    .values({ name: 'restores', value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute()
}

/** As long as cabinets keep what they told: later nothing that was lost comes back from them. */
const TOLD_WITHIN_MS = 7 * 24 * 3_600_000

/** Whether the database is known to have gone back lately, by more than what this cabinet alone says. */
export async function isLossKnown(tx: Tx, cabinetId: string): Promise<boolean> {
  const sinceMs = nowOf(tx) - TOLD_WITHIN_MS
  return (await readRestores(tx)).some(
    ({ restoredAtMs, toldBy }) => restoredAtMs >= sinceMs && toldBy !== cabinetId,
  )
}
