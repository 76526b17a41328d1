import { describe, expect, it } from 'vitest'
import { CALL_BACK_SEGMENTS } from '#protocol/api/call-backs.ts'
import {
  decideCallBack,
  type FollowedCase,
  inputOf,
  problemsIn,
  withinHours,
} from '#core/follow-up/decide-call-back.ts'
import { callBackMachine } from '#core/follow-up/machine.ts'
import { checkPlan, DEFAULT_PLAN } from '#core/follow-up/plan.ts'
import { CALENDARS } from '#core/support/clocks/calendar.ts'

const quiet: FollowedCase = {
  type: 'order_query',
  side: 'consumer',
  refundedFen: 0,
  contacts: 1,
  rating: null,
  nps: null,
  isRestricted: false,
  canPhone: true,
  canWrite: true,
}
const decided = (over: Partial<FollowedCase>, plan = DEFAULT_PLAN) =>
  decideCallBack(plan, { ...quiet, ...over })

describe('who is called back', () => {
  it.each<[string, Partial<FollowedCase>, string | undefined]>([
    ['an ordinary question is not', {}, undefined],
    ['a complaint is', { type: 'complaint' }, 'complaint'],
    ['a complaint at the provider is', { type: 'provider_complaint' }, 'complaint'],
    ['an emergency is, and not as any operator', { type: 'emergency', side: 'operator' }, 'emergency'],
    ['a refund of the limit is', { refundedFen: 10_000 }, 'large_refund'],
    ['a refund below it is not', { refundedFen: 9_999 }, undefined],
    ['the third contact is', { contacts: 3 }, 'repeated_contact'],
    ['a score of 2 is', { rating: 2 }, 'low_score'],
    ['a score of 3 is not', { rating: 3 }, undefined],
    ['who would not recommend us is', { rating: 5, nps: 6 }, 'low_score'],
    ['who neither would nor would not is not', { nps: 7 }, undefined],
    ['a restricted consumer is', { isRestricted: true }, 'restricted_consumer'],
    ['an operator is', { type: 'cabinet_use', side: 'operator' }, 'operator'],
  ])('%s', (_, over, segment) => {
    expect(decided(over)?.rule.segment).toBe(segment)
  })
  it('once, however many reasons there are; the weightiest leads', () => {
    expect(decided({ type: 'complaint', rating: 1, refundedFen: 50_000 })?.reasons).toEqual([
      'low_score',
      'complaint',
      'large_refund',
    ])
  })
  it('by the way there is, or not at all', () => {
    expect(decided({ type: 'complaint', canPhone: false })?.channel).toBe('message')
    expect(decided({ type: 'complaint', canPhone: false, canWrite: false })).toBeUndefined()
  })
  it('not for a segment that was turned off', () => {
    const rules = DEFAULT_PLAN.rules.map((rule) => ({ ...rule, isOn: rule.segment !== 'complaint' }))
    expect(decided({ type: 'complaint' }, { ...DEFAULT_PLAN, rules })).toBeUndefined()
  })
})

describe('when somebody is called', () => {
  const zone = 'Asia/Shanghai'
  const at = (text: string) => Date.parse(`${text}+08:00`)
  it.each([
    ['desk', '2026-10-09T15:30', '2026-10-09T15:30'],
    ['desk', '2026-10-09T23:10', '2026-10-10T08:00'],
    ['desk', '2026-10-10T03:00', '2026-10-10T08:00'],
    ['office', '2026-10-09T12:20', '2026-10-09T13:00'],
    ['office', '2026-10-09T18:00', '2026-10-10T09:00'],
    ['office', '2026-10-02T10:00', '2026-10-08T09:00'],
  ] as const)('in the hours of the %s, %s becomes %s', (calendar, wish, due) => {
    expect(new Date(withinHours(CALENDARS[calendar], zone, at(wish))).toISOString()).toBe(
      new Date(at(due)).toISOString(),
    )
  })
})

describe('a try', () => {
  it('by telephone gives up with the last one that nobody answered', () => {
    const tries = [0, 1, 2].map((attempts) =>
      inputOf('not_reached', { channel: 'phone', attempts, attemptsMost: 3 }),
    )
    expect(tries).toEqual(['notReached', 'notReached', 'gaveUp'])
  })
  it('by message gives up when the last message was not answered', () => {
    const tries = [1, 2].map((attempts) =>
      inputOf('not_reached', { channel: 'message', attempts, attemptsMost: 2 }),
    )
    expect(tries).toEqual(['notReached', 'gaveUp'])
  })
  it('that reached somebody has every answer of its script', () => {
    const questions = DEFAULT_PLAN.rules.find(({ segment }) => segment === 'complaint')?.questions ?? []
    const solved = { key: 'solved', value: true }
    expect(problemsIn(questions, [solved], 'reached')).toEqual([{ key: 'content', problem: 'missing' }])
    expect(problemsIn(questions, [solved, { key: 'content', value: 'good' }], 'reached')).toEqual([
      { key: 'content', problem: 'wrong' },
    ])
    expect(problemsIn(questions, [{ key: 'shoe_size', value: 3 }], 'not_reached')).toEqual([
      { key: 'shoe_size', problem: 'unknown' },
    ])
    expect(problemsIn(questions, [], 'wants_reopen')).toEqual([])
  })
  it('ends a call-back once', () => {
    for (const state of ['reached', 'refused', 'unreachable', 'reopened', 'cancelled'] as const)
      for (const input of ['reached', 'refused', 'notReached', 'gaveUp', 'reopened', 'cancelled'] as const)
        expect(callBackMachine.next(state, input)).toBeUndefined()
  })
})

describe('the plan', () => {
  it('that comes with the release has a rule for every segment, in both languages', () => {
    checkPlan(DEFAULT_PLAN)
    expect(DEFAULT_PLAN.rules.map(({ segment }) => segment)).toEqual([...CALL_BACK_SEGMENTS])
    for (const { questions } of DEFAULT_PLAN.rules)
      for (const { text } of questions) expect(text.zh).not.toBe(text.en)
  })
  it('with two rules for one segment is refused', () => {
    const [first] = DEFAULT_PLAN.rules
    const rules = first === undefined ? [] : [first, first, ...DEFAULT_PLAN.rules.slice(2)]
    expect(() => checkPlan({ ...DEFAULT_PLAN, rules })).toThrow(/low_score|emergency/)
  })
})
