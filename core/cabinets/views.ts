import type { Kysely } from 'kysely'
import type { CabinetDetail, CabinetRow, Readings, SetpointView } from '#protocol/api/staff/cabinets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { CommandName } from '#protocol/base/command-names.ts'
import { planogramOf, productsBySku, stockOf } from '#core/catalog/queries.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { cameraViews } from './camera-reports.ts'
import { commandViews, twinPartViews } from './control-views.ts'
import type { PresenceBook } from './presence.ts'
import { setpointView } from './setpoint-view.ts'

/** What other domains know about a cabinet; wired in app.ts, because sessions and tickets stand above cabinets. */
export interface CabinetNeighbours {
  liveSessionOf(cabinetId: string): Promise<string | null>
  openTicketsOf(cabinetId: string): Promise<number>
  recentSessionsOf(staff: StaffIdentity, cabinetId: string): Promise<CabinetDetail['sessions']>
}
interface ViewDeps {
  db: { readonly read: Kysely<Tables> }
  presence: PresenceBook
  clock: { now(): number }
  neighbours: CabinetNeighbours
}

/** @param operator  only the cabinets of this operator; all when null */
export async function fleetView(deps: ViewDeps, operator: string | null): Promise<CabinetRow[]> {
  let query = deps.db.read.selectFrom('cabinet').select('cabinetId').orderBy('cabinetId')
  if (operator !== null) query = query.where('operator', '=', operator)
  const rows = await query.limit(5000).execute()
  const views: CabinetRow[] = []
  for (const { cabinetId } of rows) views.push(await cabinetRow(deps, cabinetId))
  return views
}

export async function cabinetRow(deps: ViewDeps, cabinetId: string): Promise<CabinetRow> {
  const { db, presence, neighbours } = deps
  const row = await db.read
    .selectFrom('cabinet')
    .innerJoin('cabinetReport', 'cabinetReport.cabinetId', 'cabinet.cabinetId')
    .select(['cabinet.cabinetId', 'nameZh', 'nameEn', 'siteZh', 'siteEn', 'operator'])
    .select(['lastHeardMs', 'isDoorOpen', 'isLockedOut', 'isOutOfService', 'airDeciCelsius', 'camera'])
    .where('cabinet.cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (row === undefined) throw new CabinetError('unknown_cabinet')
  const now = presence.nowOf(cabinetId)
  const live = now.presence === 'online' ? presence.liveOf(cabinetId) : undefined
  const alarms = await db.read
    .selectFrom('alarm')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('cabinetId', '=', cabinetId)
    .where('state', 'in', ['raised', 'acknowledged'])
    .executeTakeFirstOrThrow()
  return {
    cabinetId,
    name: { zh: row.nameZh, en: row.nameEn },
    site: { zh: row.siteZh, en: row.siteEn },
    operator: row.operator,
    presence: now.presence,
    lastHeardMs: now.lastHeardMs ?? row.lastHeardMs,
    isDoorOpen: live === undefined ? flag(row.isDoorOpen) : live.isDoorOpen,
    isLockedOut: row.isLockedOut === 1,
    isOutOfService: row.isOutOfService === 1,
    airDeciCelsius: live === undefined ? row.airDeciCelsius : live.airDeciCelsius,
    setpoint: await setpointOf(deps, cabinetId),
    alarms: alarms.count,
    openTickets: await neighbours.openTicketsOf(cabinetId),
    liveSessionId: await neighbours.liveSessionOf(cabinetId),
    camera: live?.camera ?? row.camera,
  }
}
function flag(value: number | null): boolean | null {
  return value === null ? null : value === 1
}

export async function setpointOf(
  deps: Pick<ViewDeps, 'db' | 'presence' | 'clock'>,
  cabinetId: string,
): Promise<SetpointView> {
  const row = await deps.db.read
    .selectFrom('twin')
    .innerJoin('cabinetReport', 'cabinetReport.cabinetId', 'twin.cabinetId')
    .selectAll('twin')
    .select(['reportedSetpoint', 'reportedVersion', 'reportedAtMs'])
    .where('twin.cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (row === undefined) throw new CabinetError('unknown_cabinet')
  return setpointView(
    {
      desired: row.setpointDeciCelsius,
      setpointVersion: row.setpointVersion,
      setpointBy: row.setpointBy,
      setpointAtMs: row.setpointAtMs,
      isSent: row.sentAtMs !== null,
      lowest: row.lowestDeciCelsius,
      highest: row.highestDeciCelsius,
      answeredVersion: row.answeredVersion,
      answeredStatus: row.answeredStatus,
      answeredReason: row.answeredReason,
      answeredAtMs: row.answeredAtMs,
      heldVersion: row.reportedVersion,
      reported: row.reportedSetpoint,
      reportedAtMs: row.reportedAtMs,
    },
    deps.presence.nowOf(cabinetId).presence,
    deps.clock.now(),
  )
}

const EVENTS_SHOWN = 50
const ALARMS_SHOWN = 50

/** @param actions  what the reader may do here, and @param allowedCommands  may ask of the cabinet */
export async function cabinetDetail(
  deps: ViewDeps,
  staff: StaffIdentity,
  cabinetId: string,
  actions: string[],
  allowedCommands: CommandName[],
): Promise<CabinetDetail> {
  const { db, neighbours, presence } = deps
  const cabinet = await cabinetRow(deps, cabinetId)
  const planogram = await planogramOf(db.read, cabinetId)
  const { timeZone } = await db.read
    .selectFrom('cabinet')
    .select('timeZone')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirstOrThrow()
  const weighed = Object.keys(presence.liveOf(cabinetId)?.grams ?? {})
  const planned = (planogram?.shelves ?? []).map((shelf) => shelf.id)
  return {
    cabinet,
    cameras: await cameraViews(
      db.read,
      cabinetId,
      cabinet.presence === 'online' ? presence.liveOf(cabinetId)?.cameras : undefined,
    ),
    link: await linkOf(deps, cabinetId),
    stock: await stockView(deps, cabinetId, planogram),
    planogramVersion: planogram?.version ?? null,
    alarms: await alarmsOf(deps, cabinetId),
    commands: await commandViews(db.read, cabinetId),
    allowedCommands,
    twin: await twinPartViews(deps, cabinetId),
    timeZone,
    shelves: [...new Set([...planned, ...weighed])].toSorted(),
    sessions: await neighbours.recentSessionsOf(staff, cabinetId),
    events: await eventsOf(deps, cabinetId),
    actions,
  }
}

async function linkOf({ db }: ViewDeps, cabinetId: string): Promise<CabinetDetail['link']> {
  const receiver = await db.read
    .selectFrom('receiver')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  const report = await db.read
    .selectFrom('cabinetReport')
    .select(['boot', 'firmware', 'clockSkewMs'])
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  const dead = await db.read
    .selectFrom('deadLetter')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('cabinetId', '=', cabinetId)
    .where('resolvedAtMs', 'is', null)
    .executeTakeFirstOrThrow()
  return {
    epoch: receiver?.epoch ?? null,
    lastSeq: receiver?.lastSeq ?? 0,
    boot: report?.boot ?? 0,
    firmware: report?.firmware ?? null,
    clockSkewMs: report?.clockSkewMs ?? null,
    deadLetters: dead.count,
  }
}

async function stockView(
  { db, presence }: ViewDeps,
  cabinetId: string,
  planogram: Awaited<ReturnType<typeof planogramOf>>,
): Promise<CabinetDetail['stock']> {
  const products = await productsBySku(db.read)
  const stock = new Map(
    (await stockOf(db.read, cabinetId)).map((line) => [`${line.shelf}/${line.sku}`, line.quantity]),
  )
  const grams = presence.liveOf(cabinetId)?.grams ?? {}
  return (planogram?.shelves ?? []).flatMap((shelf) =>
    shelf.products.flatMap(({ sku, priceFen, capacity }) => {
      const product = products.get(sku)
      if (product === undefined) return []
      const { name, picture, unitGrams } = product
      const quantity = stock.get(`${shelf.id}/${sku}`) ?? 0
      return [
        {
          shelf: shelf.id,
          sku,
          name,
          picture,
          quantity,
          capacity,
          priceFen,
          unitGrams,
          liveGrams: grams[shelf.id] ?? null,
        },
      ]
    }),
  )
}

async function alarmsOf({ db }: ViewDeps, cabinetId: string): Promise<CabinetDetail['alarms']> {
  const rows = await db.read
    .selectFrom('alarm')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .orderBy('raisedAtMs', 'desc')
    .limit(ALARMS_SHOWN)
    .execute()
  return rows.map((row) => ({
    alarmId: row.alarmId,
    kind: row.kind,
    state: row.state as CabinetDetail['alarms'][number]['state'],
    raisedAtMs: row.raisedAtMs,
    count: row.count,
    key: row.key,
    values: JSON.parse(row.sentenceValues) as Record<string, string | number>,
    acknowledgedBy: row.acknowledgedBy,
  }))
}

async function eventsOf({ db }: ViewDeps, cabinetId: string): Promise<CabinetDetail['events']> {
  const rows = await db.read
    .selectFrom('inbox')
    .select(['epoch', 'seq', 'type', 'occurredAtMs', 'receivedAtMs', 'status', 'data'])
    .where('cabinetId', '=', cabinetId)
    .orderBy('epoch', 'desc')
    .orderBy('seq', 'desc')
    .limit(EVENTS_SHOWN)
    .execute()
  return rows.map(({ data, ...row }) => ({ ...row, summary: summaryOf(data) }))
}
/** The plain fields of an event, for a list. */
function summaryOf(data: string): string {
  return Object.entries(JSON.parse(data) as Record<string, unknown>)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')
    .slice(0, 200)
}

/** Two readings further apart than this many windows have a gap between them. */
const GAP_WINDOWS = 2.5

export async function readingsOf(
  db: Kysely<Tables>,
  cabinetId: string,
  range: { fromMs: number; toMs: number },
): Promise<Readings> {
  const { fromMs, toMs } = range
  const rows = await db
    .selectFrom('reading')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '>=', fromMs)
    .where('atMs', '<=', toMs)
    .orderBy('atMs')
    .limit(20_000)
    .execute()
  const setpoints = await db
    .selectFrom('setpointChange')
    .select(['atMs', 'setpointDeciCelsius'])
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '<=', toMs)
    .orderBy('atMs')
    .limit(1000)
    .execute()
  const doors = await db
    .selectFrom('doorInterval')
    .select(['openedAtMs', 'closedAtMs'])
    .where('cabinetId', '=', cabinetId)
    .where('openedAtMs', '>=', fromMs)
    .where('openedAtMs', '<=', toMs)
    .orderBy('openedAtMs')
    .limit(5000)
    .execute()
  const lockouts = await db
    .selectFrom('lockoutInterval')
    .select(['latchedAtMs', 'clearedAtMs'])
    .where('cabinetId', '=', cabinetId)
    .where('latchedAtMs', '<=', toMs)
    .orderBy('latchedAtMs')
    .limit(1000)
    .execute()
  const twin = await db
    .selectFrom('twin')
    .select('lockout')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (twin === undefined) throw new CabinetError('unknown_cabinet')
  const gaps: Array<[number, number]> = []
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1]
    if (before !== undefined && row.atMs - before.atMs > row.windowMs * GAP_WINDOWS)
      gaps.push([before.atMs, row.atMs - row.windowMs])
  }
  return {
    air: rows.map((row) => [row.atMs, row.lowest, row.mean, row.highest]),
    setpoints: setpoints.map((row) => [row.atMs, row.setpointDeciCelsius]),
    doorOpen: doors.map((row) => [row.openedAtMs, row.closedAtMs ?? toMs]),
    lockouts: lockouts.map((row) => [row.latchedAtMs, row.clearedAtMs]),
    gaps,
    limitDeciCelsius: (JSON.parse(twin.lockout) as { limitDeciCelsius: number }).limitDeciCelsius,
  }
}
