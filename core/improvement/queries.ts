import type { Kysely } from 'kysely'
import type {
  ImprovementItem,
  ImprovementList,
  ImprovementRow,
  ImprovementSubject,
  ImprovementView,
} from '#protocol/api/improvements.ts'
import { IMPROVEMENT_STEPS } from '#protocol/api/improvements.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Policy } from '#core/platform/policy.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { checkableAtMs } from './improvements.ts'
import { improvementMachine } from './machine.ts'
import { casesOf, ENDED_STATES, type ItemRow } from './store.ts'

const LIST_LENGTH = 200
const CASES_SHOWN = 100
const WEEKS_SHOWN = 12
const DAY_MS = 86_400_000

type Row = ItemRow & {
  ownerName: string | null
  cabinetZh: string | null
  cabinetEn: string | null
  productZh: string | null
  productEn: string | null
  cases: number | null
}

/** What this person may see: an operator only what is about their own cabinets. */
function rowsFor(db: Kysely<Tables>, staff: StaffIdentity) {
  let rows = db
    .selectFrom('improvementItem as i')
    .leftJoin('staff as s', 's.staffId', 'i.ownerId')
    .leftJoin('cabinet as c', (join) =>
      join.onRef('c.cabinetId', '=', 'i.subjectId').on('i.subjectKind', '=', 'cabinet'),
    )
    .leftJoin('product as p', (join) =>
      join.onRef('p.sku', '=', 'i.subjectId').on('i.subjectKind', '=', 'product'),
    )
    .selectAll('i')
    .select([
      's.displayName as ownerName',
      'c.nameZh as cabinetZh',
      'c.nameEn as cabinetEn',
      'p.nameZh as productZh',
      'p.nameEn as productEn',
    ])
    .select((eb) =>
      eb
        .selectFrom('improvementCase as k')
        .select((inner) => inner.fn.countAll<number>().as('count'))
        .whereRef('k.itemId', '=', 'i.itemId')
        .as('cases'),
    )
  if (staff.operator !== null) rows = rows.where('i.operator', '=', staff.operator)
  return rows
}

function shown(row: Row, nowMs: number): ImprovementRow {
  const [zh, en] =
    row.subjectKind === 'product' ? [row.productZh, row.productEn] : [row.cabinetZh, row.cabinetEn]
  return {
    itemId: row.itemId,
    number: row.number,
    state: row.state,
    source: row.source,
    title: { zh: row.titleZh, en: row.titleEn },
    rootCause: row.rootCause as ImprovementRow['rootCause'],
    subject:
      row.subjectKind === null || row.subjectId === null
        ? null
        : {
            kind: row.subjectKind,
            id: row.subjectId,
            name: { zh: zh ?? row.subjectId, en: en ?? row.subjectId },
          },
    ownerId: row.ownerId,
    ownerName: row.ownerName,
    dueAtMs: row.dueAtMs,
    isLate: row.endedAtMs === null && row.dueAtMs < nowMs,
    cases: row.cases ?? 0,
    round: row.round,
    openedAtMs: row.openedAtMs,
    version: row.version,
  }
}

export async function listItems(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  view: ImprovementView,
  policy: Pick<Policy, 'recurrenceCases' | 'recurrenceWindowDays'>,
  nowMs: number,
): Promise<ImprovementList> {
  const ended = [...ENDED_STATES]
  const [open, gone, goneCount] = await Promise.all([
    rowsFor(db, staff).where('i.state', 'not in', ended).orderBy('i.dueAtMs').limit(LIST_LENGTH).execute(),
    view === 'ended'
      ? rowsFor(db, staff)
          .where('i.state', 'in', ended)
          .orderBy('i.endedAtMs', 'desc')
          .limit(LIST_LENGTH)
          .execute()
      : [],
    db
      .selectFrom('improvementItem')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('state', 'in', ended)
      .$if(staff.operator !== null, (rows) => rows.where('operator', '=', staff.operator))
      .executeTakeFirstOrThrow(),
  ])
  const mine = open.filter(({ ownerId }) => ownerId === staff.staffId)
  const late = open.filter(({ dueAtMs }) => dueAtMs < nowMs)
  const rows = { open, mine, late, ended: gone }[view]
  return {
    items: rows.map((row) => shown(row, nowMs)),
    counts: { open: open.length, mine: mine.length, late: late.length, ended: goneCount.count },
    rule: { cases: policy.recurrenceCases, days: policy.recurrenceWindowDays },
    mayWork: staff.permissions.has('improvement.work'),
  }
}

/** @throws not_found for what this person may not see */
export async function itemFor(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  itemId: string,
  nowMs: number,
): Promise<ImprovementItem> {
  const row = await rowsFor(db, staff).where('i.itemId', '=', itemId).executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found', 'There is no such improvement item.')
  const [cases, history, people] = await Promise.all([
    db
      .selectFrom('improvementCase as k')
      .leftJoin('ticket as t', (join) =>
        join.onRef('t.ticketId', '=', 'k.caseId').on('k.kind', '=', 'ticket'),
      )
      .select(['k.kind', 'k.caseId', 'k.atMs', 't.ticketId', 't.number', 't.type'])
      .where('k.itemId', '=', itemId)
      .orderBy('k.atMs', 'desc')
      .limit(CASES_SHOWN)
      .execute(),
    db.selectFrom('improvementEvent').selectAll().where('itemId', '=', itemId).orderBy('version').execute(),
    db
      .selectFrom('staff')
      .select(['staffId', 'displayName'])
      .where('isActive', '=', 1)
      .where('role', 'in', ['agent', 'lead', 'manager', 'technician', 'operator'])
      // An operator gives work to their own people only.
      .where((eb) =>
        staff.operator === null
          ? eb.or([eb('operator', 'is', null), eb('operator', '=', row.operator)])
          : eb('operator', '=', staff.operator),
      )
      .orderBy('displayName')
      .execute(),
  ])
  const mayWork = staff.permissions.has('improvement.work') && row.endedAtMs === null
  return {
    item: shown(row, nowMs),
    plan: row.plan,
    action: row.action,
    check: row.checkNote,
    standard: row.standardNote,
    doneAtMs: row.doneAtMs,
    endedAtMs: row.endedAtMs,
    effect: await effectOf(db, row, nowMs),
    cases: cases.map((one) => ({
      kind: one.kind,
      caseId: one.caseId,
      ticketId: one.ticketId,
      ticketNumber: one.number,
      ticketType: one.type,
      atMs: one.atMs,
    })),
    history: history.map((one) => ({
      version: one.version,
      atMs: one.atMs,
      by: one.actorName,
      what: one.what,
      values: JSON.parse(one.eventValues) as Record<string, string | number>,
    })),
    people: people.map(({ staffId, displayName }) => ({ staffId, name: displayName })),
    actions: mayWork
      ? [
          'edit',
          ...IMPROVEMENT_STEPS.filter((step) => improvementMachine.next(row.state, step) !== undefined),
        ]
      : [],
  }
}

/** The same cause on the same subject, as long before the opening as after the change. */
async function effectOf(db: Kysely<Tables>, row: ItemRow, nowMs: number): Promise<ImprovementItem['effect']> {
  const { rootCause } = row
  if (rootCause === null) return null
  const subject: ImprovementSubject | null =
    row.subjectKind === null || row.subjectId === null ? null : { kind: row.subjectKind, id: row.subjectId }
  const windowMs = row.windowDays * DAY_MS
  const count = async (fromMs: number, toMs: number) => ({
    cases: (await casesOf(db, rootCause, subject, fromMs, toMs)).length,
    fromMs,
    toMs,
  })
  const untilMs = row.endedAtMs ?? nowMs
  const checkAtMs = checkableAtMs(row)
  const firstMs = untilMs - WEEKS_SHOWN * 7 * DAY_MS
  const recent = await casesOf(db, rootCause, subject, firstMs, untilMs)
  return {
    before: await count(row.openedAtMs - windowMs, row.openedAtMs),
    after: row.doneAtMs === null ? null : await count(row.doneAtMs, Math.min(nowMs, row.doneAtMs + windowMs)),
    isWindowOver: checkAtMs !== undefined && nowMs >= checkAtMs,
    weeks: Array.from({ length: WEEKS_SHOWN }, (_, week) => {
      const fromMs = firstMs + week * 7 * DAY_MS
      return {
        fromMs,
        cases: recent.filter(({ atMs }) => atMs > fromMs && atMs <= fromMs + 7 * DAY_MS).length,
      }
    }),
  }
}
