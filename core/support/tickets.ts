import type { Kysely } from 'kysely'
import type { TicketResolve } from '#protocol/api/staff/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { StoryKey } from '#protocol/words/story.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { ClockKind } from './clocks/clocks.ts'
import { givenBack } from './given-back.ts'
import { type TicketInput, ticketMachine } from './machine.ts'
import { isSaid, type NewMessage, sayOnTicket, unansweredOf } from './messages.ts'
import { newRow, type NewTicket } from './new-ticket.ts'
import { watchRisk } from './risk-watch.ts'
import { type ClockReactions, createTicketClocks, type TicketClocks } from './ticket-clocks.ts'
import {
  type Author,
  AWAKE,
  findSent,
  getTicket,
  getUnchanged,
  goesOn,
  type Happening,
  saveTicket,
  tellPages,
  type TicketRow,
  writeEvent,
} from './ticket-store.ts'
import { type Priority, typeOf } from './ticket-types.ts'

export type { NewMessage } from './messages.ts'
export type { NewTicket } from './new-ticket.ts'
export { AWAKE } from './ticket-store.ts'
export type { Author, TicketMessageRow, TicketRow } from './ticket-store.ts'
type Values = Readonly<Record<string, string | number>>

/** So many messages without an answer go to a lead. */
const UNANSWERED_MOST = 3
/** What follows the course of a ticket elsewhere; each in the transaction of its cause. */
export interface TicketReactions extends ClockReactions {
  ticketOpened(tx: Tx, ticket: TicketRow): Promise<void>
  ticketResolved(tx: Tx, ticket: TicketRow): Promise<void>
  ticketClosed(tx: Tx, ticket: TicketRow): Promise<void>
  ticketReopened(tx: Tx, ticket: TicketRow): Promise<void>
}

export interface Tickets {
  readonly clocks: TicketClocks
  open(tx: Tx, ticket: NewTicket): Promise<TicketRow>
  /** Solved by a rule, with the sentence that says how. */
  settle(
    tx: Tx,
    ticketId: string,
    outcome: { outcome: string; key: string; values: Values; rootCause: string },
  ): Promise<void>
  advance(
    tx: Tx,
    ticketId: string,
    input: TicketInput,
    change?: Partial<TicketRow>,
    happening?: Happening,
  ): Promise<TicketRow | undefined>
  say(tx: Tx, ticketId: string, message: NewMessage): Promise<void>
  get(db: Kysely<Tables>, ticketId: string): Promise<TicketRow>
  /** @throws CabinetError `conflict` when somebody changed it since `version` */
  claim(tx: Tx, ticketId: string, version: number, by: Author): Promise<TicketRow>
  reply(
    tx: Tx,
    ticketId: string,
    by: Author,
    message: { requestId: string; version: number; text: string; isInternal: boolean },
  ): Promise<TicketRow>
  /**
   * Who asked writes again; no version, because they never write over an agent. What was solved meanwhile is opened again,
   * and what was merged goes on in the other ticket.
   * @throws conflict when it was solved too long ago
   */
  write(tx: Tx, ticketId: string, message: NewMessage): Promise<TicketRow>
  /** @throws conflict, intake_invalid for an outcome that the type has not, nothing_given_back */
  resolve(tx: Tx, ticketId: string, by: Author, resolution: TicketResolve): Promise<TicketRow>
  reopen(tx: Tx, ticketId: string, requestId: string, text: string | undefined): Promise<TicketRow>
  /**
   * By staff or a rule, at any time: a call-back or a re-check found that it was not solved. Its clocks begin again, and
   * whoever was responsible is again.
   * @param happening  what the history says
   * @throws conflict when it is not solved or was merged
   */
  reopenFor(tx: Tx, ticketId: string, happening: Happening): Promise<TicketRow>
  setPriority(
    tx: Tx,
    ticketId: string,
    by: Author,
    wish: { version: number; priority: Priority; reason: string },
  ): Promise<TicketRow>
  /** A deadline that was set outside, such as the provider's for a complaint. */
  addOuterClock(tx: Tx, ticketId: string, kind: ClockKind, dueAtMs: number): Promise<void>
}

export function createTickets(deps: CoreDeps & { due: DueWork; reactions: TicketReactions }): Tickets {
  const { db, ids, log, policy, due, reactions } = deps
  const clocks = createTicketClocks(deps)
  due.on('ticket.close', (work) => close(work.subjectId))

  async function advance(
    tx: Tx,
    ticketId: string,
    input: TicketInput,
    change: Partial<TicketRow> = {},
    happening: Happening = { what: input },
  ): Promise<TicketRow | undefined> {
    const ticket = await getTicket(tx, ticketId)
    const state = ticketMachine.next(ticket.state, input)
    if (state === undefined) return undefined
    // Only waiting for the consumer stands still.
    const isPaused = state === 'waiting_consumer' ? 1 : 0
    const dues = isPaused === ticket.isPaused ? {} : await clocks.setPaused(tx, ticketId, isPaused === 1)
    // Whoever writes to a ticket that sleeps wakes it.
    const awake = input === 'consumerWrote' ? AWAKE : {}
    const next = await saveTicket(tx, ticket, { ...awake, ...dues, ...change, state, isPaused }, happening)
    if (state !== ticket.state) {
      if (state === 'resolved') await reactions.ticketResolved(tx, next)
      else if (state === 'closed') await reactions.ticketClosed(tx, next)
      else if (state === 'reopened') await reactions.ticketReopened(tx, next)
    }
    return next
  }

  function must(ticket: TicketRow | undefined, what: string): TicketRow {
    if (ticket === undefined)
      throw new CabinetError('conflict', `The ticket cannot be ${what} in its present state.`)
    return ticket
  }

  async function open(tx: Tx, ticket: NewTicket): Promise<TicketRow> {
    const before = await findSent(tx, ticket.openedBy, ticket.requestId)
    if (before !== undefined) return before
    const row = await newRow(tx, { ids, policy }, ticket)
    await tx.insertInto('ticket').values(row).execute()
    const dues = await clocks.begin(tx, row, 0)
    await tx.updateTable('ticket').set(dues).where('ticketId', '=', row.ticketId).execute()
    const opened = { ...row, ...dues }
    await writeEvent(tx, opened, { what: 'opened', values: { type: row.type, channel: row.channel } })
    await tellPages(tx, opened)
    await reactions.ticketOpened(tx, opened)
    await watchRisk(tx, clocks, opened.ticketId, ticket.note ?? '')
    log.info({ ticketId: row.ticketId, orderId: row.orderId, type: row.type }, 'ticket opened')
    // What follows saves it again, and the note may have brought it to a lead.
    return getTicket(tx, row.ticketId)
  }

  async function close(ticketId: string): Promise<void> {
    await db.write('close a ticket', async (tx) => {
      await advance(tx, ticketId, 'closed', { closedAtMs: nowOf(tx) })
    })
  }

  async function openAgain(tx: Tx, ticket: TicketRow, happening: Happening): Promise<TicketRow> {
    const { ticketId } = ticket
    await due.cancel(tx, 'ticket.close', ticketId)
    const rounds = await tx
      .selectFrom('ticketClock')
      .select((eb) => eb.fn.max('round').as('round'))
      .where('ticketId', '=', ticketId)
      .executeTakeFirst()
    const dues = await clocks.begin(tx, ticket, (rounds?.round ?? 0) + 1)
    return must(
      await advance(
        tx,
        ticketId,
        'reopened',
        {
          ...dues,
          resolvedAtMs: null,
          closedAtMs: null,
          isAutomatic: 0,
          firstRespondedAtMs: null,
          priority: ticket.priority === 'urgent' ? 'urgent' : 'high',
        },
        happening,
      ),
      'opened again',
    )
  }

  /** @throws conflict after the days in which it can be opened again */
  async function reopenWith(tx: Tx, ticket: TicketRow, message: NewMessage): Promise<TicketRow> {
    if (ticket.resolvedAtMs === null || nowOf(tx) - ticket.resolvedAtMs > policy.reopenWindowMs)
      throw new CabinetError(
        'conflict',
        'The time to open it again is over; a new question can be asked on the order.',
      )
    const { ticketId } = ticket
    await sayOnTicket(tx, ids, ticketId, message)
    await openAgain(tx, ticket, happeningOf('reopened', message))
    await watchRisk(tx, clocks, ticketId, message.text ?? '')
    return getTicket(tx, ticketId)
  }

  async function finish(
    tx: Tx,
    ticketId: string,
    change: Partial<TicketRow>,
    happening?: Happening,
  ): Promise<TicketRow | undefined> {
    const ticket = await getTicket(tx, ticketId)
    if (ticketMachine.next(ticket.state, 'resolved') === undefined) return undefined
    // Dues stay as they were promised: the archive tells whether they were kept.
    await clocks.ended(tx, ticketId)
    const gone = { ...AWAKE, deviceVersion: null }
    const done = await advance(
      tx,
      ticketId,
      'resolved',
      { ...gone, ...change, resolvedAtMs: nowOf(tx) },
      happening,
    )
    await due.schedule(tx, {
      kind: 'ticket.close',
      subjectId: ticketId,
      dueAtMs: nowOf(tx) + policy.reopenWindowMs,
    })
    return done
  }

  return {
    clocks,
    open,
    say: (tx, ticketId, message) => sayOnTicket(tx, ids, ticketId, message),
    get: getTicket,
    advance,
    async settle(tx, ticketId, { outcome, key, values, rootCause }) {
      await finish(tx, ticketId, {
        isAutomatic: 1,
        outcome,
        rootCause,
        outcomeKey: key,
        outcomeValues: JSON.stringify(values),
      })
    },
    async claim(tx, ticketId, version, by) {
      const ticket = await getUnchanged(tx, ticketId, version)
      if (ticket.assigneeId === by.staffId) return ticket
      const change = { assigneeId: by.staffId, ownerId: ticket.ownerId ?? by.staffId }
      return must(await advance(tx, ticketId, 'claimed', change, { what: 'claimed', by }), 'claimed')
    },
    async reply(tx, ticketId, by, message) {
      // The page may send it again when an answer was lost.
      if (await isSaid(tx, ticketId, message.requestId)) return getTicket(tx, ticketId)
      const ticket = await getUnchanged(tx, ticketId, message.version)
      await sayOnTicket(tx, ids, ticketId, {
        requestId: message.requestId,
        sender: 'agent',
        text: message.text,
        author: by,
        isInternal: message.isInternal,
      })
      if (message.isInternal) return saveTicket(tx, ticket, {}, { what: 'noted', by })
      const dues = await clocks.answered(tx, ticketId)
      return must(
        await advance(
          tx,
          ticketId,
          'replied',
          {
            firstResponseDueMs: dues.firstResponseDueMs,
            firstRespondedAtMs: ticket.firstRespondedAtMs ?? nowOf(tx),
            assigneeId: ticket.assigneeId ?? by.staffId,
            ownerId: ticket.ownerId ?? by.staffId,
          },
          { what: 'replied', by },
        ),
        'answered',
      )
    },
    async write(tx, ticketId, message) {
      const asked = await getTicket(tx, ticketId)
      const present = await goesOn(tx, asked)
      for (const one of [asked, present])
        if (await isSaid(tx, one.ticketId, message.requestId)) return present
      // Somebody may have solved it while this was being written.
      if (present.resolvedAtMs !== null) return reopenWith(tx, present, message)
      await sayOnTicket(tx, ids, present.ticketId, message)
      const happening = happeningOf('consumerWrote', message)
      const ticket = must(await advance(tx, present.ticketId, 'consumerWrote', {}, happening), 'written in')
      // R8: whoever has to ask again and again, or speaks of going further, is heard by somebody in charge.
      if ((await unansweredOf(tx, ticket.ticketId)) === UNANSWERED_MOST)
        await clocks.handToLead(tx, ticket, 'contact')
      if (message.sender === 'consumer') await watchRisk(tx, clocks, ticket.ticketId, message.text ?? '')
      return getTicket(tx, ticket.ticketId)
    },
    async resolve(tx, ticketId, by, resolution) {
      const ticket = await getUnchanged(tx, ticketId, resolution.version)
      const type = typeOf(ticket.type)
      if (!type.outcomes.includes(resolution.outcome) || !type.rootCauses.includes(resolution.rootCause))
        throw new CabinetError('intake_invalid', 'A ticket of this type is not closed in this way.', {
          context: { outcomes: type.outcomes, rootCauses: type.rootCauses },
        })
      if (resolution.reply !== undefined && resolution.reply !== '') {
        await sayOnTicket(tx, ids, ticketId, {
          requestId: `${ticketId}/${resolution.version}`,
          sender: 'agent',
          text: resolution.reply,
          author: by,
        })
      }
      const told = await sentenceOf(tx, ticket, resolution.outcome)
      const done = must(
        await finish(
          tx,
          ticketId,
          {
            outcome: resolution.outcome,
            rootCause: resolution.rootCause,
            firstRespondedAtMs: ticket.firstRespondedAtMs ?? nowOf(tx),
            assigneeId: ticket.assigneeId ?? by.staffId,
            ownerId: ticket.ownerId ?? by.staffId,
            outcomeKey: told.key,
            outcomeValues: JSON.stringify(told.values),
          },
          { what: 'resolved', by, values: { outcome: resolution.outcome } },
        ),
        'resolved',
      )
      await appendAudit(tx, {
        actor: `staff:${by.staffId}`,
        action: 'ticket.resolved',
        subject: `ticket:${ticketId}`,
        detail: { outcome: resolution.outcome, rootCause: resolution.rootCause },
      })
      return done
    },
    async reopen(tx, ticketId, requestId, text) {
      const ticket = await getTicket(tx, ticketId)
      if (await isSaid(tx, ticketId, requestId)) return ticket
      return reopenWith(tx, ticket, {
        requestId,
        sender: 'consumer',
        ...(text === undefined || text === '' ? { key: 'message.reopened' } : { text }),
      })
    },
    async reopenFor(tx, ticketId, happening) {
      const ticket = await getTicket(tx, ticketId)
      if (ticket.state !== 'resolved' && ticket.state !== 'closed')
        throw new CabinetError('conflict', 'Only a ticket that is solved is opened again.')
      return openAgain(tx, ticket, happening)
    },
    async setPriority(tx, ticketId, by, { version, priority, reason }) {
      const ticket = await getUnchanged(tx, ticketId, version)
      await appendAudit(tx, {
        actor: `staff:${by.staffId}`,
        action: 'ticket.prioritised',
        subject: `ticket:${ticketId}`,
        detail: { from: ticket.priority, to: priority, reason },
      })
      return saveTicket(
        tx,
        ticket,
        { priority },
        { what: 'prioritised', by, values: { from: ticket.priority, to: priority, reason } },
      )
    },
    async addOuterClock(tx, ticketId, kind, dueAtMs) {
      const dues = await clocks.addOuter(tx, ticketId, kind, dueAtMs)
      await tx.updateTable('ticket').set(dues).where('ticketId', '=', ticketId).execute()
    },
  }
}

function happeningOf(what: string, { author }: NewMessage): Happening {
  return { what, ...(author === undefined ? {} : { by: author }) }
}

/**
 * What whoever asked reads of the end of their ticket. Nobody is told of money that nobody sends.
 * @throws nothing_given_back
 */
async function sentenceOf(
  tx: Tx,
  ticket: TicketRow,
  outcome: TicketResolve['outcome'],
): Promise<{ key: StoryKey; values: Values }> {
  // Where nothing was charged, nothing is said about a charge.
  if (outcome === 'explained' && ticket.orderId === null) return { key: 'outcome.answered', values: {} }
  if (outcome !== 'refunded' && outcome !== 'partly_refunded')
    return { key: `outcome.${outcome}`, values: {} }
  const { refundedFen, loweredFen } = await givenBack(tx, ticket)
  if (refundedFen > 0) return { key: `outcome.${outcome}`, values: { amount: yuanText(refundedFen) } }
  if (loweredFen > 0) return { key: 'outcome.lowered', values: { amount: yuanText(loweredFen) } }
  throw new CabinetError('nothing_given_back')
}
