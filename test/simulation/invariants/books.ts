import type { World } from '../world/world.ts'

interface OrderRow {
  orderId: string
  sessionId: string
  state: string
  totalFen: number
  paidFen: number
  refundedFen: number
}

/** Our books beside the provider's own (I2, I3, I4). */
export function checkBooks(world: World, isAtRest: boolean): void {
  const { books } = world.provider
  const { sqlite } = world.core
  const orders = sqlite
    .prepare('SELECT orderId, sessionId, state, totalFen, paidFen, refundedFen FROM "order"')
    .all() as OrderRow[]
  const known = new Map(orders.map((order) => [order.orderId, order]))
  for (const theirs of books.orders.all())
    if (!known.has(theirs.outOrderNo) && !isForgotten(world, theirs.outOrderNo, isAtRest))
      world.violate('I2', `the provider has an order ${theirs.outOrderNo} that no session here asked for`)
  for (const order of orders) {
    const transactions = books.transactions.all().filter((one) => one.outOrderNo === order.orderId)
    const takenFen = sumOf(transactions.map((one) => one.amountFen))
    const refunds = books.refunds.all().filter((one) => one.outOrderNo === order.orderId)
    const backFen = sumOf(
      refunds
        .filter((one) => one.status === 'SUCCESS' && !isForgottenRefund(world, one.outRefundNo))
        .map((one) => one.amountFen),
    )
    if (order.paidFen > takenFen)
      world.violate('I4', `order ${order.orderId} shows ${order.paidFen} paid, the provider took ${takenFen}`)
    if (order.refundedFen > backFen)
      world.violate(
        'I4',
        `order ${order.orderId} shows ${order.refundedFen} given back, the provider gave ${backFen}`,
      )
    for (const { transactionId, amountFen } of transactions) {
      const askedFen = sumOf(
        refunds
          .filter((one) => one.transactionId === transactionId && one.status !== 'CLOSED')
          .map((one) => one.amountFen),
      )
      if (askedFen > amountFen)
        world.violate('I3', `${askedFen} are going back on the payment ${transactionId} of ${amountFen}`)
    }
    const first = transactions[0]
    if (
      first !== undefined &&
      first.amountFen !== order.totalFen &&
      order.state !== 'held' &&
      !wasHandedOver(world, order.orderId) &&
      !isBeingRebuilt(world, isAtRest)
    )
      world.violate(
        'I2',
        `order ${order.orderId} comes to ${order.totalFen}, the provider took ${first.amountFen}`,
      )
    if (!isAtRest) continue
    if (order.paidFen !== takenFen)
      world.violate(
        'I4',
        `at rest order ${order.orderId} shows ${order.paidFen} paid, the provider took ${takenFen}`,
      )
    if (order.refundedFen !== backFen)
      world.violate(
        'I4',
        `at rest order ${order.orderId} shows ${order.refundedFen} given back, the provider gave ${backFen}`,
      )
    // What was taken on top goes back, whole, unless the provider cannot and a person knows.
    const onTopFen = sumOf(transactions.slice(1).map((one) => one.amountFen))
    const reservedFen = sumOf(refunds.filter((one) => one.status !== 'CLOSED').map((one) => one.amountFen))
    if (onTopFen > reservedFen && !isWithPerson(world, order.orderId))
      world.violate(
        'I2',
        `${onTopFen} were taken on top of order ${order.orderId} and ${reservedFen} are going back`,
      )
  }
}

/**
 * Asked for in the time that the core's disk lost. One that nothing came of is closed by the provider itself; what money
 * was taken for must have been found again once all is at rest.
 */
function isForgotten(world: World, outOrderNo: string, isAtRest: boolean): boolean {
  if (world.core.wentBackAtMs === undefined) return false
  if (!isAtRest || !world.provider.books.transactions.all().some((one) => one.outOrderNo === outOrderNo))
    return true
  // A cabinet whose card was changed cannot tell of it again either.
  if (world.cardTroubles.size > 0) world.tally('payment that only the bill knows')
  return world.cardTroubles.size > 0
}
/** The receipt of a visit that was charged is on its way once more. */
function isBeingRebuilt(world: World, isAtRest: boolean): boolean {
  return world.core.wentBackAtMs !== undefined && !isAtRest
}
/** What was charged before the core forgot that it had is found again, and is a question to a person. */
function wasHandedOver(world: World, orderId: string): boolean {
  if (world.core.wentBackAtMs === undefined) return false
  const row = world.core.sqlite
    .prepare("SELECT 1 FROM anomaly WHERE orderId = ? AND kind = 'provider_mismatch'")
    .get(orderId)
  return row !== undefined
}
/** Nobody but the provider knows of it any more: the bill of the day shows it. */
function isForgottenRefund(world: World, outRefundNo: string): boolean {
  if (world.core.wentBackAtMs === undefined) return false
  const isKnown = world.core.sqlite.prepare('SELECT 1 FROM refund WHERE outRefundNo = ?').get(outRefundNo)
  if (isKnown === undefined) world.tally('refund that only the bill knows')
  return isKnown === undefined
}

function isWithPerson(world: World, orderId: string): boolean {
  const row = world.core.sqlite
    .prepare(
      `SELECT 1 FROM refund WHERE orderId = ? AND state IN ('awaiting_approval','abnormal','closed','approved','submitted','unknown','processing')
       UNION ALL SELECT 1 FROM anomaly WHERE orderId = ? AND state = 'in_review'`,
    )
    .get(orderId, orderId)
  return row !== undefined
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0)
}
