import type { StateOf } from '#protocol/base/machine.ts'
import type { JsonObject } from './fields.ts'
import type { serviceOrderMachine } from './service-order-machine.ts'

/** Somebody with the provider's app on their phone. */
export interface Person {
  readonly openid: string
  readonly name: string
  /** May become negative only by a scripted double payment. */
  readonly balanceFen: number
  /** `refused`: the provider's own evaluation does not let this person buy now and pay later. */
  readonly standing: 'good' | 'refused'
  readonly createdAtMs: number
}

/** One person's standing permission for the merchant's service, named by the merchant's authorization code. */
export interface Permission {
  readonly authorizationCode: string
  /** Null until somebody agreed. */
  readonly openid: string | null
  readonly state: 'UNBINDUSER' | 'AVAILABLE' | 'UNAVAILABLE'
  readonly notifyUrl: string | null
  readonly applyToken: string
  readonly applyTokenExpiresAtMs: number
  readonly askedAtMs: number
  readonly grantedAtMs: number | null
  readonly revokedAtMs: number | null
}

export type ServiceOrderState = StateOf<typeof serviceOrderMachine>

export interface Collection {
  /** When the provider tries next by itself; null when it waits for somebody. */
  readonly dueAtMs: number | null
  /** True while a deduction is under way: modify, cancel and sync are refused. */
  readonly isRunning: boolean
  readonly attempts: number
  readonly lastReason: 'insufficient_balance' | 'held' | null
}

export interface ServiceOrder {
  readonly outOrderNo: string
  /** The provider's number of this service order. */
  readonly orderId: string
  readonly queryId: string
  readonly openid: string
  readonly state: ServiceOrderState
  /** The request that made it, as sent; re-entrance compares with it. */
  readonly created: JsonObject
  /** The last complete or modify request. */
  readonly completed: JsonObject | null
  readonly totalFen: number
  readonly createdAtMs: number
  readonly completedAtMs: number | null
  readonly endedAtMs: number | null
  readonly collection: Collection
  /** A scripted second taking that is still to come. */
  readonly doubleDueAtMs: number | null
  /** Set when the merchant said that it was paid outside (`sync`). */
  readonly paidElsewhereAtMs: number | null
}

export interface Transaction {
  readonly transactionId: string
  readonly outOrderNo: string
  readonly openid: string
  /** 1 for the first taking of a service order, 2 for a double. */
  readonly seq: number
  readonly amountFen: number
  readonly feeFen: number
  readonly paidAtMs: number
  /** `auto` and `collect` carry the provider's own trade number in the bill; `by_hand` carries the merchant's. */
  readonly how: 'auto' | 'collect' | 'by_hand'
  readonly outTradeNo: string
}

export type RefundStatus = 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL'

export interface Refund {
  readonly outRefundNo: string
  readonly refundId: string
  readonly transactionId: string
  readonly outOrderNo: string
  readonly openid: string
  readonly outTradeNo: string
  readonly amountFen: number
  readonly paidFen: number
  readonly feeFen: number
  readonly reason: string | null
  readonly notifyUrl: string | null
  readonly request: JsonObject
  readonly status: RefundStatus
  /** What it will become when due. */
  readonly plan: Exclude<RefundStatus, 'PROCESSING'>
  readonly dueAtMs: number | null
  readonly createdAtMs: number
  readonly settledAtMs: number | null
  readonly receivedAccount: string
  readonly reroutedTo: 'USER_BANK_CARD' | 'MERCHANT_BANK_CARD' | null
}

export type ComplaintAction =
  | 'USER_CREATE_COMPLAINT'
  | 'USER_CONTINUE_COMPLAINT'
  | 'MERCHANT_RESPONSE'
  | 'MERCHANT_CONFIRM_COMPLETE'
  | 'MERCHANT_APPROVE_REFUND'
  | 'MERCHANT_REJECT_REFUND'
  | 'COMPLAINT_REFUND_RECEIVED'

/** What somebody told the provider about a service order, instead of telling the merchant. */
export interface Complaint {
  readonly complaintId: string
  readonly outOrderNo: string
  readonly openid: string
  readonly text: string
  readonly phone: string | null
  /** What they want back; null when it is no request for money. */
  readonly refundFen: number | null
  readonly state: 'PENDING' | 'PROCESSING' | 'PROCESSED'
  readonly isWaitingForMerchant: boolean
  readonly isRefundAgreed: boolean
  readonly filedAtMs: number
  readonly history: ReadonlyArray<{ atMs: number; action: ComplaintAction; content: string }>
}

/** A value that the merchant left with the provider, such as an address for complaints. */
export interface Setting {
  readonly name: string
  readonly value: string
}

export interface CallbackRecord {
  readonly callbackId: string
  readonly eventType: string
  readonly url: string
  /** The exact bytes that are sent, each time the same. */
  readonly body: string
  /** What is inside the encrypted resource, for the books page and for assertions. */
  readonly resource: JsonObject
  readonly outOrderNo: string | null
  readonly openid: string | null
  readonly state: 'waiting' | 'delivered' | 'given_up' | 'lost'
  readonly createdAtMs: number
  readonly nextAtMs: number | null
  readonly attempts: number
  /** Two when a duplicate was scripted. */
  readonly deliveriesWanted: number
  readonly deliveries: number
  readonly lastResult: string | null
  readonly deliveredAtMs: number | null
}

export const FAULT_KINDS = [
  'timeout_before_effect',
  'timeout_after_effect',
  'http_500',
  'rate_limited',
  'slow_answer',
  'unknown_state',
  'duplicate_callback',
  'early_callback',
  'lost_callback',
  'bad_callback_signature',
  'signature_probe',
  'foreign_callback',
  'bad_response_signature',
  'delayed_deduction',
  'insufficient_balance',
  'double_payment',
  'refund_abnormal',
  'refund_closed',
  'refund_slow',
  'refund_refused',
  'refund_account_abnormal',
  'bill_missing_row',
  'bill_extra_row',
  'bill_amount_differs',
  'bill_missing_refund',
  'bill_extra_refund',
  'bill_duplicate_row',
  'bill_other_currency',
  'bill_damaged',
  'bill_not_ready',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export interface FaultMatch {
  /** Part of `METHOD /path`, for example `/complete`. For callbacks, part of the event type. */
  readonly path?: string
  readonly outOrderNo?: string
  readonly openid?: string
}

export interface Fault {
  readonly faultId: string
  readonly kind: FaultKind
  /** Null: until it is removed. */
  readonly timesLeft: number | null
  readonly match: FaultMatch
  readonly delayMs: number | null
  readonly usedCount: number
  readonly createdAtMs: number
}
