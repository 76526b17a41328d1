import { describe, expect, it } from 'vitest'
import { FIGURES, type FigureKey, type SupportReport } from '#protocol/api/reports.ts'
import { summaryText } from '#core/reports/summary-text.ts'
import { monthPeriod } from '#core/reports/support-report.ts'

type Values = Partial<Record<FigureKey, readonly [value: number | null, before: number | null]>>
function report(values: Values, tables: Partial<SupportReport['tables']> = {}): SupportReport {
  const units = {
    opened: 'count',
    solved: 'count',
    refunds: 'count',
    refunded: 'fen',
    score: 'score',
    nps: 'nps',
  }
  return {
    period: monthPeriod('2026-10'),
    before: monthPeriod('2026-09'),
    operator: null,
    figures: FIGURES.map((key) => {
      const [value, before] = values[key] ?? [
        key in units && units[key as keyof typeof units] !== 'score' && key !== 'nps' ? 0 : null,
        null,
      ]
      const unit = (units as Record<string, string>)[key] ?? (/median|tenths/.test(key) ? 'ms' : 'ratio')
      return {
        key,
        unit: unit as SupportReport['figures'][number]['unit'],
        value,
        before,
        numerator: 0,
        denominator: null,
      }
    }),
    tables: { types: [], causes: [], refunds: [], cabinets: [], products: [], days: [], ...tables },
  }
}

describe('the words of a month', () => {
  it('speak of nothing that nothing was counted for', () => {
    const text = summaryText('en', report({}))
    expect(text.join(' ')).not.toMatch(/no data|null|undefined|NaN/)
    expect(text).toContain('Nobody gave a score.')
    expect(summaryText('zh', report({})).join('')).not.toMatch(/无数据|null|undefined|NaN/)
  })
  it('compare with the month before, and name what got clearly worse', () => {
    const text = summaryText(
      'en',
      report({
        opened: [120, 100],
        opened_again: [0.08, 0.04],
        score: [4.5, 4.4],
        dispute_rate: [0.01, 0.0098],
      }),
    )
    expect(text[0]).toBe('120 tickets were opened (100 in the period before) and 0 solved.')
    expect(text.at(-1)).toBe('Clearly worse than in the period before: Opened again.')
  })
  it('name the cabinets with most questions for their orders, and the causes', () => {
    const row = { cabinetId: 'cab-001', orders: 50, before: null }
    const text = summaryText(
      'zh',
      report(
        {},
        {
          cabinets: [{ ...row, name: { zh: '大堂', en: 'Lobby' }, disputes: 2, rate: 0.04 }],
          causes: [{ rootCause: 'network', cases: 7, before: 1 }],
        },
      ),
    )
    expect(text).toEqual(
      expect.arrayContaining(['争议率最高的货柜：大堂 4.00%。', '最常见的原因：网络中断 (7)。']),
    )
  })
})
