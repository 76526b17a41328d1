import { fill, type Language, type Values } from './words.ts'

/** Sentences of orders, refunds, anomalies and notices. Calm, in time order, no blame, no jargon. Money and times arrive formatted. */
const en = {
  'story.opened': 'You opened the door.',
  'story.closed': 'You closed the door.',
  'story.weighed': 'The cabinet weighed its shelves: {count} items were taken.',
  'story.nothing_taken': 'Nothing was taken, so nothing is charged.',
  'story.charged': 'You were charged ¥{amount}, once.',
  'story.charge_pending': 'The payment provider is still collecting ¥{amount}. You do not need to do anything.',
  'arrival.balance': 'Usually within 5 minutes for a wallet balance, 1 to 3 working days for a bank card.',
}
export type StoryKey = keyof typeof en
const zh: Record<StoryKey, string> = {
  'story.opened': '您打开了柜门。',
  'story.closed': '您关上了柜门。',
  'story.weighed': '货柜完成称重：取走 {count} 件商品。',
  'story.nothing_taken': '没有取走商品，不扣款。',
  'story.charged': '已扣款 ¥{amount}，只扣了一次。',
  'story.charge_pending': '支付平台正在收取 ¥{amount}，您无需操作。',
  'arrival.balance': '零钱一般 5 分钟内到账，银行卡 1–3 个工作日。',
}

export function isStoryKey(key: string): key is StoryKey {
  return Object.hasOwn(en, key)
}
export function storyText(language: Language, key: StoryKey, values: Values = {}): string {
  return fill((language === 'zh' ? zh : en)[key], values)
}
