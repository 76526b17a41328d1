import { type RawBuilder, sql } from 'kysely'
import { timePartOf } from '#protocol/base/ids.ts'
import { LIVE_SESSION_STATES } from '#core/sessions/machine.ts'
import { type CheckContext, findBroken, type Invariant, within } from './invariant.ts'

/**
 * Unlocks that cabinets told of, with the command that each names; one that came again under a continued epoch is one, and
 * what a memory that was put back tells once more in its own words, after a person let it go on, is no second movement.
 * Uses the partial index `inboxUnlock`.
 */
function unlocks({ sessionIds }: CheckContext): RawBuilder<unknown> {
  const all = sql`SELECT cabinetId, seq, occurredAtMs, json_extract(data, '$.commandId') AS commandId,
      json_extract(data, '$.sessionId') AS sessionId, epoch
    FROM inbox WHERE type = 'door.unlocked' AND json_extract(data, '$.commandId') IS NOT NULL AND status <> 'repeated'`
  return sessionIds === undefined
    ? all
    : sql`${all} AND json_extract(data, '$.commandId') IN (
        SELECT commandId FROM session WHERE ${within('sessionId', sessionIds)})`
}

/**
 * Rows of that time went with the former database: what cabinets tell of it again has no command here, or one that this
 * database believes it never sent, also when it could tell of the unlock only later. What a cabinet alone says of such a
 * time excuses nothing of its own.
 */
function outsideRestores({ restores = [] }: CheckContext): RawBuilder<boolean> {
  const windows = restores.map((one) => ({
    ...one,
    from: timePartOf(one.backupAtMs),
    to: timePartOf(one.restoredAtMs),
  }))
  return sql<boolean>`NOT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(windows)}) w
    WHERE (u.occurredAtMs BETWEEN json_extract(w.value, '$.backupAtMs') AND json_extract(w.value, '$.restoredAtMs')
        OR substr(u.commandId, 3, 9) BETWEEN json_extract(w.value, '$.from') AND json_extract(w.value, '$.to'))
      AND json_extract(w.value, '$.toldBy') IS NOT u.cabinetId)`
}

const movesOnce: Invariant = {
  id: 'I5',
  title: 'A command moves a lock at most once',
  stopsMoney: true,
  check: (read, context) =>
    findBroken(
      read,
      'I5',
      sql`
        SELECT 'command:' || commandId AS subject, printf('command unlocked %d times', count(*)) AS message
        FROM (${unlocks(context)}) GROUP BY commandId, epoch HAVING count(*) > 1`,
    ),
}

const unlockHasCommand: Invariant = {
  id: 'I6',
  title: 'Every unlock has a command for that cabinet and session, and money that was granted',
  stopsMoney: true,
  async check(read, context) {
    const commands = await findBroken(
      read,
      'I6',
      sql`
        SELECT 'command:' || u.commandId AS subject,
          printf('%s unlocked for a command that %s', u.cabinetId,
            CASE WHEN c.commandId IS NULL THEN 'nobody gave' ELSE 'was meant for ' || c.cabinetId END) AS message
        FROM (${unlocks(context)}) u LEFT JOIN command c ON c.commandId = u.commandId
        WHERE (c.commandId IS NULL OR c.cabinetId <> u.cabinetId OR c.name <> 'door.unlock')
          AND ${outsideRestores(context)}`,
    )
    const sessions = await findBroken(
      read,
      'I6',
      sql`
        SELECT 'session:' || s.sessionId AS subject,
          printf('%s unlocked for a session %s', u.cabinetId,
            CASE WHEN s.cabinetId <> u.cabinetId THEN 'of ' || s.cabinetId
              WHEN u.sessionId IS NOT NULL AND u.sessionId <> s.sessionId THEN 'under the name ' || u.sessionId
              ELSE 'whose money was ' || coalesce(g.authorisation, 'never asked for') END) AS message
        FROM (${unlocks(context)}) u JOIN session s ON s.commandId = u.commandId
          LEFT JOIN charge g ON g.sessionId = s.sessionId
        WHERE s.cabinetId <> u.cabinetId OR (u.sessionId IS NOT NULL AND u.sessionId <> s.sessionId)
          OR (s.kind = 'sale' AND coalesce(g.authorisation, '') NOT IN ('granted', 'released'))`,
    )
    return [...commands, ...sessions]
  },
}

const refusedStaysLocked: Invariant = {
  id: 'I7',
  title: 'A command that was refused or had expired moved no lock',
  stopsMoney: true,
  check: (read, context) =>
    findBroken(
      read,
      'I7',
      sql`
        SELECT 'command:' || u.commandId AS subject,
          printf('%s unlocked although the command is %s', u.cabinetId, c.state) AS message
        FROM (${unlocks(context)}) u JOIN command c ON c.commandId = u.commandId
        WHERE c.state IN ('rejected', 'expired') AND ${outsideRestores(context)}`,
    ),
}

/** A state that was reached has the time at which it was reached, and machines that belong together agree. */
const statesHaveTheirTimes: Invariant = {
  id: 'I12',
  title: 'Every state was reached along the rows of its machine',
  stopsMoney: true,
  async check(read, { sessionIds }) {
    const sessions = await findBroken(
      read,
      'I12',
      sql`
        SELECT 'session:' || s.sessionId AS subject,
          printf('session is %s; its order is %s', s.state, coalesce(o.state, 'missing')) AS message
        FROM session s LEFT JOIN "order" o ON o.sessionId = s.sessionId
        WHERE ${within('s.sessionId', sessionIds)} AND (
          (s.state IN ('reconciled', 'settled') AND s.kind = 'sale' AND s.reconciledAtMs IS NULL)
          OR (s.state = 'opened' AND s.openedAtMs IS NULL)
          OR (s.state = 'closed' AND s.closedAtMs IS NULL)
          OR (s.kind = 'sale' AND o.orderId IS NULL)
          OR (s.state = 'settled' AND o.state IN ('open', 'priced', 'held', 'charging'))
          OR (s.state IN ('denied', 'not_opened') AND o.state NOT IN ('void') AND s.reconciled IS NULL))`,
    )
    const charges = await findBroken(
      read,
      'I12',
      sql`
        SELECT 'charge:' || c.chargeId AS subject,
          printf('charge is %s without the time of it', c.state) AS message
        FROM charge c
        WHERE ${within('c.sessionId', sessionIds)} AND (
          (c.state IN ('submitted', 'unknown', 'pending', 'paid', 'failed') AND c.submittedAtMs IS NULL)
          OR (c.state = 'pending' AND c.pendingAtMs IS NULL)
          OR (c.state = 'paid' AND c.paidAtMs IS NULL))`,
    )
    const refunds = await findBroken(
      read,
      'I12',
      sql`
        SELECT 'refund:' || f.refundId AS subject,
          printf('refund is %s without the time of it', f.state) AS message
        FROM "order" o JOIN refund f ON f.orderId = o.orderId
        WHERE ${within('o.sessionId', sessionIds)} AND (
          (f.state NOT IN ('requested', 'awaiting_approval', 'rejected') AND f.approvedAtMs IS NULL)
          OR (f.state IN ('submitted', 'unknown', 'processing', 'abnormal', 'succeeded') AND f.submittedAtMs IS NULL))`,
    )
    return [...sessions, ...charges, ...refunds]
  },
}

/** Asked without the partial unique indexes, so that a broken index shows. */
const oneLiveSession: Invariant = {
  id: 'I13',
  title: 'A cabinet door and a consumer have one live session each',
  stopsMoney: true,
  async check(read, { sessionIds }) {
    const live = sql.join(LIVE_SESSION_STATES.map((state) => sql.lit(state)))
    const cabinets = await findBroken(
      read,
      'I13',
      sql`
        SELECT 'cabinet:' || s.cabinetId AS subject, printf('%d sessions are live at once', count(*)) AS message
        FROM session s NOT INDEXED WHERE s.state IN (${live}) AND ${within('s.sessionId', sessionIds)}
        GROUP BY s.cabinetId, s.door HAVING count(*) > 1`,
    )
    const consumers = await findBroken(
      read,
      'I13',
      sql`
        SELECT 'consumer:' || s.consumerId AS subject, printf('%d sessions are live at once', count(*)) AS message
        FROM session s NOT INDEXED
        WHERE s.state IN (${live}) AND s.state <> 'overdue' AND ${within('s.sessionId', sessionIds)}
        GROUP BY s.consumerId HAVING count(*) > 1`,
    )
    return [...cabinets, ...consumers]
  },
}

export const SESSION_INVARIANTS: readonly Invariant[] = [
  movesOnce,
  unlockHasCommand,
  refusedStaysLocked,
  statesHaveTheirTimes,
  oneLiveSession,
]
