import type { Language } from '#protocol/api/common.ts'
import type { ReportTableKey, SupportReport } from '#protocol/api/reports.ts'
import { yuanText } from '#protocol/base/units.ts'
import { FIGURE_WORDS } from '#protocol/words/reports.ts'
import { csvOf } from '#core/ledger/statements.ts'

const number = (value: number | null): string => (value === null ? '' : String(Number(value.toFixed(6))))
const HEADS: Readonly<Record<ReportTableKey, { zh: readonly string[]; en: readonly string[] }>> = {
  figures: {
    zh: ['指标', '单位', '本期', '上期', '分子', '分母', '定义'],
    en: ['figure', 'unit', 'value', 'before', 'numerator', 'denominator', 'meaning'],
  },
  types: { zh: ['代码', '类型', '本期', '上期'], en: ['code', 'type', 'opened', 'before'] },
  causes: { zh: ['原因', '本期', '上期'], en: ['cause', 'cases', 'before'] },
  refunds: {
    zh: ['原因', '笔数', '金额（元）', '上期金额（元）'],
    en: ['reason', 'refunds', 'amount (yuan)', 'before (yuan)'],
  },
  cabinets: {
    zh: ['货柜', '名称', '订单', '问题', '争议率', '上期争议率'],
    en: ['cabinet', 'name', 'orders', 'questions', 'dispute rate', 'before'],
  },
  products: {
    zh: ['商品', '名称', '订单', '问题', '争议率', '上期争议率'],
    en: ['product', 'name', 'orders', 'questions', 'dispute rate', 'before'],
  },
  days: {
    zh: ['日期', '新工单', '已解决', '问题', '退款（元）'],
    en: ['day', 'opened', 'solved', 'questions', 'refunded (yuan)'],
  },
}

/** One table of a report as a file for a spreadsheet; ratios from 0 to 1, times in milliseconds. */
export function reportCsv(language: Language, report: SupportReport, table: ReportTableKey): string {
  return csvOf([HEADS[table][language], ...rowsOf(language, report, table)])
}
function rowsOf(language: Language, { figures, tables }: SupportReport, table: ReportTableKey): string[][] {
  switch (table) {
    case 'figures':
      return figures.map(({ key, unit, value, before, numerator, denominator }) => [
        FIGURE_WORDS[key].title[language],
        unit,
        number(value),
        number(before),
        number(numerator),
        number(denominator),
        FIGURE_WORDS[key].meaning[language],
      ])
    case 'types':
      return tables.types.map((row) => [
        row.type,
        row.label[language],
        number(row.opened),
        number(row.before),
      ])
    case 'causes':
      return tables.causes.map((row) => [row.rootCause, number(row.cases), number(row.before)])
    case 'refunds':
      return tables.refunds.map((row) => [
        row.reason,
        number(row.refunds),
        yuanText(row.amountFen),
        yuanText(row.beforeFen),
      ])
    case 'cabinets':
      return tables.cabinets.map((row) => [row.cabinetId, row.name[language], ...rateOf(row)])
    case 'products':
      return tables.products.map((row) => [row.sku, row.name[language], ...rateOf(row)])
    case 'days':
      return tables.days.map((row) => [
        row.day,
        number(row.opened),
        number(row.solved),
        number(row.disputes),
        yuanText(row.refundedFen),
      ])
  }
}
function rateOf(
  row: SupportReport['tables']['cabinets'][number] | SupportReport['tables']['products'][number],
) {
  return [number(row.orders), number(row.disputes), number(row.rate), number(row.before)]
}
