import type { Figure, FigureKey, SupportReport } from '#protocol/api/reports.ts'
import type { Language } from '#protocol/api/common.ts'
import { FIGURE_WORDS } from '#protocol/words/reports.ts'
import { CAUSE_TITLES } from '#core/improvement/title.ts'
import { figureText, moveText } from './figure-text.ts'

/** What moved by a tenth of what it was is worth a sentence of its own. */
const NOTABLE = 0.1
const NAMED_MOST = 3

/**
 * A month in sentences, made from its figures and nothing else: the same figures give the same words, and what nothing was
 * counted for is not spoken of.
 */
export function summaryText(language: Language, report: SupportReport): string[] {
  const zh = language === 'zh'
  const of = (key: FigureKey) => report.figures.find((figure) => figure.key === key)
  const say = (key: FigureKey) => {
    const figure = of(key)
    return figure === undefined ? '' : figureText(language, figure.unit, figure.value)
  }
  const moved = (key: FigureKey) => {
    const figure = of(key)
    const text = figure === undefined ? '' : moveText(language, figure)
    return text === '' ? '' : zh ? `（${text}）` : ` (${text})`
  }
  const has = (key: FigureKey) => of(key)?.value !== null
  const [topType] = report.tables.types
  const paragraphs: Array<readonly [isThere: boolean, zh: string, en: string]> = [
    [
      true,
      `本月新工单 ${say('opened')} 张${moved('opened')}，解决 ${say('solved')} 张${has('without_person') ? `，其中 ${say('without_person')} 由规则自动解决` : ''}。`,
      `${say('opened')} tickets were opened${moved('opened')} and ${say('solved')} solved${has('without_person') ? `, ${say('without_person')} of them by a rule` : ''}.`,
    ],
    [
      topType !== undefined && topType.opened > 0,
      `最多的类型是“${topType?.label.zh}”，共 ${topType?.opened} 张。`,
      `Most were of the type "${topType?.label.en}": ${topType?.opened}.`,
    ],
    [
      has('first_answer_median'),
      `首次响应中位数 ${say('first_answer_median')}，达标率 ${say('first_answer_in_time')}${moved('first_answer_in_time')}。`,
      `The median first answer came after ${say('first_answer_median')}, ${say('first_answer_in_time')} of them in time${moved('first_answer_in_time')}.`,
    ],
    [
      has('solution_median'),
      `解决用时中位数 ${say('solution_median')}，达标率 ${say('solution_in_time')}${moved('solution_in_time')}。`,
      `The median solution came after ${say('solution_median')}, ${say('solution_in_time')} of them in time${moved('solution_in_time')}.`,
    ],
    [
      has('opened_again'),
      `重开率 ${say('opened_again')}${moved('opened_again')}。`,
      `${say('opened_again')} were opened again${moved('opened_again')}.`,
    ],
    has('score')
      ? [
          true,
          `满意度 ${say('score')} 分${moved('score')}，满意率 ${say('content')}。`,
          `Satisfaction was ${say('score')} of 5${moved('score')}, ${say('content')} content.`,
        ]
      : [true, '本月没有评分。', 'Nobody gave a score.'],
    [
      has('nps'),
      `净推荐值 ${say('nps')}${moved('nps')}。`,
      `The net promoter score was ${say('nps')}${moved('nps')}.`,
    ],
    [
      true,
      `退款 ${say('refunds')} 笔，共 ${say('refunded')}${moved('refunded')}。`,
      `${say('refunds')} refunds came to ${say('refunded')}${moved('refunded')}.`,
    ],
    [
      has('dispute_rate'),
      `订单争议率 ${say('dispute_rate')}${moved('dispute_rate')}。`,
      `${say('dispute_rate')} of the orders were disputed${moved('dispute_rate')}.`,
    ],
  ]
  const sentences = paragraphs.flatMap(([isThere, inChinese, inEnglish]) =>
    isThere ? [zh ? inChinese : inEnglish] : [],
  )
  return [...sentences, ...worst(language, report), ...causes(language, report), ...changes(language, report)]
}

/** Where most questions per order come from. */
function worst(language: Language, { tables }: SupportReport): string[] {
  const rows = tables.cabinets.filter(({ disputes }) => disputes > 0).slice(0, NAMED_MOST)
  if (rows.length === 0) return []
  const names = rows.map(({ name, rate }) => `${name[language]} ${figureText(language, 'ratio', rate)}`)
  return [
    language === 'zh'
      ? `争议率最高的货柜：${names.join('、')}。`
      : `The cabinets with the highest dispute rates: ${names.join(', ')}.`,
  ]
}
function causes(language: Language, { tables }: SupportReport): string[] {
  const rows = tables.causes.filter(({ cases }) => cases > 0).slice(0, NAMED_MOST)
  if (rows.length === 0) return []
  const names = rows.map(({ rootCause, cases }) => {
    const title = CAUSE_TITLES[rootCause as keyof typeof CAUSE_TITLES]
    return `${title?.[language] ?? rootCause} (${cases})`
  })
  return [
    language === 'zh'
      ? `最常见的原因：${names.join('、')}。`
      : `The most frequent causes: ${names.join(', ')}.`,
  ]
}
function changes(language: Language, { figures }: SupportReport): string[] {
  const isWorse = ({ key, value, before }: Figure) => {
    const { better } = FIGURE_WORDS[key]
    if (better === undefined || value === null || before === null || before === 0) return false
    const change = (value - before) / Math.abs(before)
    return better === 'more' ? change < -NOTABLE : change > NOTABLE
  }
  const worse = figures.filter(isWorse).map(({ key }) => FIGURE_WORDS[key].title[language])
  if (worse.length === 0)
    return [
      language === 'zh'
        ? '没有指标比上期明显变差。'
        : 'No figure is clearly worse than in the period before.',
    ]
  return [
    language === 'zh'
      ? `比上期明显变差的指标：${worse.join('、')}。`
      : `Clearly worse than in the period before: ${worse.join(', ')}.`,
  ]
}
