import type { Bilingual } from '#protocol/api/common.ts'

/** What is in a reply that should not reach a consumer, and what to write instead. */
export interface ToneFinding {
  /** As it stands in the text. */
  readonly words: string
  readonly advice: Bilingual
}
interface ToneRule {
  readonly pattern: RegExp
  readonly advice: Bilingual
}

const NO_BLAME: Bilingual = {
  zh: '像是在责怪对方。改说我们看到了什么、下一步做什么。',
  en: 'This sounds like blame. Say what we saw and what happens next.',
}
const NO_WALL: Bilingual = {
  zh: '像是在推脱。说明原因，并给出其他办法。',
  en: 'This ends the talk. Give the reason and another way.',
}
const NO_JARGON: Bilingual = {
  zh: '对方不一定看得懂。用日常的话说发生了什么。',
  en: 'The reader need not know this word. Say what happened in plain ones.',
}
const NO_SECRET: Bilingual = {
  zh: '我们从不索要这些信息，请删去。',
  en: 'We never ask for this; take it out.',
}
const NO_PROMISE: Bilingual = {
  zh: '不要承诺无法保证的事，写明能做到的时间。',
  en: 'Do not promise what nobody can be sure of; give a time that we can keep.',
}
const NO_PASSING: Bilingual = {
  zh: '不要把责任推给别人。说我们已经向谁核实、何时答复。',
  en: 'Do not pass it on. Say whom we have asked and when we answer.',
}
const CALM: Bilingual = {
  zh: '连续的感叹号或问号像在争吵。',
  en: 'Rows of marks or capitals read like shouting.',
}

/** By the norms for writing to consumers: no blame, no wall, no jargon, nothing asked that we never ask for. */
const RULES: readonly ToneRule[] = [
  { pattern: /您应该|你应该|您没有按|你自己|您自己没|是您的问题|是你的问题|怪您|您误会/, advice: NO_BLAME },
  { pattern: /you should have|you failed to|your (own )?fault|you (clearly|obviously)/i, advice: NO_BLAME },
  { pattern: /不可能|没办法|这是规定|我们不管|不归我们|无能为力|爱莫能助/, advice: NO_WALL },
  {
    pattern: /that('s| is) impossible|those are the rules|not our (problem|business)|nothing we can do/i,
    advice: NO_WALL,
  },
  { pattern: /系统异常|系统错误|后台|接口|置信度|会话|幂等|工单号/, advice: NO_JARGON },
  {
    pattern: /system error|back ?end|\bAPI\b|confidence score|exception|callback|\bSKU\b/i,
    advice: NO_JARGON,
  },
  { pattern: /银行卡号|支付密码|验证码|身份证号/, advice: NO_SECRET },
  { pattern: /card number|\bCVV\b|password|verification code|one-time code/i, advice: NO_SECRET },
  { pattern: /绝对|保证不会|百分之百|马上到账|一定会退/, advice: NO_PROMISE },
  { pattern: /guarantee|100 ?%|will never happen again|definitely/i, advice: NO_PROMISE },
  { pattern: /请(自行)?联系(微信|支付宝|支付平台|银行|运营商)|找(微信|银行)/, advice: NO_PASSING },
  { pattern: /contact (your bank|wechat|alipay|the operator|the payment provider)/i, advice: NO_PASSING },
  { pattern: /[!！?？]{2,}/, advice: CALM },
  { pattern: /\b[A-Z]{5,}(\s+[A-Z]{3,})+\b/, advice: CALM },
]

/** Looks through a reply before it is sent. It advises; whoever writes decides. */
export function checkTone(text: string): ToneFinding[] {
  return RULES.flatMap(({ pattern, advice }) => {
    const words = pattern.exec(text)?.[0]
    return words === undefined ? [] : [{ words, advice }]
  })
}
