import type { RECHECK_FOLLOWS, RecheckReason, RecheckState } from '#protocol/api/rechecks.ts'

export interface RecheckTables {
  scorecardVersion: { version: number; card: string; savedBy: string; savedAtMs: number; reason: string }
  recheck: {
    recheckId: string
    ticketId: string
    /** How often the ticket had been opened again when it was closed. */
    round: number
    ticketType: string
    agentId: string
    reason: RecheckReason
    state: RecheckState
    cardVersion: number | null
    scorePercent: number | null
    /** JSON: `RecheckAnswer[]`. */
    answers: string
    note: string | null
    rootCause: string | null
    checkedById: string | null
    checkedAtMs: number | null
    follow: (typeof RECHECK_FOLLOWS)[number] | null
    followTicketId: string | null
    improvementId: string | null
    objection: string | null
    objectedAtMs: number | null
    decisionNote: string | null
    decidedById: string | null
    decidedAtMs: number | null
    createdAtMs: number
    dueAtMs: number
    version: number
  }
}
