import type { Bilingual, Language } from '#protocol/api/common.ts'
import type {
  EmergencyAffected,
  EmergencyAudience,
  EmergencyKind,
  EmergencyScope,
} from '#protocol/api/emergencies.ts'
import { yuanText } from '#protocol/base/units.ts'

export const KIND_NAMES: Readonly<Record<EmergencyKind, Bilingual>> = {
  data_breach: { zh: '个人信息泄露', en: 'Personal data exposed' },
  mass_mischarge: { zh: '批量误扣', en: 'Many wrong charges' },
  food_safety: { zh: '食品安全', en: 'Food safety' },
  other: { zh: '其他重大事件', en: 'Another serious incident' },
}

export interface ReportFacts {
  readonly number: number
  readonly kind: EmergencyKind
  readonly title: string
  readonly discoveredBy: string
  readonly scope: EmergencyScope
  readonly affected: EmergencyAffected
  readonly cabinetNames: readonly Bilingual[]
  readonly productName: Bilingual | null
  readonly measures: ReadonlyArray<{ atMs: number; by: string; note: string }>
  readonly discoveredAtMs: number
  readonly contact: string
}

/** What the system knows, in the order in which an authority asks for it. @param at  writes an instant out */
export function reportText(language: Language, facts: ReportFacts, at: (ms: number) => string): string {
  const { affected, scope } = facts
  const where =
    facts.cabinetNames.length === 0
      ? language === 'zh'
        ? '全部货柜'
        : 'all cabinets'
      : facts.cabinetNames.map((name) => name[language]).join(language === 'zh' ? '、' : ', ')
  const goods = facts.productName === null ? '' : facts.productName[language]
  const measures = facts.measures.map((one) => `- ${at(one.atMs)} ${one.by}: ${one.note}`)
  const lines =
    language === 'zh'
      ? [
          `事件报告 第 ${facts.number} 号：${facts.title}`,
          `类别：${KIND_NAMES[facts.kind].zh}`,
          `发现：${at(facts.discoveredAtMs)}，${facts.discoveredBy}`,
          `涉及时间：${at(scope.fromMs)} 至 ${at(scope.toMs)}`,
          `涉及地点：${where}`,
          ...(goods === '' ? [] : [`涉及商品：${goods}`]),
          `影响：${affected.consumers} 人，${affected.orders} 笔订单，实付 ¥${yuanText(affected.paidFen)}，已退 ¥${yuanText(affected.refundedFen)}`,
          '已采取措施：',
          ...measures,
          `联系人：${facts.contact}`,
        ]
      : [
          `Incident report no. ${facts.number}: ${facts.title}`,
          `Kind: ${KIND_NAMES[facts.kind].en}`,
          `Discovered: ${at(facts.discoveredAtMs)}, ${facts.discoveredBy}`,
          `Time concerned: ${at(scope.fromMs)} to ${at(scope.toMs)}`,
          `Place: ${where}`,
          ...(goods === '' ? [] : [`Goods: ${goods}`]),
          `Affected: ${affected.consumers} people, ${affected.orders} orders, ¥${yuanText(affected.paidFen)} paid, ¥${yuanText(affected.refundedFen)} given back`,
          'Measures so far:',
          ...measures,
          `Contact: ${facts.contact}`,
        ]
  return lines.join('\n').slice(0, 6000)
}

const both = (zh: string, en: string): Bilingual => ({ zh, en })
/** Where a notice begins; whoever asks for it writes it out. */
export const NOTICE_TEMPLATES: Readonly<
  Record<EmergencyKind, Record<EmergencyAudience, { title: Bilingual; text: Bilingual }>>
> = {
  data_breach: {
    consumers: {
      title: both('关于您个人信息的重要通知', 'Important notice about your personal data'),
      text: both(
        '我们发现与您有关的部分信息可能被未经授权查看。我们已停止泄露并正在核查。请留意可疑来电，我们不会向您索要密码或验证码。如有疑问请联系客服。',
        'We found that some of your data may have been seen without permission. We have stopped it and are looking into it. Beware of suspicious calls; we never ask for passwords or codes. Support answers your questions.',
      ),
    },
    operators: {
      title: both('个人信息事件通知', 'Notice of a data incident'),
      text: both(
        '我们发现与您货柜有关的消费者信息可能被未经授权查看，现正处理。请勿对外发布，媒体与消费者来问请转给我们。',
        'Data of consumers of your cabinets may have been seen without permission; we are dealing with it. Please pass questions of the press and of consumers on to us.',
      ),
    },
  },
  mass_mischarge: {
    consumers: {
      title: both('您的一笔扣款有误', 'One of your charges was wrong'),
      text: both(
        '因我们的系统问题，您最近一次购物的扣款有误。多扣的金额会原路退回，您无需操作；到账后会再通知您。给您添麻烦了，抱歉。',
        'Because of a fault of ours the charge for your last visit was wrong. What was too much goes back the way it came; you need not do anything, and we tell you when it has arrived. We are sorry.',
      ),
    },
    operators: {
      title: both('批量误扣通知', 'Notice of wrong charges'),
      text: both(
        '您的货柜在此期间有订单扣款有误，我们正在批量退款，结算单会随之更正。您无需操作。',
        'Orders of your cabinets were charged wrongly in this time. We give the money back and correct your statement; you need not do anything.',
      ),
    },
  },
  food_safety: {
    consumers: {
      title: both('请勿食用您购买的商品', 'Please do not eat what you bought'),
      text: both(
        '您购买的商品可能不符合食品安全要求，请勿食用并妥善保留或丢弃。货款会原路退回。如已食用且感到不适，请尽快就医并联系我们。',
        'Goods that you bought may not be safe. Please do not eat them; throw them away. Your money goes back the way it came. If you ate some and feel unwell, see a doctor and call us.',
      ),
    },
    operators: {
      title: both('食品安全：请立即下架', 'Food safety: take the goods out now'),
      text: both(
        '涉及商品可能不安全。请立即停止销售、取出并隔离，拍照留存批次号，完成后在此工单回复。',
        'The goods concerned may not be safe. Stop selling them now, take them out, keep them apart, photograph the batch numbers, and answer here when it is done.',
      ),
    },
  },
  other: {
    consumers: {
      title: both('来自货柜客服的重要通知', 'Important notice from support'),
      text: both(
        '与您最近一次购物有关的一个问题正在处理。您无需操作，有结果会再通知您。',
        'We are dealing with a problem that concerns your last visit. You need not do anything; we tell you what comes of it.',
      ),
    },
    operators: {
      title: both('重要通知', 'Important notice'),
      text: both(
        '与您的货柜有关的一个问题正在处理，请留意此工单。',
        'We are dealing with a problem that concerns your cabinets; please watch this ticket.',
      ),
    },
  },
}
