import type { Generated } from 'kysely'
import type { OrderState, SessionState } from '#protocol/api/common.ts'

export interface SessionTables {
  session: {
    sessionId: string
    requestId: string
    cabinetId: string
    consumerId: string
    kind: 'sale' | 'restock' | 'service'
    /** From 0. */
    door: Generated<number>
    state: SessionState
    deniedReason: string | null
    planogramVersion: number
    commandId: string
    requestedAtMs: number
    /** The zero of all times inside the receipt: the unlock, as corrected by the monotonic clocks. */
    startedAtMs: number | null
    openedAtMs: number | null
    closedAtMs: number | null
    /** When the core heard the end. */
    reconciledAtMs: number | null
    /** JSON of `SessionReconciled`, as the edge sent it. */
    reconciled: string | null
  }
  order: {
    orderId: string
    sessionId: string
    cabinetId: string
    consumerId: string
    state: OrderState
    heldReason: string | null
    /** Why and how long it was held for a person. */
    heldAtMs: number | null
    releasedAtMs: number | null
    totalFen: number
    /** What the provider took, all payments together. */
    paidFen: number
    /** What the provider confirmed as given back. */
    refundedFen: number
    createdAtMs: number
    pricedAtMs: number | null
    chargedAtMs: number | null
    /** JSON of the decision on the receipt: rule, version, inputs, outcome. */
    decision: string | null
  }
  orderLine: {
    lineId: string
    orderId: string
    position: number
    sku: string
    quantity: number
    unitPriceFen: number
    amountFen: number
    probability: number
    /** Refunded or on the way back. */
    refundedQuantity: number
    refundedFen: number
  }
}
