import type { ErrorCode } from '#protocol/base/errors.ts'

/** Everything that decides whether a door may open, known before money or hardware is asked. */
export interface OpeningFacts {
  readonly isKnown: boolean
  readonly isOutOfService: boolean
  readonly isSellingTime: boolean
  readonly isLockedOut: boolean
  /** Goods lie in it that may not be sold any more; a door shows them all. */
  readonly hasExpiredGoods: boolean
  /** Of a batch that nobody may sell. */
  readonly hasBlockedGoods: boolean
  readonly presence: 'online' | 'suspect' | 'offline' | 'unknown'
  readonly isBusy: boolean
  readonly hasPlanogram: boolean
  /** Something is sold behind this door; absent: it has only the one. */
  readonly isDoorForSale?: boolean
  readonly isBlocked: boolean
  readonly arrearsOrderId: string | undefined
  readonly unresolvedOrderId: string | undefined
  readonly isConsumerBusy: boolean
}
export interface OpeningRefusal {
  readonly code: ErrorCode
  readonly orderId?: string
}

/** When several refusals apply this order decides: the cabinet first, then the consumer. Pure. @returns undefined: open */
export function decideOpening(facts: OpeningFacts): OpeningRefusal | undefined {
  if (!facts.isKnown) return { code: 'unknown_cabinet' }
  if (facts.isOutOfService) return { code: 'cabinet_out_of_service' }
  if (facts.isLockedOut) return { code: 'cabinet_locked_out' }
  if (facts.hasExpiredGoods) return { code: 'goods_expired' }
  if (facts.hasBlockedGoods) return { code: 'goods_blocked' }
  if (!facts.isSellingTime) return { code: 'outside_selling_hours' }
  if (facts.presence !== 'online') return { code: 'cabinet_offline' }
  if (facts.isBusy) return { code: 'cabinet_busy' }
  if (!facts.hasPlanogram) return { code: 'no_planogram' }
  if (facts.isDoorForSale === false) return { code: 'door_not_for_sale' }
  if (facts.isBlocked) return { code: 'consumer_blocked' }
  if (facts.arrearsOrderId !== undefined)
    return { code: 'consumer_in_arrears', orderId: facts.arrearsOrderId }
  if (facts.unresolvedOrderId !== undefined)
    return { code: 'charge_unresolved', orderId: facts.unresolvedOrderId }
  if (facts.isConsumerBusy) return { code: 'consumer_busy' }
  return undefined
}

/** What a command's failure means for the one who stands at the door. */
export function decideUnlockRefusal(status: string, reason: string | undefined): ErrorCode {
  switch (reason) {
    case 'command_expired':
    case 'command_stale_link':
    case 'command_unknown_token':
    case 'precondition_failed':
    case 'outbox_full':
    case 'storage_full':
    case 'outbox_refused':
    case 'unlock_failed':
    case 'cabinet_locked_out':
    case 'cabinet_out_of_service':
    case 'cabinet_offline':
    case 'no_planogram':
    case 'outside_selling_hours':
    case 'camera_not_ready':
    case 'door_open':
    case 'cabinet_busy':
      return reason
    default:
      return status === 'expired' ? 'command_expired' : 'unlock_failed'
  }
}
