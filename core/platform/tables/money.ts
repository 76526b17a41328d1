import type { LoweringRequestView } from '#protocol/api/staff/lowering.ts'
import type {
  AnomalyKind,
  AnomalyState,
  ChargeState,
  RefundReason,
  RefundState,
} from '#protocol/api/common.ts'

export type ProviderOperation =
  | 'apply_permission'
  | 'create_order'
  | 'complete_order'
  | 'modify_order'
  | 'cancel_order'
  | 'sync_order'
  | 'collect_order'
  | 'refund'
  | 'reroute_refund'
  | 'respond_complaint'
  | 'complete_complaint'
export type CallState = 'saved' | 'answered' | 'refused' | 'unknown'
export type StockEffect = 'back_in_cabinet' | 'not_returned' | 'written_off'

export interface MoneyTables {
  /** What we ask of the provider: one a session, by a unique key. */
  charge: {
    chargeId: string
    sessionId: string
    orderId: string
    consumerId: string
    state: ChargeState
    /** The provider's order may be used: created, not yet completed or revoked. */
    authorisation: 'asked' | 'granted' | 'declined' | 'released'
    declinedCode: string | null
    /** Our number at the provider, made before anything is sent. */
    outOrderNo: string
    /** The provider's own number. */
    providerOrderId: string | null
    capFen: number
    amountFen: number
    /** JSON of the lines that are asked for. */
    lines: string | null
    preparedAtMs: number
    submittedAtMs: number | null
    pendingAtMs: number | null
    paidAtMs: number | null
    /** How often it was asked about since it became pending or unknown. */
    polls: number
  }
  /** What the provider took. A second one under a charge is an anomaly. */
  payment: {
    paymentId: string
    chargeId: string
    orderId: string
    transactionId: string
    amountFen: number
    paidAtMs: number
    foundBy: 'callback' | 'query' | 'bill'
    foundAtMs: number
    isDuplicate: number
    /** Refunds pending and posted; never above the amount. */
    reservedFen: number
    refundedFen: number
  }
  /** Every call that changes something at the provider, saved before it is sent. */
  providerCall: {
    callId: string
    operation: ProviderOperation
    subjectId: string
    idempotencyKey: string
    method: string
    path: string
    body: string
    state: CallState
    attempts: number
    savedAtMs: number
    answeredAtMs: number | null
    status: number | null
    detail: string | null
  }
  /** Callbacks that were applied, by the provider's event id. */
  providerEvent: { eventId: string; eventType: string; subject: string | null; receivedAtMs: number }
  refund: {
    refundId: string
    orderId: string
    paymentId: string
    amountFen: number
    reason: RefundReason
    stock: StockEffect
    state: RefundState
    attempt: number
    outRefundNo: string
    providerRefundId: string | null
    requestedBy: string
    requestedAtMs: number
    approvedBy: string | null
    approvedAtMs: number | null
    submittedAtMs: number | null
    acceptedAtMs: number | null
    succeededAtMs: number | null
    rejectedReason: string | null
    isAutomatic: number
    needsTwoPeople: number
    ticketId: string | null
    anomalyId: string | null
    /** It is asked for only when this notice was accepted, or `noticeBoundMs` has passed. */
    noticeId: string | null
    noticeBoundMs: number | null
    note: string | null
    tellConsumer: number
    polls: number
    /** Sent to the account of the business, because the consumer's could not take it; then paid out by hand. */
    reroutedAtMs: number | null
    reroutedBy: string | null
    paidOutAtMs: number | null
    paidOutBy: string | null
    payoutReference: string | null
  }
  /** Filed with the provider instead of with us. */
  providerComplaint: {
    complaintId: string
    outOrderNo: string | null
    orderId: string | null
    text: string
    refundAskedFen: number | null
    state: 'pending' | 'processing' | 'processed'
    filedAtMs: number
    respondByMs: number
    doneByMs: number
    ticketId: string | null
    importedAtMs: number
    respondedAtMs: number | null
    completedAtMs: number | null
  }
  /** Goods that are not owed, asked for before the money was taken; under this id they are refunded when it was. */
  chargeLowering: {
    refundId: string
    chargeId: string
    orderId: string
    /** JSON of the wish. */
    wish: string
    /** dropped: the charge ended, or had nothing left to take away. */
    state: 'waiting' | 'lowered' | 'refunded' | 'dropped'
    byFen: number | null
    askedAtMs: number
    endedAtMs: number | null
  }
  /** Less to be asked for, above the authority of who wished it. `lines` is JSON: line ids and quantities. */
  loweringRequest: {
    refundId: string
    orderId: string
    lines: string
    reason: RefundReason
    ticketId: string | null
    note: string | null
    amountFen: number
    state: LoweringRequestView['state']
    requestedBy: string
    requestedAtMs: number
    decidedBy: string | null
    decidedAtMs: number | null
    decisionNote: string | null
  }
  refundLine: { refundId: string; lineId: string; quantity: number; amountFen: number }
  anomaly: {
    anomalyId: string
    kind: AnomalyKind
    state: AnomalyState
    /** The thing it is about within its order, so that it is detected once: the order itself, a payment. */
    subjectId: string
    orderId: string | null
    sessionId: string | null
    cabinetId: string
    consumerId: string | null
    detectedAtMs: number
    rule: string
    /** JSON of everything that the rule saw. */
    inputs: string
    outcome: string | null
    decidedBy: string | null
    decidedAtMs: number | null
    reasonKey: string
    /** JSON of strings and numbers. */
    reasonValues: string
    note: string | null
    /** What a rule with limits decided, in `policyDecision`. */
    decisionId: number | null
  }
}
