import type { BatchLine } from '#protocol/api/restock.ts'
import { type Batch, decideBatchesLeft } from '#core/restock/decide.ts'
import type { StockLine } from '#core/catalog/queries.ts'
import type { Tx } from '#core/platform/database.ts'

export const QUALITY_RULE = 'quality-1'

/** Goods that a consumer finds bad, with every batch of them that may have lain there when they were sold. */
export interface QualityInputs {
  readonly soldAtMs: number
  readonly lines: ReadonlyArray<{
    readonly lineId: string
    readonly sku: string
    readonly quantity: number
    /** Of the ledger of batches just before the sale; without a date nothing is known of them. */
    readonly batches: ReadonlyArray<Pick<BatchLine, 'batch' | 'expiresOn' | 'expiresAtMs' | 'leftMost'>>
  }>
}
export interface QualityDecision {
  /** expired: our own record proves it, so all of it goes back and the law's compensation is due. look: only a person can judge. */
  readonly outcome: 'expired' | 'look'
  readonly lines: ReadonlyArray<{ readonly lineId: string; readonly sku: string; readonly quantity: number }>
  /** Some of what may have been sold was past its date: the shelf and the batch are looked at, whatever is refunded. */
  readonly isSuspect: boolean
}

/** Proven is only what could not have been anything else: every batch that may have been sold was past its date. Pure. */
export function decideQuality({ soldAtMs, lines }: QualityInputs): QualityDecision {
  const isPast = ({ expiresAtMs }: { expiresAtMs: number | null }) =>
    expiresAtMs !== null && expiresAtMs <= soldAtMs
  const proven = lines.filter(({ batches }) => batches.length > 0 && batches.every(isPast))
  return {
    outcome: proven.length > 0 ? 'expired' : 'look',
    lines: proven.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity })),
    isSuspect: lines.some(({ batches }) => batches.some(isPast)),
  }
}

/** What the books say lay in the cabinet just before an order took from it. */
export async function qualityInputs(
  tx: Tx,
  order: { orderId: string; cabinetId: string; soldAtMs: number },
  lines: ReadonlyArray<{ lineId: string; sku: string; quantity: number }>,
): Promise<QualityInputs> {
  const { orderId, cabinetId, soldAtMs } = order
  const sale = await tx
    .selectFrom('stockMovement')
    .select((eb) => eb.fn.min<number | null>('id').as('id'))
    .where('orderId', '=', orderId)
    .executeTakeFirst()
  const batches = await tx
    .selectFrom('batchMovement')
    .select(['shelf', 'sku', 'batch', 'expiresOn', 'expiresAtMs'])
    .select((eb) => eb.fn.sum<number>('quantity').as('quantity'))
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '<=', soldAtMs)
    .groupBy(['shelf', 'sku', 'batch', 'expiresOn', 'expiresAtMs'])
    .execute()
  const stock = await tx
    .selectFrom('stockMovement')
    .select(['shelf', 'sku'])
    .select((eb) => eb.fn.sum<number>('quantity').as('quantity'))
    .where('cabinetId', '=', cabinetId)
    .where('id', '<', sale?.id ?? Number.MAX_SAFE_INTEGER)
    .groupBy(['shelf', 'sku'])
    .execute()
  const left = decideBatchesLeft(
    batches.map((row): Batch => ({ ...row, quantity: Number(row.quantity) })),
    stock.map((row): StockLine => ({ ...row, quantity: Number(row.quantity) })),
  )
  return {
    soldAtMs,
    lines: lines.map((line) => ({
      ...line,
      batches: left
        .filter(({ sku }) => sku === line.sku)
        .map(({ batch, expiresOn, expiresAtMs, leftMost }) => ({ batch, expiresOn, expiresAtMs, leftMost })),
    })),
  }
}
