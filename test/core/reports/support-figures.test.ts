import { describe, expect, it } from 'vitest'
import { FIGURES, REPORT_TABLES } from '#protocol/api/reports.ts'
import { FIGURE_WORDS, TABLE_WORDS } from '#protocol/words/reports.ts'
import type { SolvedFact, SupportFacts, TicketFact } from '#core/reports/support-facts.ts'
import { countFigures } from '#core/reports/support-figures.ts'
import { monthPeriod, periodBefore, periodOf } from '#core/reports/support-report.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = 100 * HOUR

const ticket = (over: Partial<TicketFact> = {}): TicketFact => ({
  type: 'not_taken',
  origin: 'dispute',
  isAutomatic: 0,
  openedAtMs: 0,
  firstResponseDueMs: 15 * MINUTE,
  firstRespondedAtMs: 5 * MINUTE,
  resolutionDueMs: 24 * HOUR,
  resolvedAtMs: 2 * HOUR,
  cabinetId: 'cab-001',
  lines: '[]',
  ...over,
})
let made = 0
const solved = (over: Partial<SolvedFact> = {}): SolvedFact => ({
  ticketId: `tk${made++}`,
  origin: 'dispute',
  isAutomatic: 0,
  openedAtMs: 0,
  resolvedAtMs: 2 * HOUR,
  rating: null,
  ...over,
})
const facts = (over: Partial<SupportFacts> = {}): SupportFacts => ({
  opened: [],
  solved: [],
  openedAgain: [],
  scores: [],
  nps: [],
  refunds: [],
  ordersByCabinet: new Map(),
  ordersBySku: new Map(),
  disputesBySku: new Map(),
  causes: new Map(),
  callBacks: { reached: 0, ended: 0 },
  ...over,
})
const figure = (key: (typeof FIGURES)[number], over: Partial<SupportFacts>) =>
  countFigures(facts(over), NOW)[key]

describe('a figure of a report', () => {
  it('says nothing instead of zero when nothing was there to count', () => {
    const figures = countFigures(facts(), NOW)
    for (const key of ['score', 'nps', 'opened_again', 'dispute_rate', 'first_answer_median'] as const)
      expect(figures[key].value, key).toBeNull()
    expect(figures.opened.value).toBe(0)
  })
  it('first answer leaves out what a rule settled and what nobody answered', () => {
    const opened = [
      ticket({ firstRespondedAtMs: 10 * MINUTE }),
      ticket({ firstRespondedAtMs: 30 * MINUTE }),
      ticket({ firstRespondedAtMs: 4 * MINUTE }),
      ticket({ firstRespondedAtMs: null }),
      ticket({ isAutomatic: 1, firstRespondedAtMs: 1 }),
    ]
    expect(figure('first_answer_median', { opened }).value).toBe(10 * MINUTE)
    expect(figure('first_answer_nine_tenths', { opened }).value).toBe(30 * MINUTE)
  })
  it('in time counts what ran out without an answer, and leaves out what still has time', () => {
    const opened = [
      ticket({ firstRespondedAtMs: 15 * MINUTE }),
      ticket({ firstRespondedAtMs: 16 * MINUTE }),
      ticket({ firstRespondedAtMs: null }),
      ticket({ firstRespondedAtMs: null, firstResponseDueMs: NOW + 1 }),
    ]
    expect(figure('first_answer_in_time', { opened })).toEqual({ value: 1 / 3, numerator: 1, denominator: 3 })
  })
  it('opened again counts a ticket once, even when it was solved again in the same period', () => {
    const again = solved()
    expect(
      figure('opened_again', { solved: [again, solved()], openedAgain: [again.ticketId, 'tk-open'] }),
    ).toEqual({ value: 2 / 3, numerator: 2, denominator: 3 })
  })
  it('satisfaction is the mean of scores, and content the share of 4 and 5', () => {
    expect(figure('score', { scores: [5, 4, 2, 1] }).value).toBe(3)
    expect(figure('content', { scores: [5, 4, 2, 1] }).value).toBe(0.5)
  })
  it('rated counts only questions that a consumer asked from an order', () => {
    expect(
      figure('rated', { solved: [solved({ rating: 4 }), solved(), solved({ origin: 'staff' })] }),
    ).toEqual({ value: 0.5, numerator: 1, denominator: 2 })
  })
  it('net promoter score leaves neutral answers out of the difference but not out of the answers', () => {
    expect(figure('nps', { nps: [10, 9, 8, 7, 6, null] }).value).toBe(20)
    expect(figure('nps_answered', { nps: [10, null] }).value).toBe(0.5)
  })
  it('dispute rate is questions from orders over orders', () => {
    const opened = [ticket(), ticket({ origin: 'staff' })]
    expect(figure('dispute_rate', { opened, ordersByCabinet: new Map([['cab-001', 40]]) }).value).toBe(1 / 40)
  })
  it('has words in both languages, and so has every table', () => {
    for (const key of FIGURES)
      for (const text of [FIGURE_WORDS[key].title, FIGURE_WORDS[key].meaning])
        expect(text.zh !== '' && text.en !== '' && text.zh !== text.en, key).toBe(true)
    for (const key of REPORT_TABLES) expect(TABLE_WORDS[key].meaning.zh).not.toBe('')
  })
})

describe('a period', () => {
  it('is compared with as many days before it', () => {
    const period = periodOf('2026-10-11', '2026-10-20')
    expect(periodBefore(period)).toMatchObject({ from: '2026-10-01', to: '2026-10-10' })
  })
  it('of a month has the days of the month', () => {
    expect(monthPeriod('2028-02')).toMatchObject({ from: '2028-02-01', to: '2028-02-29' })
    expect(monthPeriod('2026-12')).toMatchObject({ from: '2026-12-01', to: '2026-12-31' })
  })
  it.each([
    ['2026-02-30', '2026-03-01', /days of the calendar/],
    ['2026-03-02', '2026-03-01', /ends before it begins/],
    ['2024-01-01', '2026-01-01', /at most 366/],
  ])('from %s to %s is refused with what is wrong', (from, to, why) => {
    expect(() => periodOf(from, to)).toThrow(why)
  })
})
