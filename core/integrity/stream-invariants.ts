import { sql } from 'kysely'
import { findBroken, type Invariant, within } from './invariant.ts'

/** As many of the newest events of a stream are counted; older ones were counted when they were new. */
const NEWEST_EVENTS = 2000

const appliedOnce: Invariant = {
  id: 'I8',
  title: 'Each event is applied exactly once and in order',
  stopsMoney: true,
  check: (read, { cabinetIds }) =>
    findBroken(
      read,
      'I8',
      sql`
        SELECT 'cabinet:' || r.cabinetId AS subject,
          printf('the stream was received up to %d, its newest event is %d', r.lastSeq, newest.seq) AS message
        FROM receiver r JOIN (
          SELECT cabinetId, (SELECT coalesce(max(i.seq), 0) FROM inbox i
            WHERE i.cabinetId = q.cabinetId AND i.epoch = q.epoch) AS seq
          FROM receiver q WHERE ${within('q.cabinetId', cabinetIds)}) newest ON newest.cabinetId = r.cabinetId
        WHERE newest.seq > r.lastSeq
          -- A stream that goes on under a new epoch has its numbers from the one before until its next event.
          OR (newest.seq < r.lastSeq AND NOT (newest.seq = 0 AND r.continuesEpoch IS NOT NULL) AND NOT EXISTS (
            SELECT 1 FROM incident n WHERE n.kind = 'events_lost' AND n.subject = r.cabinetId))`,
    ),
}

/** A hole inside what was received is allowed only when somebody was told that those events are gone. */
const noHoles: Invariant = {
  id: 'I9',
  title: 'No event of a stream is missing unnoticed',
  stopsMoney: false,
  check: (read, { cabinetIds }) =>
    findBroken(
      read,
      'I9',
      sql`
        SELECT 'cabinet:' || cabinetId AS subject,
          printf('%d events are missing below %d', last - first + 1 - kept, last) AS message
        FROM (SELECT r.cabinetId, count(*) AS kept, min(i.seq) AS first, max(i.seq) AS last
          FROM receiver r JOIN inbox i ON i.cabinetId = r.cabinetId AND i.epoch = r.epoch
            AND i.seq > r.lastSeq - ${sql.lit(NEWEST_EVENTS)}
          WHERE ${within('r.cabinetId', cabinetIds)} GROUP BY r.cabinetId) held
        WHERE kept <> last - first + 1 AND NOT EXISTS (
          SELECT 1 FROM incident n WHERE n.kind = 'events_lost' AND n.subject = held.cabinetId)`,
    ),
}

/** What was asked of the provider was saved in the transaction that decided it. */
const effectsAreSaved: Invariant = {
  id: 'I11',
  title: 'Everything asked of the outside was saved with its cause',
  stopsMoney: true,
  async check(read, { sessionIds, restores }) {
    const isKnown = sql`NOT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(restores ?? [])}) w
      WHERE c.preparedAtMs BETWEEN json_extract(w.value, '$.backupAtMs') AND json_extract(w.value, '$.restoredAtMs')
        AND json_extract(w.value, '$.toldBy') IS NOT (SELECT cabinetId FROM session s WHERE s.sessionId = c.sessionId))`
    const charges = await findBroken(
      read,
      'I11',
      sql`
        SELECT 'charge:' || c.chargeId AS subject,
          printf('charge is %s and its request was never saved', c.state) AS message
        FROM charge c WHERE ${within('c.sessionId', sessionIds)} AND ${isKnown} AND (
          NOT EXISTS (SELECT 1 FROM providerCall a WHERE a.subjectId = c.chargeId AND a.operation = 'create_order')
          OR (c.submittedAtMs IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM providerCall a WHERE a.subjectId = c.chargeId AND a.operation = 'complete_order')))`,
    )
    const refunds = await findBroken(
      read,
      'I11',
      sql`
        SELECT 'refund:' || f.refundId AS subject,
          printf('refund is %s and its request was never saved', f.state) AS message
        FROM "order" o JOIN refund f ON f.orderId = o.orderId
        WHERE ${within('o.sessionId', sessionIds)} AND f.submittedAtMs IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM providerCall a WHERE a.subjectId = f.refundId AND a.operation = 'refund')`,
    )
    return [...charges, ...refunds]
  },
}

const SETTLE_WITHIN_MS = 15 * 60_000

/** Whatever is under way has a next step with a time, or a person has it. */
const everythingSettles: Invariant = {
  id: 'I20',
  title: 'Whatever is not settled has a next step or a person',
  stopsMoney: false,
  async check(read, { sessionIds, nowMs, settleWithinMs = SETTLE_WITHIN_MS }) {
    const beforeMs = nowMs - settleWithinMs
    const charges = await findBroken(
      read,
      'I20',
      sql`
        SELECT 'charge:' || c.chargeId AS subject, printf('charge is %s and nothing will ask again', c.state) AS message
        FROM charge c WHERE ${within('c.sessionId', sessionIds)}
          AND (c.state IN ('submitted', 'unknown', 'pending') OR (c.state = 'prepared' AND c.lines IS NOT NULL))
          AND NOT EXISTS (SELECT 1 FROM dueWork d WHERE d.kind = 'charge.settle' AND d.subjectId = c.chargeId)`,
    )
    const refunds = await findBroken(
      read,
      'I20',
      sql`
        SELECT 'refund:' || f.refundId AS subject, printf('refund is %s and nothing will ask again', f.state) AS message
        FROM "order" o JOIN refund f ON f.orderId = o.orderId
        WHERE ${within('o.sessionId', sessionIds)}
          AND f.state IN ('approved', 'submitted', 'unknown', 'processing', 'closed')
          AND NOT EXISTS (SELECT 1 FROM dueWork d WHERE d.kind = 'refund.drive' AND d.subjectId = f.refundId)`,
    )
    const sessions = await findBroken(
      read,
      'I20',
      sql`
        SELECT 'session:' || s.sessionId AS subject, printf('session has been %s for too long', s.state) AS message
        FROM session s WHERE ${within('s.sessionId', sessionIds)} AND s.requestedAtMs < ${beforeMs} AND (
          s.state IN ('requested', 'authorised')
          OR (s.state IN ('unlocking', 'opened', 'closed') AND NOT EXISTS (
            SELECT 1 FROM dueWork d WHERE d.kind IN ('session.overdue', 'session.unlocking') AND d.subjectId = s.sessionId)))`,
    )
    const orders = await findBroken(
      read,
      'I20',
      sql`
        SELECT 'order:' || o.orderId AS subject, 'order is held and nobody was asked to decide' AS message
        FROM "order" o WHERE ${within('o.sessionId', sessionIds)} AND o.state = 'held' AND o.heldAtMs < ${beforeMs}
          AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.orderId = o.orderId AND a.state IN ('detected', 'in_review', 'decided'))
          AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.orderId = o.orderId AND t.state NOT IN ('closed', 'merged', 'resolved'))`,
    )
    const letters = await findBroken(
      read,
      'I20',
      sql`
        SELECT 'cabinet:' || i.cabinetId AS subject, printf('event %d is dead and nobody was told', i.seq) AS message
        FROM inbox i WHERE ${sessionIds === undefined ? sql`i.status = 'dead'` : sql`false`} AND NOT EXISTS (
          SELECT 1 FROM incident n WHERE n.kind = 'dead_letter_event' AND n.subject = i.cabinetId)`,
    )
    const work = await findBroken(
      read,
      'I20',
      sql`
        SELECT 'work:' || kind || '/' || subjectId AS subject, 'work is overdue and nobody does it' AS message
        FROM dueWork WHERE dueAtMs < ${beforeMs} AND coalesce(claimedUntilMs, 0) < ${nowMs}`,
    )
    return [...charges, ...refunds, ...sessions, ...orders, ...letters, ...work]
  },
}

export const STREAM_INVARIANTS: readonly Invariant[] = [
  appliedOnce,
  noHoles,
  effectsAreSaved,
  everythingSettles,
]
