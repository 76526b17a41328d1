import { type Clock, wait } from '#protocol/base/clock.ts'
import { type Database, directSql } from '#core/platform/database.ts'
import type { Policy } from '#core/platform/policy.ts'

const DAY_MS = 24 * 3_600_000
/** Looked at in one transaction; doors and money wait behind it. */
const PORTION = 200
/** Of one pass; the next one goes on where it ended. */
const PORTIONS_MOST = 50
/** The trigger on the table reads it, see migration 37. */
const FACT = 'policy-decisions-go-before'

/**
 * Nothing that is open is about it, and nothing refers to it. Tickets of the consumer count too, because a restriction
 * or a refund is questioned without naming an order. Closed ones count for as long as the evidence of a dispute does.
 */
const MAY_GO = `
  NOT EXISTS (SELECT 1 FROM anomaly WHERE decisionId = d.decisionId)
  AND NOT EXISTS (SELECT 1 FROM restriction WHERE decisionId = d.decisionId)
  AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.orderId = d.orderId AND a.state <> 'explained')
  AND NOT EXISTS (SELECT 1 FROM "order" o WHERE o.orderId = d.orderId
    AND o.state IN ('open', 'priced', 'held', 'charging', 'arrears'))
  AND NOT EXISTS (SELECT 1 FROM arrears r WHERE r.orderId = d.orderId AND r.endedAtMs IS NULL)
  AND NOT EXISTS (SELECT 1 FROM refund f WHERE f.orderId = d.orderId AND f.state NOT IN ('succeeded', 'rejected'))
  AND NOT EXISTS (SELECT 1 FROM providerComplaint p WHERE p.orderId = d.orderId AND p.state <> 'processed')
  AND NOT EXISTS (SELECT 1 FROM ticket t WHERE (t.orderId = d.orderId OR t.consumerId = d.consumerId)
    AND (t.state NOT IN ('closed', 'merged') OR t.closedAtMs >= ?
      OR EXISTS (SELECT 1 FROM recheck k WHERE k.ticketId = t.ticketId
        AND k.state NOT IN ('passed', 'confirmed', 'lifted', 'dropped'))))`

/**
 * Lets decisions of rules go that have outlived their retention, oldest first. Looking and removing are one transaction,
 * so that several cores on one database never count a row twice and nothing is opened about it in between.
 */
export function createDecisionRetention(deps: {
  db: Database
  clock: Clock
  policy: Pick<Policy, 'decisionDays' | 'disputedEvidenceDays'>
}): { pass(): Promise<number> } {
  const { db, clock } = deps
  // What must stay would otherwise be looked at again by every pass, more of it each year.
  let after = 0

  async function portion(): Promise<{ looked: number; removed: number; last: number }> {
    const nowMs = clock.now()
    const { decisionDays, disputedEvidenceDays } = deps.policy
    const beforeMs = nowMs - decisionDays * DAY_MS
    return db.write('remove outlived decisions', async (tx) => {
      const sql = directSql(tx)
      const { looked, last } = sql.get<{ looked: number; last: number | null }>(
        `SELECT count(*) AS looked, max(decisionId) AS last FROM (SELECT decisionId, atMs FROM policyDecision
           WHERE decisionId > ? ORDER BY decisionId LIMIT ?) WHERE atMs < ?`,
        after,
        PORTION,
        beforeMs,
      ) ?? { looked: 0, last: null }
      if (last === null) return { looked: 0, removed: 0, last: after }
      sql.run(`INSERT OR REPLACE INTO fact (name, value) VALUES ('${FACT}', ?)`, String(beforeMs))
      const removed = sql.run(
        `DELETE FROM policyDecision AS d WHERE decisionId > ? AND decisionId <= ? AND atMs < ?
           -- The least that the trigger allows.
           AND atMs < (SELECT atMs FROM policyDecision ORDER BY decisionId DESC LIMIT 1) - 34560000000
           AND ${MAY_GO}`,
        after,
        last,
        beforeMs,
        nowMs - disputedEvidenceDays * DAY_MS,
      )
      sql.run(`DELETE FROM fact WHERE name = '${FACT}'`)
      return { looked, removed, last }
    })
  }

  return {
    /** @returns how many rows went */
    async pass() {
      let removed = 0
      for (let count = 0; count < PORTIONS_MOST; count++) {
        const done = await portion()
        removed += done.removed
        after = done.last
        if (done.looked < PORTION) {
          after = 0
          break
        }
        await wait(clock, 'the next portion of outlived decisions', 0)
      }
      return removed
    },
  }
}
