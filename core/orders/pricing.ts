import type { Ids } from '#protocol/base/ids.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { planogramOf, recordMovement } from '#core/catalog/queries.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Policy } from '#core/platform/policy.ts'
import type { SessionRow } from '#core/sessions/store.ts'
import { type BilledLine, decideReceipt, type ReceiptDecision } from './decide.ts'
import { advanceOrder, getOrder, orderOfSession, type OrderRow, replaceLines } from './store.ts'

/** Fen by product in the planogram version that the session was bound to, whatever the prices are now. */
export async function pricesOf(tx: Tx, cabinetId: string, version: number): Promise<Map<string, number>> {
  const planogram = await planogramOf(tx, cabinetId, version)
  const prices = new Map<string, number>()
  for (const shelf of planogram?.shelves ?? [])
    for (const product of shelf.products) prices.set(product.sku, product.priceFen)
  return prices
}

/** The receipt becomes an order, in the transaction of the event: lines, stock, and what to do next. */
export async function priceSession(
  tx: Tx,
  deps: { ids: Ids; policy: Policy },
  session: SessionRow,
  reconciled: SessionReconciled,
): Promise<{ order: OrderRow; decision: ReceiptDecision } | undefined> {
  const order = await orderOfSession(tx, session.sessionId)
  if (order === undefined || order.state !== 'open') return undefined
  const inputs = {
    receipt: reconciled.receipt,
    wasCameraBlocked: reconciled.camera.blocked.length > 0,
    prices: await pricesOf(tx, session.cabinetId, session.planogramVersion),
  }
  const decision = decideReceipt(inputs, { ...deps.policy, capFen: deps.policy.sessionCapFen })
  await recordGoods(tx, session, order.orderId, reconciled.receipt.lines)
  await replaceLines(tx, deps.ids, order.orderId, decision.lines)
  const input =
    decision.outcome === 'charge' ? 'priced' : decision.outcome === 'void' ? 'nothingTaken' : 'held'
  const nowMs = nowOf(tx)
  const priced = await advanceOrder(tx, order.orderId, input, {
    totalFen: decision.totalFen,
    pricedAtMs: nowMs,
    heldReason: decision.heldReason,
    ...(decision.outcome === 'hold' ? { heldAtMs: nowMs } : {}),
    decision: JSON.stringify({ ...decision, prices: Object.fromEntries(inputs.prices) }),
  })
  return { order: priced ?? order, decision }
}

/** What left and what came, as the edge believes it; goods do not wait for the bill. */
async function recordGoods(
  tx: Tx,
  session: SessionRow,
  orderId: string,
  lines: ReadonlyArray<{ sku: string; quantity: number }>,
): Promise<void> {
  for (const line of lines) {
    if (line.quantity === 0) continue
    await recordMovement(tx, {
      cabinetId: session.cabinetId,
      sku: line.sku,
      quantity: -line.quantity,
      kind: line.quantity > 0 ? 'sale' : 'return',
      sessionId: session.sessionId,
      orderId,
    })
  }
}

/** A person has corrected what was taken, before anything is charged. Stock follows the correction. */
export async function releaseOrder(
  tx: Tx,
  deps: { ids: Ids; policy: Policy },
  orderId: string,
  corrected: ReadonlyArray<{ sku: string; quantity: number }> | undefined,
): Promise<OrderRow | undefined> {
  const order = await getOrder(tx, orderId)
  const before = await tx.selectFrom('orderLine').selectAll().where('orderId', '=', orderId).execute()
  let totalFen = order.totalFen
  let count = before.length
  if (corrected !== undefined) {
    const session = await tx
      .selectFrom('session')
      .selectAll()
      .where('sessionId', '=', order.sessionId)
      .executeTakeFirstOrThrow()
    const prices = await pricesOf(tx, order.cabinetId, session.planogramVersion)
    const lines = corrected.filter((line) => line.quantity > 0).map((line) => billed(line, prices))
    for (const sku of new Set([...before, ...lines].map((line) => line.sku))) {
      const taken = (list: ReadonlyArray<{ sku: string; quantity: number }>) =>
        list.find((line) => line.sku === sku)?.quantity ?? 0
      await recordMovement(tx, {
        cabinetId: order.cabinetId,
        sku,
        quantity: taken(before) - taken(lines),
        kind: 'count',
        sessionId: order.sessionId,
        orderId,
        reason: 'corrected by a person',
      })
    }
    await replaceLines(tx, deps.ids, orderId, lines)
    totalFen = lines.reduce((sum, line) => sum + line.amountFen, 0)
    count = lines.length
  }
  return advanceOrder(tx, orderId, count === 0 ? 'nothingTaken' : 'released', {
    totalFen,
    releasedAtMs: nowOf(tx),
  })
}

function billed(line: { sku: string; quantity: number }, prices: ReadonlyMap<string, number>): BilledLine {
  const unitPriceFen = prices.get(line.sku) ?? 0
  return { ...line, unitPriceFen, amountFen: unitPriceFen * line.quantity, probability: 1 }
}
