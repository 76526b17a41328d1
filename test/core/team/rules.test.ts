import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideAssignee, nextCoverMs, onShiftAt, type Span } from '#core/team/decide-assignment.ts'
import { missingYear, problemIn } from '#core/team/decide-holidays.ts'
import { assess, guards, holds, standingOf } from '#core/team/decide-training.ts'
import { type AgentCase, figuresOf } from '#core/team/figures.ts'
import { SHIPPED_COURSES } from '#core/team/training.ts'
import { SHIPPED_HOLIDAYS } from '#core/support/clocks/holidays.ts'

const span = (staffId: string, startsAtMs: number, endsAtMs: number, kind: Span['kind'] = 'work'): Span => ({
  staffId,
  kind,
  startsAtMs,
  endsAtMs,
})

describe('a new ticket', () => {
  it('goes to whoever is on shift with the least to do and has learned it', () => {
    const hands = [
      { staffId: 'a', openTickets: 3, isTrained: true },
      { staffId: 'b', openTickets: 1, isTrained: false },
      { staffId: 'd', openTickets: 2, isTrained: true },
      { staffId: 'c', openTickets: 2, isTrained: true },
    ]
    expect(decideAssignee(hands)).toBe('c')
    expect(decideAssignee(hands.filter(({ isTrained }) => !isTrained))).toBeUndefined()
  })
})

describe('a schedule', () => {
  const spans = [span('a', 100, 200), span('b', 150, 300), span('b', 180, 250, 'absence')]
  it.each([
    [99, []],
    [100, ['a']],
    [160, ['a', 'b']],
    [190, ['a']],
    [200, []],
    [250, ['b']],
    [300, []],
  ])('has at %i the people %j', (atMs, expected) => {
    expect(onShiftAt(spans, atMs)).toEqual(expected)
  })
  it('says when somebody is there again, also after an absence', () => {
    expect(nextCoverMs(spans, 0)).toBe(100)
    expect(nextCoverMs(spans, 200)).toBe(250)
    expect(nextCoverMs(spans, 300)).toBeUndefined()
  })
  it('never names a time of cover at which nobody is there', () => {
    const some = fc.record({
      staffId: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom('work' as const, 'absence' as const),
      startsAtMs: fc.nat(100),
      lasts: fc.integer({ min: 1, max: 50 }),
    })
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), fc.nat(150), (drawn, atMs) => {
        const all = drawn.map(({ lasts, ...one }) => ({ ...one, endsAtMs: one.startsAtMs + lasts }))
        const next = nextCoverMs(all, atMs)
        if (next === undefined) {
          for (let later = atMs + 1; later < 200; later++)
            if (onShiftAt(all, atMs).length === 0) expect(onShiftAt(all, later)).toEqual([])
        } else expect(next > atMs && onShiftAt(all, next).length > 0).toBe(true)
      }),
    )
  })
})

describe('an assessment', () => {
  const course = { passPercent: 80, validDays: 365 }
  it.each([
    [100, 72, 80, true],
    [100, 71, 79, false],
    [34, 100, 80, true],
    [0, 100, 70, false],
  ])(
    'with %i in theory and %i in practice gives %i, passed: %s',
    (theoryPercent, practicePercent, total, isPassed) => {
      expect(assess(course, { theoryPercent, practicePercent }, 0)).toMatchObject({
        totalPercent: total,
        isPassed,
      })
    },
  )
  it('holds for its days, warns before they are over, and is not undone by a later try', () => {
    const day = 86_400_000
    const passed = { atMs: 0, isPassed: true, validUntilMs: 365 * day }
    const later = { atMs: day, isPassed: false, validUntilMs: null }
    expect(standingOf([], 0).state).toBe('missing')
    expect(standingOf([later], 0).state).toBe('failed')
    expect(standingOf([later, passed], day).state).toBe('valid')
    expect(standingOf([passed], 340 * day).state).toBe('expiring')
    expect(standingOf([passed], 365 * day).state).toBe('expired')
    expect([340, 365].map((at) => holds(standingOf([passed], at * day)))).toEqual([true, false])
  })
  it('keeps nobody from a ticket until a lead enforces it', () => {
    const complaints = SHIPPED_COURSES['complaints']
    if (complaints === undefined) throw new Error('there is no such course')
    expect(guards(complaints, 'agent', 'complaint')).toBe(false)
    const enforced = { ...complaints, isEnforced: true }
    expect(guards(enforced, 'agent', 'complaint')).toBe(true)
    expect(guards(enforced, 'manager', 'complaint')).toBe(false)
    expect(guards(enforced, 'agent', 'quality')).toBe(false)
  })
})

describe('the figures of an agent', () => {
  const one: AgentCase = {
    openedAtMs: 0,
    firstRespondedAtMs: 60_000,
    resolvedAtMs: 600_000,
    resolutionDueMs: 500_000,
    rating: null,
    wasReopened: false,
  }
  it('count what their words say, by hand', () => {
    const cases = [
      one,
      { ...one, resolvedAtMs: 400_000, rating: 5 },
      { ...one, firstRespondedAtMs: 180_000, rating: 2, wasReopened: true },
    ]
    const rechecks = [{ isPassed: true }, { isPassed: false }]
    const refunds = [
      { isCorrected: false },
      { isCorrected: false },
      { isCorrected: false },
      { isCorrected: true },
    ]
    const figures = Object.fromEntries(
      figuresOf({ cases, rechecks, refunds }, 1).map(({ key, value }) => [key, value]),
    )
    expect(figures).toEqual({
      solved: 3,
      first_answer: 60_000,
      solution: 600_000,
      solution_in_time: 1 / 3,
      opened_again: 1 / 3,
      satisfaction: 3.5,
      recheck_passed: 0.5,
      refunds_corrected: 0.25,
    })
  })
  it('say nothing about a person of too few cases, but always how many there were', () => {
    const figures = figuresOf({ cases: [one, one], rechecks: [], refunds: [] }, 3)
    expect(figures.find(({ key }) => key === 'solved')).toMatchObject({ value: 2 })
    expect(figures.filter(({ key }) => key !== 'solved').every(({ value }) => value === null)).toBe(true)
    expect(figures.find(({ key }) => key === 'solution')?.cases).toBe(2)
  })
})

describe('the holidays of the coming year', () => {
  const at = (text: string) => Date.parse(`${text}T00:00:00+08:00`)
  it.each([
    ['2026-10-31', [2025, 2026], undefined],
    ['2026-11-01', [2025, 2026], { year: 2027, isUrgent: false }],
    ['2026-12-01', [2025, 2026], { year: 2027, isUrgent: true }],
    ['2026-12-01', [2025, 2026, 2027], undefined],
    ['2027-03-01', [2025, 2026], { year: 2027, isUrgent: true }],
  ])('on %s, with %j known, are missing: %j', (day, known, expected) => {
    expect(missingYear(known, at(day))).toEqual(expected)
  })
  it('are taken as they are shipped, and refused with a sentence when they cannot be right', () => {
    for (const [year, days] of Object.entries(SHIPPED_HOLIDAYS))
      expect(problemIn(Number(year), days)).toBeUndefined()
    const off = [{ first: '2027-02-05', last: '2027-02-12' }]
    expect(problemIn(2027, { off, work: ['2027-02-06'] })).toContain('cannot be a holiday and')
    expect(problemIn(2027, { off, work: ['2027-03-03'] })).toContain('Saturdays and Sundays')
    expect(problemIn(2028, { off, work: [] })).toContain('is not in 2028')
    expect(problemIn(2027, { off: [{ first: '2027-02-30', last: '2027-02-30' }], work: [] })).toContain(
      'no day',
    )
    expect(problemIn(2027, { off: [{ first: '2027-02-05', last: '2027-02-25' }], work: [] })).toContain(
      'at most',
    )
    expect(problemIn(2027, { off: [], work: [] })).toContain('without a holiday')
  })
})
