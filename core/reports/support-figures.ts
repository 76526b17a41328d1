import { FIGURES, type Figure, type FigureKey, type FigureUnit } from '#protocol/api/reports.ts'
import type { SupportFacts, TicketFact } from './support-facts.ts'

interface Counted {
  readonly value: number | null
  readonly numerator: number
  readonly denominator: number | null
}
const UNITS: Readonly<Record<FigureKey, FigureUnit>> = {
  opened: 'count',
  solved: 'count',
  without_person: 'ratio',
  first_answer_median: 'ms',
  first_answer_nine_tenths: 'ms',
  first_answer_in_time: 'ratio',
  solution_median: 'ms',
  solution_nine_tenths: 'ms',
  solution_in_time: 'ratio',
  opened_again: 'ratio',
  score: 'score',
  content: 'ratio',
  rated: 'ratio',
  nps: 'nps',
  nps_answered: 'ratio',
  dispute_rate: 'ratio',
  refunded: 'fen',
  refunds: 'count',
  called_back: 'ratio',
}
const PROMOTER_LEAST = 9
const DETRACTOR_MOST = 6
const CONTENT_LEAST = 4

const ratio = (numerator: number, denominator: number): Counted => ({
  value: denominator === 0 ? null : numerator / denominator,
  numerator,
  denominator,
})
const count = (numerator: number): Counted => ({ value: numerator, numerator, denominator: null })
/** The value that this share of them does not exceed. */
function quantile(values: readonly number[], share: number): Counted {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  return { value: value ?? null, numerator: sorted.length, denominator: null }
}
/** Met in time, among those that were met or whose time ran out. */
function inTime(
  tickets: readonly TicketFact[],
  nowMs: number,
  dueOf: (ticket: TicketFact) => number,
  metOf: (ticket: TicketFact) => number | null,
): Counted {
  const decided = tickets.filter(
    (ticket) => ticket.isAutomatic === 0 && (metOf(ticket) !== null || dueOf(ticket) < nowMs),
  )
  const kept = decided.filter((ticket) => {
    const metAtMs = metOf(ticket)
    return metAtMs !== null && metAtMs <= dueOf(ticket)
  })
  return ratio(kept.length, decided.length)
}

/** Every figure of one period. `FIGURE_WORDS` says in words what is counted here; a test compares both on a small example. */
export function countFigures(facts: SupportFacts, nowMs: number): Record<FigureKey, Counted> {
  const { opened, solved, scores, nps, refunds } = facts
  const byPeople = solved.filter(({ isAutomatic }) => isAutomatic === 0)
  const answers = opened.flatMap(({ isAutomatic, firstRespondedAtMs, openedAtMs }) =>
    isAutomatic === 0 && firstRespondedAtMs !== null ? [firstRespondedAtMs - openedAtMs] : [],
  )
  const solutions = byPeople.map(({ resolvedAtMs, openedAtMs }) => resolvedAtMs - openedAtMs)
  const asked = solved.filter(({ origin }) => origin === 'dispute')
  const answered = nps.filter((score) => score !== null)
  const promoters = answered.filter((score) => score >= PROMOTER_LEAST).length
  const detractors = answered.filter((score) => score <= DETRACTOR_MOST).length
  const orders = [...facts.ordersByCabinet.values()].reduce((sum, one) => sum + one, 0)
  const scoreSum = scores.reduce((sum, one) => sum + one, 0)
  return {
    opened: count(opened.length),
    solved: count(solved.length),
    without_person: ratio(solved.length - byPeople.length, solved.length),
    first_answer_median: quantile(answers, 0.5),
    first_answer_nine_tenths: quantile(answers, 0.9),
    first_answer_in_time: inTime(
      opened,
      nowMs,
      (ticket) => ticket.firstResponseDueMs,
      (ticket) => ticket.firstRespondedAtMs,
    ),
    solution_median: quantile(solutions, 0.5),
    solution_nine_tenths: quantile(solutions, 0.9),
    solution_in_time: inTime(
      opened,
      nowMs,
      (ticket) => ticket.resolutionDueMs,
      (ticket) => ticket.resolvedAtMs,
    ),
    opened_again: ratio(
      facts.openedAgain.length,
      new Set([...facts.openedAgain, ...solved.map(({ ticketId }) => ticketId)]).size,
    ),
    score: ratio(scoreSum, scores.length),
    content: ratio(scores.filter((score) => score >= CONTENT_LEAST).length, scores.length),
    rated: ratio(asked.filter(({ rating }) => rating !== null).length, asked.length),
    nps: {
      value: answered.length === 0 ? null : ((promoters - detractors) / answered.length) * 100,
      numerator: promoters - detractors,
      denominator: answered.length,
    },
    nps_answered: ratio(answered.length, nps.length),
    dispute_rate: ratio(opened.filter(({ origin }) => origin === 'dispute').length, orders),
    refunded: count(refunds.reduce((sum, { amountFen }) => sum + amountFen, 0)),
    refunds: count(refunds.length),
    called_back: ratio(facts.callBacks.reached, facts.callBacks.ended),
  }
}

export function compareFigures(
  now: Record<FigureKey, Counted>,
  before: Record<FigureKey, Counted>,
): Figure[] {
  return FIGURES.map((key) => ({ key, unit: UNITS[key], ...now[key], before: before[key].value }))
}
