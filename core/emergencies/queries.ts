import { type Kysely, sql } from 'kysely'
import {
  EMERGENCY_STEPS,
  type EmergencyChoices,
  type EmergencyDetail,
  type EmergencyList,
  type EmergencyNotice,
  type EmergencyRow,
} from '#protocol/api/emergencies.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { formatMoment } from '#protocol/words/format.ts'
import { homeZone } from '#core/cabinets/zones.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { emergencyMachine, emergencyNoticeMachine } from './machine.ts'
import { scopeOf } from './notices.ts'
import { isReportLate } from './report-clock.ts'
import { affectedBy } from './scope.ts'
import { reportText } from './texts.ts'

const LIST_LENGTH = 200

function rowsFor(db: Kysely<Tables>) {
  return db
    .selectFrom('emergency as e')
    .innerJoin('staff as s', 's.staffId', 'e.openedById')
    .selectAll('e')
    .select('s.displayName as openedBy')
}
type Row = Awaited<ReturnType<ReturnType<typeof rowsFor>['execute']>>[number]

function shown(row: Row, nowMs: number): EmergencyRow {
  return {
    emergencyId: row.emergencyId,
    number: row.number,
    kind: row.kind,
    title: row.title,
    state: row.state,
    discoveredAtMs: row.discoveredAtMs,
    discoveredBy: row.discoveredBy,
    openedAtMs: row.openedAtMs,
    openedBy: row.openedBy,
    reportDueAtMs: row.reportDueAtMs,
    reportedAtMs: row.reportedAtMs,
    isReportLate: row.state !== 'false_alarm' && isReportLate(row, nowMs),
    endedAtMs: row.endedAtMs,
    version: row.version,
  }
}

export async function listEmergencies(db: Kysely<Tables>, nowMs: number): Promise<EmergencyList> {
  const rows = await rowsFor(db).orderBy('e.openedAtMs', 'desc').limit(LIST_LENGTH).execute()
  // What is open stands first.
  const open = rows.filter(({ endedAtMs }) => endedAtMs === null)
  return {
    emergencies: [...open, ...rows.filter(({ endedAtMs }) => endedAtMs !== null)].map((row) =>
      shown(row, nowMs),
    ),
    open: open.length,
    unreported: open.filter(({ reportedAtMs }) => reportedAtMs === null).length,
  }
}

/** Every cabinet and every product, in the order in which people look for them. */
export async function emergencyChoices(db: Kysely<Tables>): Promise<EmergencyChoices> {
  const [cabinets, products] = await Promise.all([
    db.selectFrom('cabinet').select(['cabinetId', 'nameZh', 'nameEn']).orderBy('nameZh').execute(),
    db.selectFrom('product').select(['sku', 'nameZh', 'nameEn']).orderBy('nameZh').execute(),
  ])
  const name = (row: { nameZh: string; nameEn: string }) => ({ zh: row.nameZh, en: row.nameEn })
  return {
    cabinets: cabinets.map((row) => ({ cabinetId: row.cabinetId, name: name(row) })),
    products: products.map((row) => ({ sku: row.sku, name: name(row) })),
  }
}

/** @throws not_found */
export async function emergencyFor(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  emergencyId: string,
  nowMs: number,
): Promise<EmergencyDetail> {
  const row = await rowsFor(db).where('e.emergencyId', '=', emergencyId).executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found', 'There is no such incident.')
  const scope = scopeOf(row)
  const [affected, log, reports, notices, zone, cabinets, product] = await Promise.all([
    affectedBy(db, scope),
    db
      .selectFrom('emergencyEntry')
      .selectAll()
      .where('emergencyId', '=', emergencyId)
      .orderBy('position')
      .execute(),
    db
      .selectFrom('emergencyReport as r')
      .innerJoin('staff as s', 's.staffId', 'r.staffId')
      .selectAll('r')
      .select('s.displayName as by')
      .where('r.emergencyId', '=', emergencyId)
      .orderBy('r.position')
      .execute(),
    noticesOf(db, staff, emergencyId),
    homeZone(db),
    scope.cabinetIds.length === 0
      ? []
      : db
          .selectFrom('cabinet')
          .select(['nameZh as zh', 'nameEn as en', 'contact'])
          .where('cabinetId', 'in', scope.cabinetIds)
          .execute(),
    scope.sku === null
      ? undefined
      : db
          .selectFrom('product')
          .select(['nameZh as zh', 'nameEn as en'])
          .where('sku', '=', scope.sku)
          .executeTakeFirst(),
  ])
  const prepared = (language: 'zh' | 'en') =>
    reportText(
      language,
      {
        number: row.number,
        kind: row.kind,
        title: row.title,
        discoveredBy: row.discoveredBy,
        discoveredAtMs: row.discoveredAtMs,
        scope,
        affected,
        cabinetNames: cabinets,
        productName: product ?? null,
        measures: log
          .filter(({ what }) => !what.startsWith('report_'))
          .map((entry) => ({ atMs: entry.atMs, by: entry.actorName, note: entry.note })),
        contact: staff.displayName,
      },
      (atMs) => formatMoment(language, atMs, nowMs, zone),
    )
  const mayWork = staff.permissions.has('emergency.work')
  const isOpen = row.endedAtMs === null
  const steps = EMERGENCY_STEPS.filter((step) => emergencyMachine.next(row.state, step) !== undefined)
  return {
    emergency: shown(row, nowMs),
    scope,
    scopeNames: { cabinets: cabinets.map(({ zh, en }) => ({ zh, en })), product: product ?? null },
    affected,
    log: log.map(({ position, atMs, actorName, what, note }) => ({
      position,
      atMs,
      by: actorName,
      what,
      note,
    })),
    reports: reports.map(({ position, recipient, text, sentAtMs, by }) => ({
      position,
      recipient,
      text,
      sentAtMs,
      by,
    })),
    preparedReport: { zh: prepared('zh'), en: prepared('en') },
    notices,
    improvementId: row.improvementId,
    actions: mayWork && isOpen ? ['log', 'report', 'scope', 'notice', ...steps] : mayWork ? ['log'] : [],
  }
}

async function noticesOf(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  emergencyId: string,
): Promise<EmergencyNotice[]> {
  const rows = await db
    .selectFrom('emergencyNotice as n')
    .innerJoin('staff as a', 'a.staffId', 'n.requestedBy')
    .leftJoin('staff as d', 'd.staffId', 'n.decidedBy')
    .selectAll('n')
    .select(['a.displayName as asker', 'd.displayName as decider'])
    .where('n.emergencyId', '=', emergencyId)
    .orderBy('n.requestedAtMs')
    .execute()
  const counts = await db
    .selectFrom('emergencyRecipient as r')
    .innerJoin('emergencyNotice as n', 'n.noticeId', 'r.noticeId')
    .leftJoin('notice as m', 'm.noticeId', 'r.sentAs')
    .select([
      'r.noticeId',
      sql<number>`count(*) filter (where r.state = 'sent')`.as('sent'),
      sql<number>`count(*) filter (where r.state = 'skipped')`.as('skipped'),
      sql<number>`count(*) filter (where m.state = 'accepted')`.as('accepted'),
    ])
    .where('n.emergencyId', '=', emergencyId)
    .groupBy('r.noticeId')
    .execute()
  const countOf = new Map(counts.map((one) => [one.noticeId, one]))
  const mayWork = staff.permissions.has('emergency.work')
  return rows.map((row) => {
    const count = countOf.get(row.noticeId)
    const sent = count?.sent ?? 0
    const inputs = (['approve', 'refuse', 'stop', 'resume'] as const).filter(
      (input) =>
        mayWork &&
        emergencyNoticeMachine.next(row.state, input) !== undefined &&
        !(input === 'approve' && row.requestedBy === staff.staffId),
    )
    return {
      noticeId: row.noticeId,
      audience: row.audience,
      title: { zh: row.titleZh, en: row.titleEn },
      text: { zh: row.textZh, en: row.textEn },
      state: row.state,
      count: row.count,
      sent,
      accepted: row.audience === 'operators' ? sent : (count?.accepted ?? 0),
      skipped: count?.skipped ?? 0,
      requestedBy: row.asker,
      requestedAtMs: row.requestedAtMs,
      decidedBy: row.decider,
      decidedAtMs: row.decidedAtMs,
      actions: inputs,
    }
  })
}
