import type { PolicyName, PolicyOutcome } from '#protocol/api/policies.ts'
import { directSql, nowOf, type Tx } from '#core/platform/database.ts'
import type { HeldPolicy, PolicyBook } from './book.ts'
import type { Limits } from './limits.ts'

/**
 * A rule with its name and version. `decide` is pure and sees nothing but its arguments: inputs are plain JSON, because
 * what is stored must be all that it saw. A change of what it decides is a new version under a new name.
 */
export interface Rule<Inputs, Decision> {
  readonly policy: PolicyName
  /** For example `receipt-2`. */
  readonly rule: string
  decide(inputs: Inputs, limits: Limits): Decision
  /** For people and for sums: what it comes to, and which money moves without a person. */
  verdict(decision: Decision, inputs: Inputs): Verdict
}
export interface Verdict {
  readonly outcome: PolicyOutcome
  readonly chargedFen: number
  readonly refundedFen: number
}
export const NO_MONEY = { chargedFen: 0, refundedFen: 0 } as const

/** What a decision is about; all that is known of it. */
export interface DecisionSubject {
  readonly subjectId: string
  readonly orderId: string | null
  readonly sessionId: string | null
  readonly cabinetId: string | null
  readonly consumerId: string | null
}
export interface Judged<Decision> extends Verdict {
  readonly decisionId: number
  readonly decision: Decision
  readonly held: HeldPolicy
}

/**
 * Decides by the limits that hold now and stores everything that was seen, in the transaction of what follows from it.
 * The rule is given what was stored, not what was passed: so the same decision can be made again from the row.
 */
export function judge<Inputs, Decision>(
  tx: Tx,
  book: Pick<PolicyBook, 'held'>,
  rule: Rule<Inputs, Decision>,
  inputs: Inputs,
  about: DecisionSubject,
): Judged<Decision> {
  const held = book.held(rule.policy)
  const stored = JSON.stringify(inputs)
  const seen = JSON.parse(stored) as Inputs
  const decision = rule.decide(seen, held.limits)
  const verdict = rule.verdict(decision, seen)
  const row = directSql(tx).get<{ decisionId: number }>(
    `INSERT INTO policyDecision (policy, rule, limitsVersion, limits, inputs, decision, outcome, chargedFen, refundedFen,
       subjectId, orderId, sessionId, cabinetId, consumerId, atMs)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING decisionId`,
    rule.policy,
    rule.rule,
    held.version,
    JSON.stringify(held.limits),
    stored,
    JSON.stringify(decision),
    verdict.outcome,
    verdict.chargedFen,
    verdict.refundedFen,
    about.subjectId,
    about.orderId,
    about.sessionId,
    about.cabinetId,
    about.consumerId,
    nowOf(tx),
  )
  if (row === undefined) throw new Error('assertion failed: a stored decision has no number')
  return { ...verdict, decisionId: row.decisionId, decision, held }
}
