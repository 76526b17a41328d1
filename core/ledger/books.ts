import type { Tx } from '#core/platform/database.ts'
import {
  loweredEntry,
  paidElsewhereEntry,
  paymentEntry,
  refundEntry,
  reversedEntry,
  saleEntry,
  writtenOffEntry,
} from './entries.ts'
import { post, type PostAbout, receivableOf } from './journal.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const placeOfOrder = preparedFor((db, orderId: string) =>
  db
    .selectFrom('order')
    .innerJoin('cabinet', 'cabinet.cabinetId', 'order.cabinetId')
    .select(['order.orderId', 'order.cabinetId', 'cabinet.operator'])
    .where('order.orderId', '=', orderId),
)
const linesOf = preparedFor((db, orderId: string) =>
  db.selectFrom('orderLine').select(['quantity', 'unitPriceFen', 'amountFen']).where('orderId', '=', orderId),
)
const discountsOf = preparedFor((db, orderId: string) =>
  db.selectFrom('orderDiscount').select(['amountFen', 'isCompensation']).where('orderId', '=', orderId),
)

interface OrderPlace {
  orderId: string
  cabinetId: string
  operator: string
}

async function placeOf(tx: Tx, orderId: string): Promise<OrderPlace> {
  const [place] = await placeOfOrder(tx, orderId)
  if (place === undefined) throw new Error(`assertion failed: there is no order ${orderId}`)
  return place
}
async function about(tx: Tx, orderId: string, subjectId: string, occurredAtMs: number): Promise<PostAbout> {
  return { ...(await placeOf(tx, orderId)), subjectId, occurredAtMs }
}

/** What goods cost and what was taken off, as the order says it now. */
async function amountsOf(tx: Tx, orderId: string) {
  const lines = await linesOf(tx, orderId)
  const discounts = await discountsOf(tx, orderId)
  const sum = (list: readonly number[]) => list.reduce((total, fen) => total + fen, 0)
  const netFen = sum(lines.map((line) => line.amountFen))
  const compensationFen = sum(discounts.filter((one) => one.isCompensation === 1).map((one) => one.amountFen))
  const grossFen = sum(lines.map((line) => line.quantity * line.unitPriceFen))
  return { grossFen, compensationFen, discountFen: grossFen - netFen - compensationFen }
}

/**
 * The events of money as entries of the journal. Each runs in the transaction of its state change; the same event again
 * changes nothing.
 */
export const books = {
  /** The money is asked for, for the first time. */
  async sold(tx: Tx, charge: { chargeId: string; orderId: string }, atMs: number): Promise<void> {
    await post(
      tx,
      saleEntry(await amountsOf(tx, charge.orderId)),
      await about(tx, charge.orderId, charge.chargeId, atMs),
    )
  },
  /** @param step  1, 2, 3 … of this charge */
  async lowered(
    tx: Tx,
    charge: { chargeId: string; orderId: string },
    change: { byFen: number; step: number; atMs: number },
  ): Promise<void> {
    const { byFen, step, atMs } = change
    await post(tx, loweredEntry(byFen), await about(tx, charge.orderId, `${charge.chargeId}/${step}`, atMs))
  },
  /** The charge ended without money. */
  async reversed(tx: Tx, charge: { chargeId: string; orderId: string }, atMs: number): Promise<void> {
    const openFen = await receivableOf(tx, charge.orderId)
    await post(tx, reversedEntry(openFen), await about(tx, charge.orderId, charge.chargeId, atMs))
  },
  async paid(
    tx: Tx,
    payment: { paymentId: string; orderId: string; amountFen: number; isDuplicate: number; paidAtMs: number },
  ): Promise<void> {
    const { paymentId, orderId, amountFen, isDuplicate, paidAtMs } = payment
    await post(tx, paymentEntry(amountFen, isDuplicate === 1), await about(tx, orderId, paymentId, paidAtMs))
  },
  async paidElsewhere(tx: Tx, charge: { chargeId: string; orderId: string }, atMs: number): Promise<void> {
    const openFen = await receivableOf(tx, charge.orderId)
    await post(tx, paidElsewhereEntry(openFen), await about(tx, charge.orderId, charge.chargeId, atMs))
  },
  async refunded(
    tx: Tx,
    refund: { refundId: string; orderId: string; paymentId: string; amountFen: number },
    atMs: number,
  ): Promise<void> {
    const { isDuplicate } = await tx
      .selectFrom('payment')
      .select('isDuplicate')
      .where('paymentId', '=', refund.paymentId)
      .executeTakeFirstOrThrow()
    await post(
      tx,
      refundEntry(refund.amountFen, isDuplicate === 1),
      await about(tx, refund.orderId, refund.refundId, atMs),
    )
  },
  /** Nobody will pay it any more, by the authority of a person. */
  async writtenOff(tx: Tx, orderId: string, atMs: number): Promise<void> {
    const openFen = await receivableOf(tx, orderId)
    await post(tx, writtenOffEntry(openFen), await about(tx, orderId, orderId, atMs))
  },
}
