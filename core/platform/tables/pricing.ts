import type { Generated } from 'kysely'

export interface PricingTables {
  /** Prices that hold instead of the planogram's, in some cabinets, for a time. */
  priceList: {
    priceListId: string
    operator: string
    nameZh: string
    nameEn: string
    startsAtMs: number
    endsAtMs: number | null
    createdAtMs: number
    createdBy: string
    stoppedAtMs: number | null
    stoppedBy: string | null
  }
  priceListItem: { priceListId: string; sku: string; priceFen: number }
  priceListCabinet: { priceListId: string; cabinetId: string }
  promotion: {
    promotionId: string
    operator: string
    /** timed (限时): a lower price of goods. threshold (满减): less to pay from an amount on. */
    kind: 'timed' | 'threshold'
    nameZh: string
    nameEn: string
    startsAtMs: number
    endsAtMs: number
    /** Minutes of the cabinet's local day; `toMinute` before `fromMinute` runs over midnight. */
    fromMinute: number
    toMinute: number
    /** Bit 0 is Monday. */
    weekdays: number
    /** JSON arrays; null means all of the operator. */
    cabinets: string | null
    skus: string | null
    percentOff: number | null
    priceFen: number | null
    thresholdFen: number | null
    offFen: number | null
    /** How often the amount off counts in one order. */
    timesMost: number | null
    /** Not beside any other promotion. */
    isExclusive: number
    createdAtMs: number
    createdBy: string
    stoppedAtMs: number | null
    stoppedBy: string | null
  }
  coupon: {
    couponId: string
    requestId: string
    consumerId: string
    source: 'compensation' | 'promotion'
    offFen: number
    minimumFen: number
    reason: string
    issuedBy: string
    issuedAtMs: number
    expiresAtMs: number
    orderId: string | null
    spentFen: number | null
    spentAtMs: number | null
    revokedAtMs: number | null
  }
  /** A point is worth one fen. */
  pointsMovement: {
    id: Generated<number>
    requestId: string
    consumerId: string
    points: number
    kind: 'issued' | 'spent' | 'returned'
    orderId: string | null
    reason: string
    by: string
    atMs: number
  }
  /** What made an order cheaper than its goods, in the order in which it was taken off. */
  orderDiscount: {
    orderId: string
    position: number
    kind: 'timed' | 'threshold' | 'coupon' | 'points'
    sourceId: string
    nameZh: string
    nameEn: string
    amountFen: number
    isCompensation: number
    /** JSON: fen of each line, in their order; sums to the amount. */
    allocation: string
  }
}
