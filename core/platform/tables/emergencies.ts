import type {
  EmergencyAudience,
  EmergencyKind,
  EmergencyNoticeState,
  EmergencyState,
} from '#protocol/api/emergencies.ts'

export interface EmergencyTables {
  emergency: {
    emergencyId: string
    number: number
    kind: EmergencyKind
    title: string
    state: EmergencyState
    /** JSON: `EmergencyScope`. */
    scope: string
    discoveredAtMs: number
    discoveredBy: string
    openedById: string
    openedAtMs: number
    reportDueAtMs: number
    reportedAtMs: number | null
    improvementId: string | null
    endedAtMs: number | null
    version: number
  }
  /** Append-only. `what`: a step, `opened`, `noted`, `scoped`, `reported`, `noticed`, or `report_50`, `report_80`, `report_100`. */
  emergencyEntry: {
    emergencyId: string
    position: number
    atMs: number
    actor: string
    actorName: string
    what: string
    note: string
  }
  emergencyReport: {
    emergencyId: string
    position: number
    recipient: string
    text: string
    sentAtMs: number
    staffId: string
  }
  emergencyNotice: {
    noticeId: string
    emergencyId: string
    audience: EmergencyAudience
    titleZh: string
    titleEn: string
    textZh: string
    textEn: string
    state: EmergencyNoticeState
    count: number
    requestedBy: string
    requestedAtMs: number
    decidedBy: string | null
    decidedAtMs: number | null
    endedAtMs: number | null
  }
  emergencyRecipient: {
    noticeId: string
    /** A consumer, or the name of an operator. */
    recipientId: string
    state: 'waiting' | 'sent' | 'skipped'
    /** The notice or the ticket that reached them. */
    sentAs: string | null
    sentAtMs: number | null
  }
}
