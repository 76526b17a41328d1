import type { MacroStep } from '#protocol/api/knowledge.ts'
import type { Bilingual } from '#protocol/api/common.ts'

/** Several steps by one key, for what comes every day. */
export const MACROS: ReadonlyArray<{
  key: string
  title: Bilingual
  types: readonly string[]
  steps: readonly MacroStep[]
}> = [
  {
    key: 'double_charge_settled',
    title: { zh: '重复扣款已退：回复并关闭', en: 'Double charge given back: answer and close' },
    types: ['charged_twice', 'double_charge'],
    steps: [
      { kind: 'claim' },
      { kind: 'reply', template: 'double_charge' },
      { kind: 'resolve', outcome: 'refunded', rootCause: 'provider' },
    ],
  },
  {
    key: 'late_charge_explained',
    title: { zh: '延时扣款：解释并关闭', en: 'Late charge: explain and close' },
    types: ['charged_late', 'delayed_charge'],
    steps: [
      { kind: 'claim' },
      { kind: 'reply', template: 'late_charge' },
      { kind: 'resolve', outcome: 'explained', rootCause: 'network' },
    ],
  },
  {
    key: 'record_is_clear',
    title: { zh: '记录明确：说明并关闭', en: 'Record is clear: explain and close' },
    types: ['not_taken', 'wrong_item', 'item_returned', 'refund_request'],
    steps: [
      { kind: 'claim' },
      { kind: 'reply', template: 'record_clear' },
      { kind: 'resolve', outcome: 'explained', rootCause: 'consumer' },
    ],
  },
  {
    key: 'ask_for_picture',
    title: { zh: '质量问题：请补充照片', en: 'Quality: ask for a picture' },
    types: ['quality'],
    steps: [{ kind: 'claim' }, { kind: 'reply', template: 'quality_ask' }],
  },
]
