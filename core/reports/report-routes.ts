import Type from 'typebox'
import { MonthList, MonthSummary, REPORT_TABLES, SupportReport } from '#protocol/api/reports.ts'
import { oneOf } from '#protocol/api/common.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { dayOf } from '#core/ledger/day.ts'
import type { Access, StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { DaySales } from './day-sales.ts'
import type { Months } from './months.ts'
import { reportCsv } from './report-csv.ts'
import { periodBefore, periodOf, supportReport } from './support-report.ts'

const allow = (permission: 'report.read' | 'report.make') => ({
  config: { access: { kind: 'staff', permission } satisfies Access },
})
const closed = { additionalProperties: false } as const
const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })
const Period = { from: Type.Optional(Day), to: Type.Optional(Day) }
const Params = Type.Object({ month: Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$' }) }, closed)
const DAYS_SHOWN = 30
const DAY_MS = 86_400_000

/** `protocol/api/reports.ts`. */
export function registerReportRoutes(
  app: HttpApp,
  deps: CoreDeps & { months: Months; sales: DaySales },
): void {
  const { db, clock, months, sales } = deps
  const me = (request: { staff: StaffIdentity | null }) => request.staff as StaffIdentity
  /** Without days: the last thirty, today included. */
  function report(staff: StaffIdentity, { from, to }: { from?: string; to?: string }) {
    const last = to ?? dayOf(clock.now())
    const first = from ?? dayOf(clock.now() - (DAYS_SHOWN - 1) * DAY_MS)
    const period = periodOf(first, last)
    return supportReport({ db: db.read, sales }, staff.operator, [period, periodBefore(period)], clock.now())
  }

  app.get(
    '/api/staff/reports',
    {
      ...allow('report.read'),
      schema: { querystring: Type.Object(Period, closed), response: { 200: SupportReport } },
    },
    (request) => report(me(request), request.query),
  )
  app.get(
    '/api/staff/reports/table.csv',
    {
      ...allow('report.read'),
      schema: {
        querystring: Type.Object(
          { ...Period, table: oneOf(REPORT_TABLES), language: Type.Optional(oneOf(['zh', 'en'])) },
          closed,
        ),
      },
    },
    async (request, reply) => {
      const { table, language } = request.query
      const made = await report(me(request), request.query)
      // A download is on record, as a view of evidence is.
      await db.write('audit a download', (tx) =>
        appendAudit(tx, {
          actor: `staff:${me(request).staffId}`,
          action: 'report.downloaded',
          subject: `report:${table}`,
          detail: { from: made.period.from, to: made.period.to },
        }),
      )
      const name = `${table}-${made.period.from}-${made.period.to}`
      return reply
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${name}.csv"`)
        .send(reportCsv(language ?? me(request).language, made, table))
    },
  )
  app.get(
    '/api/staff/reports/months',
    { ...allow('report.read'), schema: { response: { 200: MonthList } } },
    (request) => months.list(me(request)),
  )
  app.get(
    '/api/staff/reports/months/:month',
    { ...allow('report.read'), schema: { params: Params, response: { 200: MonthSummary } } },
    (request) => months.read(me(request), request.params.month),
  )
  app.post(
    '/api/staff/reports/months/:month/make',
    { ...allow('report.make'), schema: { params: Params, response: { 200: MonthSummary } } },
    async (request) => {
      await months.make(me(request), request.params.month)
      return months.read(me(request), request.params.month)
    },
  )
}
