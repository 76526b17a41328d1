import type {
  ImprovementSource,
  ImprovementState,
  ImprovementSubjectKind,
} from '#protocol/api/improvements.ts'

export interface ImprovementTables {
  /** A case whose cause is known, once for each thing that it may recur on; a ticket that is opened again leaves. */
  causeCase: {
    kind: 'ticket' | 'anomaly'
    caseId: string
    subjectKind: ImprovementSubjectKind
    subjectId: string
    rootCause: string
    cabinetId: string | null
    operator: string | null
    atMs: number
  }
  improvementItem: {
    itemId: string
    number: number
    source: ImprovementSource
    /** The thing that opened it, so that it opens one item only. */
    sourceId: string
    state: ImprovementState
    titleZh: string
    titleEn: string
    rootCause: string | null
    subjectKind: ImprovementSubjectKind | null
    subjectId: string | null
    operator: string | null
    ownerId: string | null
    dueAtMs: number
    /** Cases are counted so long before the opening, and as long after the change. */
    windowDays: number
    round: number
    plan: string
    action: string
    checkNote: string
    standardNote: string
    openedBy: string
    openedAtMs: number
    doneAtMs: number | null
    endedAtMs: number | null
    version: number
  }
  improvementCase: { itemId: string; kind: 'ticket' | 'anomaly'; caseId: string; atMs: number }
  /** One for every version of an item. */
  improvementEvent: {
    itemId: string
    version: number
    atMs: number
    actor: string
    actorName: string
    what: string
    eventValues: string
  }
}
