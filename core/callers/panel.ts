import type { Kysely } from 'kysely'
import type { CallerFact, CallerPanel } from '#protocol/api/callers.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { TicketRow } from '#core/support/ticket-store.ts'
import { type CallerCheckRow, callerTriesLeft, checksOfDay } from './tries.ts'
import { factsOf } from './facts.ts'
import { isHiddenBy, withCaller } from './hidden.ts'

type Deps = Pick<CoreDeps, 'policy'> & { db: Kysely<Tables>; nowMs: number }

/**
 * What the page shows about who speaks on a ticket.
 * @returns null where nobody speaks whom we would have to know: an operator, a consumer on their own page, or somebody who
 * asks about nothing personal
 */
export async function callerPanel(
  { db, policy, nowMs }: Deps,
  staff: StaffIdentity,
  ticket: TicketRow,
): Promise<CallerPanel | null> {
  const { consumerId } = ticket
  if (consumerId === null || !(await withCaller(db, staff, [ticket])).has(ticket.ticketId)) return null
  const checks = await db
    .selectFrom('callerCheck')
    .selectAll()
    .where('ticketId', '=', ticket.ticketId)
    .orderBy('askedAtMs', 'desc')
    .orderBy('checkId', 'desc')
    .execute()
  const isOver = ticket.state === 'closed' || ticket.state === 'merged'
  const known = checks.find((one) => one.state === 'passed' && (one.validUntilMs ?? 0) > nowMs)
  const asked = checks.find((one) => one.state === 'asked' && one.expiresAtMs > nowMs)
  const isHidden = isHiddenBy(ticket, checks, nowMs)
  const left = callerTriesLeft(await checksOfDay(db, consumerId, nowMs), policy)
  const may = (permission: 'caller.verify' | 'caller.vouch') => staff.permissions.has(permission)
  const mayAsk = isHidden && !isOver && may('caller.verify')
  return {
    isHidden,
    known: known === undefined ? null : await knownView(db, known),
    facts: asked?.way === 'facts' && may('caller.verify') ? await factsView(db, ticket, asked, nowMs) : null,
    code: asked?.way === 'code' ? await codeView(db, policy, asked) : null,
    last: lastView(checks, nowMs),
    factsLeft: left.facts,
    codesLeft: left.codes,
    actions: [
      ...(mayAsk && ticket.orderId !== null && left.facts > 0 ? (['facts'] as const) : []),
      ...(mayAsk && left.codes > 0 ? (['code'] as const) : []),
      ...(isHidden && may('caller.vouch') ? (['lead'] as const) : []),
    ],
  }
}

async function knownView(db: Kysely<Tables>, row: CallerCheckRow): Promise<CallerPanel['known']> {
  const staff = await db
    .selectFrom('staff')
    .select('displayName')
    .where('staffId', '=', row.decidedBy ?? '')
    .executeTakeFirst()
  return {
    way: row.way,
    by: staff?.displayName ?? '',
    atMs: row.decidedAtMs ?? row.askedAtMs,
    untilMs: row.validUntilMs ?? row.askedAtMs,
    reason: row.reason,
  }
}

async function factsView(
  db: Kysely<Tables>,
  ticket: TicketRow,
  row: CallerCheckRow,
  nowMs: number,
): Promise<CallerPanel['facts']> {
  const { orderId } = ticket
  if (orderId === null) return null
  const { facts } = await factsOf(db, { ...ticket, orderId }, nowMs)
  return {
    checkId: row.checkId,
    expiresAtMs: row.expiresAtMs,
    questions: (JSON.parse(row.facts) as CallerFact[]).map((fact) => ({
      fact,
      answer: facts.find((one) => one.fact === fact)?.answer ?? { zh: '—', en: '—' },
    })),
  }
}

async function codeView(
  db: Kysely<Tables>,
  policy: CoreDeps['policy'],
  row: CallerCheckRow,
): Promise<CallerPanel['code']> {
  const notice = await db
    .selectFrom('notice')
    .select('state')
    .where('noticeId', '=', row.noticeId ?? '')
    .executeTakeFirst()
  return {
    checkId: row.checkId,
    sentAtMs: row.askedAtMs,
    expiresAtMs: row.expiresAtMs,
    triesLeft: Math.max(0, policy.callerCodeTriesMost - row.tries),
    delivery: notice?.state ?? 'given_up',
  }
}

function lastView(checks: readonly CallerCheckRow[], nowMs: number): CallerPanel['last'] {
  const [last] = checks
  if (last === undefined) return null
  const { way, state } = last
  if (state === 'failed') return { way, state, atMs: last.decidedAtMs ?? last.askedAtMs }
  if (state === 'lapsed' || (state === 'asked' && last.expiresAtMs <= nowMs))
    return { way, state: 'lapsed', atMs: last.expiresAtMs }
  if (state === 'ended' || (state === 'passed' && (last.validUntilMs ?? 0) <= nowMs))
    return { way, state: 'ended', atMs: last.validUntilMs ?? last.askedAtMs }
  return null
}
