import type { Figure, FigureUnit } from '#protocol/api/reports.ts'
import type { Language } from '#protocol/api/common.ts'
import { yuanText } from '#protocol/base/units.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A figure as a person reads it, for texts and files; the console formats its own. */
export function figureText(language: Language, unit: FigureUnit, value: number | null): string {
  if (value === null) return language === 'zh' ? '无数据' : 'no data'
  switch (unit) {
    case 'count':
      return String(value)
    case 'fen':
      return `¥${yuanText(value)}`
    case 'ratio':
      return `${(value * 100).toFixed(value < 0.1 ? 2 : 1)}%`
    case 'score':
      return value.toFixed(2)
    case 'nps':
      return String(Math.round(value))
    case 'ms':
      return spanText(language, value)
  }
}
function spanText(language: Language, ms: number): string {
  const [zh, en, one] =
    ms < HOUR
      ? (['分钟', 'min', MINUTE] as const)
      : ms < 2 * DAY
        ? (['小时', 'h', HOUR] as const)
        : (['天', 'days', DAY] as const)
  const amount = ms / one
  const text = amount < 10 ? amount.toFixed(1).replace(/\.0$/, '') : String(Math.round(amount))
  return language === 'zh' ? `${text} ${zh}` : `${text} ${en}`
}

/** How it moved since the period before; empty when there is nothing to compare. */
export function moveText(language: Language, { unit, value, before }: Figure): string {
  if (value === null || before === null) return ''
  const same = language === 'zh' ? '与上期持平' : 'as in the period before'
  const [now, then] = [figureText(language, unit, value), figureText(language, unit, before)]
  if (now === then) return same
  return language === 'zh' ? `上期 ${then}` : `${then} in the period before`
}
