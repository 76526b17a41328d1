import { createHash } from 'node:crypto'
import type { RecheckAnswer, RecheckReason, Scorecard } from '#protocol/api/rechecks.ts'

const PARTS = 2 ** 32
/** Between 0 and 1 and the same for the same round of a ticket, whichever core asks. */
export function placeOf(ticketId: string, round: number): number {
  return createHash('sha256').update(`recheck/${ticketId}/${round}`).digest().readUInt32BE(0) / PARTS
}

export interface ClosedCase {
  readonly ticketId: string
  readonly round: number
  readonly type: string
  /** Who solved it; a case that a rule settled has nobody. */
  readonly agentId: string | null
  /** Closed cases of this agent since the last that was looked at, without this one. */
  readonly sinceLast: number
  /** The case failed a re-check before. */
  readonly hasFailed: boolean
}

/** Whether a closed case is looked at, and why. Pure: the same case gives the same answer. */
export function decideSample(sample: Scorecard['sample'], one: ClosedCase): RecheckReason | undefined {
  if (one.agentId === null) return undefined
  if (one.hasFailed) return 'again'
  const place = placeOf(one.ticketId, one.round) * 100
  const ofType = sample.types.find(({ type }) => type === one.type)?.sharePercent ?? sample.sharePercent
  if (place < ofType) return 'type'
  const ofAgent = sample.agents.find(({ staffId }) => staffId === one.agentId)?.sharePercent ?? 0
  if (place < ofAgent) return 'agent'
  return one.sinceLast + 1 >= sample.everyCases ? 'turn' : undefined
}

export interface Problem {
  readonly key: string
  readonly problem: 'missing' | 'unknown' | 'twice' | 'note'
}
/** Everything that is wrong with the answers, at once. */
export function problemsOf(card: Scorecard, answers: readonly RecheckAnswer[]): Problem[] {
  const keys = card.criteria.map(({ key }) => key)
  const given = answers.map(({ key }) => key)
  return [
    ...keys.filter((key) => !given.includes(key)).map((key) => ({ key, problem: 'missing' as const })),
    ...given.filter((key) => !keys.includes(key)).map((key) => ({ key, problem: 'unknown' as const })),
    ...given.filter((key, at) => given.indexOf(key) < at).map((key) => ({ key, problem: 'twice' as const })),
    ...answers
      .filter(({ mark, note }) => mark === 'not_met' && note.trim() === '')
      .map(({ key }) => ({ key, problem: 'note' as const })),
  ]
}

export interface Score {
  readonly percent: number
  readonly isPassed: boolean
  /** Criteria that were not met. */
  readonly missed: readonly string[]
}
/** Weights of what was met by weights of what applies. A critical criterion that was not met fails the case alone. */
export function scoreOf(card: Scorecard, answers: readonly RecheckAnswer[]): Score {
  const markOf = new Map(answers.map(({ key, mark }) => [key, mark]))
  const applying = card.criteria.filter(({ key }) => markOf.get(key) !== 'not_applicable')
  const sum = (of: typeof applying) => of.reduce((all, { weight }) => all + weight, 0)
  const missed = applying.filter(({ key }) => markOf.get(key) !== 'met')
  const whole = sum(applying)
  // Rounded down: a case that is just below the mark has not passed.
  const percent = whole === 0 ? 100 : Math.floor(((whole - sum(missed)) * 100) / whole)
  return {
    percent,
    isPassed: percent >= card.passPercent && !missed.some(({ isCritical }) => isCritical),
    missed: missed.map(({ key }) => key),
  }
}

/** Whoever asked and says that they are content is left in peace. */
export function isContent(facts: { rating: number | null; saidSolved: boolean }): boolean {
  return facts.saidSolved || (facts.rating !== null && facts.rating >= 4)
}
