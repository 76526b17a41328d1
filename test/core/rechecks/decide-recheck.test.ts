import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RecheckAnswer } from '#protocol/api/rechecks.ts'
import {
  type ClosedCase,
  decideSample,
  isContent,
  problemsOf,
  scoreOf,
} from '#core/rechecks/decide-recheck.ts'
import { SHIPPED_CARD } from '#core/rechecks/scorecard.ts'

const one = (more: Partial<ClosedCase> = {}): ClosedCase => ({
  ticketId: 'tk-1',
  round: 0,
  type: 'refund_progress',
  agentId: 'st-1',
  sinceLast: 0,
  hasFailed: false,
  ...more,
})
const answers = (missed: readonly string[], without: readonly string[] = []): RecheckAnswer[] =>
  SHIPPED_CARD.criteria.map(({ key }) => ({
    key,
    mark: without.includes(key) ? 'not_applicable' : missed.includes(key) ? 'not_met' : 'met',
    note: missed.includes(key) ? 'seen' : '',
  }))
const none = { sharePercent: 0, types: [], agents: [], everyCases: 1000 }

describe('closed cases', () => {
  it('are all looked at when they are complaints, and never when a rule settled them', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(9), (ticketId, round) => {
        const { sample } = SHIPPED_CARD
        expect(decideSample(sample, one({ ticketId, round, type: 'complaint' }))).toBe('type')
        expect(
          decideSample(sample, one({ ticketId, round, type: 'complaint', agentId: null })),
        ).toBeUndefined()
      }),
    )
  })
  it('are taken by their share, the same ones whichever core asks', () => {
    const of = (share: number) =>
      Array.from({ length: 2000 }, (_, index) =>
        decideSample({ ...none, sharePercent: share }, one({ ticketId: `tk-${index}` })),
      )
    const fifth = of(20)
    expect(of(20)).toEqual(fifth)
    const taken = fifth.filter((reason) => reason === 'type').length
    expect(taken).toBeGreaterThan(330)
    expect(taken).toBeLessThan(470)
    // A higher share takes more, and none less.
    expect(of(40).every((reason, index) => reason !== undefined || fifth[index] === undefined)).toBe(true)
  })
  it('are taken more often from one agent, and at the latest with every so many', () => {
    expect(decideSample({ ...none, agents: [{ staffId: 'st-1', sharePercent: 100 }] }, one())).toBe('agent')
    expect(decideSample({ ...none, agents: [{ staffId: 'st-2', sharePercent: 100 }] }, one())).toBeUndefined()
    expect(decideSample({ ...none, everyCases: 10 }, one({ sinceLast: 8 }))).toBeUndefined()
    expect(decideSample({ ...none, everyCases: 10 }, one({ sinceLast: 9 }))).toBe('turn')
  })
  it('that failed once are looked at again when they are closed again', () => {
    expect(decideSample(none, one({ hasFailed: true, round: 1 }))).toBe('again')
  })
})

describe('a scored case', () => {
  it.each([
    ['everything met', [], [], 100, true],
    ['tone and notes missed', ['tone', 'notes'], [], 80, true],
    ['cause and tone missed', ['cause', 'tone'], [], 70, false],
    ['a critical one missed, though the sum would do', ['identity'], [], 85, false],
    ['no refund was due', ['tone'], ['refund'], 87, true],
    ['nothing applied', [], SHIPPED_CARD.criteria.map(({ key }) => key), 100, true],
  ] as const)('%s', (_, missed, without, percent, isPassed) => {
    expect(scoreOf(SHIPPED_CARD, answers(missed, without))).toMatchObject({ percent, isPassed })
  })
  it('names every answer that is missing, unknown, given twice or without its note, at once', () => {
    const given: RecheckAnswer[] = [
      ...answers([]).slice(1),
      { key: 'tone', mark: 'met', note: '' },
      { key: 'cause', mark: 'not_met', note: ' ' },
      { key: 'speed', mark: 'met', note: '' },
    ]
    expect(problemsOf(SHIPPED_CARD, given)).toEqual([
      { key: 'identity', problem: 'missing' },
      { key: 'speed', problem: 'unknown' },
      { key: 'tone', problem: 'twice' },
      { key: 'cause', problem: 'twice' },
      { key: 'cause', problem: 'note' },
    ])
  })
})

describe('whoever asked', () => {
  it.each([
    [5, false, true],
    [4, false, true],
    [3, false, false],
    [null, false, false],
    [null, true, true],
  ])('rated %s, said it is solved: %s, is left in peace: %s', (rating, saidSolved, expected) => {
    expect(isContent({ rating, saidSolved })).toBe(expected)
  })
})
