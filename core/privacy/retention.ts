import { sql } from 'kysely'
import type { Database } from '#core/platform/database.ts'
import type { Policy } from '#core/platform/policy.ts'

const DAY_MS = 24 * 3_600_000
const REMOVED_AT_ONCE = 500

export interface RetentionFacts {
  readonly kind: 'snapshot' | 'weight-trace'
  readonly takenAtMs: number
  /** When the money of its session was settled for good; null while that is open. A session without money ends at its end. */
  readonly settledAtMs: number | null
  /** Something is still being decided: an order that is held or unpaid. */
  readonly isMoneyOpen: boolean
  readonly hasOpenTicket: boolean
  /** The last ticket about it was closed at. */
  readonly ticketClosedAtMs: number | null
}
export type RetentionPolicy = Pick<Policy, 'routinePictureDays' | 'weightTraceDays' | 'disputedEvidenceDays'>

/**
 * Until when a picture or trace is kept: routine ones for their class's days from the final charge, disputed ones at least
 * until the ticket was closed and its days have passed. This is what the privacy page promises.
 * @returns milliseconds since 1970 UTC, or null while it must be kept because something is open
 */
export function decideKeptUntil(facts: RetentionFacts, policy: RetentionPolicy): number | null {
  if (facts.hasOpenTicket || facts.isMoneyOpen) return null
  const days = facts.kind === 'snapshot' ? policy.routinePictureDays : policy.weightTraceDays
  const routine = (facts.settledAtMs ?? facts.takenAtMs) + days * DAY_MS
  if (facts.ticketClosedAtMs === null) return routine
  return Math.max(routine, facts.ticketClosedAtMs + policy.disputedEvidenceDays * DAY_MS)
}

const MONEY_OPEN = new Set(['open', 'priced', 'held', 'charging', 'arrears'])
const TICKET_ENDED = new Set(['resolved', 'closed', 'merged'])

/**
 * Lets go of evidence that has outlived its retention: its row goes here, its file with the next walk over files that
 * nothing refers to.
 * @returns how many rows went
 */
export async function removeOutlivedEvidence(db: Database, policy: Policy, nowMs: number): Promise<number> {
  const shortestDays = Math.min(policy.routinePictureDays, policy.weightTraceDays)
  const rows = await db.read
    .selectFrom('evidence')
    .leftJoin('order', 'order.sessionId', 'evidence.sessionId')
    .leftJoin('ticket', 'ticket.orderId', 'order.orderId')
    .select(['evidence.sessionId', 'evidence.sha256', 'evidence.kind', 'evidence.atMs'])
    .select(['order.state as orderState', 'order.chargedAtMs'])
    .select((eb) => eb.fn.max<number | null>('ticket.closedAtMs').as('ticketClosedAtMs'))
    .select(sql<string | null>`group_concat(ticket.state)`.as('ticketStates'))
    .where('evidence.atMs', '<', nowMs - shortestDays * DAY_MS)
    .groupBy(['evidence.sessionId', 'evidence.sha256'])
    .orderBy('evidence.atMs')
    .limit(REMOVED_AT_ONCE)
    .execute()
  const outlived = rows.filter((row) => {
    const until = decideKeptUntil(
      {
        kind: row.kind,
        takenAtMs: row.atMs,
        settledAtMs: row.chargedAtMs,
        isMoneyOpen: row.orderState !== null && MONEY_OPEN.has(row.orderState),
        hasOpenTicket: (row.ticketStates ?? '')
          .split(',')
          .some((state) => state !== '' && !TICKET_ENDED.has(state)),
        ticketClosedAtMs: row.ticketClosedAtMs,
      },
      policy,
    )
    return until !== null && until < nowMs
  })
  if (outlived.length === 0) return 0
  await db.write('remove outlived evidence', async (tx) => {
    for (const { sessionId, sha256 } of outlived)
      await tx
        .deleteFrom('evidence')
        .where('sessionId', '=', sessionId)
        .where('sha256', '=', sha256)
        .execute()
  })
  return outlived.length
}
