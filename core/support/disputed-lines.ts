import type { DisputeRequest } from '#protocol/api/consumer.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { OrderLineRow } from '#core/orders/store.ts'

/** Nothing chosen means everything that can still be refunded. Pure. @throws bad_request for pieces that the order has not */
export function decideDisputedLines(
  lines: ReadonlyArray<Pick<OrderLineRow, 'lineId' | 'quantity' | 'refundedQuantity'>>,
  chosen: DisputeRequest['lines'],
): DisputeRequest['lines'] {
  for (const { lineId, quantity } of chosen) {
    const line = lines.find((one) => one.lineId === lineId)
    if (line === undefined || quantity > line.quantity)
      throw new CabinetError('bad_request', `The order has no ${quantity} pieces on the line ${lineId}.`)
  }
  if (chosen.length > 0) return chosen
  return lines
    .filter((line) => line.quantity > line.refundedQuantity)
    .map((line) => ({ lineId: line.lineId, quantity: line.quantity - line.refundedQuantity }))
}

/** Of a line, what the pieces cost that the consumer points at; what went back before counts no more. Pure. */
export function questionedFen(
  line: Pick<OrderLineRow, 'lineId' | 'quantity' | 'amountFen' | 'refundedFen'>,
  named: DisputeRequest['lines'],
): number {
  const pieces = named.find((one) => one.lineId === line.lineId)?.quantity ?? 0
  const leftFen = line.amountFen - line.refundedFen
  return Math.min(leftFen, Math.round((line.amountFen * pieces) / line.quantity))
}
