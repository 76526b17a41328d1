import type { Generated } from 'kysely'
import type { PolicyName, PolicyOutcome } from '#protocol/api/policies.ts'

export interface PolicyTables {
  /** Limits that a person saved; never changed. */
  policyVersion: {
    policy: PolicyName
    version: number
    /** JSON of numbers by name. */
    limits: string
    savedBy: string
    reason: string
    savedAtMs: number
    restoredFrom: number | null
    /** What the what-if said before saving. */
    cases: number | null
    changed: number | null
  }
  /** Every decision of a rule with all that it saw; never changed. */
  policyDecision: {
    decisionId: Generated<number>
    policy: PolicyName
    /** Name and version of the code. */
    rule: string
    limitsVersion: number
    /** JSON of the limits that held. */
    limits: string
    /** JSON of everything that the rule saw. */
    inputs: string
    /** JSON of what it decided. */
    decision: string
    outcome: PolicyOutcome
    chargedFen: number
    refundedFen: number
    subjectId: string
    orderId: string | null
    sessionId: string | null
    cabinetId: string | null
    consumerId: string | null
    atMs: number
  }
  /** What a consumer may not do for a while, why, and until when. */
  restriction: {
    restrictionId: string
    consumerId: string
    level: 'limited' | 'blocked'
    state: 'active' | 'expired' | 'lifted' | 'replaced'
    /** Most that one visit may cost; null when no door opens. */
    capFen: number | null
    /** Key of protocol/words. */
    reasonKey: string
    /** JSON of strings and numbers. */
    reasonValues: string
    /** What a person wrote for others who work here. */
    note: string | null
    /** `staff id` or `rule:<name>`. */
    createdBy: string
    createdAtMs: number
    expiresAtMs: number
    /** The decision of the rule; null when a person restricted. */
    decisionId: number | null
    /** The visit that it followed from. */
    orderId: string | null
    appealTicketId: string | null
    endedAtMs: number | null
    endedBy: string | null
    endNote: string | null
  }
}
