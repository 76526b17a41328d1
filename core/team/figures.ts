import { type Kysely, sql } from 'kysely'
import type { AgentFigure, AgentFigureKey, TeamFigures } from '#protocol/api/team.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'

const DAY_MS = 86_400_000

export interface AgentCase {
  readonly openedAtMs: number
  readonly resolvedAtMs: number
  readonly resolutionDueMs: number
  readonly firstRespondedAtMs: number | null
  readonly rating: number | null
  readonly wasReopened: boolean
}
export interface AgentFacts {
  readonly cases: readonly AgentCase[]
  /** Scored re-checks; those that were lifted do not count. */
  readonly rechecks: ReadonlyArray<{ readonly isPassed: boolean }>
  /** Refunds that they asked for; corrected: refused by whoever approves, or found wrong in a re-check. */
  readonly refunds: ReadonlyArray<{ readonly isCorrected: boolean }>
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? null
}
/**
 * What each figure counts is said in `FIGURE_MEANINGS` of the console. A figure of fewer cases than `casesLeast` says
 * nothing about a person and is not given; the number of cases always is. Pure.
 */
export function figuresOf(facts: AgentFacts, casesLeast: number): AgentFigure[] {
  const { cases, rechecks, refunds } = facts
  const figure = (key: AgentFigureKey, count: number, value: number | null): AgentFigure => ({
    key,
    cases: count,
    value: key === 'solved' || count >= casesLeast ? value : null,
  })
  const share = (key: AgentFigureKey, hits: number, count: number) =>
    figure(key, count, count === 0 ? null : hits / count)
  const answers = cases.flatMap(({ firstRespondedAtMs, openedAtMs }) =>
    firstRespondedAtMs === null ? [] : [firstRespondedAtMs - openedAtMs],
  )
  const ratings = cases.flatMap(({ rating }) => (rating === null ? [] : [rating]))
  return [
    figure('solved', cases.length, cases.length),
    figure('first_answer', answers.length, median(answers)),
    figure('solution', cases.length, median(cases.map((one) => one.resolvedAtMs - one.openedAtMs))),
    share(
      'solution_in_time',
      cases.filter((one) => one.resolvedAtMs <= one.resolutionDueMs).length,
      cases.length,
    ),
    share('opened_again', cases.filter(({ wasReopened }) => wasReopened).length, cases.length),
    figure(
      'satisfaction',
      ratings.length,
      ratings.length === 0 ? null : ratings.reduce((sum, one) => sum + one, 0) / ratings.length,
    ),
    share('recheck_passed', rechecks.filter(({ isPassed }) => isPassed).length, rechecks.length),
    share('refunds_corrected', refunds.filter(({ isCorrected }) => isCorrected).length, refunds.length),
  ]
}

/** @returns one's own, or those of the whole team for a lead */
export async function teamFigures(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  days: number,
  casesLeast: number,
  nowMs: number,
): Promise<TeamFigures> {
  const fromMs = nowMs - days * DAY_MS
  const isLead = staff.permissions.has('team.manage')
  let select = db
    .selectFrom('staff')
    .select(['staffId', 'displayName as name', 'role'])
    .where('role', 'in', ['agent', 'lead'])
    .where('isActive', '=', 1)
    .orderBy('displayName')
  if (!isLead) select = select.where('staffId', '=', staff.staffId)
  const members = await select.execute()
  const facts = await Promise.all(members.map(({ staffId }) => factsOf(db, staffId, fromMs)))
  const people = members.map((member, index) => ({
    ...member,
    figures: figuresOf(facts[index] as AgentFacts, casesLeast),
  }))
  const all: AgentFacts = {
    cases: facts.flatMap(({ cases }) => cases),
    rechecks: facts.flatMap(({ rechecks }) => rechecks),
    refunds: facts.flatMap(({ refunds }) => refunds),
  }
  return { days, casesLeast, people, team: isLead ? figuresOf(all, casesLeast) : [] }
}

async function factsOf(db: Kysely<Tables>, staffId: string, fromMs: number): Promise<AgentFacts> {
  const cases = await db
    .selectFrom('ticket as t')
    .select(['t.openedAtMs', 't.resolvedAtMs', 't.resolutionDueMs', 't.firstRespondedAtMs', 't.rating'])
    .select(
      sql<number>`exists (select 1 from "ticketEvent" e where e."ticketId" = t."ticketId" and e.what in ('reopened', 'recheckFailed', 'callBackReopened'))`.as(
        'wasReopened',
      ),
    )
    .where('t.ownerId', '=', staffId)
    .where('t.isAutomatic', '=', 0)
    .where('t.resolvedAtMs', '>=', fromMs)
    .execute()
  const rechecks = await db
    .selectFrom('recheck')
    .select('state')
    .where('agentId', '=', staffId)
    .where('checkedAtMs', '>=', fromMs)
    .where('state', '<>', 'lifted')
    .execute()
  const refunds = await db
    .selectFrom('refund as r')
    .select('r.state')
    .select(
      sql<number>`exists (select 1 from recheck k, json_each(k.answers) a where k."ticketId" = r."ticketId" and k.state in ('failed', 'confirmed')
        and json_extract(a.value, '$.key') = 'refund' and json_extract(a.value, '$.mark') = 'not_met')`.as(
        'wasWrong',
      ),
    )
    .where('r.requestedBy', '=', staffId)
    .where('r.requestedAtMs', '>=', fromMs)
    .execute()
  return {
    cases: cases.map((row) => ({
      ...row,
      resolvedAtMs: row.resolvedAtMs ?? 0,
      wasReopened: row.wasReopened === 1,
    })),
    rechecks: rechecks.map(({ state }) => ({ isPassed: state === 'passed' })),
    refunds: refunds.map(({ state, wasWrong }) => ({ isCorrected: state === 'rejected' || wasWrong === 1 })),
  }
}
