import type { ImprovementSubject } from '#protocol/api/improvements.ts'

/** One case whose cause is known, on everything that it may recur on. */
export interface CauseCase {
  readonly kind: 'ticket' | 'anomaly'
  readonly caseId: string
  readonly rootCause: string
  readonly cabinetId: string | null
  readonly skus: readonly string[]
  readonly atMs: number
}
export interface RecurrenceRule {
  /** So many cases, this one included, … */
  readonly cases: number
  /** … within so many days. */
  readonly days: number
}
/** What nobody can prevent is not counted: what the consumer did, and what nobody found out. */
const NOT_COUNTED: readonly string[] = ['unknown', 'consumer']
/**
 * A product that is written down wrongly, and a cabinet that fails, are different things to mend: what breaks, loses its
 * power or its network belongs to the cabinet whatever was bought.
 */
const OF_THE_CABINET_ONLY: readonly string[] = [
  'hardware',
  'power',
  'network',
  'camera',
  'operation',
  'provider',
]

/** @returns what a case of this cause may recur on; none when it is not counted */
export function subjectsOf(one: Pick<CauseCase, 'rootCause' | 'cabinetId' | 'skus'>): ImprovementSubject[] {
  if (NOT_COUNTED.includes(one.rootCause)) return []
  const cabinet: ImprovementSubject[] = one.cabinetId === null ? [] : [{ kind: 'cabinet', id: one.cabinetId }]
  if (OF_THE_CABINET_ONLY.includes(one.rootCause)) return cabinet
  return [...cabinet, ...[...new Set(one.skus)].map((id): ImprovementSubject => ({ kind: 'product', id }))]
}

export type RecurrenceDecision = 'count' | 'open' | 'wait'
/**
 * @param hasOpenItem  an item for this cause on this subject has not ended
 * @param casesInWindow  cases of this cause on this subject within the days of the rule, this one included
 * @returns `count` it on the open item, `open` an item with every case of the window, or `wait` for more
 */
export function decideRecurrence(
  rule: RecurrenceRule,
  { hasOpenItem, casesInWindow }: { hasOpenItem: boolean; casesInWindow: number },
): RecurrenceDecision {
  if (hasOpenItem) return 'count'
  return casesInWindow >= rule.cases ? 'open' : 'wait'
}
