import type { CASE_EXCLUSIONS, IncidentOrder } from '#protocol/api/refund-cases.ts'
import type { OrderMachineState } from '#core/orders/machine.ts'

/** What one order of an incident is, as far as it matters here. */
export interface CaseOrder {
  readonly state: OrderMachineState
  readonly lines: ReadonlyArray<{
    readonly lineId: string
    readonly sku: string
    readonly quantity: number
    readonly amountFen: number
    readonly refundedQuantity: number
    readonly refundedFen: number
  }>
  /** Left of the payment that counts: an amount without lines may have gone back already. */
  readonly roomFen: number
}
export type CaseShare =
  | { readonly exclusion: (typeof CASE_EXCLUSIONS)[number] }
  | {
      readonly exclusion: null
      readonly way: IncidentOrder['way']
      /** Empty: a free amount, because less is left than the lines cost. */
      readonly lines: ReadonlyArray<{ lineId: string; quantity: number }>
      readonly amountFen: number
    }

/**
 * What an order gets of an incident: everything of the goods that was not given back yet. Pure.
 * @param sku  only these goods; null for all of the order
 */
export function decideShare(order: CaseOrder, sku: string | null): CaseShare {
  switch (order.state) {
    case 'open':
    case 'void':
      return { exclusion: 'nothing_charged' }
    case 'held':
    case 'priced':
      return { exclusion: 'under_review' }
    case 'written_off':
    case 'paid_elsewhere':
      return { exclusion: 'settled_otherwise' }
    case 'refunded':
      return { exclusion: 'refunded_already' }
    case 'charging':
    case 'arrears':
      return shareOf(order, sku, 'lower')
    case 'paid':
    case 'partly_refunded':
      return shareOf(order, sku, 'refund')
  }
}

function shareOf(order: CaseOrder, sku: string | null, way: IncidentOrder['way']): CaseShare {
  const goods = order.lines.filter((line) => sku === null || line.sku === sku)
  const lines = goods
    .map((line) => ({ lineId: line.lineId, quantity: line.quantity - line.refundedQuantity }))
    .filter((line) => line.quantity > 0)
  const amountFen = goods
    .filter((line) => line.quantity > line.refundedQuantity)
    .reduce((sum, line) => sum + line.amountFen - line.refundedFen, 0)
  if (goods.every((line) => line.amountFen === 0)) return { exclusion: 'nothing_charged' }
  if (way === 'lower')
    return amountFen > 0 ? { exclusion: null, way, lines, amountFen } : { exclusion: 'nothing_charged' }
  if (amountFen === 0 || order.roomFen === 0) return { exclusion: 'refunded_already' }
  return amountFen <= order.roomFen
    ? { exclusion: null, way, lines, amountFen }
    : { exclusion: null, way, lines: [], amountFen: order.roomFen }
}

/**
 * What is still to be given when its turn comes: never more than was approved, never what went back meanwhile. Pure.
 * @returns undefined when nothing is left
 */
export function decideRest(
  approved: { lines: ReadonlyArray<{ lineId: string; quantity: number }>; amountFen: number },
  now: CaseShare,
): Extract<CaseShare, { exclusion: null }> | undefined {
  if (now.exclusion !== null) return undefined
  const lines = now.lines.flatMap((line) => {
    const most = approved.lines.find((one) => one.lineId === line.lineId)?.quantity ?? 0
    const quantity = Math.min(most, line.quantity)
    return quantity > 0 ? [{ lineId: line.lineId, quantity }] : []
  })
  if (now.lines.length > 0 && approved.lines.length > 0)
    return lines.length === 0 ? undefined : { ...now, lines }
  return { ...now, lines: [], amountFen: Math.min(approved.amountFen, now.amountFen) }
}
