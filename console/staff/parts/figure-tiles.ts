import { html, nothing } from 'lit'
import type { Figure, FigureKey } from '#protocol/api/reports.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { FIGURE_WORDS } from '#protocol/words/reports.ts'
import { formatSpan } from '../../data/staff-format.ts'
import { reportWord as word } from '../../words/reports.ts'
import { choose } from '../../words/words.ts'
import { icon } from '../icons.ts'

export const FIGURE_GROUPS = {
  volume: ['opened', 'solved', 'without_person', 'opened_again'],
  speed: [
    'first_answer_median',
    'first_answer_nine_tenths',
    'first_answer_in_time',
    'solution_median',
    'solution_nine_tenths',
    'solution_in_time',
  ],
  content: ['score', 'content', 'rated', 'nps', 'nps_answered', 'called_back'],
  money: ['dispute_rate', 'refunded', 'refunds'],
} as const satisfies Record<string, readonly FigureKey[]>
export const FIGURE_GROUP_NAMES = ['volume', 'speed', 'content', 'money'] as const

export function figureValue({ unit }: Pick<Figure, 'unit'>, value: number | null): string {
  if (value === null) return word('noData')
  switch (unit) {
    case 'count':
      return String(value)
    case 'fen':
      return formatMoney(value)
    case 'ratio':
      return ratioText(value)
    case 'score':
      return `${value.toFixed(2)} / 5`
    case 'nps':
      return String(Math.round(value))
    case 'ms':
      return formatSpan(value)
  }
}
export function ratioText(value: number | null): string {
  return value === null ? word('noData') : `${(value * 100).toFixed(value < 0.1 ? 2 : 1)} %`
}

/** Figures with how they moved; what each means stands below it when asked for. */
export function figureTiles(figures: readonly Figure[], hasMeanings: boolean) {
  return FIGURE_GROUP_NAMES.map((group) => {
    const keys: readonly FigureKey[] = FIGURE_GROUPS[group]
    const own = keys.flatMap((key) => figures.find((figure) => figure.key === key) ?? [])
    return html`<section aria-labelledby="group-${group}"><h2 id="group-${group}" class="group-head">${word(`group.${group}`)}</h2>
      <ul class="tiles plain">${own.map((figure) => tile(figure, hasMeanings))}</ul></section>`
  })
}
function tile(figure: Figure, hasMeanings: boolean) {
  const words = FIGURE_WORDS[figure.key]
  const { numerator, denominator } = figure
  const isShare = figure.unit === 'ratio' && denominator !== null && denominator > 0
  return html`<li class="tile figure">
    <span class="tile-label">${choose(words.title)}</span>
    ${figure.value === null ? html`<span class="tile-value soft" aria-hidden="true">–</span><span class="soft small">${word('noData')}</span>` : html`<span class="tile-value number">${figureValue(figure, figure.value)}</span>`}
    <span class="small">${moved(figure)}</span>
    ${isShare ? html`<span class="soft small number">${word('counted', { numerator, denominator })}</span>` : nothing}
    ${hasMeanings ? html`<span class="soft small">${choose(words.meaning)}</span>` : nothing}
  </li>`
}
function moved(figure: Figure) {
  const { value, before, key } = figure
  if (value === null || before === null) return nothing
  const [now, then] = [figureValue(figure, value), figureValue(figure, before)]
  if (now === then) return html`<span class="soft">${word('asBefore')}</span>`
  const { better } = FIGURE_WORDS[key]
  const was = word('wasBefore', { value: then })
  if (better === undefined) return html`<span class="soft">${was}</span>`
  const isBetter = better === 'more' ? value > before : value < before
  return html`<span class="tone-text-${isBetter ? 'ok' : 'warn'}">${icon(isBetter ? 'circle-check' : 'triangle-alert')}${word(isBetter ? 'better' : 'worse')}</span> <span class="soft">${was}</span>`
}
