import type { Language } from '#protocol/api/common.ts'
import { REPORT_TABLES, type ReportTableKey, type SupportReport } from '#protocol/api/reports.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { FIGURE_WORDS, TABLE_WORDS } from '#protocol/words/reports.ts'
import { dayOf } from '#core/ledger/day.ts'
import type { Database } from '#core/platform/database.ts'
import { createDaySales } from '#core/reports/day-sales.ts'
import { figureText } from '#core/reports/figure-text.ts'
import { reportCsv } from '#core/reports/report-csv.ts'
import { summaryText } from '#core/reports/summary-text.ts'
import { monthBefore, monthPeriod, supportReport } from '#core/reports/support-report.ts'
import type { Settings } from './config.ts'
import type { CommandResult } from './finance-command.ts'

const LANGUAGE: Language = 'en'

/** `report`: a month of support, as text, JSON, or every table as CSV, one after the other. */
export async function reportCommand(db: Database, settings: Settings, nowMs: number): Promise<CommandResult> {
  const month = settings.month ?? monthBefore(dayOf(nowMs).slice(0, 7))
  const tables = settings.table === undefined ? REPORT_TABLES : [tableNamed(settings.table)]
  const report = await supportReport(
    { db: db.read, sales: createDaySales(db.read, () => nowMs) },
    settings.operator ?? null,
    [monthPeriod(month), monthPeriod(monthBefore(month))],
    nowMs,
  )
  if (settings.json) return { text: JSON.stringify({ month, ...report }, null, 2), code: 0 }
  if (settings.csv) {
    const files = tables.map((table) => reportCsv(LANGUAGE, report, table))
    if (files.length === 1) return { text: files[0] ?? '', code: 0 }
    const named = tables.map(
      (table, index) => `# ${TABLE_WORDS[table].title[LANGUAGE]}\r\n${files[index]?.slice(1)}`,
    )
    return { text: named.join('\r\n'), code: 0 }
  }
  return { text: textOf(month, report), code: 0 }
}

function textOf(month: string, report: SupportReport): string {
  const figures = report.figures.map(({ key, unit, value, before }) => {
    const [now, then] = [figureText(LANGUAGE, unit, value), figureText(LANGUAGE, unit, before)]
    return `  ${FIGURE_WORDS[key].title[LANGUAGE].padEnd(26)} ${now.padStart(12)}   before ${then}`
  })
  const whose = report.operator === null ? 'all cabinets' : report.operator
  return [`Support in ${month}, ${whose}`, ...figures, '', ...summaryText(LANGUAGE, report)].join('\n')
}
function tableNamed(name: string): ReportTableKey {
  const table = REPORT_TABLES.find((one) => one === name)
  if (table === undefined)
    throw new CabinetError(
      'config_invalid',
      `There is no table ${name}: --table ${REPORT_TABLES.join(', ')}.`,
    )
  return table
}
