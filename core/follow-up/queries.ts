import { type Kysely, sql } from 'kysely'
import type {
  CallBackDetail,
  CallBackList,
  CallBackRow as CallBackRowView,
  CallBackView,
} from '#protocol/api/call-backs.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { consumerLabel } from '#core/privacy/seal.ts'
import { type CallBackRow, questionsOf, reasonsOf } from './call-back-rows.ts'

const LIST_LENGTH = 200

function rowsFor(db: Kysely<Tables>, staff: StaffIdentity) {
  let rows = db
    .selectFrom('callBack as b')
    .innerJoin('ticket as t', 't.ticketId', 'b.ticketId')
    .leftJoin('cabinet as c', 'c.cabinetId', 't.cabinetId')
    .leftJoin('npsQuestion as n', 'n.ticketId', 'b.ticketId')
    .leftJoin('staff as e', 'e.staffId', 'b.endedById')
    .leftJoin('staff as o', 'o.staffId', 't.ownerId')
    .leftJoin('order as r', 'r.orderId', 't.orderId')
    .selectAll('b')
    .select([
      't.number',
      't.type',
      't.consumerId',
      't.language',
      't.outcome',
      't.rootCause',
      't.rating',
      't.ratingTags',
      't.resolvedAtMs',
      't.phoneTail',
      'c.nameZh',
      'c.nameEn',
      'c.siteZh',
      'c.siteEn',
      'c.contact',
      'n.score as nps',
      'e.displayName as endedBy',
      'o.displayName as solvedBy',
      'r.refundedFen',
    ])
    .select(
      sql<number>`exists (select 1 from "ticketMessage" m where m."ticketId" = b."ticketId" and m.sender = 'consumer' and m."atMs" >
        (select max(y."atMs") from "callBackTry" y where y."callBackId" = b."callBackId" and y.result = 'message_sent'))`.as(
        'hasAnswered',
      ),
    )
  if (!staff.permissions.has('callBack.lead')) rows = rows.where('b.audience', '=', 'agent')
  return rows
}
type Row = Awaited<ReturnType<ReturnType<typeof rowsFor>['execute']>>[number]

function shown(row: Row, language: StaffIdentity['language']): CallBackRowView {
  const site = language === 'zh' ? row.siteZh : row.siteEn
  return {
    callBackId: row.callBackId,
    ticketId: row.ticketId,
    ticketNumber: row.number,
    ticketType: row.type,
    segment: row.segment,
    reasons: reasonsOf(row),
    state: row.state,
    channel: row.channel,
    audience: row.audience,
    whoLabel:
      row.consumerId === null
        ? (site ?? (row.phoneTail === null ? '' : `···${row.phoneTail}`))
        : consumerLabel(row.consumerId),
    cabinetName: row.nameZh === null ? null : { zh: row.nameZh, en: row.nameEn ?? row.nameZh },
    attempts: row.attempts,
    attemptsMost: row.attemptsMost,
    dueAtMs: row.dueAtMs,
    endedAtMs: row.endedAtMs,
    endedBy: row.endedBy,
    rating: row.rating,
    nps: row.nps,
    hasAnswered: row.hasAnswered === 1,
    version: row.version,
  }
}

export async function listCallBacks(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  view: CallBackView,
  nowMs: number,
): Promise<CallBackList> {
  const planned = () => rowsFor(db, staff).where('b.state', '=', 'planned')
  const rows =
    view === 'ended'
      ? rowsFor(db, staff).where('b.state', '<>', 'planned').orderBy('b.endedAtMs', 'desc')
      : view === 'due'
        ? planned().where('b.dueAtMs', '<=', nowMs).orderBy('b.dueAtMs')
        : planned().where('b.dueAtMs', '>', nowMs).orderBy('b.dueAtMs')
  const [found, counts] = await Promise.all([
    rows.limit(LIST_LENGTH).execute(),
    countCallBacks(db, staff, nowMs),
  ])
  return { callBacks: found.map((row) => shown(row, staff.language)), counts }
}

/** @returns what this person may make now, and what comes later */
export async function countCallBacks(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  nowMs: number,
): Promise<CallBackList['counts']> {
  const row = await db
    .selectFrom('callBack')
    .select([
      sql<number>`count(*) filter (where "dueAtMs" <= ${nowMs})`.as('due'),
      sql<number>`count(*) filter (where "dueAtMs" > ${nowMs})`.as('coming'),
    ])
    .where('state', '=', 'planned')
    .$if(!staff.permissions.has('callBack.lead'), (rows) => rows.where('audience', '=', 'agent'))
    .executeTakeFirstOrThrow()
  return { due: row.due, coming: row.coming }
}

/** @throws not_found for what is the lead's */
export async function callBackFor(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  callBackId: string,
): Promise<CallBackDetail> {
  const row = await rowsFor(db, staff).where('b.callBackId', '=', callBackId).executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found', 'There is no such call-back.')
  const tries = await db
    .selectFrom('callBackTry as y')
    .innerJoin('staff as s', 's.staffId', 'y.staffId')
    .selectAll('y')
    .select('s.displayName')
    .where('y.callBackId', '=', callBackId)
    .orderBy('y.attempt')
    .execute()
  return {
    callBack: shown(row, staff.language),
    questions: questionsOf(row),
    planVersion: row.planVersion,
    language: row.language,
    outcome: row.outcome,
    rootCause: row.rootCause,
    ratingTags: JSON.parse(row.ratingTags) as string[],
    solvedAtMs: row.resolvedAtMs,
    solvedBy: row.solvedBy,
    refundedFen: row.refundedFen ?? 0,
    phoneTail: row.phoneTail,
    contact: row.consumerId === null && row.phoneTail === null ? row.contact : null,
    nextAttemptAtMs: row.state === 'planned' ? row.dueAtMs : null,
    tries: tries.map((one) => ({
      attempt: one.attempt,
      atMs: one.atMs,
      by: one.displayName,
      result: one.result,
      note: one.note,
      answers: JSON.parse(one.answers) as CallBackDetail['tries'][number]['answers'],
    })),
    actions: actionsOf(row, row.phoneTail !== null),
  }
}

function actionsOf(row: CallBackRow, hasNumber: boolean): CallBackDetail['actions'] {
  if (row.state !== 'planned') return []
  return [
    'attempt',
    ...(row.channel === 'message' && row.attempts < row.attemptsMost ? (['message'] as const) : []),
    ...(row.channel === 'phone' && hasNumber ? (['number'] as const) : []),
    'cancel',
  ]
}
