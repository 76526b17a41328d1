import type { Ids } from '#protocol/base/ids.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { recordMovement } from '#core/catalog/queries.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Policy } from '#core/platform/policy.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { judge } from '#core/policies/judge.ts'
import { giveBack, saveDiscounts } from '#core/pricing/benefits.ts'
import { pricerFor } from '#core/pricing/store.ts'
import type { SessionRow } from '#core/sessions/store.ts'
import type { ReceiptDecision } from './decide.ts'
import { receiptRule, storeReceipt } from './receipt-rule.ts'
import { advanceOrder, getOrder, orderOfSession, type OrderRow, replaceLines } from './store.ts'

/** The receipt becomes an order, in the transaction of the event: lines, stock, and what to do next. */
export async function priceSession(
  tx: Tx,
  deps: { ids: Ids; policy: Policy; policies: Pick<PolicyBook, 'held'> },
  session: SessionRow,
  reconciled: SessionReconciled,
  facts: { isComingInExplained: boolean },
): Promise<{ order: OrderRow; decision: ReceiptDecision; decisionId: number } | undefined> {
  const order = await orderOfSession(tx, session.sessionId)
  if (order === undefined || order.state !== 'open') return undefined
  const pricer = await pricerFor(tx, session, nowOf(tx))
  const inputs = storeReceipt(
    reconciled.receipt,
    {
      wasCameraBlocked: reconciled.camera.blocked.length > 0,
      isComingInExplained: facts.isComingInExplained,
      capFen: await capOf(tx, order.orderId, deps.policy),
    },
    pricer,
  )
  const { decision, decisionId } = judge(tx, deps.policies, receiptRule, inputs, {
    subjectId: order.orderId,
    orderId: order.orderId,
    sessionId: session.sessionId,
    cabinetId: session.cabinetId,
    consumerId: session.consumerId,
  })
  await recordGoods(tx, session, order.orderId, reconciled.receipt.lines)
  await replaceLines(tx, deps.ids, order.orderId, decision.lines)
  await saveDiscounts(tx, order, pricer.quote(decision.outcome === 'void' ? [] : decision.lines))
  const input =
    decision.outcome === 'charge' ? 'priced' : decision.outcome === 'void' ? 'nothingTaken' : 'held'
  const nowMs = nowOf(tx)
  const priced = await advanceOrder(tx, order.orderId, input, {
    totalFen: decision.totalFen,
    pricedAtMs: nowMs,
    heldReason: decision.heldReason,
    ...(decision.outcome === 'hold' ? { heldAtMs: nowMs } : {}),
    decision: JSON.stringify({ ...decision, prices: inputs.prices }),
  })
  return { order: priced ?? order, decision, decisionId }
}

/** What the provider was asked to allow for this visit; less than usual for a consumer who is limited. */
async function capOf(tx: Tx, orderId: string, policy: Policy): Promise<number> {
  const charge = await tx
    .selectFrom('charge')
    .select('capFen')
    .where('orderId', '=', orderId)
    .executeTakeFirst()
  return charge?.capFen ?? policy.sessionCapFen
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
    // What the first pricing used up is free again, so that the corrected goods get the best of it.
    await giveBack(tx, order)
    const pricer = await pricerFor(tx, session, nowOf(tx))
    const goods = corrected
      .filter((line) => line.quantity > 0)
      .map((line) => ({ ...line, unitPriceFen: pricer.prices.get(line.sku) ?? 0 }))
    const price = pricer.quote(goods)
    const lines = goods.map((line, index) => ({
      ...line,
      amountFen: price.amounts[index] ?? 0,
      probability: 1,
    }))
    await saveDiscounts(tx, order, price)
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
