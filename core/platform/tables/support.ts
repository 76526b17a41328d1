import type { DisputeReason, TicketState } from '#protocol/api/common.ts'

export interface SupportTables {
  ticket: {
    ticketId: string
    number: number
    requestId: string
    /** A dispute's reason, an anomaly's kind, or what a hotline agent chose. */
    type: string
    origin: 'dispute' | 'anomaly' | 'staff'
    reason: DisputeReason | null
    state: TicketState
    priority: 'low' | 'normal' | 'high' | 'urgent'
    orderId: string | null
    cabinetId: string | null
    consumerId: string | null
    /** Money in question, fen. */
    amountFen: number | null
    /** JSON of the lines the consumer named. */
    lines: string
    note: string | null
    language: 'zh' | 'en'
    openedAtMs: number
    openedBy: string
    firstResponseDueMs: number
    firstRespondedAtMs: number | null
    resolutionDueMs: number
    resolvedAtMs: number | null
    closedAtMs: number | null
    assigneeId: string | null
    isAutomatic: number
    outcome: string | null
    rootCause: string | null
    outcomeKey: string | null
    outcomeValues: string
    rating: number | null
    ratingTags: string
    version: number
  }
  ticketMessage: {
    messageId: string
    ticketId: string
    requestId: string
    atMs: number
    sender: 'consumer' | 'agent' | 'system'
    staffId: string | null
    authorName: string | null
    text: string
    key: string | null
    sentenceValues: string
    isInternal: number
  }
}
