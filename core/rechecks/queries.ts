import { type Kysely, sql } from 'kysely'
import type {
  RecheckAnswer,
  RecheckDetail,
  RecheckList,
  RecheckRow,
  RecheckView,
} from '#protocol/api/rechecks.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { getTicket } from '#core/support/ticket-store.ts'
import { typeOf } from '#core/support/ticket-types.ts'
import { contentWith, hasWorkedOn, objectUntilMs } from './rechecks.ts'
import { cardOfVersion, heldCard } from './scorecard.ts'

const LIST_LENGTH = 200
const SCORED = ['passed', 'failed', 'objected', 'confirmed', 'lifted'] as const

/** A lead sees the whole team, everybody else what was scored of their own cases. */
function rowsFor(db: Kysely<Tables>, staff: StaffIdentity) {
  const rows = db
    .selectFrom('recheck as r')
    .innerJoin('ticket as t', 't.ticketId', 'r.ticketId')
    .innerJoin('staff as a', 'a.staffId', 'r.agentId')
    .leftJoin('staff as c', 'c.staffId', 'r.checkedById')
    .leftJoin('staff as d', 'd.staffId', 'r.decidedById')
    .selectAll('r')
    .select([
      't.number',
      'a.displayName as agentName',
      'c.displayName as checkedBy',
      'd.displayName as decidedBy',
    ])
  return staff.permissions.has('recheck.work')
    ? rows
    : rows.where('r.agentId', '=', staff.staffId).where('r.state', 'in', [...SCORED])
}
type Row = Awaited<ReturnType<ReturnType<typeof rowsFor>['execute']>>[number]

function shown(row: Row, nowMs: number): RecheckRow {
  return {
    recheckId: row.recheckId,
    ticketId: row.ticketId,
    ticketNumber: row.number,
    ticketType: row.ticketType,
    typeLabel: typeOf(row.ticketType).label,
    agentId: row.agentId,
    agentName: row.agentName,
    reason: row.reason,
    state: row.state,
    scorePercent: row.scorePercent,
    checkedBy: row.checkedBy,
    checkedAtMs: row.checkedAtMs,
    createdAtMs: row.createdAtMs,
    dueAtMs: row.dueAtMs,
    isLate: row.state === 'waiting' && row.dueAtMs < nowMs,
    version: row.version,
  }
}

export async function listRechecks(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  view: RecheckView,
  nowMs: number,
): Promise<RecheckList> {
  const all = rowsFor(db, staff)
  const rows =
    view === 'waiting'
      ? all.where('r.state', '=', 'waiting').orderBy('r.dueAtMs')
      : view === 'objections'
        ? all.where('r.state', '=', 'objected').orderBy('r.objectedAtMs')
        : view === 'done'
          ? all.where('r.state', 'in', [...SCORED]).orderBy('r.checkedAtMs', 'desc')
          : all
              .where('r.agentId', '=', staff.staffId)
              .where('r.state', 'in', [...SCORED])
              .orderBy('r.checkedAtMs', 'desc')
  const isLead = staff.permissions.has('recheck.work')
  const [found, counts] = await Promise.all([
    rows.limit(LIST_LENGTH).execute(),
    db
      .selectFrom('recheck')
      .select([
        sql<number>`count(*) filter (where state = 'waiting')`.as('waiting'),
        sql<number>`count(*) filter (where state = 'waiting' and "dueAtMs" < ${nowMs})`.as('late'),
        sql<number>`count(*) filter (where state = 'objected')`.as('objections'),
        sql<number>`count(*) filter (where "agentId" = ${staff.staffId} and "checkedAtMs" is not null)`.as(
          'mine',
        ),
      ])
      .executeTakeFirstOrThrow(),
  ])
  return {
    rechecks: found.map((row) => shown(row, nowMs)),
    counts: isLead ? counts : { waiting: 0, late: 0, objections: 0, mine: counts.mine },
  }
}

/** @throws not_found for a case of somebody else, when one is no lead */
export async function recheckFor(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  recheckId: string,
  nowMs: number,
): Promise<RecheckDetail> {
  const row = await rowsFor(db, staff).where('r.recheckId', '=', recheckId).executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found', 'There is no such re-check.')
  const held =
    row.cardVersion === null
      ? await heldCard(db)
      : { version: row.cardVersion, card: await cardOfVersion(db, row.cardVersion) }
  const ticket = await getTicket(db, row.ticketId)
  const untilMs = (await objectUntilMs(db, row)) ?? null
  const actions: RecheckDetail['actions'] = []
  const isStranger = staff.permissions.has('recheck.work') && !(await hasWorkedOn(db, staff, row))
  if (row.state === 'waiting' && isStranger) actions.push('score')
  if (row.state === 'failed' && row.agentId === staff.staffId && untilMs !== null && nowMs <= untilMs)
    actions.push('object')
  if (row.state === 'objected' && isStranger && row.checkedById !== staff.staffId) actions.push('decide')
  return {
    recheck: shown(row, nowMs),
    cardVersion: held.version,
    criteria: held.card.criteria,
    passPercent: held.card.passPercent,
    answers: JSON.parse(row.answers) as RecheckAnswer[],
    note: row.note,
    rootCause: row.rootCause as RecheckDetail['rootCause'],
    ticketRootCause: ticket.rootCause as RecheckDetail['rootCause'],
    isContent: await contentWith(db, ticket),
    follow: row.follow,
    followTicketId: row.followTicketId,
    improvementId: row.improvementId,
    objection: row.objection === null ? null : { text: row.objection, atMs: row.objectedAtMs ?? 0 },
    decision:
      row.decisionNote === null
        ? null
        : { note: row.decisionNote, by: row.decidedBy ?? '', atMs: row.decidedAtMs ?? 0 },
    objectUntilMs: untilMs,
    actions,
  }
}
