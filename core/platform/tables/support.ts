import type { DisputeReason, TicketState } from '#protocol/api/common.ts'
import type {
  DOINGS,
  SNOOZE_KINDS,
  TASK_AUDIENCES,
  TASK_STATES,
  TICKET_CHANNELS,
} from '#protocol/api/tickets.ts'

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
    ratedAtMs: number | null
    ratingTags: string
    version: number
    channel: (typeof TICKET_CHANNELS)[number]
    /** JSON of what the type's fields were answered with. */
    intake: string
    /** 1 is the worst. */
    severity: number
    /** Who took it first; responsible until it is closed, whoever handles it. */
    ownerId: string | null
    operator: string | null
    sessionId: string | null
    phoneTail: string | null
    phoneSealed: string | null
    sla: string
    isPaused: number
    mergedIntoId: string | null
    splitFromId: string | null
    incidentId: string | null
    snoozeKind: (typeof SNOOZE_KINDS)[number] | null
    snoozeUntilMs: number | null
    snoozedBy: string | null
    /** The version of the setpoint whose answer it waits for. */
    deviceVersion: number | null
    deviceAskedAtMs: number | null
    deviceSetpoint: number | null
  }
  ticketClock: {
    ticketId: string
    kind: string
    calendar: string
    zone: string
    allowedMs: number
    usedMs: number
    runningSinceMs: number | null
    metAtMs: number | null
    dueAtMs: number
    round: number
  }
  /** A rung of the ladder, once and for good. */
  ticketEscalation: {
    ticketId: string
    clock: string
    round: number
    percent: number
    atMs: number
    action: string
    staffId: string | null
  }
  /** One for every version of a ticket. */
  ticketEvent: {
    ticketId: string
    version: number
    atMs: number
    actor: string
    actorName: string
    what: string
    eventValues: string
  }
  ticketViewer: {
    ticketId: string
    staffId: string
    tab: string
    doing: (typeof DOINGS)[number]
    untilMs: number
  }
  ticketTask: {
    taskId: string
    ticketId: string
    requestId: string
    step: number | null
    needs: string | null
    audience: (typeof TASK_AUDIENCES)[number]
    cabinetId: string | null
    operator: string | null
    textZh: string
    textEn: string
    state: (typeof TASK_STATES)[number]
    dueAtMs: number
    createdAtMs: number
    createdBy: string
    takenById: string | null
    takenAtMs: number | null
    doneById: string | null
    doneAtMs: number | null
    result: string | null
    lateAtMs: number | null
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
  /** The place in the index of one ticket's own words, one message, or one cabinet's names: exactly one of them. */
  ticketText: {
    textId: number
    ticketId: string | null
    messageId: string | null
    cabinetId: string | null
    /** What the ticket was opened with: its note and the answers to its fields. */
    ownText: string | null
  }
  /** What is found there, as it stands in its own row now. */
  ticketSearched: { textId: number; text: string | null }
  ticketSearchTerm: { term: string; doc: number; cnt: number }
}
