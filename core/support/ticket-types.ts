import type { Bilingual } from '#protocol/api/common.ts'
import type { IntakeField, PRIORITIES, TicketTypeView } from '#protocol/api/tickets.ts'
import type { SlaName } from './clocks/clocks.ts'

export type Priority = (typeof PRIORITIES)[number]
type Outcome = TicketTypeView['outcomes'][number]
type RootCause = TicketTypeView['rootCauses'][number]
type Evidence = TicketTypeView['evidence'][number]

export interface TicketType {
  readonly label: Bilingual
  readonly side: TicketTypeView['side']
  readonly isEntered: boolean
  readonly priority: Priority
  /** 1 is the worst: people or many are in danger; 2: money or goods are being lost; 3: one person; 4: a question. */
  readonly severity: 1 | 2 | 3 | 4
  readonly sla: SlaName
  readonly fields: readonly IntakeField[]
  readonly evidence: readonly Evidence[]
  readonly suggestion: Bilingual
  readonly outcomes: readonly Outcome[]
  readonly rootCauses: readonly RootCause[]
}

const both = (zh: string, en: string): Bilingual => ({ zh, en })
function field(kind: IntakeField['kind'], key: string, label: Bilingual, isRequired = false): IntakeField {
  return { key, kind, label, isRequired, choices: [] }
}
function choice(key: string, label: Bilingual, choices: Record<string, Bilingual>): IntakeField {
  return {
    key,
    kind: 'choice',
    label,
    isRequired: true,
    choices: Object.entries(choices).map(([name, text]) => ({ key: name, label: text })),
  }
}
const needed = (one: IntakeField): IntakeField => ({ ...one, isRequired: true })

const ORDER = field('order', 'orderId', both('订单号', 'Order'))
const CABINET = field('cabinet', 'cabinetId', both('货柜', 'Cabinet'))
const PRODUCT = field('product', 'sku', both('商品', 'Product'))
const WHEN = field('when', 'boughtAtMs', both('购买时间', 'Time of purchase'))
const HARM = needed(field('yes_no', 'isHarmed', both('有人身体不适？', 'Is somebody unwell?')))

const MONEY: readonly Outcome[] = [
  'refunded',
  'partly_refunded',
  'explained',
  'refused',
  'charged',
  'no_action',
]
const MACHINE: readonly Outcome[] = ['adjusted', 'restored', 'restocked', 'explained', 'no_action']
const SEEN: readonly RootCause[] = [
  'weighing',
  'camera',
  'network',
  'provider',
  'planogram',
  'quality',
  'consumer',
  'hardware',
  'unknown',
]
const RUN: readonly RootCause[] = ['hardware', 'power', 'network', 'operation', 'planogram', 'unknown']

function ofConsumer(type: Partial<TicketType> & Pick<TicketType, 'label' | 'suggestion'>): TicketType {
  return {
    side: 'consumer',
    isEntered: true,
    priority: 'normal',
    severity: 3,
    sla: 'standard',
    fields: [needed(ORDER)],
    evidence: ['order', 'payments', 'weights', 'pictures'],
    outcomes: MONEY,
    rootCauses: SEEN,
    ...type,
  }
}
/** What a rule could not decide; nobody enters it. */
function ofRule(label: Bilingual, suggestion: Bilingual, change: Partial<TicketType> = {}): TicketType {
  return ofConsumer({ label, suggestion, side: 'system', isEntered: false, fields: [], ...change })
}
function ofOperator(type: Partial<TicketType> & Pick<TicketType, 'label' | 'suggestion'>): TicketType {
  return {
    side: 'operator',
    isEntered: true,
    priority: 'normal',
    severity: 3,
    sla: 'standard',
    fields: [needed(CABINET)],
    evidence: ['cabinet', 'stock'],
    outcomes: MACHINE,
    rootCauses: RUN,
    ...type,
  }
}

const COMPARE_WEIGHTS = both(
  '先看重量曲线与照片；明确则退款，不明确则请运营查看货柜。',
  'Look at the weights and pictures first; refund when they are clear, ask the operator to look when they are not.',
)

/** Every type of ticket: what is asked, what is looked at first, what usually settles it, how it may be closed. */
export const TICKET_TYPES: Readonly<Record<string, TicketType>> = {
  // what consumers ask
  order_query: ofConsumer({
    label: both('订单查询', 'Order query'),
    fields: [ORDER, WHEN, CABINET],
    severity: 4,
    suggestion: both('告知订单状态、时间和扣款明细。', 'Tell the state, the times and what was charged.'),
  }),
  refund_request: ofConsumer({
    label: both('退款申请', 'Refund request'),
    fields: [
      needed(ORDER),
      choice('wanted', both('申请内容', 'What is asked for'), {
        full: both('全额退款', 'All of it'),
        part: both('部分退款', 'A part of it'),
        return: both('退货退款', 'Return and refund'),
      }),
      PRODUCT,
    ],
    suggestion: both(
      '核对条件；不符合时说明原因并给出其他办法。',
      'Check the conditions; a refusal says why and offers another way.',
    ),
  }),
  charged_twice: ofConsumer({
    label: both('重复扣款', 'Charged twice'),
    priority: 'high',
    severity: 2,
    evidence: ['payments', 'order'],
    suggestion: both(
      '向支付平台核对；第二笔立即退还。',
      'Ask the provider; the second payment goes back at once.',
    ),
  }),
  item_returned: ofConsumer({
    label: both('商品已放回', 'Item was put back'),
    fields: [needed(ORDER), PRODUCT, WHEN],
    evidence: ['weights', 'pictures', 'order'],
    suggestion: COMPARE_WEIGHTS,
  }),
  not_taken: ofConsumer({
    label: both('没拿这个商品', 'Item was not taken'),
    fields: [needed(ORDER), PRODUCT],
    evidence: ['weights', 'pictures', 'order'],
    suggestion: COMPARE_WEIGHTS,
  }),
  wrong_item: ofConsumer({
    label: both('商品不对', 'Wrong item'),
    fields: [needed(ORDER), PRODUCT],
    evidence: ['weights', 'pictures', 'order'],
    suggestion: COMPARE_WEIGHTS,
  }),
  charged_late: ofConsumer({
    label: both('扣款太晚', 'Charged late'),
    evidence: ['payments', 'order', 'cabinet'],
    suggestion: both(
      '说明原因与时间；核对后如有误扣立即退款。',
      'Explain the cause and the times; refund at once what was charged wrongly.',
    ),
  }),
  quality: ofConsumer({
    label: both('商品变质或过期', 'Quality or expiry'),
    priority: 'high',
    severity: 2,
    fields: [
      ORDER,
      needed(PRODUCT),
      needed(WHEN),
      choice('problem', both('问题', 'What is wrong'), {
        expired: both('过期', 'Past its date'),
        spoiled: both('变质', 'Spoiled'),
        damaged: both('破损', 'Damaged'),
        foreign: both('有异物', 'Something in it'),
        other: both('其他', 'Something else'),
      }),
      HARM,
    ],
    evidence: ['order', 'pictures', 'temperature', 'stock'],
    outcomes: ['refunded', 'partly_refunded', 'explained', 'refused', 'no_action'],
    suggestion: both(
      '退款，安排检查；过期或变质时停售同批商品。',
      'Refund, have the cabinet inspected; block the batch when it is expired or spoiled.',
    ),
  }),
  purchase_help: ofConsumer({
    label: both('购买帮助', 'Help with buying'),
    fields: [CABINET, PRODUCT],
    severity: 4,
    evidence: ['cabinet', 'stock'],
    outcomes: ['explained', 'no_action'],
    suggestion: both('说明开门、价格、库存和优惠。', 'Explain opening, prices, stock and promotions.'),
  }),
  cabinet_trouble: ofConsumer({
    label: both('货柜故障反馈', 'Trouble at the cabinet'),
    fields: [
      needed(CABINET),
      choice('trouble', both('情况', 'What happens'), {
        door_shut: both('门打不开', 'The door does not open'),
        door_open: both('门关不上', 'The door does not close'),
        page: both('页面或支付打不开', 'The page or the payment does not load'),
        goods: both('商品掉落或卡住', 'Goods fell or are stuck'),
        danger: both('有危险', 'Something is dangerous'),
        other: both('其他', 'Something else'),
      }),
      field('yes_no', 'isDanger', both('有人身危险？', 'Is anybody in danger?')),
    ],
    evidence: ['cabinet', 'door', 'temperature', 'stock'],
    outcomes: ['restored', 'adjusted', 'restocked', 'explained', 'no_action'],
    rootCauses: [...new Set<RootCause>([...RUN, 'provider', 'consumer'])],
    suggestion: both(
      '先看货柜状态、最近的到访和告警；能远程处理的当场处理，否则请运维到场，并告诉顾客结果。',
      'Look at the state of the cabinet, its latest visits and alarms; settle what can be settled from here, else send a technician, and tell the consumer what came of it.',
    ),
  }),
  complaint: ofConsumer({
    label: both('投诉', 'Complaint'),
    priority: 'high',
    severity: 2,
    sla: 'complaint',
    fields: [
      ORDER,
      CABINET,
      choice('about', both('投诉对象', 'About'), {
        service: both('服务', 'Service'),
        product: both('商品', 'Goods'),
        price: both('价格', 'Price'),
        privacy: both('个人信息', 'Personal data'),
        other: both('其他', 'Something else'),
      }),
    ],
    suggestion: both('主管跟进；核实后给出详细答复。', 'A lead follows it; find out, then answer in detail.'),
  }),
  provider_complaint: ofConsumer({
    label: both('支付平台投诉', 'Complaint at the provider'),
    side: 'system',
    isEntered: false,
    priority: 'high',
    severity: 2,
    sla: 'complaint',
    fields: [],
    suggestion: both('24 小时内答复，72 小时内处理完毕。', 'Answer within 24 hours, be done within 72.'),
  }),
  other: ofConsumer({
    label: both('其他', 'Other'),
    fields: [ORDER, CABINET],
    severity: 4,
    outcomes: [...new Set([...MONEY, ...MACHINE])],
    rootCauses: [...new Set([...SEEN, ...RUN])],
    suggestion: both('先弄清问题，再选择合适的类型。', 'Find out what it is about, then choose its type.'),
  }),
  // what operators ask
  cabinet_use: ofOperator({
    label: both('货柜使用', 'Using the cabinet'),
    fields: [
      needed(CABINET),
      choice('topic', both('事项', 'About'), {
        display: both('陈列图', 'Planogram'),
        settings: both('设置', 'Settings'),
        hours: both('营业时间', 'Selling hours'),
        other: both('其他', 'Something else'),
      }),
    ],
    severity: 4,
    suggestion: both('按操作手册指导。', 'Guide by the manual.'),
  }),
  temperature: ofOperator({
    label: both('温度调整', 'Temperature adjustment'),
    fields: [
      needed(CABINET),
      needed(field('celsius', 'wantedDeciCelsius', both('期望温度', 'Wanted temperature'))),
    ],
    evidence: ['temperature', 'cabinet', 'door'],
    suggestion: both(
      '在工单内调节，等待货柜确认。',
      'Adjust it in the ticket and wait for the answer of the cabinet.',
    ),
  }),
  restock: ofOperator({
    label: both('补货', 'Restocking'),
    fields: [needed(CABINET), PRODUCT],
    evidence: ['stock', 'cabinet', 'weights'],
    suggestion: both('核对库存与重量，安排补货。', 'Compare stock and weights, plan the restocking.'),
  }),
  emergency: ofOperator({
    label: both('紧急情况', 'Emergency'),
    priority: 'urgent',
    severity: 1,
    sla: 'emergency',
    fields: [
      needed(CABINET),
      choice('kind', both('故障', 'What fails'), {
        door: both('柜门', 'Door'),
        cold: both('制冷', 'Cooling'),
        power: both('电力', 'Power'),
      }),
      needed(field('yes_no', 'isDanger', both('有人身危险？', 'Is anybody in danger?'))),
    ],
    evidence: ['cabinet', 'door', 'temperature'],
    outcomes: ['restored', 'no_action'],
    suggestion: both(
      '按清单协同处理，直到货柜恢复营业。',
      'Work through the list together until the cabinet is back in service.',
    ),
  }),
  // what a rule left to a person
  camera_blocked: ofConsumer({
    label: both('摄像头被遮挡', 'Camera was blocked'),
    evidence: ['pictures', 'weights', 'order'],
    suggestion: both('按重量核对后决定是否扣款。', 'Decide by the weights whether to charge.'),
  }),
  double_charge: ofRule(
    both('重复扣款', 'Charged twice'),
    both('退还第二笔。', 'Give the second payment back.'),
    {
      priority: 'high',
      severity: 2,
      evidence: ['payments', 'order'],
    },
  ),
  delayed_charge: ofRule(
    both('延时扣费', 'Charged late'),
    both('核对并说明原因。', 'Check it and explain the cause.'),
  ),
  ambiguous: ofRule(both('称重结果不明确', 'Weights are not clear'), COMPARE_WEIGHTS, {
    evidence: ['weights', 'pictures', 'order'],
  }),
  foreign_object: ofRule(
    both('层板有异物', 'Foreign object on a shelf'),
    both('不收费；请运营取出并检查。', 'Charge nothing for it; have it taken out and the shelf checked.'),
    { evidence: ['weights', 'pictures'] },
  ),
  sensor_fault: ofRule(
    both('传感器故障', 'Sensor fault'),
    both('按明确的部分扣款；安排维修。', 'Charge what is clear; have it repaired.'),
    { evidence: ['weights', 'cabinet'] },
  ),
  unpaid: ofRule(
    both('未付款订单', 'Unpaid order'),
    both('联系顾客，提供付款方式。', 'Reach the consumer and offer ways to pay.'),
    {
      evidence: ['payments', 'order'],
    },
  ),
  door_trouble: ofRule(
    both('柜门异常', 'Door trouble'),
    both('安排运维到场检查。', 'Send a technician to look.'),
    {
      side: 'operator',
      evidence: ['door', 'cabinet'],
      outcomes: MACHINE,
      rootCauses: RUN,
    },
  ),
  stock_mismatch: ofRule(
    both('库存不一致', 'Stock does not match'),
    both('盘点并记录原因。', 'Count, and write the reason down.'),
    {
      evidence: ['stock', 'weights'],
      outcomes: [...new Set([...MONEY, ...MACHINE])],
      rootCauses: [...new Set([...SEEN, ...RUN])],
    },
  ),
  restriction_appeal: ofRule(
    both('对限制的申诉', 'Objection to a restriction'),
    both(
      '核对限制的依据；依据不足时解除。',
      'Look at what the restriction rests on; lift it when that is not enough.',
    ),
    {
      priority: 'high',
      evidence: ['order', 'pictures', 'payments'],
      outcomes: ['explained', 'refused', 'no_action'],
    },
  ),
  provider_mismatch: ofRule(
    both('对账不一致', 'Bill does not match'),
    both('与支付平台核对。', 'Compare it with the provider.'),
    { evidence: ['payments', 'order'] },
  ),
}

/** A type that this table does not name, such as one of a rule that is newer, is handled like "other". */
export function typeOf(type: string): TicketType {
  return TICKET_TYPES[type] ?? (TICKET_TYPES['other'] as TicketType)
}
