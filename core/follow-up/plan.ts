import {
  CALL_BACK_SEGMENTS,
  type CallBackPlan,
  type CallBackQuestion,
  type CallBackRule,
  type CallBackSegment,
} from '#protocol/api/call-backs.ts'
import { CabinetError } from '#protocol/base/errors.ts'

const ask = (key: string, kind: CallBackQuestion['kind'], zh: string, en: string): CallBackQuestion => ({
  key,
  kind,
  text: { zh, en },
})
const SOLVED = ask('solved', 'yes_no', '问题解决了吗？', 'Is the matter settled?')
const CONTENT = ask(
  'content',
  'score',
  '对我们的处理满意吗（1 到 5 分）？',
  'How content are you with what we did (1 to 5)?',
)
const BETTER = ask('better', 'text', '哪里还可以做得更好？', 'What could we do better?')
const rule = (
  segment: CallBackSegment,
  afterHours: number,
  audience: CallBackRule['audience'],
  channel: CallBackRule['channel'],
  attemptsMost: number,
  pauseHours: number,
  ...questions: CallBackQuestion[]
): CallBackRule => ({
  segment,
  isOn: true,
  afterHours,
  channel,
  audience,
  attemptsMost,
  pauseHours,
  questions,
})

/** The plan that this release comes with; a lead saves others. */
export const DEFAULT_PLAN: CallBackPlan = {
  calendar: 'desk',
  largeRefundFen: 10_000,
  repeatedContacts: 3,
  repeatedDays: 30,
  lowScoreMost: 2,
  rules: [
    rule(
      'low_score',
      2,
      'lead',
      'phone',
      3,
      12,
      ask('wrong', 'text', '这次是哪里让您不满意？', 'What was not good this time?'),
      SOLVED,
      BETTER,
    ),
    rule(
      'emergency',
      24,
      'lead',
      'phone',
      3,
      12,
      ask('running', 'yes_no', '货柜现在正常营业吗？', 'Does the cabinet sell as usual now?'),
      ask('fast', 'score', '到场和处理速度满意吗（1 到 5 分）？', 'Were we quick enough (1 to 5)?'),
      BETTER,
    ),
    rule('complaint', 24, 'lead', 'phone', 3, 24, SOLVED, CONTENT, BETTER),
    rule(
      'restricted_consumer',
      24,
      'lead',
      'phone',
      2,
      24,
      ask(
        'why',
        'yes_no',
        '清楚账户为什么受限、怎样申诉吗？',
        'Is it clear why the account is limited, and how to object?',
      ),
      SOLVED,
    ),
    rule(
      'repeated_contact',
      24,
      'agent',
      'phone',
      2,
      24,
      SOLVED,
      ask('again', 'text', '最近几次联系是同一个原因吗？', 'Were the last questions about the same thing?'),
    ),
    rule(
      'large_refund',
      48,
      'agent',
      'message',
      2,
      48,
      ask('arrived', 'yes_no', '退款到账了吗？', 'Has the refund arrived?'),
      CONTENT,
    ),
    rule(
      'operator',
      48,
      'agent',
      'phone',
      2,
      24,
      ask('running', 'yes_no', '货柜现在使用正常吗？', 'Does the cabinet work as it should now?'),
      CONTENT,
      BETTER,
    ),
  ],
}

/**
 * What no schema says: one rule for each segment, and no question twice in a rule.
 * @throws CabinetError bad_request with the segment
 */
export function checkPlan(plan: CallBackPlan): void {
  for (const segment of CALL_BACK_SEGMENTS) {
    const own = plan.rules.filter((one) => one.segment === segment)
    const [first] = own
    if (first === undefined || own.length > 1)
      throw new CabinetError('bad_request', `The plan needs one rule for ${segment}.`)
    const keys = first.questions.map(({ key }) => key)
    if (new Set(keys).size < keys.length)
      throw new CabinetError('bad_request', `A question of ${segment} is there twice.`)
  }
}
