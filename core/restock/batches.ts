import type { Kysely } from 'kysely'
import type { BatchLine, VisitLine } from '#protocol/api/restock.ts'
import { stockOf } from '#core/catalog/queries.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type Batch, decideBatchesLeft } from './decide.ts'
import { endOfDate } from './local-date.ts'

type Reader = Kysely<Tables>

/** The ledger of batches, summed up. */
async function batchesIn(db: Reader, cabinetId: string): Promise<Batch[]> {
  const rows = await db
    .selectFrom('batchMovement')
    .select(['shelf', 'sku', 'batch', 'expiresOn', 'expiresAtMs'])
    .select((eb) => eb.fn.sum<number>('quantity').as('quantity'))
    .where('cabinetId', '=', cabinetId)
    .groupBy(['shelf', 'sku', 'batch', 'expiresOn', 'expiresAtMs'])
    .execute()
  return rows.map((row) => ({ ...row, quantity: Number(row.quantity) }))
}

/** What may lie in a cabinet by batch, soonest to expire first. Batches of which nothing can be left are not among them. */
export async function batchesOf(db: Reader, cabinetId: string): Promise<BatchLine[]> {
  return decideBatchesLeft(await batchesIn(db, cabinetId), await stockOf(db, cabinetId))
}

/** In the transaction that confirms a visit. */
export async function bookBatches(
  tx: Tx,
  about: { cabinetId: string; visitId: string; timeZone: string },
  lines: readonly VisitLine[],
): Promise<void> {
  const { cabinetId, visitId, timeZone } = about
  const known = await batchesIn(tx, cabinetId)
  const moves: Batch[] = []
  for (const line of lines) {
    const { shelf, sku, quantity } = line
    const batch = line.batch ?? null
    const expiresOn = line.expiresOn ?? null
    if (line.action === 'put_in') {
      if (batch === null && expiresOn === null) continue
      const expiresAtMs = expiresOn === null ? null : endOfDate(expiresOn, timeZone)
      moves.push({ shelf, sku, batch, expiresOn, expiresAtMs, quantity })
    } else if (line.action === 'taken_out') moves.push(...takenOut(known, line))
  }
  for (const { quantity, ...move } of moves)
    if (quantity !== 0)
      await tx
        .insertInto('batchMovement')
        .values({ ...move, quantity, cabinetId, visitId, atMs: nowOf(tx) })
        .execute()
}

/** From the batch that was named, else from the oldest ones. Pure but for what it has taken from `known` already. */
function takenOut(known: Batch[], line: VisitLine): Batch[] {
  let wanted = line.quantity
  const moves: Batch[] = []
  const candidates = known
    .filter(
      (one) =>
        one.shelf === line.shelf &&
        one.sku === line.sku &&
        (line.batch === undefined || one.batch === line.batch) &&
        (line.expiresOn === undefined || one.expiresOn === line.expiresOn),
    )
    .toSorted(
      (a, b) => (a.expiresAtMs ?? Number.POSITIVE_INFINITY) - (b.expiresAtMs ?? Number.POSITIVE_INFINITY),
    )
  for (const one of candidates) {
    const taken = Math.min(wanted, Math.max(0, one.quantity))
    if (taken === 0) continue
    wanted -= taken
    known[known.indexOf(one)] = { ...one, quantity: one.quantity - taken }
    moves.push({ ...one, quantity: -taken })
  }
  return moves
}
