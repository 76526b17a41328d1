import { sql } from 'kysely'
import type { Database } from '#core/platform/database.ts'
import type { Policy } from '#core/platform/policy.ts'

const DAY_MS = 24 * 3_600_000
const LOOKED_AT_ONCE = 500

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
/** A ticket that is solved can still be opened again, and what was merged is decided where it went on. */
const TICKET_ENDED = new Set(['closed', 'merged'])
type Place = { readonly sessionId: string; readonly sha256: string }

/**
 * Lets go of evidence that has outlived its retention: its row goes here, its file with the next walk over files that
 * nothing refers to.
 * @returns how many rows went
 */
export async function removeOutlivedEvidence(db: Database, policy: Policy, nowMs: number): Promise<number> {
  let removed = 0
  // What must stay longer is passed over; without a place to go on from it would be looked at for ever, and nothing behind it.
  let after: Place | undefined = { sessionId: '', sha256: '' }
  while (after !== undefined) {
    const rows = await outlivedAfter(db, policy, nowMs, after)
    const gone = rows.filter((row) => {
      const until = decideKeptUntil(factsOf(row), policy)
      return until !== null && until < nowMs
    })
    if (gone.length > 0) await remove(db, gone)
    removed += gone.length
    after = rows.length < LOOKED_AT_ONCE ? undefined : rows.at(-1)
  }
  return removed
}

/** What is past the days of its kind, with what is known of its visit. In the order of the key, so that no page is sorted. */
async function outlivedAfter(db: Database, policy: Policy, nowMs: number, after: Place) {
  return db.read
    .selectFrom('evidence')
    .leftJoin('order', 'order.sessionId', 'evidence.sessionId')
    .leftJoin('ticket', 'ticket.orderId', 'order.orderId')
    .leftJoin('ticket as into', 'into.ticketId', 'ticket.mergedIntoId')
    .select(['evidence.sessionId', 'evidence.sha256', 'evidence.kind', 'evidence.atMs'])
    .select(['order.state as orderState', 'order.chargedAtMs'])
    .select(sql<number | null>`max(coalesce("into".closedAtMs, ticket.closedAtMs))`.as('ticketClosedAtMs'))
    .select(sql<string | null>`group_concat(coalesce("into".state, ticket.state))`.as('ticketStates'))
    .where((eb) =>
      eb.or([
        eb.and([
          eb('evidence.kind', '=', 'snapshot'),
          eb('evidence.atMs', '<', nowMs - policy.routinePictureDays * DAY_MS),
        ]),
        eb.and([
          eb('evidence.kind', '=', 'weight-trace'),
          eb('evidence.atMs', '<', nowMs - policy.weightTraceDays * DAY_MS),
        ]),
      ]),
    )
    .where(sql<boolean>`(evidence.sessionId, evidence.sha256) > (${after.sessionId}, ${after.sha256})`)
    .groupBy(['evidence.sessionId', 'evidence.sha256'])
    .orderBy('evidence.sessionId')
    .orderBy('evidence.sha256')
    .limit(LOOKED_AT_ONCE)
    .execute()
}
type Row = Awaited<ReturnType<typeof outlivedAfter>>[number]

function factsOf(row: Row): RetentionFacts {
  return {
    kind: row.kind,
    takenAtMs: row.atMs,
    settledAtMs: row.chargedAtMs,
    isMoneyOpen: row.orderState !== null && MONEY_OPEN.has(row.orderState),
    hasOpenTicket: (row.ticketStates ?? '')
      .split(',')
      .some((state) => state !== '' && !TICKET_ENDED.has(state)),
    ticketClosedAtMs: row.ticketClosedAtMs,
  }
}
async function remove(db: Database, rows: readonly Place[]): Promise<void> {
  await db.write('remove outlived evidence', async (tx) => {
    for (const { sessionId, sha256 } of rows)
      await tx
        .deleteFrom('evidence')
        .where('sessionId', '=', sessionId)
        .where('sha256', '=', sha256)
        .execute()
  })
}
