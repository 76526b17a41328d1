import type { FigureKey, ReportTableKey } from '../api/reports.ts'

interface Both {
  readonly zh: string
  readonly en: string
}
export interface FigureWords {
  readonly title: Both
  /** What is counted, over what, and what is left out. */
  readonly meaning: Both
  /** Whether more is better; nothing when it is neither. */
  readonly better?: 'more' | 'less'
}
const both = (zh: string, en: string): Both => ({ zh, en })

/** Every figure says what it is, in both languages: the same words stand on the page, in the file and in the summary. */
export const FIGURE_WORDS: Readonly<Record<FigureKey, FigureWords>> = {
  opened: {
    title: both('新工单', 'Tickets opened'),
    meaning: both(
      '期间内建立的工单数；已并入其他工单的不计。',
      'Tickets opened in the period; those merged into others are left out.',
    ),
  },
  solved: {
    title: both('已解决', 'Tickets solved'),
    meaning: both(
      '期间内解决、至今未重开的工单数，含规则自动解决的；已合并的不计。',
      'Tickets solved in the period and not opened again since, those settled by a rule included; merged ones are left out.',
    ),
  },
  without_person: {
    title: both('自动解决率', 'Settled without a person'),
    meaning: both(
      '由规则自动解决的工单 ÷ 期间内解决的工单。',
      'Tickets settled by a rule ÷ tickets solved in the period.',
    ),
    better: 'more',
  },
  first_answer_median: {
    title: both('首次响应（中位数）', 'First answer, median'),
    meaning: both(
      '从建立到第一次人工答复的时间，取中间值；期间内建立、已有人工答复的工单。自动消息、自动解决和未答复的不计。',
      'Time from opening to the first answer by a person, the middle one, of tickets opened in the period. Automatic messages, tickets settled by a rule and unanswered ones are left out.',
    ),
    better: 'less',
  },
  first_answer_nine_tenths: {
    title: both('首次响应（九成）', 'First answer, nine of ten'),
    meaning: both(
      '九成工单的首次响应时间不超过此值；范围同上。',
      'Nine of ten first answers came within this time; counted over the same tickets as the median.',
    ),
    better: 'less',
  },
  first_answer_in_time: {
    title: both('首次响应达标率', 'First answers in time'),
    meaning: both(
      '按时首次响应的工单 ÷ 期间内建立、已响应或已超时的工单。自动解决和仍在时限内未响应的不计。',
      'Tickets first answered in time ÷ tickets opened in the period that were answered or whose time ran out. Tickets settled by a rule, and those that still have time, are left out.',
    ),
    better: 'more',
  },
  solution_median: {
    title: both('解决用时（中位数）', 'Solution, median'),
    meaning: both(
      '从建立到解决的时间，取中间值；期间内由人工解决的工单。自动解决的不计，等待顾客的时间计入。',
      'Time from opening to solution, the middle one, of tickets solved by people in the period. Tickets settled by a rule are left out; time spent waiting for the consumer counts.',
    ),
    better: 'less',
  },
  solution_nine_tenths: {
    title: both('解决用时（九成）', 'Solution, nine of ten'),
    meaning: both(
      '九成工单的解决用时不超过此值；范围同上。',
      'Nine of ten were solved within this time; counted over the same tickets as the median.',
    ),
    better: 'less',
  },
  solution_in_time: {
    title: both('解决达标率', 'Solutions in time'),
    meaning: both(
      '按时解决的工单 ÷ 期间内建立、已解决或已超时的工单；等待顾客时时限暂停。自动解决和仍在时限内的不计。',
      'Tickets solved in time ÷ tickets opened in the period that were solved or whose time ran out; the time stands still while we wait for the consumer. Tickets settled by a rule, and those that still have time, are left out.',
    ),
    better: 'more',
  },
  opened_again: {
    title: both('重开率', 'Opened again'),
    meaning: both(
      '期间内重开的工单 ÷ 期间内解决或重开的工单；一张工单只计一次。',
      'Tickets opened again in the period ÷ tickets solved or opened again in the period; each counts once.',
    ),
    better: 'less',
  },
  score: {
    title: both('满意度', 'Satisfaction'),
    meaning: both(
      '期间内评分的平均值，1 到 5 分；未评分的不计。',
      'Mean of the scores given in the period, 1 to 5; tickets without a score are left out.',
    ),
    better: 'more',
  },
  content: {
    title: both('满意率', 'Content'),
    meaning: both('4 分和 5 分的评分 ÷ 期间内的评分。', 'Scores of 4 and 5 ÷ scores given in the period.'),
    better: 'more',
  },
  rated: {
    title: both('评分率', 'Rated'),
    meaning: both(
      '期间内解决且已评分的工单 ÷ 期间内解决、由顾客从订单提出的工单。',
      'Tickets solved in the period that have a score ÷ tickets solved in the period that a consumer asked from an order.',
    ),
    better: 'more',
  },
  nps: {
    title: both('净推荐值', 'Net promoter score'),
    meaning: both(
      '（9–10 分人数 − 0–6 分人数）÷ 回答人数 × 100，按期间内抽样询问并已回答的计；同一顾客在设定的间隔内不重复询问。',
      '(answers of 9 and 10 − answers of 0 to 6) ÷ answers × 100, of those asked by sample in the period; nobody is asked twice within the pause that is set.',
    ),
    better: 'more',
  },
  nps_answered: {
    title: both('推荐问卷回答率', 'Recommendation answered'),
    meaning: both('已回答 ÷ 期间内询问的。', 'Answered ÷ asked in the period.'),
    better: 'more',
  },
  dispute_rate: {
    title: both('订单争议率', 'Dispute rate'),
    meaning: both(
      '期间内从订单提出的问题 ÷ 期间内的订单；同一订单的多个问题分别计。',
      'Questions asked from orders in the period ÷ orders of the period; several about one order each count.',
    ),
    better: 'less',
  },
  refunded: {
    title: both('退款金额', 'Refunded'),
    meaning: both(
      '支付平台在期间内确认到账的退款总额；未完成的不计。',
      'Refunds that the payment provider confirmed in the period; those under way are left out.',
    ),
  },
  refunds: {
    title: both('退款笔数', 'Refunds'),
    meaning: both(
      '支付平台在期间内确认的退款笔数。',
      'Refunds that the payment provider confirmed in the period, by number.',
    ),
  },
  called_back: {
    title: both('回访接通率', 'Reached by call-back'),
    meaning: both(
      '联系上顾客的回访（含要求重开的）÷ 期间内结束的回访；取消的不计。',
      'Call-backs that reached somebody, those that opened the ticket again included ÷ call-backs that ended in the period; cancelled ones are left out.',
    ),
    better: 'more',
  },
}

export interface TableWords {
  readonly title: Both
  readonly meaning: Both
}
export const TABLE_WORDS: Readonly<Record<ReportTableKey, TableWords>> = {
  figures: {
    title: both('指标', 'Figures'),
    meaning: both('全部指标与定义。', 'All figures, with what they mean.'),
  },
  types: {
    title: both('工单类型', 'Tickets by type'),
    meaning: both(
      '期间内建立的工单，按类型；已合并的不计。',
      'Tickets opened in the period by type; merged ones are left out.',
    ),
  },
  causes: {
    title: both('根本原因', 'Root causes'),
    meaning: both(
      '期间内解决的案例，按登记的原因；含自动说明的延时扣费，不含原因不明和顾客原因。',
      'Cases solved in the period by the cause that was written down, late charges that explained themselves included; unknown causes and those of the consumer are left out.',
    ),
  },
  refunds: {
    title: both('退款原因', 'Refunds by reason'),
    meaning: both(
      '支付平台在期间内确认的退款，按原因。',
      'Refunds that the payment provider confirmed in the period, by reason.',
    ),
  },
  cabinets: {
    title: both('货柜争议率', 'Dispute rate by cabinet'),
    meaning: both(
      '该货柜订单提出的问题 ÷ 该货柜的订单，期间内。没有订单也没有问题的不列。',
      'Questions asked from orders of the cabinet ÷ its orders, both in the period. Cabinets with neither are not listed.',
    ),
  },
  products: {
    title: both('商品争议率', 'Dispute rate by product'),
    meaning: both(
      '顾客点名该商品的问题 ÷ 含该商品的订单，期间内。未点名商品的问题不计。',
      'Questions in which the consumer named the product ÷ orders with the product, both in the period. Questions that name no product are left out.',
    ),
  },
  days: {
    title: both('每日数量', 'Day by day'),
    meaning: both('按北京时间的日历日。', 'Calendar days of Beijing time, as in the books.'),
  },
}
