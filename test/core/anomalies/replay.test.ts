import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POLICY_NAMES } from '#protocol/api/policies.ts'
import { RULES, ruleOf } from '#core/anomalies/rules.ts'
import type { Limits } from '#core/policies/limits.ts'
import { type PolicyDecisionRow, replayCase, type StoredRule } from '#core/policies/what-if.ts'
import { INPUTS, limitsOf } from './rule-arbitraries.ts'

/** As `judge` writes it. */
function rowOf(rule: StoredRule, inputs: unknown, limits: Limits): PolicyDecisionRow {
  const stored = JSON.stringify(inputs)
  const { decision, outcome, chargedFen, refundedFen } = rule.replay(JSON.parse(stored), limits)
  return {
    decisionId: 1,
    policy: rule.policy,
    rule: rule.rule,
    limitsVersion: 1,
    limits: JSON.stringify(limits),
    inputs: stored,
    decision: JSON.stringify(decision),
    outcome,
    chargedFen,
    refundedFen,
    subjectId: 's',
    orderId: null,
    sessionId: null,
    cabinetId: null,
    consumerId: null,
    atMs: 0,
  }
}

describe('what a rule decided once it decides again from what was stored', () => {
  it.each(RULES.map((rule) => [rule.rule, rule] as const))(
    '%s, whatever it saw and whichever limits held',
    (name, rule) => {
      const inputs = INPUTS[name]
      if (inputs === undefined)
        throw new Error(`no inputs are drawn for ${name}; add them to rule-arbitraries.ts`)
      fc.assert(
        fc.property(inputs, limitsOf(rule.policy), limitsOf(rule.policy), (seen, held, other) => {
          const row = rowOf(rule, seen, held)
          const replayed = replayCase(row, rule, other)
          expect(replayed.isReproduced).toBe(true)
          // Under the limits that held, the answer to "what if" is what happened.
          expect(replayCase(row, rule, held).would).toMatchObject(replayed.was)
          // Under others it is what those would have decided then.
          const { decision: _own, ...would } = rule.replay(JSON.parse(row.inputs), other)
          expect(replayed.would).toMatchObject(would)
          expect(Math.min(replayed.would.chargedFen, replayed.would.refundedFen)).toBeGreaterThanOrEqual(0)
        }),
        { numRuns: 300 },
      )
    },
  )
  it('notices a stored decision that the rule would not make', () => {
    const rule = ruleOf('automatic-refund-1') as StoredRule
    const limits = { automaticRefundFen: 3000, automaticRefundMonthFen: 10_000 }
    const row = rowOf(rule, { amountFen: 2000, isProven: false, refundedThisMonthFen: 0 }, limits)
    const forged = { ...row, decision: JSON.stringify({ outcome: 'person', limitFen: 3000 }) }
    expect(replayCase(forged, rule, limits).isReproduced).toBe(false)
  })
})

interface Kept {
  rule: string
  limits: Limits
  inputs: unknown
  decision: unknown
  outcome: string
  chargedFen: number
  refundedFen: number
}
const KEPT = JSON.parse(readFileSync(path.join(import.meta.dirname, 'kept-decisions.json'), 'utf8')) as Kept[]

describe('decisions that were kept when the rule was written', () => {
  it.each(KEPT.map((kept, index) => [`${kept.rule}, no. ${index + 1}`, kept] as const))(
    '%s: a change of what it decides needs a new name',
    (_name, kept) => {
      const { decision, ...verdict } = (ruleOf(kept.rule) as StoredRule).replay(kept.inputs, kept.limits)
      expect(JSON.parse(JSON.stringify(decision))).toEqual(kept.decision)
      expect(verdict).toEqual({
        outcome: kept.outcome,
        chargedFen: kept.chargedFen,
        refundedFen: kept.refundedFen,
      })
    },
  )
  it('there are some of every rule, and every policy has a rule', () => {
    expect([...new Set(KEPT.map(({ rule }) => rule))].toSorted()).toEqual(
      RULES.map(({ rule }) => rule).toSorted(),
    )
    expect([...new Set(RULES.map(({ policy }) => policy))].toSorted()).toEqual([...POLICY_NAMES].toSorted())
  })
})
