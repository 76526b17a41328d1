import type { ProviderOperation } from '#core/platform/tables/money.ts'

/**
 * The payment provider as the core sees it. Every call that changes something is made in two steps, so that its exact
 * bytes can be saved before they are sent: a request is built, saved, and then sent as it was saved.
 */
export interface PaymentProvider {
  readonly name: string
  readonly build: ProviderRequests
  /** Sends what was saved. Never throws: a lost answer is `unknown`. */
  send(request: ProviderRequest): Promise<Reply<unknown>>
  queryOrder(outOrderNo: string): Promise<Reply<ProviderOrder>>
  queryRefund(outRefundNo: string): Promise<Reply<ProviderRefund>>
  queryPermission(authorizationCode: string): Promise<Reply<ProviderPermission>>
  readOrder(answer: unknown): ProviderOrder | undefined
  readRefund(answer: unknown): ProviderRefund | undefined
  readPermissionToken(answer: unknown): string | undefined
  /**
   * A day's bill. `refused` with `NO_STATEMENT_EXIST`: nothing was traded; temporarily with `STATEMENT_CREATING`: too early.
   * @param day  `yyyy-MM-dd`, Beijing
   */
  tradeBill(day: string): Promise<Reply<TradeBill & { sha1: string }>>
  fundFlow(day: string): Promise<Reply<FundFlow & { sha1: string }>>
  /** Filed with the provider, newest first. Days as `yyyy-MM-dd`, at most 30 apart. */
  listComplaints(range: {
    fromDay: string
    toDay: string
    offset: number
    limit: number
  }): Promise<Reply<readonly ProviderComplaint[]>>
  /** Where the consumer agrees. */
  consentUrl(permissionToken: string, returnUrl: string): string
  /** The provider's own page of an order, where a pending one can be paid. */
  orderUrl(providerOrderId: string): string
  /** @throws CabinetError `callback_bad_signature`; nothing was read then */
  parseCallback(
    headers: Readonly<Record<string, string | string[] | undefined>>,
    rawBody: Uint8Array,
  ): ProviderCallback
  /** The provider's clock, as its last answer showed it. */
  nowMs(): number
}

export interface ProviderRequest {
  readonly operation: ProviderOperation
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  /** Exactly what is signed and sent. */
  readonly body: string
}

/**
 * `refused`: an expected no, without effect; `isTemporary` when the same request may succeed later.
 * `absent`: the provider knows no such thing. `unknown`: the answer was lost or cannot be trusted; ask, never repeat.
 */
export type Reply<T> =
  | { readonly kind: 'value'; readonly value: T; readonly status: number }
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly message: string
      readonly status: number
      readonly isTemporary: boolean
    }
  | { readonly kind: 'absent'; readonly code: string; readonly status: number }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface ProviderRequests {
  applyPermission(input: { authorizationCode: string }): ProviderRequest
  createOrder(input: CreateOrder): ProviderRequest
  completeOrder(input: CompleteOrder): ProviderRequest
  /** Only down, only before payment. */
  modifyOrder(input: {
    outOrderNo: string
    lines: readonly ChargeLine[]
    totalFen: number
    reason: string
  }): ProviderRequest
  cancelOrder(input: { outOrderNo: string; reason: string }): ProviderRequest
  /** Paid elsewhere. */
  syncOrder(input: { outOrderNo: string; paidAtMs: number }): ProviderRequest
  collectOrder(input: { outOrderNo: string }): ProviderRequest
  refund(input: RefundRequest): ProviderRequest
  rerouteRefund(input: { providerRefundId: string; outRefundNo: string }): ProviderRequest
  respondToComplaint(input: { complaintId: string; text: string }): ProviderRequest
  completeComplaint(input: { complaintId: string }): ProviderRequest
}
export interface CreateOrder {
  outOrderNo: string
  openid: string
  cabinetId: string
  site: string
  capFen: number
}
export interface ChargeLine {
  readonly description: string
  readonly count: number
  readonly amountFen: number
}
export interface CompleteOrder {
  outOrderNo: string
  lines: readonly ChargeLine[]
  totalFen: number
  /** End of the service; kept before the provider's present by the adapter. */
  endedAtMs: number
  startedAtMs: number
}
export interface RefundRequest {
  outRefundNo: string
  transactionId: string
  amountFen: number
  paidFen: number
  reason: string
}

export interface ProviderOrder {
  readonly outOrderNo: string
  readonly providerOrderId: string | null
  /**
   * open: created, nothing completed. unconfirmed: left for the consumer to confirm, which this service never wants.
   * collecting: completed, the money is being taken. free: completed at zero. unknown: a state we do not know yet.
   */
  readonly state: 'open' | 'unconfirmed' | 'collecting' | 'paid' | 'free' | 'revoked' | 'expired' | 'unknown'
  readonly totalFen: number
  readonly payments: readonly ProviderPayment[]
  readonly isPaidElsewhere: boolean
  /** Whose it is; named by a query, and what finds a consumer again after a restore. */
  readonly openid?: string | null
}
export interface ProviderPayment {
  readonly transactionId: string
  readonly amountFen: number
  readonly paidAtMs: number
}
export interface ProviderRefund {
  readonly outRefundNo: string
  readonly providerRefundId: string
  readonly state: 'processing' | 'succeeded' | 'abnormal' | 'closed' | 'unknown'
  readonly amountFen: number
  readonly succeededAtMs: number | null
}
export interface ProviderPermission {
  readonly state: 'asked' | 'available' | 'unavailable' | 'unknown'
  readonly openid: string | null
}
export interface ProviderComplaint {
  readonly complaintId: string
  readonly state: 'pending' | 'processing' | 'processed'
  readonly filedAtMs: number
  readonly text: string
  /** Ours, when it is about one of our orders. */
  readonly outOrderNo: string | null
  readonly refundAskedFen: number | null
}
export interface BilledRow {
  readonly kind: 'payment' | 'refund'
  readonly atMs: number
  readonly transactionId: string
  /** Ours, wherever the bill has it. */
  readonly outOrderNo: string
  /** The cabinet, when the bill says it. */
  readonly deviceId: string
  readonly outRefundNo?: string
  /** SUCCESS, PROCESSING, FAIL (closed), CHANGE (abnormal). */
  readonly refundStatus?: string
  readonly amountFen: number
  /** Negative when a refund brings a part of the fee back. */
  readonly feeFen: number
}
export interface TradeBill {
  readonly rows: readonly BilledRow[]
  /** The rows add up to what the bill says of itself. */
  readonly isSummaryRight: boolean
}
export interface FundFlow {
  readonly inFen: number
  readonly outFen: number
  readonly isSummaryRight: boolean
}
export type ProviderCallback = { readonly eventId: string; readonly eventType: string } & (
  | { readonly kind: 'order'; readonly order: ProviderOrder }
  | { readonly kind: 'refund'; readonly refund: ProviderRefund }
  | { readonly kind: 'permission'; readonly openid: string; readonly isAvailable: boolean }
  | { readonly kind: 'complaint'; readonly complaintId: string }
  /** For another merchant, or of a type that we do not use. */
  | { readonly kind: 'other'; readonly why: string }
)
