import type {
  CALL_BACK_AUDIENCES,
  CALL_BACK_RESULTS,
  CallBackChannel,
  CallBackSegment,
  CallBackState,
} from '#protocol/api/call-backs.ts'

export interface FollowUpTables {
  /** Would they recommend us? Asked once for a ticket, of a sample. */
  npsQuestion: {
    ticketId: string
    consumerId: string
    askedAtMs: number
    /** 0 to 10; null while it was not answered. */
    score: number | null
    answeredAtMs: number | null
  }
  callBackPlanVersion: {
    version: number
    /** JSON of `CallBackPlan`. */
    plan: string
    savedBy: string
    savedAtMs: number
    reason: string
  }
  callBack: {
    callBackId: string
    ticketId: string
    /** `closed/<round>` or `score`: the same occasion plans one only. */
    occasion: string
    segment: CallBackSegment
    /** JSON of segments, the leading one first. */
    reasons: string
    planVersion: number
    state: CallBackState
    channel: CallBackChannel
    audience: (typeof CALL_BACK_AUDIENCES)[number]
    calendar: string
    attempts: number
    attemptsMost: number
    pauseHours: number
    /** JSON of the questions as they were in the plan. */
    questions: string
    dueAtMs: number
    createdAtMs: number
    endedAtMs: number | null
    endedById: string | null
    version: number
  }
  callBackTry: {
    callBackId: string
    attempt: number
    atMs: number
    staffId: string
    result: (typeof CALL_BACK_RESULTS)[number] | 'message_sent'
    note: string
    /** JSON of key and value. */
    answers: string
  }
}
