import type { Insertable, Selectable } from 'kysely'
import { dayAfter, dayBefore, startOfDay } from '#core/ledger/day.ts'
import type { BilledRow } from '#core/payments/provider.ts'
import type { Database, Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { OurPayment, OurRefund } from './decide.ts'

export type BillDifferenceRow = Selectable<Tables['billDifference']>
export type BillRunRow = Selectable<Tables['billRun']>

/** Our clock and the provider's differ by seconds; a refund of the last minutes of a day is judged with the next. */
const MARGIN_MS = 10 * 60_000
const ROWS_AT_ONCE = 500
/** SQLite takes a limited number of values in one statement. */
const KEYS_AT_ONCE = 500

export function createBillStore(db: Database) {
  /** Looked up in pieces, because a bill may name a hundred thousand numbers. */
  async function inPieces<T>(keys: readonly string[], find: (some: string[]) => Promise<T[]>): Promise<T[]> {
    const found: T[] = []
    for (let start = 0; start < keys.length; start += KEYS_AT_ONCE)
      found.push(...(await find(keys.slice(start, start + KEYS_AT_ONCE))))
    return found
  }

  return {
    /** Payments by the provider's own time; refunds that it accepted from ten minutes before this day to ten before its end. */
    async ours(day: string): Promise<{ payments: OurPayment[]; refunds: OurRefund[] }> {
      const [fromMs, toMs] = [startOfDay(day) ?? 0, startOfDay(dayAfter(day)) ?? 0]
      const payments = await db.read
        .selectFrom('payment')
        .select(['transactionId', 'orderId', 'amountFen', 'isDuplicate'])
        .where('paidAtMs', '>=', fromMs)
        .where('paidAtMs', '<', toMs)
        .execute()
      const refunds = await db.read
        .selectFrom('refund')
        .select(['outRefundNo', 'refundId', 'orderId', 'amountFen'])
        .where('acceptedAtMs', '>=', fromMs - MARGIN_MS)
        .where('acceptedAtMs', '<', toMs - MARGIN_MS)
        .where('state', 'in', ['processing', 'abnormal', 'succeeded', 'unknown'])
        .execute()
      return {
        payments: payments.map((one) => ({ ...one, isDuplicate: one.isDuplicate === 1 })),
        refunds,
      }
    },

    /** What the numbers of a bill mean here. */
    async finder(rows: readonly BilledRow[], day: string) {
      const orders = await inPieces([...new Set(rows.map((row) => row.outOrderNo))], (some) =>
        db.read
          .selectFrom('charge as c')
          .innerJoin('order as o', 'o.orderId', 'c.orderId')
          .innerJoin('cabinet as k', 'k.cabinetId', 'o.cabinetId')
          .select((eb) => [
            'c.outOrderNo',
            'o.orderId',
            'o.cabinetId',
            'k.operator',
            eb
              .exists(
                eb.selectFrom('payment').select('paymentId').whereRef('payment.orderId', '=', 'o.orderId'),
              )
              .as('isPaid'),
          ])
          .where('c.outOrderNo', 'in', some)
          .execute(),
      )
      const byNumber = new Map(orders.map((one) => [one.outOrderNo, one]))
      const numbers = rows.flatMap((row) => (row.outRefundNo === undefined ? [] : [row.outRefundNo]))
      // A second attempt at a refund has its number with a dash; the first may still stand in a bill.
      const refunds = await inPieces([...new Set(numbers.map((one) => one.replace(/-\d+$/, '')))], (some) =>
        db.read
          .selectFrom('refund')
          .select(['outRefundNo', 'refundId', 'orderId', 'amountFen'])
          .where('refundId', 'in', some)
          .execute(),
      )
      const byRefund = new Map(refunds.map((one) => [one.refundId, one]))
      const elsewhere = new Set(
        (
          await db.read
            .selectFrom('billRow as b')
            .innerJoin('refund as r', 'r.outRefundNo', 'b.outRefundNo')
            .select('r.outRefundNo')
            .where('b.day', 'in', [dayBefore(day), dayAfter(day)])
            .execute()
        ).map((row) => row.outRefundNo),
      )
      return {
        orderOf: (outOrderNo: string) => {
          const order = byNumber.get(outOrderNo)
          return order && { orderId: order.orderId, isPaid: Number(order.isPaid) === 1 }
        },
        placeOf: (outOrderNo: string) => {
          const order = byNumber.get(outOrderNo)
          return order && { orderId: order.orderId, cabinetId: order.cabinetId, operator: order.operator }
        },
        refundOf: (outRefundNo: string): OurRefund | undefined => {
          const refund = byRefund.get(outRefundNo.replace(/-\d+$/, ''))
          return refund && { ...refund, outRefundNo }
        },
        isBilledElsewhere: (outRefundNo: string) => elsewhere.has(outRefundNo),
      }
    },

    async saveRows(day: string, rows: readonly BilledRow[]): Promise<void> {
      await db.write('forget the rows of an earlier run', (tx) =>
        tx.deleteFrom('billRow').where('day', '=', day).execute(),
      )
      for (let start = 0; start < rows.length; start += ROWS_AT_ONCE)
        await db.write('save rows of a bill', async (tx) => {
          for (const [index, row] of rows.slice(start, start + ROWS_AT_ONCE).entries())
            await tx
              .insertInto('billRow')
              .values({
                day,
                position: start + index,
                kind: row.kind,
                atMs: row.atMs,
                transactionId: row.transactionId,
                outOrderNo: row.outOrderNo,
                deviceId: row.deviceId,
                outRefundNo: row.outRefundNo ?? null,
                refundStatus: row.refundStatus ?? null,
                amountFen: row.amountFen,
                feeFen: row.feeFen,
              })
              .onConflict((conflict) => conflict.doNothing())
              .execute()
        })
    },
    async saveRun(tx: Tx, run: Insertable<Tables['billRun']>): Promise<void> {
      await tx.insertInto('billRun').values(run).execute()
    },
    /** The same kind about the same subject is found once, in whatever run. */
    async insertDifference(
      tx: Tx,
      row: BillDifferenceRow,
    ): Promise<{ row: BillDifferenceRow; isNew: boolean }> {
      const before = await tx
        .selectFrom('billDifference')
        .selectAll()
        .where('kind', '=', row.kind)
        .where('subjectId', '=', row.subjectId)
        .executeTakeFirst()
      if (before !== undefined) return { row: before, isNew: false }
      await tx.insertInto('billDifference').values(row).execute()
      return { row, isNew: true }
    },
  }
}
