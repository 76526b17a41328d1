import { isDeepStrictEqual } from 'node:util'
import type { Kysely, Selectable } from 'kysely'
import type { PolicyName, PolicyOutcome, PolicyTotals, WhatIf } from '#protocol/api/policies.ts'
import { type Clock, wait } from '#protocol/base/clock.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Verdict } from './judge.ts'
import type { Limits } from './limits.ts'

export type PolicyDecisionRow = Selectable<Tables['policyDecision']>
/** A rule of any kind, for inputs that come from a row. */
export interface StoredRule {
  readonly policy: PolicyName
  readonly rule: string
  replay(inputs: unknown, limits: Limits): Verdict & { readonly decision: unknown }
}

const DAY_MS = 86_400_000
const DAYS_USUAL = 30
/** More past cases than this are not decided again in one question: a lead waits for the answer. */
const CASES_MOST = 20_000
/** Between two portions the doors of cabinets come first. */
const PORTION = 200
const ROWS_MOST = 200

export interface ReplayedCase {
  readonly row: PolicyDecisionRow
  readonly was: Verdict
  readonly would: Verdict
  readonly isReproduced: boolean
}

/** A stored case decided again: under its own limits, which must give what is stored, and under others. Pure. */
export function replayCase(row: PolicyDecisionRow, rule: StoredRule, limits: Limits): ReplayedCase {
  const inputs: unknown = JSON.parse(row.inputs)
  const own = rule.replay(inputs, JSON.parse(row.limits) as Limits)
  const isReproduced =
    own.outcome === row.outcome &&
    own.chargedFen === row.chargedFen &&
    own.refundedFen === row.refundedFen &&
    isDeepStrictEqual(JSON.parse(JSON.stringify(own.decision)), JSON.parse(row.decision))
  return {
    row,
    was: { outcome: row.outcome, chargedFen: row.chargedFen, refundedFen: row.refundedFen },
    would: rule.replay(inputs, limits),
    isReproduced,
  }
}

/** What the draft would have decided on past cases, beside what was decided. Nothing is changed by asking. */
export async function askWhatIf(
  deps: { read: Kysely<Tables>; clock: Clock; ruleOf: (name: string) => StoredRule | undefined },
  ask: { policy: PolicyName; limits: Limits; days?: number | undefined; operator: string | null },
): Promise<WhatIf> {
  const { read, clock, ruleOf } = deps
  const sinceMs = clock.now() - (ask.days ?? DAYS_USUAL) * DAY_MS
  const sums = createSums()
  let before = { atMs: Number.MAX_SAFE_INTEGER, decisionId: Number.MAX_SAFE_INTEGER }
  let isWhole = true
  for (;;) {
    const rows = await portionOf(read, ask, sinceMs, before)
    for (const row of rows) {
      const rule = ruleOf(row.rule)
      if (rule === undefined) sums.unknownRule()
      else sums.add(replayCase(row, rule, ask.limits))
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < PORTION) break
    before = { atMs: last.atMs, decisionId: last.decisionId }
    if (sums.cases() >= CASES_MOST) {
      isWhole = false
      break
    }
    await wait(clock, 'the next portion of past cases', 0)
  }
  const names = await cabinetNames(read)
  return { policy: ask.policy, sinceMs, isWhole, ...sums.result(names) }
}

function portionOf(
  read: Kysely<Tables>,
  ask: { policy: PolicyName; operator: string | null },
  sinceMs: number,
  before: { atMs: number; decisionId: number },
): Promise<PolicyDecisionRow[]> {
  let query = read
    .selectFrom('policyDecision')
    .selectAll()
    .where('policy', '=', ask.policy)
    .where('atMs', '>=', sinceMs)
    // In the order of the index, so that no portion sorts all of them again.
    .where('atMs', '<=', before.atMs)
    .where((eb) => eb.or([eb('atMs', '<', before.atMs), eb('decisionId', '<', before.decisionId)]))
  const { operator } = ask
  if (operator !== null)
    query = query.where('cabinetId', 'in', (eb) =>
      eb.selectFrom('cabinet').select('cabinetId').where('operator', '=', operator),
    )
  return query.orderBy('atMs', 'desc').orderBy('decisionId', 'desc').limit(PORTION).execute()
}

async function cabinetNames(read: Kysely<Tables>): Promise<Map<string, { zh: string; en: string }>> {
  const rows = await read.selectFrom('cabinet').select(['cabinetId', 'nameZh', 'nameEn']).execute()
  return new Map(rows.map((row) => [row.cabinetId, { zh: row.nameZh, en: row.nameEn }]))
}

type Sums = Omit<WhatIf, 'policy' | 'sinceMs' | 'isWhole'>

function createSums() {
  const moves = new Map<
    string,
    { from: PolicyOutcome; to: PolicyOutcome; count: number; effectFen: number }
  >()
  const was: PolicyTotals = { persons: 0, chargedFen: 0, refundedFen: 0 }
  const would: PolicyTotals = { persons: 0, chargedFen: 0, refundedFen: 0 }
  const rows: ReplayedCase[] = []
  let cases = 0
  let changed = 0
  let notReproduced = 0
  const count = (totals: PolicyTotals, verdict: Verdict) => {
    if (verdict.outcome === 'person') totals.persons++
    totals.chargedFen += verdict.chargedFen
    totals.refundedFen += verdict.refundedFen
  }
  return {
    cases: () => cases,
    /** Written by a release that knew a rule which this one does not. */
    unknownRule() {
      cases++
      notReproduced++
    },
    add(one: ReplayedCase) {
      cases++
      if (!one.isReproduced) notReproduced++
      count(was, one.was)
      count(would, one.would)
      const isChanged =
        one.was.outcome !== one.would.outcome ||
        one.was.chargedFen !== one.would.chargedFen ||
        one.was.refundedFen !== one.would.refundedFen
      const key = `${one.was.outcome} ${one.would.outcome}`
      const move = moves.get(key) ?? { from: one.was.outcome, to: one.would.outcome, count: 0, effectFen: 0 }
      move.count++
      move.effectFen += keptFen(one.would) - keptFen(one.was)
      moves.set(key, move)
      if (!isChanged) return
      changed++
      if (rows.length < ROWS_MOST) rows.push(one)
    },
    result(names: ReadonlyMap<string, { zh: string; en: string }>): Sums {
      return {
        cases,
        changed,
        notReproduced,
        moves: [...moves.values()].toSorted((a, b) => b.count - a.count),
        was,
        would,
        rows: rows.map(({ row, ...one }) => ({
          decisionId: row.decisionId,
          atMs: row.atMs,
          orderId: row.orderId,
          cabinetId: row.cabinetId,
          cabinetName: row.cabinetId === null ? null : (names.get(row.cabinetId) ?? null),
          from: one.was.outcome,
          to: one.would.outcome,
          wasFen: keptFen(one.was),
          wouldFen: keptFen(one.would),
        })),
      }
    },
  }
}

/** Fen that stay with the business without a person: charged, less refunded. */
function keptFen(verdict: Verdict): number {
  return verdict.chargedFen - verdict.refundedFen
}
