import {
  CALL_BACK_SEGMENTS,
  type CallBackPlan,
  type CallBackQuestion,
  type CallBackResult,
  type CallBackRule,
  type CallBackSegment,
} from '#protocol/api/call-backs.ts'
import { afterCounted, type Calendar } from '#core/support/clocks/calendar.ts'
import type { CallBackInput } from './machine.ts'

/** What is known about a case that was closed or rated. */
export interface FollowedCase {
  readonly type: string
  readonly side: 'consumer' | 'operator' | 'system'
  readonly refundedFen: number
  /** Tickets of the same consumer within the days of the plan, and how often this one was opened again. */
  readonly contacts: number
  readonly rating: number | null
  readonly nps: number | null
  readonly isRestricted: boolean
  readonly canPhone: boolean
  readonly canWrite: boolean
}
/** Whoever would not recommend us: 0 to 6 of 10. */
const DETRACTOR_MOST = 6

export function isLowScore(
  plan: Pick<CallBackPlan, 'lowScoreMost'>,
  one: Pick<FollowedCase, 'rating' | 'nps'>,
) {
  return (
    (one.rating !== null && one.rating <= plan.lowScoreMost) ||
    (one.nps !== null && one.nps <= DETRACTOR_MOST)
  )
}

const FITS: Record<CallBackSegment, (plan: CallBackPlan, one: FollowedCase) => boolean> = {
  low_score: isLowScore,
  emergency: (_, { type }) => type === 'emergency',
  complaint: (_, { type }) => type === 'complaint' || type === 'provider_complaint',
  restricted_consumer: (_, { isRestricted, type }) => isRestricted || type === 'restriction_appeal',
  repeated_contact: (plan, { contacts }) => contacts >= plan.repeatedContacts,
  large_refund: (plan, { refundedFen }) => refundedFen >= plan.largeRefundFen,
  operator: (_, { side, type }) => side === 'operator' && type !== 'emergency',
}

export interface CallBackDecision {
  readonly rule: CallBackRule
  readonly channel: CallBackRule['channel']
  /** Every segment that fits and is on, the leading one first. */
  readonly reasons: readonly CallBackSegment[]
}
/** @returns undefined when nobody is called: no segment fits, or there is no way to reach anybody */
export function decideCallBack(plan: CallBackPlan, one: FollowedCase): CallBackDecision | undefined {
  const fitting = CALL_BACK_SEGMENTS.filter(
    (segment) => ruleOf(plan, segment)?.isOn === true && FITS[segment](plan, one),
  )
  const rule = fitting[0] === undefined ? undefined : ruleOf(plan, fitting[0])
  if (rule === undefined) return undefined
  const ways = [
    ...(one.canPhone ? (['phone'] as const) : []),
    ...(one.canWrite ? (['message'] as const) : []),
  ]
  const channel = ways.find((way) => way === rule.channel) ?? ways[0]
  return channel === undefined ? undefined : { rule, channel, reasons: fitting }
}
export function ruleOf(plan: CallBackPlan, segment: CallBackSegment): CallBackRule | undefined {
  return plan.rules.find((rule) => rule.segment === segment)
}

/** @returns the first instant at or after `atMs` at which the calendar counts: nobody is called at night */
export function withinHours(calendar: Calendar, zone: string, atMs: number): number {
  return afterCounted(calendar, zone, atMs, 1) - 1
}

/** How often somebody was asked when this try is over: a call is a try by itself, a message was one when it was sent. */
export function triesWith(callBack: {
  readonly channel: CallBackRule['channel']
  readonly attempts: number
}): number {
  return callBack.channel === 'phone' ? callBack.attempts + 1 : callBack.attempts
}
/** @returns what one more try comes to; the last one without an answer gives up */
export function inputOf(
  result: CallBackResult,
  callBack: {
    readonly channel: CallBackRule['channel']
    readonly attempts: number
    readonly attemptsMost: number
  },
): CallBackInput {
  switch (result) {
    case 'reached':
      return 'reached'
    case 'refused':
      return 'refused'
    case 'wants_reopen':
      return 'reopened'
    case 'not_reached':
      return triesWith(callBack) >= callBack.attemptsMost ? 'gaveUp' : 'notReached'
  }
}

export type AnswerProblem = 'unknown' | 'wrong' | 'missing'
/**
 * Whoever was reached answered every question that is not free text.
 * @returns each question that is answered wrongly
 */
export function problemsIn(
  questions: readonly CallBackQuestion[],
  answers: ReadonlyArray<{ key: string; value: boolean | number | string }>,
  result: CallBackResult,
): Array<{ key: string; problem: AnswerProblem }> {
  const wrong = answers.flatMap(({ key, value }): Array<{ key: string; problem: AnswerProblem }> => {
    const question = questions.find((one) => one.key === key)
    if (question === undefined) return [{ key, problem: 'unknown' }]
    const kind = { yes_no: 'boolean', score: 'number', text: 'string' }[question.kind]
    return typeof value === kind ? [] : [{ key, problem: 'wrong' }]
  })
  const missing =
    result === 'reached'
      ? questions.filter(({ key, kind }) => kind !== 'text' && !answers.some((answer) => answer.key === key))
      : []
  return [...wrong, ...missing.map(({ key }) => ({ key, problem: 'missing' as const }))]
}
