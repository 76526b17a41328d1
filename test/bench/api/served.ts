import type { Ids } from '#protocol/base/ids.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { advanceOrder, insertOrder } from '#core/orders/store.ts'
import { books } from '#core/ledger/books.ts'
import type { Database } from '#core/platform/database.ts'

const LINES = [
  { sku: 'cola-330', grams: -353, unitPriceFen: 350 },
  { sku: 'juice-orange', grams: -335, unitPriceFen: 850 },
] as const
const ORDERS_AT_ONCE = 100

/** Orders as they are after a visit of two things: priced, charged, paid, with the receipt and the steps that the page shows. */
export async function seedOrders(
  db: Database,
  ids: Ids,
  who: { consumerId: string; cabinetId: string },
  count: number,
): Promise<Array<{ orderId: string; lineId: string }>> {
  const made: Array<{ orderId: string; lineId: string }> = []
  for (let start = 0; start < count; start += ORDERS_AT_ONCE)
    await db.write('seed orders', async (tx) => {
      for (let index = start; index < Math.min(count, start + ORDERS_AT_ONCE); index++) {
        const nowMs = Date.now() - 60_000
        const [sessionId, orderId, chargeId] = [ids.next('session'), ids.next('order'), ids.next('charge')]
        const totalFen = LINES.reduce((sum, line) => sum + line.unitPriceFen, 0)
        const reconciled: SessionReconciled = {
          sessionId,
          kind: 'sale',
          planogramVersion: 1,
          startedAgoMs: 20_000,
          openedMs: 1000,
          closedMs: 15_000,
          settledMs: 16_000,
          receipt: {
            lines: LINES.map(({ sku }) => ({ sku, quantity: 1, probability: 0.999 })),
            probability: 0.998,
            verdict: 'clear',
            engineVersion: 'bench',
            reasons: [],
            alternatives: [{ lines: [{ sku: 'cola-330', quantity: 2 }], probability: 0.001 }],
          },
          steps: LINES.map(({ sku, grams }, step) => ({
            tMs: 3000 + step * 4000,
            shelf: `s${step + 3}`,
            grams,
            sigmaGrams: 2,
            explanation: `Taken: 1 × ${sku}.`,
          })),
          shelfDeltas: [],
          camera: { blocked: [], framesChecked: 14 },
          offline: [],
          restarts: 0,
          evidence: [],
        }
        await tx
          .insertInto('session')
          .values({
            sessionId,
            requestId: ids.next('request'),
            cabinetId: who.cabinetId,
            consumerId: who.consumerId,
            kind: 'sale',
            state: 'settled',
            deniedReason: null,
            planogramVersion: 1,
            commandId: ids.next('command'),
            requestedAtMs: nowMs,
            startedAtMs: nowMs,
            openedAtMs: nowMs + 1000,
            closedAtMs: nowMs + 15_000,
            reconciledAtMs: nowMs + 20_000,
            reconciled: JSON.stringify(reconciled),
          })
          .execute()
        await insertOrder(tx, { orderId, sessionId, ...who })
        const lineIds = LINES.map(() => ids.next('order'))
        for (const [position, line] of LINES.entries())
          await tx
            .insertInto('orderLine')
            .values({
              lineId: lineIds[position] as string,
              orderId,
              position,
              sku: line.sku,
              quantity: 1,
              unitPriceFen: line.unitPriceFen,
              amountFen: line.unitPriceFen,
              probability: 0.999,
              refundedQuantity: 0,
              refundedFen: 0,
            })
            .execute()
        const charge = {
          chargeId,
          sessionId,
          orderId,
          consumerId: who.consumerId,
          state: 'paid' as const,
          authorisation: 'granted' as const,
          declinedCode: null,
          outOrderNo: orderId,
          providerOrderId: `1${index}`,
          capFen: 20_000,
          amountFen: totalFen,
          lines: '[]',
          preparedAtMs: nowMs,
          submittedAtMs: nowMs + 20_000,
          pendingAtMs: nowMs + 20_100,
          paidAtMs: nowMs + 20_400,
          polls: 1,
        }
        await tx.insertInto('charge').values(charge).execute()
        const payment = {
          paymentId: ids.next('payment'),
          chargeId,
          orderId,
          transactionId: `42${figuresOf(orderId)}`,
          amountFen: totalFen,
          paidAtMs: nowMs + 20_400,
          foundBy: 'callback' as const,
          foundAtMs: nowMs + 20_450,
          isDuplicate: 0,
          reservedFen: 0,
          refundedFen: 0,
        }
        await tx.insertInto('payment').values(payment).execute()
        await advanceOrder(tx, orderId, 'priced', { totalFen, pricedAtMs: nowMs + 20_000 })
        await advanceOrder(tx, orderId, 'charged')
        await advanceOrder(tx, orderId, 'paid', { paidFen: totalFen, chargedAtMs: nowMs + 20_400 })
        await books.sold(tx, charge, nowMs)
        await books.paid(tx, payment)
        made.push({ orderId, lineId: lineIds[0] as string })
      }
    })
  return made
}

/** Figures only, as at the provider, and others for every order. */
function figuresOf(id: string): string {
  return Array.from(id.slice(-26), (character) => character.charCodeAt(0) % 10).join('')
}
