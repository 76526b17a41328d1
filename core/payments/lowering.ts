import type { Selectable } from 'kysely'
import { books } from '#core/ledger/books.ts'
import { applyLowered, calculateLowered, type LoweredOrder } from '#core/orders/lower.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { advanceCharge, type ChargeRow, type PaymentReactions } from './charge-rows.ts'
import type { LowerWish } from './lower-wish.ts'
import type { ChargeLine, ProviderOrder } from './provider.ts'

type LoweringRow = Selectable<Tables['chargeLowering']>

/** The wish that is worked on: one after the other, because each is worked out on what the one before it left. */
export async function firstLowering(db: Tx, chargeId: string): Promise<LoweringRow | undefined> {
  return db
    .selectFrom('chargeLowering')
    .selectAll()
    .where('chargeId', '=', chargeId)
    .where('state', '=', 'waiting')
    .orderBy('askedAtMs')
    .orderBy('refundId')
    .executeTakeFirst()
}

/** In the transaction of what it led to, so that a run that is repeated after a crash does nothing twice. */
export async function endLowering(
  tx: Tx,
  refundId: string,
  state: 'lowered' | 'refunded' | 'dropped',
  byFen: number | null = null,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('chargeLowering')
    .set({ state, byFen, endedAtMs: nowOf(tx) })
    .where('refundId', '=', refundId)
    .where('state', '=', 'waiting')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** How the provider names what is left. */
export async function lineWordsOf(db: Tx, orderId: string, wanted: LoweredOrder): Promise<ChargeLine[]> {
  const names = await db
    .selectFrom('orderLine')
    .innerJoin('product', 'product.sku', 'orderLine.sku')
    .select(['orderLine.lineId', 'product.nameZh'])
    .where('orderId', '=', orderId)
    .execute()
  return wanted.lines.map((line) => ({
    description: names.find((one) => one.lineId === line.lineId)?.nameZh ?? '商品',
    count: line.quantity,
    amountFen: line.amountFen,
  }))
}

/**
 * What the provider shows is the lower amount that was wished for: the order and the books follow before anything else is
 * read from it. Whoever sees it first does this; an answer that was lost, or a deduction that was quicker than our record
 * of it, would otherwise look like a wrong amount, and the goods would go back a second time.
 * @returns the charge as it is then
 */
export async function takeUpLowered(
  tx: Tx,
  charge: ChargeRow,
  seen: ProviderOrder,
  reactions: Pick<PaymentReactions, 'lowered'>,
): Promise<ChargeRow> {
  if (charge.state !== 'pending') return charge
  const row = await firstLowering(tx, charge.chargeId)
  if (row === undefined) return charge
  const wish = JSON.parse(row.wish) as LowerWish
  const wanted = await calculateLowered(tx, charge.orderId, wish.lines)
  if (wanted === undefined || wanted.totalFen >= charge.amountFen || !shows(seen, wanted)) return charge
  const byFen = charge.amountFen - wanted.totalFen
  const lines = await lineWordsOf(tx, charge.orderId, wanted)
  await endLowering(tx, row.refundId, 'lowered', byFen)
  const earlier = await tx
    .selectFrom('ledgerEntry')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('kind', '=', 'sale_lowered')
    .where('orderId', '=', charge.orderId)
    .executeTakeFirstOrThrow()
  await books.lowered(tx, charge, { byFen, step: Number(earlier.count) + 1, atMs: nowOf(tx) })
  await applyLowered(tx, charge.orderId, wanted)
  const lowered = await advanceCharge(tx, charge.chargeId, 'lowered', {
    amountFen: wanted.totalFen,
    lines: JSON.stringify(lines),
  })
  if (lowered === undefined) throw new Error(`assertion failed: ${charge.chargeId} cannot be lowered`)
  await reactions.lowered(tx, lowered, byFen)
  return lowered
}

/** Nothing owed at all shows as an order that ended without money. */
function shows(seen: ProviderOrder, wanted: LoweredOrder): boolean {
  if (wanted.totalFen === 0)
    return (
      seen.state === 'revoked' ||
      (seen.state === 'paid' && seen.isPaidElsewhere && seen.payments.length === 0)
    )
  return (seen.state === 'collecting' || seen.state === 'paid') && seen.totalFen === wanted.totalFen
}
