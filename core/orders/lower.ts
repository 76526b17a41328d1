import { nowOf, type Tx } from '#core/platform/database.ts'
import { recordChange } from '#core/live/changes.ts'
import { linesOf } from './store.ts'

export interface LowerableLine {
  readonly lineId: string
  readonly quantity: number
  readonly unitPriceFen: number
  readonly amountFen: number
}
export interface LoweredLine {
  readonly lineId: string
  readonly quantity: number
  readonly amountFen: number
}
export interface LoweredOrder {
  readonly lines: readonly LoweredLine[]
  /** Each discount's share of each remaining line, in their order. */
  readonly allocations: ReadonlyArray<readonly number[]>
  readonly totalFen: number
}

/**
 * An unpaid order without some of its goods. Pure. Discounts shrink with their goods, rounded to the consumer's good.
 * @param allocations  fen of each line, one list a discount
 * @returns undefined when more is taken away than there is
 */
export function decideLowered(
  lines: readonly LowerableLine[],
  allocations: ReadonlyArray<readonly number[]>,
  without: ReadonlyArray<{ lineId: string; quantity: number }>,
): LoweredOrder | undefined {
  const left = lines.map((line) => {
    const off = without.find((one) => one.lineId === line.lineId)?.quantity ?? 0
    return off > line.quantity ? undefined : line.quantity - off
  })
  if (left.includes(undefined) || without.some((one) => !lines.some((line) => line.lineId === one.lineId)))
    return undefined
  const kept = lines.map((line, index) => ({ line, index, quantity: left[index] as number }))
  const shares = allocations.map((shareOf) =>
    kept.map(({ line, index, quantity }) =>
      // Of a share that does not divide, the remaining goods keep the larger part.
      Math.ceil(((shareOf[index] ?? 0) * quantity) / line.quantity),
    ),
  )
  const amounts = kept.map(({ line, quantity }, index) =>
    Math.max(0, quantity * line.unitPriceFen - shares.reduce((sum, share) => sum + (share[index] ?? 0), 0)),
  )
  const remains = kept.map(({ quantity }) => quantity > 0)
  // What a line cannot give any more, its last discount takes less of.
  const exact = shares.map((share) => [...share])
  for (const [index, { line, quantity }] of kept.entries()) {
    let over = exact.reduce((sum, share) => sum + (share[index] ?? 0), 0) - quantity * line.unitPriceFen
    for (const share of exact.toReversed()) {
      const less = Math.min(Math.max(0, over), share[index] ?? 0)
      share[index] = (share[index] ?? 0) - less
      over -= less
    }
  }
  return {
    lines: kept
      .map(({ line, quantity }, index) => ({
        lineId: line.lineId,
        quantity,
        amountFen: amounts[index] as number,
      }))
      .filter((line) => line.quantity > 0),
    allocations: exact.map((share) => share.filter((_fen, index) => remains[index])),
    totalFen: amounts.reduce((sum, fen) => sum + fen, 0),
  }
}

/** The provider was asked for the money and has not told that it was taken: less can still be asked for. */
export function isAskedFor(order: { state: string }): boolean {
  return order.state === 'charging' || order.state === 'arrears'
}

/** What the order would be without these goods. */
export async function calculateLowered(
  tx: Tx,
  orderId: string,
  without: ReadonlyArray<{ lineId: string; quantity: number }>,
): Promise<LoweredOrder | undefined> {
  const discounts = await discountsOf(tx, orderId)
  return decideLowered(
    await linesOf(tx, orderId),
    discounts.map((one) => one.shares),
    without,
  )
}
async function discountsOf(tx: Tx, orderId: string) {
  const rows = await tx
    .selectFrom('orderDiscount')
    .select(['position', 'allocation'])
    .where('orderId', '=', orderId)
    .orderBy('position')
    .execute()
  return rows.map((row) => ({ position: row.position, shares: JSON.parse(row.allocation) as number[] }))
}

/** The provider has confirmed the lower amount: the order follows. Before payment only. */
export async function applyLowered(tx: Tx, orderId: string, lowered: LoweredOrder): Promise<void> {
  const nowMs = nowOf(tx)
  const discounts = await discountsOf(tx, orderId)
  for (const line of await linesOf(tx, orderId)) {
    const kept = lowered.lines.find((one) => one.lineId === line.lineId)
    if (kept === undefined) await tx.deleteFrom('orderLine').where('lineId', '=', line.lineId).execute()
    else
      await tx
        .updateTable('orderLine')
        .set({ quantity: kept.quantity, amountFen: kept.amountFen })
        .where('lineId', '=', line.lineId)
        .execute()
  }
  for (const [index, { position }] of discounts.entries()) {
    const shares = lowered.allocations[index] ?? []
    const amountFen = shares.reduce((sum, fen) => sum + fen, 0)
    const row = tx
      .updateTable('orderDiscount')
      .where('orderId', '=', orderId)
      .where('position', '=', position)
    if (amountFen > 0) await row.set({ amountFen, allocation: JSON.stringify(shares) }).execute()
    else
      await tx
        .deleteFrom('orderDiscount')
        .where('orderId', '=', orderId)
        .where('position', '=', position)
        .execute()
  }
  await tx.updateTable('order').set({ totalFen: lowered.totalFen }).where('orderId', '=', orderId).execute()
  await recordChange(tx, {
    kind: 'order',
    subjectId: orderId,
    data: { totalFen: lowered.totalFen, atMs: nowMs },
  })
}
