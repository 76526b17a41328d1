import { advanceOrder } from '#core/orders/store.ts'
import { books } from '#core/ledger/books.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import {
  advanceCharge,
  type ChargeRow,
  findCharge,
  type PaymentReactions,
  type PaymentRow,
} from './charge-rows.ts'
import { decideObserved, decidePayments } from './decide.ts'
import { takeUpLowered } from './lowering.ts'
import type { ProviderOrder, ProviderPayment } from './provider.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import { changeRow } from '#core/platform/rows.ts'

const byNumber = preparedFor((db, outOrderNo: string) =>
  db.selectFrom('charge').selectAll().where('outOrderNo', '=', outOrderNo),
)
const paymentsOf = preparedFor((db, chargeId: string) =>
  db.selectFrom('payment').select('transactionId').where('chargeId', '=', chargeId),
)

/** A paid charge is looked at again, because a second payment may come without a callback. */
export const SECOND_LOOKS_MS = [15_000, 10 * 60_000, 6 * 3_600_000, 24 * 3_600_000]

/** Applies what a callback, a query or a bill showed. */
export type Observe = (tx: Tx, order: ProviderOrder, foundBy: PaymentRow['foundBy']) => Promise<void>

/** What the provider shows becomes payments, states and entries of the journal, each once, whatever comes first. */
export function createObserving(deps: CoreDeps & { due: DueWork; reactions: PaymentReactions }): {
  observe: Observe
  recordBilled: (tx: Tx, chargeId: string, payment: ProviderPayment) => Promise<void>
} {
  const { ids, log, due, reactions } = deps

  async function observe(tx: Tx, order: ProviderOrder, foundBy: PaymentRow['foundBy']): Promise<void> {
    const [found] = await byNumber(tx, order.outOrderNo)
    if (found === undefined) {
      await raiseIncident(tx, ids, {
        kind: 'provider_order_unknown',
        subject: order.outOrderNo,
        message: `The provider speaks of the order ${order.outOrderNo}, which is not ours.`,
      })
      return
    }
    const charge = await takeUpLowered(tx, found, order, reactions)
    if (charge.providerOrderId === null && order.providerOrderId !== null) {
      changeRow(tx, 'charge', { chargeId: charge.chargeId }, { providerOrderId: order.providerOrderId })
    }
    const duplicates = await recordPayments(tx, charge, order.payments, foundBy)
    const input = decideObserved(charge.state, order)
    const nowMs = nowOf(tx)
    const isPaid = input === 'paid' || input === 'foundPaid'
    const change = isPaid
      ? { paidAtMs: order.payments[0]?.paidAtMs ?? nowMs }
      : input === 'accepted' || input === 'foundPending'
        ? { pendingAtMs: charge.pendingAtMs ?? nowMs }
        : {}
    const moved = input === undefined ? undefined : await advanceCharge(tx, charge.chargeId, input, change)
    if (moved !== undefined) await react(tx, moved, order, isPaid)
    for (const payment of duplicates) await reactions.duplicatePaid(tx, charge, payment)
  }

  async function react(tx: Tx, charge: ChargeRow, order: ProviderOrder, isPaid: boolean): Promise<void> {
    if (isPaid) {
      const isElsewhere = order.isPaidElsewhere && order.payments.length === 0
      if (isElsewhere) await books.paidElsewhere(tx, charge, nowOf(tx))
      await advanceOrder(tx, charge.orderId, isElsewhere ? 'paidElsewhere' : 'paid', {
        chargedAtMs: nowOf(tx),
      })
      await due.schedule(tx, {
        kind: 'charge.verify',
        subjectId: charge.chargeId,
        dueAtMs: nowOf(tx) + (SECOND_LOOKS_MS[0] as number),
        payload: { look: 0 },
      })
      await reactions.chargePaid(tx, charge)
    } else if (charge.state === 'cancelled') {
      await books.reversed(tx, charge, nowOf(tx))
      // Nothing was to be paid: discounts covered all of it, or the provider let go of what it could not collect.
      if (charge.amountFen > 0) await advanceOrder(tx, charge.orderId, 'voided')
      else await advanceOrder(tx, charge.orderId, 'covered', { chargedAtMs: nowOf(tx) })
      await reactions.chargeEnded(tx, charge)
    }
  }

  /** @returns the payments that came on top of the one that counts */
  async function recordPayments(
    tx: Tx,
    charge: ChargeRow,
    seen: readonly ProviderPayment[],
    foundBy: PaymentRow['foundBy'],
  ): Promise<PaymentRow[]> {
    const known = await paymentsOf(tx, charge.chargeId)
    const duplicates: PaymentRow[] = []
    for (const payment of decidePayments(
      known.map((row) => row.transactionId),
      seen,
    )) {
      const row: PaymentRow = {
        paymentId: ids.next('payment'),
        chargeId: charge.chargeId,
        orderId: charge.orderId,
        transactionId: payment.transactionId,
        amountFen: payment.amountFen,
        paidAtMs: payment.paidAtMs,
        foundBy,
        foundAtMs: nowOf(tx),
        isDuplicate: payment.isDuplicate ? 1 : 0,
        reservedFen: 0,
        refundedFen: 0,
      }
      await tx.insertInto('payment').values(row).execute()
      await books.paid(tx, row)
      await tx
        .updateTable('order')
        .set((eb) => ({ paidFen: eb('paidFen', '+', payment.amountFen) }))
        .where('orderId', '=', charge.orderId)
        .execute()
      log.info(
        {
          chargeId: charge.chargeId,
          orderId: charge.orderId,
          amountFen: payment.amountFen,
          isDuplicate: payment.isDuplicate,
        },
        'payment found',
      )
      if (payment.isDuplicate) duplicates.push(row)
      else if (payment.amountFen !== charge.amountFen) await reactions.amountDiffers(tx, charge, row)
    }
    return duplicates
  }

  async function recordBilled(tx: Tx, chargeId: string, payment: ProviderPayment): Promise<void> {
    const charge = await findCharge(tx, chargeId)
    const duplicates = await recordPayments(tx, charge, [payment], 'bill')
    for (const duplicate of duplicates) await reactions.duplicatePaid(tx, charge, duplicate)
  }

  return { observe, recordBilled }
}
