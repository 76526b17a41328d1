import type { CALLER_CHECK_STATES, CallerWay } from '#protocol/api/callers.ts'

export interface CallerTables {
  /** One try to find out whether who speaks is the consumer. */
  callerCheck: {
    checkId: string
    ticketId: string
    consumerId: string
    way: CallerWay
    state: (typeof CALLER_CHECK_STATES)[number]
    /** JSON of the facts that were asked. */
    facts: string
    /** JSON of which of them were known, in their order. */
    known: string
    /** Keyed, of the code in this row only. */
    codeHash: string | null
    noticeId: string | null
    tries: number
    askedAtMs: number
    askedBy: string
    expiresAtMs: number
    decidedAtMs: number | null
    decidedBy: string | null
    validUntilMs: number | null
    reason: string | null
  }
}
