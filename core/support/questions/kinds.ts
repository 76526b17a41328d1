import type { QuestionKind } from '#protocol/api/questions.ts'
import type { IntakeValues } from '#protocol/api/tickets.ts'

export interface QuestionKindRow {
  /** Of `TICKET_TYPES`. */
  readonly type: string
  /** What the tap alone says of the type's fields. */
  readonly intake: IntakeValues
  /** A latest visit without an order says something about it. */
  readonly isAboutVisit: boolean
  /** So is the state of the cabinet. */
  readonly isAboutCabinet: boolean
  /** Words of both languages by which its article is found. */
  readonly words: string
}

const trouble = (what: string, words: string, isAboutVisit = true): QuestionKindRow => ({
  type: 'cabinet_trouble',
  intake: { trouble: what },
  isAboutVisit,
  isAboutCabinet: true,
  words,
})

/** What a tap on the help page of a cabinet becomes. */
export const QUESTION_KIND_ROWS: Readonly<Record<QuestionKind, QuestionKindRow>> = {
  door_shut: trouble('door_shut', '门打不开 door does not open'),
  door_open: trouble('door_open', '门关不上 door does not close'),
  page: trouble('page', '页面 加载 打不开 page does not load'),
  goods: trouble('goods', '商品掉落 卡住 fell stuck', false),
  danger: trouble('danger', '危险 冒烟 玻璃 danger smoke glass', false),
  charged: {
    type: 'order_query',
    intake: {},
    isAboutVisit: true,
    isAboutCabinet: false,
    words: '扣款 没有订单 charged without order',
  },
  food: {
    type: 'quality',
    intake: { problem: 'other', isHarmed: false },
    isAboutVisit: false,
    isAboutCabinet: false,
    words: '变质 过期 spoilt out of date',
  },
  prices: {
    type: 'purchase_help',
    intake: {},
    isAboutVisit: false,
    isAboutCabinet: false,
    words: '价格 优惠 prices promotions',
  },
  other: { type: 'other', intake: {}, isAboutVisit: false, isAboutCabinet: true, words: '' },
}
