import type { Database } from '#core/platform/database.ts'
import { books } from './books.ts'

const CHARGES_AT_ONCE = 50

/**
 * Charges from before there was a journal are entered into it, once, as they stand: asked, paid, given back. A database that
 * began with the journal has none. @returns how many were entered
 */
export async function takeUpOldCharges(db: Database): Promise<number> {
  let taken = 0
  let after = ''
  for (;;) {
    const from = after
    const charges = await db.write('enter old charges', async (tx) => {
      const found = await tx
        .selectFrom('charge as c')
        .select(['c.chargeId', 'c.orderId', 'c.state', 'c.submittedAtMs', 'c.paidAtMs', 'c.amountFen'])
        .where('c.submittedAtMs', 'is not', null)
        .where('c.state', 'not in', ['cancelled', 'failed'])
        .where('c.amountFen', '>', 0)
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('ledgerEntry as e')
                .select('e.seq')
                .where('e.kind', '=', 'sale')
                .whereRef('e.subjectId', '=', 'c.chargeId'),
            ),
          ),
        )
        .where('c.chargeId', '>', from)
        .orderBy('c.chargeId')
        .limit(CHARGES_AT_ONCE)
        .execute()
      for (const charge of found) {
        await books.sold(tx, charge, charge.submittedAtMs ?? 0)
        const payments = await tx
          .selectFrom('payment')
          .selectAll()
          .where('orderId', '=', charge.orderId)
          .execute()
        for (const payment of payments) await books.paid(tx, payment)
        if (charge.state === 'paid' && payments.length === 0)
          await books.paidElsewhere(tx, charge, charge.paidAtMs ?? charge.submittedAtMs ?? 0)
        const refunds = await tx
          .selectFrom('refund')
          .select(['refundId', 'orderId', 'paymentId', 'amountFen', 'succeededAtMs', 'requestedAtMs'])
          .where('orderId', '=', charge.orderId)
          .where('state', '=', 'succeeded')
          .execute()
        for (const refund of refunds)
          await books.refunded(tx, refund, refund.succeededAtMs ?? refund.requestedAtMs)
      }
      return found
    })
    taken += charges.length
    after = charges.at(-1)?.chargeId ?? after
    if (charges.length < CHARGES_AT_ONCE) return taken
  }
}
