import type { Kysely } from 'kysely'
import type { MonthList, MonthSummary, SupportReport } from '#protocol/api/reports.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { dayOf } from '#core/ledger/day.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { nowOf } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { DaySales } from './day-sales.ts'
import { summaryText } from './summary-text.ts'
import { monthBefore, monthPeriod, supportReport } from './support-report.ts'

const KIND = 'report.month'
const HOUR_MS = 3_600_000
const MONTHS_SHOWN = 60

export interface Months {
  /** Looks for a month that ended and has no summary, and plans the next one. */
  start(): Promise<void>
  list(staff: StaffIdentity): Promise<MonthList>
  /** @throws not_found when it was not made */
  read(staff: StaffIdentity, month: string): Promise<MonthSummary>
  /** A further version, when figures of the month changed later. @throws bad_request before it has ended */
  make(by: StaffIdentity, month: string): Promise<void>
}

/** The summary of a month is made once by due work, soon after it ended, for everything and for each operator. */
export function createMonths(deps: CoreDeps & { due: DueWork; sales: DaySales }): Months {
  const { db, clock, log, due, sales } = deps
  due.on(KIND, async ({ subjectId: month }) => {
    await makeAll(month, 'rule:month')
    await planNext()
  })

  async function makeAll(month: string, by: string): Promise<void> {
    const rows = await db.read.selectFrom('cabinet').select('operator').distinct().execute()
    for (const operator of [null, ...rows.map((row) => row.operator)])
      await makeOne(month, operator, by, true)
  }
  async function makeOne(
    month: string,
    operator: string | null,
    by: string,
    isFirstOnly: boolean,
  ): Promise<void> {
    const report = await supportReport(
      { db: db.read, sales },
      operator,
      [monthPeriod(month), monthPeriod(monthBefore(month))],
      clock.now(),
    )
    await db.write('keep the summary of a month', async (tx) => {
      const last = await versionOf(tx, month, operator)
      if (last !== undefined && isFirstOnly) return
      await tx
        .insertInto('monthSummary')
        .values({
          month,
          operator: operator ?? '',
          version: (last ?? 0) + 1,
          report: JSON.stringify(report),
          textZh: JSON.stringify(summaryText('zh', report)),
          textEn: JSON.stringify(summaryText('en', report)),
          madeAtMs: nowOf(tx),
          madeBy: by,
        })
        .execute()
      await appendAudit(tx, {
        actor: by.startsWith('staff:') ? by : 'system',
        action: 'report.made',
        subject: `month:${month}`,
        detail: { operator, version: (last ?? 0) + 1 },
      })
    })
    log.info({ month, operator }, 'the summary of a month was made')
  }
  async function planNext(): Promise<void> {
    const month = dayOf(clock.now()).slice(0, 7)
    const dueAtMs = monthPeriod(month).untilMs + HOUR_MS
    await db.write('plan the summary of a month', (tx) =>
      due.schedule(tx, { kind: KIND, subjectId: month, dueAtMs }),
    )
  }
  const scopeOf = (staff: StaffIdentity) => staff.operator ?? ''

  return {
    async start() {
      const last = monthBefore(dayOf(clock.now()).slice(0, 7))
      if ((await versionOf(db.read, last, null)) === undefined)
        await db.write('plan the summary of the last month', (tx) =>
          due.schedule(tx, { kind: KIND, subjectId: last, dueAtMs: nowOf(tx) }),
        )
      else await planNext()
    },
    async list(staff) {
      const rows = await db.read
        .selectFrom('monthSummary')
        .select(['month'])
        .select((eb) => [eb.fn.max('version').as('version'), eb.fn.max('madeAtMs').as('madeAtMs')])
        .where('operator', '=', scopeOf(staff))
        .groupBy('month')
        .orderBy('month', 'desc')
        .limit(MONTHS_SHOWN)
        .execute()
      return { months: rows }
    },
    async read(staff, month) {
      const row = await db.read
        .selectFrom('monthSummary')
        .selectAll()
        .where('month', '=', month)
        .where('operator', '=', scopeOf(staff))
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst()
      if (row === undefined)
        throw new CabinetError(
          'not_found',
          `There is no summary of ${month}; it is made when the month has ended.`,
        )
      return {
        month: row.month,
        version: row.version,
        madeAtMs: row.madeAtMs,
        text: { zh: JSON.parse(row.textZh) as string[], en: JSON.parse(row.textEn) as string[] },
        report: JSON.parse(row.report) as SupportReport,
        mayMake: staff.permissions.has('report.make'),
      }
    },
    async make(by, month) {
      if (monthPeriod(month).untilMs > clock.now())
        throw new CabinetError('bad_request', `${month} has not ended yet.`)
      await makeOne(month, by.operator, `staff:${by.staffId}`, false)
    },
  }
}

async function versionOf(
  db: Kysely<Tables>,
  month: string,
  operator: string | null,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('monthSummary')
    .select((eb) => eb.fn.max('version').as('version'))
    .where('month', '=', month)
    .where('operator', '=', operator ?? '')
    .executeTakeFirst()
  return row?.version ?? undefined
}
