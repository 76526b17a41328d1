import { type Kysely, sql } from 'kysely'
import { COLD_POINTS_MOST, type ColdLog, type ColdReadings } from '#protocol/api/cold.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Policy } from '#core/platform/policy.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type Covered, decideCoverage, gapBeforeMs, type GapFacts } from './cold-gaps.ts'

export interface Period {
  readonly fromMs: number
  readonly toMs: number
}
interface ColdDeps {
  db: { readonly read: Kysely<Tables> }
  clock: { now(): number }
  policy: Policy
  /** When the cabinet was last heard; null: never. */
  heardMs: (cabinetId: string) => number | null
}

const ROWS_AT_ONCE = 5000
/** More of each kind in one period would be a broken cabinet, and no page could show them. */
const INTERVALS_MOST = 2000

/** @throws unknown_cabinet */
export async function coldLogOf(deps: ColdDeps, cabinetId: string, asked: Period): Promise<ColdLog> {
  const { db, policy } = deps
  const cabinet = await db.read
    .selectFrom('cabinet')
    .innerJoin('twin', 'twin.cabinetId', 'cabinet.cabinetId')
    .select(['nameZh', 'nameEn', 'siteZh', 'siteEn', 'operator', 'timeZone', 'twin.lockout'])
    .where('cabinet.cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (cabinet === undefined) throw new CabinetError('unknown_cabinet')
  const period = await inService(db.read, cabinetId, asked)
  const { fromMs, toMs } = period
  const lockout = JSON.parse(cabinet.lockout) as { isEnabled: boolean; limitDeciCelsius: number }
  const events = await coldEventsOf(deps, cabinetId, period)
  const facts = await factsOf(deps, cabinetId, period)
  const { gaps, recordedMs } = decideCoverage(await coveredOf(db.read, cabinetId, period), period, facts)
  return {
    cabinetId,
    cabinetName: { zh: cabinet.nameZh, en: cabinet.nameEn },
    site: { zh: cabinet.siteZh, en: cabinet.siteEn },
    operator: cabinet.operator,
    timeZone: cabinet.timeZone,
    fromMs,
    toMs,
    limitDeciCelsius: lockout.limitDeciCelsius,
    hasLockout: lockout.isEnabled,
    timers: {
      afterMs: policy.lockoutAfterMs,
      afterDoorCloseMs: policy.lockoutAfterDoorCloseMs,
      afterDefrostMs: policy.lockoutAfterDefrostMs,
      totalMs: policy.lockoutTotalMs,
      totalWindowMs: policy.lockoutTotalWindowMs,
      unseenMs: policy.lockoutUnseenMs,
    },
    recordedMs,
    gaps,
    ...(await figuresOf(db.read, cabinetId, period)),
    ...(await pointsOf(db.read, cabinetId, period)),
    ...(await surroundingsOf(deps, cabinetId, period)),
    ...events,
  }
}

/** A cabinet that was not there yet has no gap: its record begins with its service, or with what it measured before. */
async function inService(db: Kysely<Tables>, cabinetId: string, { fromMs, toMs }: Period): Promise<Period> {
  const cabinet = await db
    .selectFrom('cabinet')
    .select(['createdAtMs', 'enrolledAtMs'])
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  const sinceMs = cabinet?.enrolledAtMs ?? cabinet?.createdAtMs ?? fromMs
  if (sinceMs <= fromMs) return { fromMs, toMs }
  const first = await db
    .selectFrom('reading')
    .select(['atMs', 'windowMs'])
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '>', fromMs)
    .orderBy('atMs')
    .limit(1)
    .executeTakeFirst()
  const beganMs = Math.min(sinceMs, first === undefined ? sinceMs : first.atMs - first.windowMs)
  return { fromMs: Math.min(Math.max(fromMs, beganMs), toMs - 1), toMs }
}

/** Times and windows alone: what says where readings are missing. */
async function coveredOf(
  db: Kysely<Tables>,
  cabinetId: string,
  { fromMs, toMs }: Period,
): Promise<Covered[]> {
  return db
    .selectFrom('reading')
    .select(['atMs', 'windowMs'])
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '>', fromMs)
    .where('atMs', '<=', toMs)
    .orderBy('atMs')
    .execute()
}

async function figuresOf(
  db: Kysely<Tables>,
  cabinetId: string,
  { fromMs, toMs }: Period,
): Promise<Pick<ColdLog, 'readings' | 'highest' | 'lowest' | 'meanDeciCelsius'>> {
  const inPeriod = db
    .selectFrom('reading')
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '>', fromMs)
    .where('atMs', '<=', toMs)
  const all = await inPeriod
    .select((eb) => [
      eb.fn.countAll<number>().as('count'),
      sql<number | null>`sum(mean * windowMs) / nullif(sum(windowMs), 0)`.as('mean'),
    ])
    .executeTakeFirstOrThrow()
  const warmest = await inPeriod
    .select(['atMs', 'highest as deciCelsius'])
    .orderBy('highest', 'desc')
    .orderBy('atMs')
    .limit(1)
    .executeTakeFirst()
  const coldest = await inPeriod
    .select(['atMs', 'lowest as deciCelsius'])
    .orderBy('lowest')
    .orderBy('atMs')
    .limit(1)
    .executeTakeFirst()
  return {
    readings: all.count,
    highest: warmest ?? null,
    lowest: coldest ?? null,
    meanDeciCelsius: all.mean === null ? null : Math.round(all.mean),
  }
}

/** Many readings become wider points that keep their extremes. */
async function pointsOf(
  db: Kysely<Tables>,
  cabinetId: string,
  { fromMs, toMs }: Period,
): Promise<Pick<ColdLog, 'points' | 'pointMs'>> {
  const { count } = await db
    .selectFrom('reading')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '>', fromMs)
    .where('atMs', '<=', toMs)
    .executeTakeFirstOrThrow()
  const pointMs = count <= COLD_POINTS_MOST ? 0 : Math.ceil((toMs - fromMs) / COLD_POINTS_MOST)
  const slot = pointMs === 0 ? sql<number>`atMs` : sql<number>`(atMs - ${fromMs}) / ${pointMs}`
  const rows = await db
    .selectFrom('reading')
    .select((eb) => [
      eb.fn.max('atMs').as('atMs'),
      eb.fn.min('lowest').as('lowest'),
      sql<number>`cast(round(avg(mean)) as integer)`.as('mean'),
      eb.fn.max('highest').as('highest'),
    ])
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '>', fromMs)
    .where('atMs', '<=', toMs)
    .groupBy(slot)
    .orderBy('atMs')
    .execute()
  return { points: rows.map((row) => [row.atMs, row.lowest, row.mean, row.highest]), pointMs }
}

async function surroundingsOf(
  { db, clock }: ColdDeps,
  cabinetId: string,
  { fromMs, toMs }: Period,
): Promise<Pick<ColdLog, 'setpoints' | 'doorOpen' | 'doorOpenMs'>> {
  const setpoints = await db.read
    .selectFrom('setpointChange')
    .select(['atMs', 'setpointDeciCelsius'])
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '<=', toMs)
    .orderBy('atMs')
    .limit(INTERVALS_MOST)
    .execute()
  const doors = await db.read
    .selectFrom('doorInterval')
    .select(['openedAtMs', 'closedAtMs'])
    .where('cabinetId', '=', cabinetId)
    .where('openedAtMs', '<=', toMs)
    .where((eb) => eb.or([eb('closedAtMs', '>=', fromMs), eb('closedAtMs', 'is', null)]))
    .orderBy('openedAtMs', 'desc')
    .limit(INTERVALS_MOST)
    .execute()
  const doorOpen = doors
    .toReversed()
    .map(({ openedAtMs, closedAtMs }): [number, number] => [
      Math.max(fromMs, openedAtMs),
      Math.min(toMs, closedAtMs ?? clock.now()),
    ])
  return {
    setpoints: setpoints.map((row) => [row.atMs, row.setpointDeciCelsius]),
    doorOpen,
    doorOpenMs: doorOpen.reduce((sum, [from, to]) => sum + Math.max(0, to - from), 0),
  }
}

/** Everything that lasts for a while and reaches into the period. */
async function coldEventsOf(
  { db, clock }: ColdDeps,
  cabinetId: string,
  { fromMs, toMs }: Period,
): Promise<Pick<ColdLog, 'excursions' | 'lockouts' | 'probeFaults' | 'power'>> {
  const excursions = await db.read
    .selectFrom('excursion')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .where('beganAtMs', '<=', toMs)
    .where((eb) => eb.or([eb('endedAtMs', '>=', fromMs), eb('endedAtMs', 'is', null)]))
    .orderBy('toldAtMs', 'desc')
    .limit(INTERVALS_MOST)
    .execute()
  const lockouts = await db.read
    .selectFrom('lockoutInterval')
    .leftJoin('command', 'command.commandId', 'lockoutInterval.commandId')
    .selectAll('lockoutInterval')
    .select('command.role as role')
    .where('lockoutInterval.cabinetId', '=', cabinetId)
    .where('latchedAtMs', '<=', toMs)
    .where((eb) => eb.or([eb('clearedAtMs', '>=', fromMs), eb('clearedAtMs', 'is', null)]))
    .orderBy('latchedAtMs', 'desc')
    .limit(INTERVALS_MOST)
    .execute()
  const power = await db.read
    .selectFrom('powerMoment')
    .select(['atMs', 'kind'])
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '>=', fromMs)
    .where('atMs', '<=', toMs)
    .orderBy('atMs', 'desc')
    .limit(INTERVALS_MOST)
    .execute()
  return {
    excursions: excursions.map((row) => ({
      beganAtMs: row.beganAtMs,
      endedAtMs: row.endedAtMs,
      durationMs: Math.max(0, (row.endedAtMs ?? clock.now()) - row.beganAtMs),
      limitDeciCelsius: row.limitDeciCelsius,
      peakDeciCelsius: row.peakDeciCelsius,
    })),
    lockouts: lockouts.map((row) => ({
      latchedAtMs: row.latchedAtMs,
      cause: row.cause,
      warmMs: row.sinceMs,
      peakDeciCelsius: row.peakDeciCelsius,
      clearedAtMs: row.clearedAtMs,
      clearedBy: row.clearedBy,
      clearedByRole: row.role,
      clearReason: row.clearReason,
      goods: row.goods,
      commandId: row.commandId,
    })),
    probeFaults: await probeFaultsOf(db.read, cabinetId, { fromMs, toMs }),
    power,
  }
}

function probeFaultsOf(
  db: Kysely<Tables>,
  cabinetId: string,
  { fromMs, toMs }: Period,
): Promise<ColdLog['probeFaults']> {
  return db
    .selectFrom('probeFault')
    .select(['probe', 'fault', 'beganAtMs', 'endedAtMs'])
    .where('cabinetId', '=', cabinetId)
    .where('beganAtMs', '<=', toMs)
    .where((eb) => eb.or([eb('endedAtMs', '>=', fromMs), eb('endedAtMs', 'is', null)]))
    .orderBy('beganAtMs', 'desc')
    .limit(INTERVALS_MOST)
    .execute()
}

/** A broken second probe leaves no gap; only what made the air unknown does. */
async function factsOf(deps: ColdDeps, cabinetId: string, period: Period): Promise<GapFacts> {
  const { db, clock } = deps
  const started = await db.read
    .selectFrom('powerMoment')
    .select('atMs')
    .where('cabinetId', '=', cabinetId)
    .where('kind', '=', 'started')
    .where('atMs', '>=', period.fromMs)
    .where('atMs', '<=', period.toMs)
    .execute()
  const faults = await probeFaultsOf(db.read, cabinetId, period)
  return {
    probeFaults: faults.filter(({ probe }) => probe !== 'pair'),
    started: started.map(({ atMs }) => atMs),
    heardUntilMs: deps.heardMs(cabinetId) ?? 0,
    nowMs: clock.now(),
  }
}

/** Newest first. @param beforeMs  readings that end earlier than this */
export async function coldReadingsOf(
  db: Kysely<Tables>,
  cabinetId: string,
  asked: Period,
  page: { beforeMs: number | undefined; limit: number },
): Promise<ColdReadings> {
  const period = await inService(db, cabinetId, asked)
  let query = db
    .selectFrom('reading')
    .select(['atMs', 'windowMs', 'lowest', 'mean', 'highest', 'setpoint', 'compressorOnMs', 'doorOpenMs'])
    .where('cabinetId', '=', cabinetId)
    .where('atMs', '>', period.fromMs)
    .where('atMs', '<=', period.toMs)
    .orderBy('atMs', 'desc')
    // One more: the gap before the last of this page is known by the one that comes next.
    .limit(page.limit + 1)
  if (page.beforeMs !== undefined) query = query.where('atMs', '<', page.beforeMs)
  const rows = await query.execute()
  const shown = rows.slice(0, page.limit)
  return {
    readings: shown.map((row, index) => ({
      ...row,
      gapBeforeMs: gapBeforeMs(row, rows[index + 1], period.fromMs),
    })),
    nextBeforeMs: rows.length > page.limit ? (shown.at(-1)?.atMs ?? null) : null,
  }
}

/** All readings of a period in order of time, some at a time, for a download. */
export async function* readAllReadings(
  db: Kysely<Tables>,
  cabinetId: string,
  { fromMs, toMs }: Period,
): AsyncGenerator<Tables['reading'][]> {
  let afterMs = fromMs
  for (;;) {
    const rows = await db
      .selectFrom('reading')
      .selectAll()
      .where('cabinetId', '=', cabinetId)
      .where('atMs', '>', afterMs)
      .where('atMs', '<=', toMs)
      .orderBy('atMs')
      .limit(ROWS_AT_ONCE)
      .execute()
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < ROWS_AT_ONCE) return
    afterMs = last.atMs
  }
}
