import type { Kysely } from 'kysely'
import { ruleOf } from '#core/anomalies/rules.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Limits } from '#core/policies/limits.ts'
import { replayCase } from '#core/policies/what-if.ts'
import { type Invariant, type Violation, VIOLATIONS_MOST, within } from './invariant.ts'

const PORTION = 500
/** The newest ones; a full look at years of decisions would take longer than a day has quiet minutes. */
const LOOKED_AT_MOST = 50_000

const decisionsCanBeMadeAgain: Invariant = {
  id: 'I21',
  title: 'What a rule decided it decides again from what it saw',
  stopsMoney: false,
  async check(read, { sessionIds }) {
    const violations: Violation[] = []
    let before = Number.MAX_SAFE_INTEGER
    let looked = 0
    for (;;) {
      const rows = await portion(read, sessionIds, before)
      for (const row of rows) {
        const rule = ruleOf(row.rule)
        const isSame =
          rule !== undefined && replayCase(row, rule, JSON.parse(row.limits) as Limits).isReproduced
        if (isSame) continue
        violations.push({
          invariantId: 'I21',
          subject: `decision:${row.decisionId}`,
          message:
            rule === undefined
              ? `it was decided by ${row.rule}, which this release does not know`
              : `${row.rule} decides otherwise now on what it saw then; it needs a new name`,
        })
      }
      looked += rows.length
      before = rows.at(-1)?.decisionId ?? 0
      if (rows.length < PORTION || looked >= LOOKED_AT_MOST || violations.length >= VIOLATIONS_MOST)
        return violations.slice(0, VIOLATIONS_MOST)
    }
  },
}

function portion(read: Kysely<Tables>, sessionIds: readonly string[] | undefined, before: number) {
  let query = read.selectFrom('policyDecision').selectAll().where('decisionId', '<', before)
  // By the index of orders; what is about no order is looked at with everything, once a day.
  if (sessionIds !== undefined)
    query = query.where('orderId', 'in', (eb) =>
      eb.selectFrom('order').select('orderId').where(within('sessionId', sessionIds)),
    )
  return query.orderBy('decisionId', 'desc').limit(PORTION).execute()
}

export const DECISION_INVARIANTS: readonly Invariant[] = [decisionsCanBeMadeAgain]
