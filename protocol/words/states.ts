import type { OrderState, RefundState, SessionState } from '../api/common.ts'
import type { Language } from './words.ts'

/**
 * A state as colour, icon and word, the same on the consumer's page and on the agent's screen.
 * `tone` names a colour of console/styles/tokens.css, `icon` a file of lucide-static.
 */
export type Tone = 'neutral' | 'info' | 'ok' | 'warn' | 'bad'
export interface StateWord {
  readonly tone: Tone
  readonly icon: string
  readonly en: string
  readonly zh: string
}
function word(tone: Tone, icon: string, en: string, zh: string): StateWord {
  return { tone, icon, en, zh }
}

export const ORDER_STATE_WORDS: Record<OrderState, StateWord> = {
  open: word('info', 'door-open', 'Shopping', '购物中'),
  priced: word('info', 'clock', 'Confirming', '正在确认'),
  held: word('warn', 'eye', 'Being checked', '人工核对中'),
  charging: word('info', 'clock', 'Confirming payment', '正在确认扣款'),
  paid: word('ok', 'circle-check', 'Paid', '已支付'),
  partly_refunded: word('ok', 'undo-2', 'Partly refunded', '部分退款'),
  refunded: word('ok', 'undo-2', 'Refunded', '已退款'),
  void: word('neutral', 'circle-slash', 'Nothing to pay', '无需付款'),
  arrears: word('warn', 'clock', 'Not paid yet', '待付款'),
  written_off: word('neutral', 'circle-slash', 'Waived', '已免除'),
  paid_elsewhere: word('ok', 'circle-check', 'Paid at the provider', '已在支付平台付清'),
}

export const REFUND_STATE_WORDS: Record<RefundState, StateWord> = {
  requested: word('info', 'clock', 'Refund being prepared', '退款准备中'),
  awaiting_approval: word('info', 'clock', 'Refund being approved', '退款审核中'),
  approved: word('info', 'clock', 'Refund approved', '退款已批准'),
  submitted: word('info', 'clock', 'Refund sent', '退款已提交'),
  processing: word('info', 'clock', 'Refund on its way', '退款处理中'),
  succeeded: word('ok', 'circle-check', 'Refund arrived at the provider', '退款成功'),
  unknown: word('info', 'clock', 'Refund being confirmed', '正在确认退款'),
  abnormal: word('warn', 'circle-alert', 'Refund delayed, we are on it', '退款延迟，我们正在处理'),
  closed: word('warn', 'circle-alert', 'Refund being sent again', '退款将重新发起'),
  rejected: word('neutral', 'circle-x', 'Not refunded', '未退款'),
}

export const SESSION_STATE_WORDS: Record<SessionState, StateWord> = {
  requested: word('info', 'clock', 'Requested', '已请求'),
  authorised: word('info', 'clock', 'Allowed', '已授权'),
  unlocking: word('info', 'lock', 'Unlocking', '正在开锁'),
  opened: word('info', 'door-open', 'Door open', '柜门已开'),
  closed: word('info', 'scale', 'Weighing', '正在称重'),
  reconciled: word('info', 'clock', 'Working out the order', '正在结算'),
  settled: word('ok', 'circle-check', 'Done', '已完成'),
  denied: word('bad', 'circle-x', 'Not allowed', '未能开门'),
  not_opened: word('neutral', 'circle-slash', 'Door was not opened', '柜门未打开'),
  abandoned: word('warn', 'circle-alert', 'Record lost', '记录丢失'),
  overdue: word('warn', 'clock', 'Waiting for the cabinet', '等待货柜恢复'),
}

export function stateText(language: Language, state: StateWord): string {
  return language === 'zh' ? state.zh : state.en
}
