import type { Bilingual } from '#protocol/api/common.ts'

/**
 * Replies for the composer. Each greets, says what was seen, says what happens next, and blames nobody; `{name}` is filled
 * by the page. The first types are those the template is written for.
 */
export const TEMPLATES: ReadonlyArray<{
  key: string
  title: Bilingual
  text: Bilingual
  types: readonly string[]
}> = [
  {
    key: 'refund_done',
    title: { zh: '已退款', en: 'Refund started' },
    text: {
      zh: '您好，感谢反馈。我们核对了本次购物的记录，已为您退款 ¥{refund}。零钱一般 5 分钟内到账，银行卡 1–3 个工作日。给您带来不便，非常抱歉。',
      en: 'Hello, thank you for telling us. We have checked the record of your visit and started a refund of ¥{refund}. It usually arrives within 5 minutes in a wallet, 1 to 3 working days on a card. We are sorry for the trouble.',
    },
    types: ['wrong_item', 'not_taken', 'item_returned', 'quality'],
  },
  {
    key: 'double_charge',
    title: { zh: '重复扣款', en: 'Charged twice' },
    text: {
      zh: '您好，支付平台对本次购物收取了两次费用，第二笔已退还给您，您无需操作。给您带来困扰，非常抱歉。',
      en: 'Hello, the payment provider took the money for your visit twice. The second payment is on its way back; you need not do anything. We are sorry for the worry.',
    },
    types: ['charged_twice', 'double_charge'],
  },
  {
    key: 'single_charge',
    title: { zh: '只扣了一次', en: 'Charged once' },
    text: {
      zh: '您好，我们向支付平台核实过，本次购物只扣款一次，金额 ¥{paid}。如账单中另有一笔会自行消失的记录，那是预授权。若一天后仍在，请回复我们，我们继续查。',
      en: 'Hello, we asked the payment provider: your visit was charged once, ¥{paid}. An entry that disappears by itself is a reservation. If it is still there after a day, answer here and we go on looking.',
    },
    types: ['charged_twice'],
  },
  {
    key: 'late_charge',
    title: { zh: '延时扣款说明', en: 'Late charge explained' },
    text: {
      zh: '您好，{cabinet}当时断网，恢复后才完成结算，所以扣款晚了约 {minutes} 分钟。金额 ¥{total}，只扣了一次。感谢您的耐心。',
      en: 'Hello, {cabinet} was offline and could settle only when it was back, so the charge came about {minutes} minutes later. ¥{total}, charged once. Thank you for your patience.',
    },
    types: ['charged_late', 'delayed_charge'],
  },
  {
    key: 'record_clear',
    title: { zh: '记录明确，维持扣款', en: 'The record is clear' },
    text: {
      zh: '您好，我们逐层核对了重量曲线和照片，记录与账单一致，您可以在订单页看到。若您仍有疑问，请告诉我们具体哪一件，我们再看一次。',
      en: 'Hello, we compared the weight of each shelf and the pictures with the bill and they agree; you can see both on the order page. If something still seems wrong, tell us which item and we look again.',
    },
    types: ['wrong_item', 'not_taken', 'item_returned', 'other'],
  },
  {
    key: 'quality_ask',
    title: { zh: '质量问题：请补充照片', en: 'Quality: please add a picture' },
    text: {
      zh: '您好，很抱歉商品没有让您满意。方便的话，请回复一张商品照片和包装上的日期，我们会优先处理。',
      en: 'Hello, we are sorry that it was not as it should be. If you can, answer with a picture of the product and the date on its package; we will deal with it first.',
    },
    types: ['quality'],
  },
  {
    key: 'camera_blocked',
    title: { zh: '摄像头被遮挡', en: 'Camera covered' },
    text: {
      zh: '您好，本次购物期间摄像头有一段时间看不到柜内，所以扣款前由人工核对了重量记录。核对结果见订单页，只扣款一次。',
      en: 'Hello, the camera could not see for a while during your visit, so a person checked the weights before anything was charged. The result is on the order page; you are charged once.',
    },
    types: ['camera_blocked', 'ambiguous'],
  },
  {
    key: 'working_on_it',
    title: { zh: '正在处理', en: 'Working on it' },
    text: {
      zh: '您好，我是{agent}，已收到您的反馈，正在核对记录，会尽快答复您。',
      en: 'Hello, this is {agent}. I have your message, am checking the record, and will answer soon.',
    },
    types: ['other'],
  },
]
