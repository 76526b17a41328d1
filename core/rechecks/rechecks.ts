import type { Selectable } from 'kysely'
import type {
  RecheckAnswer,
  RecheckDecision,
  RecheckObjection,
  RecheckScore,
  Scorecard,
} from '#protocol/api/rechecks.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Improvements } from '#core/improvement/improvements.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Notices } from '#core/notices/notices.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { sayOnTicket } from '#core/support/messages.ts'
import { tellAnswered } from '#core/support/tell-consumer.ts'
import { getTicket, saveTicket, type TicketRow } from '#core/support/ticket-store.ts'
import type { Tickets } from '#core/support/tickets.ts'
import { decideSample, isContent, problemsOf, type Score, scoreOf } from './decide-recheck.ts'
import { type RecheckInput, recheckMachine } from './machine.ts'
import { cardOfVersion, heldCard } from './scorecard.ts'

export type RecheckRecord = Selectable<Tables['recheck']>
const KIND = 'recheck.sample'
const DAY_MS = 86_400_000

export interface Rechecks {
  /** A ticket was closed: whether it is looked at again is decided by due work, which only one core claims. */
  ticketClosed(tx: Tx, ticket: TicketRow): Promise<void>
  /** It is worked on again: there is nothing yet to look at. */
  ticketReopened(tx: Tx, ticket: TicketRow): Promise<void>
  /** @throws not_allowed for one's own case, conflict, intake_invalid with every answer that is wrong */
  score(by: StaffIdentity, recheckId: string, wish: RecheckScore): Promise<void>
  /** @throws not_found for a case of somebody else, conflict when it was objected to before or too late */
  object(by: StaffIdentity, recheckId: string, wish: RecheckObjection): Promise<void>
  /** @throws not_allowed for whoever scored it or whose case it is */
  decide(by: StaffIdentity, recheckId: string, wish: RecheckDecision): Promise<void>
}

export function createRechecks(
  deps: CoreDeps & {
    due: DueWork
    tickets: Pick<Tickets, 'open' | 'reopenFor'>
    improvements: Pick<Improvements, 'open'>
    notices: Notices
  },
): Rechecks {
  const { db, ids, log, due, tickets, improvements } = deps
  due.on(KIND, (work) => sample(work.subjectId))

  async function sample(ticketId: string): Promise<void> {
    await db.write('sample a closed ticket', async (tx) => {
      const ticket = await getTicket(tx, ticketId)
      if (ticket.state !== 'closed' || ticket.closedAtMs === null) return
      const round = await roundOf(tx, ticketId)
      const agentId = ticket.isAutomatic === 1 ? null : await solverOf(tx, ticket)
      const before = await tx.selectFrom('recheck').selectAll().where('ticketId', '=', ticketId).execute()
      if (agentId === null || before.some((one) => one.round === round)) return
      const { card } = await heldCard(tx)
      const reason = decideSample(card.sample, {
        ticketId,
        round,
        agentId,
        type: ticket.type,
        sinceLast: await casesSinceLast(tx, agentId, ticketId),
        hasFailed: before.some(({ state }) => state === 'failed' || state === 'confirmed'),
      })
      if (reason === undefined) return
      const recheckId = ids.next('recheck')
      await tx
        .insertInto('recheck')
        .values({
          recheckId,
          ticketId,
          round,
          ticketType: ticket.type,
          agentId,
          reason,
          state: recheckMachine.initial,
          cardVersion: null,
          scorePercent: null,
          answers: '[]',
          note: null,
          rootCause: null,
          checkedById: null,
          checkedAtMs: null,
          follow: null,
          followTicketId: null,
          improvementId: null,
          objection: null,
          objectedAtMs: null,
          decisionNote: null,
          decidedById: null,
          decidedAtMs: null,
          createdAtMs: nowOf(tx),
          dueAtMs: nowOf(tx) + card.dueDays * DAY_MS,
          version: 1,
        })
        .execute()
      await recordChange(tx, { kind: 'recheck', subjectId: recheckId })
      log.info({ recheckId, ticketId, reason }, 'closed ticket taken for a re-check')
    })
  }

  async function unchanged(tx: Tx, recheckId: string, version: number): Promise<RecheckRecord> {
    const row = await getRecheck(tx, recheckId)
    if (row.version !== version)
      throw new CabinetError('conflict', 'Somebody else worked on this re-check.', {
        context: { version: row.version },
      })
    return row
  }
  async function advance(
    tx: Tx,
    row: RecheckRecord,
    input: RecheckInput,
    change: Partial<RecheckRecord>,
    by?: StaffIdentity,
  ): Promise<void> {
    const state = recheckMachine.next(row.state, input)
    if (state === undefined)
      throw new CabinetError('conflict', 'This re-check does not take that step any more.')
    await tx
      .updateTable('recheck')
      .set({ ...change, state, version: row.version + 1 })
      .where('recheckId', '=', row.recheckId)
      .execute()
    await appendAudit(tx, {
      actor: by === undefined ? 'system' : `staff:${by.staffId}`,
      action: `recheck.${state}`,
      subject: `ticket:${row.ticketId}`,
      detail: { recheckId: row.recheckId, from: row.state, ...change },
    })
    await recordChange(tx, { kind: 'recheck', subjectId: row.recheckId })
  }

  /** The case is worked on again: on its own ticket, or beside it when whoever asked is content. */
  async function follow(
    tx: Tx,
    by: StaffIdentity,
    ticket: TicketRow,
    row: RecheckRecord,
    wish: RecheckScore,
    text: string,
  ): Promise<Partial<RecheckRecord>> {
    const { recheckId } = row
    const isReopened = ticket.state === 'closed' && !(await contentWith(tx, ticket))
    const values = { score: wish.note }
    if (isReopened) {
      const opened = await tickets.reopenFor(tx, ticket.ticketId, { what: 'recheckFailed', by, values })
      await sayOnTicket(tx, ids, ticket.ticketId, {
        requestId: `recheck/${recheckId}/note`,
        sender: 'agent',
        author: by,
        text,
        isInternal: true,
      })
      if (ticket.consumerId !== null) {
        await sayOnTicket(tx, ids, ticket.ticketId, {
          requestId: `recheck/${recheckId}`,
          sender: 'system',
          key: 'message.rechecked',
        })
        await tellAnswered(tx, deps.notices, opened, `recheck/${recheckId}`)
      }
      return { follow: 'reopened' }
    }
    const beside = await tickets.open(tx, {
      requestId: `recheck/${recheckId}`,
      type: ticket.type,
      origin: 'staff',
      reason: ticket.reason,
      priority: 'high',
      orderId: ticket.orderId,
      cabinetId: ticket.cabinetId,
      // Nobody is told about it: whoever asked is content.
      consumerId: null,
      amountFen: ticket.amountFen,
      lines: JSON.parse(ticket.lines) as Array<{ lineId: string; quantity: number }>,
      note: text,
      language: ticket.language,
      openedBy: `staff:${by.staffId}`,
      channel: 'system',
      operator: ticket.operator,
      splitFromId: ticket.ticketId,
    })
    await saveTicket(
      tx,
      beside,
      { assigneeId: row.agentId, ownerId: row.agentId },
      { what: 'recheckFailed', by, values },
    )
    return { follow: 'follow_up', followTicketId: beside.ticketId }
  }

  return {
    async ticketClosed(tx, ticket) {
      if (ticket.isAutomatic === 1) return
      await due.schedule(tx, { kind: KIND, subjectId: ticket.ticketId, dueAtMs: nowOf(tx) })
    },
    async ticketReopened(tx, ticket) {
      await due.cancel(tx, KIND, ticket.ticketId)
      const waiting = await tx
        .selectFrom('recheck')
        .selectAll()
        .where('ticketId', '=', ticket.ticketId)
        .where('state', '=', 'waiting')
        .executeTakeFirst()
      if (waiting !== undefined) await advance(tx, waiting, 'reopened', {})
    },
    async score(by, recheckId, wish) {
      await db.write('score a re-check', async (tx) => {
        const row = await unchanged(tx, recheckId, wish.version)
        const ticket = await getTicket(tx, row.ticketId)
        if (await hasWorkedOn(tx, by, row))
          throw new CabinetError('not_allowed', 'Somebody who had nothing to do with the case looks at it.')
        const held = await heldCard(tx)
        if (held.version !== wish.cardVersion)
          throw new CabinetError('conflict', 'The scorecard has changed; load it again.', {
            context: { cardVersion: held.version },
          })
        const problems = problemsOf(held.card, wish.answers)
        if (problems.length > 0)
          throw new CabinetError('intake_invalid', 'Not every criterion is answered as it is asked.', {
            context: { fields: problems },
          })
        const score = scoreOf(held.card, wish.answers)
        const scored = {
          cardVersion: held.version,
          scorePercent: score.percent,
          answers: JSON.stringify(wish.answers),
          note: wish.note,
          checkedById: by.staffId,
          checkedAtMs: nowOf(tx),
        }
        if (score.isPassed) return advance(tx, row, 'passed', scored, by)
        const { rootCause } = wish
        if (rootCause === undefined)
          throw new CabinetError('bad_request', 'A case that fails needs the cause of what went wrong.')
        // First, because opening the ticket again drops a re-check that still waits.
        await advance(tx, row, 'failed', { ...scored, rootCause }, by)
        const text = sentenceOf(ticket, held.card, score, wish)
        const followed = await follow(tx, by, ticket, row, wish, text)
        const { itemId } = await improvements.open(tx, {
          source: 'recheck',
          sourceId: recheckId,
          rootCause,
          title: titleOf(held.card, score),
          plan: text,
          by,
          // How people work is the same at every cabinet.
          ...(rootCause === 'operation' || ticket.cabinetId === null
            ? {}
            : { subject: { kind: 'cabinet' as const, id: ticket.cabinetId } }),
          cases: [{ kind: 'ticket', caseId: ticket.ticketId, atMs: ticket.resolvedAtMs ?? nowOf(tx) }],
        })
        await tx
          .updateTable('recheck')
          .set({ ...followed, improvementId: itemId })
          .where('recheckId', '=', recheckId)
          .execute()
      })
    },
    async object(by, recheckId, { version, text }) {
      await db.write('object to a re-check', async (tx) => {
        const row = await unchanged(tx, recheckId, version)
        if (row.agentId !== by.staffId) throw new CabinetError('not_found', 'There is no such re-check.')
        if (row.objectedAtMs !== null)
          throw new CabinetError('conflict', 'There was an objection to this re-check already.')
        const untilMs = await objectUntilMs(tx, row)
        if (untilMs === undefined || nowOf(tx) > untilMs)
          throw new CabinetError('conflict', 'The time to object is over; speak with your lead.')
        await advance(tx, row, 'objected', { objection: text, objectedAtMs: nowOf(tx) }, by)
      })
    },
    async decide(by, recheckId, { version, decision, note }) {
      await db.write('decide an objection', async (tx) => {
        const row = await unchanged(tx, recheckId, version)
        if (row.checkedById === by.staffId || (await hasWorkedOn(tx, by, row)))
          throw new CabinetError(
            'not_allowed',
            'An objection is decided by somebody who neither scored nor worked on the case.',
          )
        await advance(
          tx,
          row,
          decision,
          { decisionNote: note, decidedById: by.staffId, decidedAtMs: nowOf(tx) },
          by,
        )
      })
    },
  }
}

/** @throws not_found */
export async function getRecheck(db: Pick<Tx, 'selectFrom'>, recheckId: string): Promise<RecheckRecord> {
  const row = await db.selectFrom('recheck').selectAll().where('recheckId', '=', recheckId).executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found', 'There is no such re-check.')
  return row
}
/** Until when the agent may object; undefined before it was scored. */
export async function objectUntilMs(
  db: Parameters<typeof cardOfVersion>[0],
  row: RecheckRecord,
): Promise<number | undefined> {
  if (row.checkedAtMs === null || row.cardVersion === null) return undefined
  return row.checkedAtMs + (await cardOfVersion(db, row.cardVersion)).objectionDays * DAY_MS
}
/** One's own case, or one that one answered or solved, is looked at by somebody else. */
export async function hasWorkedOn(
  db: Parameters<typeof cardOfVersion>[0],
  by: Pick<StaffIdentity, 'staffId'>,
  row: Pick<RecheckRecord, 'ticketId' | 'agentId'>,
): Promise<boolean> {
  if (row.agentId === by.staffId) return true
  const said = await db
    .selectFrom('ticketMessage')
    .select('messageId')
    .where('ticketId', '=', row.ticketId)
    .where('staffId', '=', by.staffId)
    .where('requestId', 'not like', 'recheck/%')
    .executeTakeFirst()
  const did = await db
    .selectFrom('ticketEvent')
    .select('version')
    .where('ticketId', '=', row.ticketId)
    .where('actor', '=', `staff:${by.staffId}`)
    .where('what', 'in', ['claimed', 'replied', 'resolved'])
    .executeTakeFirst()
  return said !== undefined || did !== undefined
}
export async function contentWith(
  db: Parameters<typeof cardOfVersion>[0],
  ticket: TicketRow,
): Promise<boolean> {
  const reached = await db
    .selectFrom('callBack')
    .select('callBackId')
    .where('ticketId', '=', ticket.ticketId)
    .where('state', '=', 'reached')
    .where('createdAtMs', '>=', ticket.resolvedAtMs ?? 0)
    .executeTakeFirst()
  return isContent({ rating: ticket.rating, saidSolved: reached !== undefined })
}

async function roundOf(tx: Tx, ticketId: string): Promise<number> {
  const row = await tx
    .selectFrom('ticketClock')
    .select((eb) => eb.fn.max('round').as('round'))
    .where('ticketId', '=', ticketId)
    .executeTakeFirst()
  return row?.round ?? 0
}
/** Whoever ended it last; who was responsible when nobody did. */
async function solverOf(tx: Tx, ticket: TicketRow): Promise<string | null> {
  const row = await tx
    .selectFrom('ticketEvent')
    .select('actor')
    .where('ticketId', '=', ticket.ticketId)
    .where('what', '=', 'resolved')
    .where('actor', 'like', 'staff:%')
    .orderBy('version', 'desc')
    .executeTakeFirst()
  return row?.actor.slice('staff:'.length) ?? ticket.ownerId
}
async function casesSinceLast(tx: Tx, agentId: string, ticketId: string): Promise<number> {
  const last = await tx
    .selectFrom('recheck')
    .select((eb) => eb.fn.max('createdAtMs').as('atMs'))
    .where('agentId', '=', agentId)
    .executeTakeFirst()
  const row = await tx
    .selectFrom('ticket')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('ownerId', '=', agentId)
    .where('closedAtMs', '>', last?.atMs ?? 0)
    .where('isAutomatic', '=', 0)
    .where('ticketId', '<>', ticketId)
    .executeTakeFirstOrThrow()
  return row.count
}

function titleOf(card: Scorecard, { missed }: Score): { zh: string; en: string } {
  const labels = card.criteria.filter(({ key }) => missed.includes(key)).map(({ label }) => label)
  return {
    zh: `质检未通过：${labels.map(({ zh }) => zh).join('、')}`,
    en: `Re-check failed: ${labels.map(({ en }) => en).join(', ')}`,
  }
}
/** What the agent reads on the ticket. */
function sentenceOf(ticket: TicketRow, card: Scorecard, score: Score, wish: RecheckScore): string {
  const { language } = ticket
  const noteOf = (key: string) => wish.answers.find((answer: RecheckAnswer) => answer.key === key)?.note ?? ''
  const lines = card.criteria
    .filter(({ key }) => score.missed.includes(key))
    .map(({ key, label }) => `- ${label[language]}: ${noteOf(key)}`)
  const head =
    language === 'zh' ? `质检未通过（${score.percent} 分）` : `The re-check failed (${score.percent} of 100)`
  return [head, ...lines, ...(wish.note.trim() === '' ? [] : [wish.note])].join('\n').slice(0, 2000)
}
