import type { BillReport, DifferenceKind } from '#protocol/api/finance.ts'
import type { BilledRow } from '#core/payments/provider.ts'

/** A payment as our books have it. */
export interface OurPayment {
  readonly transactionId: string
  readonly orderId: string
  readonly amountFen: number
  readonly isDuplicate: boolean
}
export interface OurRefund {
  readonly outRefundNo: string
  readonly refundId: string
  readonly orderId: string
  readonly amountFen: number
}
export interface Difference {
  readonly kind: DifferenceKind
  /** The transaction or the refund that it is about. */
  readonly subjectId: string
  readonly orderId: string | null
  readonly transactionId: string | null
  readonly outRefundNo: string | null
  readonly ourFen: number | null
  readonly billFen: number | null
}
export interface Reconciled {
  readonly differences: readonly Difference[]
  readonly report: Pick<BillReport, 'payments' | 'refunds' | 'feesFen' | 'netFen' | 'isBalanced'>
}

/** A refund that the provider closed did not move money. */
const CLOSED = 'FAIL'

/**
 * The bill of a day beside our books of that day. Pure.
 * @param ours.payments  by the provider's time of payment on this day
 * @param ours.refunds  accepted on this day
 * @param ours.orderOf  our order behind a number of the bill, whether or not it was paid
 * @param ours.refundOf  our refund behind a number, of whatever day: one at midnight may stand in the neighbour's bill
 */
export function decideReconciliation(
  rows: readonly BilledRow[],
  ours: {
    readonly payments: readonly OurPayment[]
    readonly refunds: readonly OurRefund[]
    orderOf(outOrderNo: string): { orderId: string; isPaid: boolean } | undefined
    refundOf(outRefundNo: string): OurRefund | undefined
  },
): Reconciled {
  const differences: Difference[] = []
  const add = (kind: DifferenceKind, more: Omit<Difference, 'kind'>) => differences.push({ kind, ...more })
  const none = { orderId: null, transactionId: null, outRefundNo: null, ourFen: null, billFen: null }

  const billed = rows.filter((row) => row.kind === 'payment')
  const payments = emptySides()
  const byTransaction = new Map(ours.payments.map((one) => [one.transactionId, one]))
  const seen = new Set<string>()
  const paidOnThisBill = new Set<string>()
  for (const row of billed) {
    const { transactionId, amountFen: billFen } = row
    add1(payments.bill, billFen)
    seen.add(transactionId)
    const our = byTransaction.get(transactionId)
    if (our !== undefined) {
      add1(payments.matched, our.amountFen)
      payments.differsByFen += billFen - our.amountFen
      if (our.amountFen !== billFen)
        add('amount_differs', {
          ...none,
          subjectId: transactionId,
          orderId: our.orderId,
          transactionId,
          ourFen: our.amountFen,
          billFen,
        })
      continue
    }
    add1(payments.billOnly, billFen)
    const order = ours.orderOf(row.outOrderNo)
    const isSecond = order !== undefined && (order.isPaid || paidOnThisBill.has(order.orderId))
    if (order !== undefined) paidOnThisBill.add(order.orderId)
    add(order === undefined ? 'paid_unknown' : isSecond ? 'paid_twice' : 'paid_unheard', {
      ...none,
      subjectId: transactionId,
      orderId: order?.orderId ?? null,
      transactionId,
      billFen,
    })
  }
  for (const our of ours.payments) {
    add1(payments.ours, our.amountFen)
    if (seen.has(our.transactionId)) continue
    add1(payments.oursOnly, our.amountFen)
    add('known_unpaid', {
      ...none,
      subjectId: our.transactionId,
      orderId: our.orderId,
      transactionId: our.transactionId,
      ourFen: our.amountFen,
    })
  }

  const refunds = emptySides()
  const ofThisDay = new Set(ours.refunds.map((one) => one.outRefundNo))
  const seenRefunds = new Set<string>()
  for (const row of rows) {
    if (row.kind !== 'refund' || row.refundStatus === CLOSED) continue
    const outRefundNo = row.outRefundNo ?? ''
    const billFen = row.amountFen
    add1(refunds.bill, billFen)
    seenRefunds.add(outRefundNo)
    const our = ours.refundOf(outRefundNo)
    const about = { ...none, subjectId: outRefundNo, outRefundNo, transactionId: row.transactionId, billFen }
    if (our === undefined) {
      add1(refunds.billOnly, billFen)
      add('refund_unknown', { ...about, orderId: ours.orderOf(row.outOrderNo)?.orderId ?? null })
      continue
    }
    add1(refunds.matched, our.amountFen)
    if (!ofThisDay.has(outRefundNo)) add1(refunds.ours, our.amountFen)
    refunds.differsByFen += billFen - our.amountFen
    if (billFen !== our.amountFen)
      add('refund_amount_differs', { ...about, orderId: our.orderId, ourFen: our.amountFen })
  }
  for (const our of ours.refunds) {
    add1(refunds.ours, our.amountFen)
    if (seenRefunds.has(our.outRefundNo)) continue
    add1(refunds.oursOnly, our.amountFen)
    add('refund_missing', {
      ...none,
      subjectId: our.outRefundNo,
      orderId: our.orderId,
      outRefundNo: our.outRefundNo,
      ourFen: our.amountFen,
    })
  }
  const feesFen = rows.reduce((sum, row) => sum + row.feeFen, 0)
  return {
    differences,
    report: {
      payments,
      refunds,
      feesFen,
      netFen: payments.bill.fen - refunds.bill.fen - feesFen,
      isBalanced: balances(payments) && balances(refunds),
    },
  }
}

type Sides = { -readonly [Name in keyof BillReport['payments']]: BillReport['payments'][Name] }
function emptySides(): Sides {
  const side = () => ({ count: 0, fen: 0 })
  return { bill: side(), ours: side(), matched: side(), billOnly: side(), oursOnly: side(), differsByFen: 0 }
}
function add1(side: { count: number; fen: number }, fen: number): void {
  side.count++
  side.fen += fen
}
/** Every fen of the bill is matched, ours alone, theirs alone, or a named difference. */
function balances(sides: Sides): boolean {
  return (
    sides.bill.fen === sides.matched.fen + sides.differsByFen + sides.billOnly.fen &&
    sides.ours.fen === sides.matched.fen + sides.oursOnly.fen
  )
}
