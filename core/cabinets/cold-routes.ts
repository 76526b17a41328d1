import Type from 'typebox'
import { COLD_PERIOD_MS_MOST, COLD_ROWS_MOST, ColdLog, ColdReadings } from '#protocol/api/cold.ts'
import { closed, Id } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { addDays, dayIn, startOfDayMs } from '#protocol/base/zone-days.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { coldCsv } from './cold-csv.ts'
import { coldLogOf, coldReadingsOf, type Period, readAllReadings } from './cold-log.ts'
import { checkCabinetOf } from './owner.ts'
import type { PresenceBook } from './presence.ts'
import { zoneOfCabinet } from './zones.ts'

const Params = Type.Object({ cabinetId: Id }, closed)
/** Days of the cabinet's own zone, both included; without them the last seven. */
const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'yyyy-MM-dd' })
const days = { fromDay: Type.Optional(Day), toDay: Type.Optional(Day) }
const PeriodQuery = Type.Object(days, closed)
const PageQuery = Type.Object(
  {
    ...days,
    beforeMs: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: COLD_ROWS_MOST })),
  },
  closed,
)
const ROWS_SHOWN = 100
const DAYS_SHOWN = 7
const allow = { config: { access: { kind: 'staff' as const, permission: 'readings.read' as const } } }

/** What a food inspector asks about the cold of one cabinet: `protocol/api/cold.ts`. */
export function registerColdRoutes(app: HttpApp, deps: CoreDeps & { presence: PresenceBook }): void {
  const { db, clock, presence } = deps
  const cold = {
    ...deps,
    heardMs: (cabinetId: string) => presence.nowOf(cabinetId).lastHeardMs ?? null,
  }

  async function periodOf(
    cabinetId: string,
    { fromDay, toDay }: { fromDay?: string; toDay?: string },
  ): Promise<Period> {
    const zone = await zoneOfCabinet(db.read, cabinetId)
    if (zone === undefined) throw new CabinetError('unknown_cabinet')
    const last = toDay ?? dayIn(clock.now(), zone)
    const fromMs = startOfDayMs(fromDay ?? addDays(last, 1 - DAYS_SHOWN), zone)
    const toMs = startOfDayMs(addDays(last, 1), zone)
    if (Number.isNaN(fromMs) || Number.isNaN(toMs))
      throw new CabinetError('bad_request', 'There is no such day; write it as 2026-03-01.')
    if (fromMs >= toMs)
      throw new CabinetError('bad_request', 'The period ends before it begins; choose a later last day.')
    if (toMs - fromMs > COLD_PERIOD_MS_MOST)
      throw new CabinetError('bad_request', 'The period is longer than 400 days; choose a shorter one.')
    // What has not happened yet is no gap.
    return { fromMs, toMs: Math.max(fromMs + 1, Math.min(toMs, clock.now())) }
  }

  app.get(
    '/api/staff/cabinets/:cabinetId/cold',
    { ...allow, schema: { params: Params, querystring: PeriodQuery, response: { 200: ColdLog } } },
    async (request) => {
      const { cabinetId } = request.params
      await checkCabinetOf(db.read, request.staff, cabinetId)
      return coldLogOf(cold, cabinetId, await periodOf(cabinetId, request.query))
    },
  )
  app.get(
    '/api/staff/cabinets/:cabinetId/cold/readings',
    { ...allow, schema: { params: Params, querystring: PageQuery, response: { 200: ColdReadings } } },
    async (request) => {
      const { cabinetId } = request.params
      await checkCabinetOf(db.read, request.staff, cabinetId)
      const { beforeMs, limit = ROWS_SHOWN, ...asked } = request.query
      return coldReadingsOf(db.read, cabinetId, await periodOf(cabinetId, asked), { beforeMs, limit })
    },
  )
  app.get(
    '/api/staff/cabinets/:cabinetId/cold/csv',
    { ...allow, schema: { params: Params, querystring: PeriodQuery } },
    async (request, reply) => {
      const { cabinetId } = request.params
      const staff = await checkCabinetOf(db.read, request.staff, cabinetId)
      const period = await periodOf(cabinetId, request.query)
      const log = await coldLogOf(cold, cabinetId, period)
      const readings: Array<Tables['reading']> = []
      for await (const rows of readAllReadings(db.read, cabinetId, period)) readings.push(...rows)
      await db.write('audit a download', (tx) =>
        appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'report.downloaded',
          subject: `report:cold-${cabinetId}`,
          detail: { ...period },
        }),
      )
      const day = dayIn(period.fromMs, log.timeZone)
      return reply
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="cold-${cabinetId}-${day}.csv"`)
        .send(coldCsv(log, readings))
    },
  )
}
