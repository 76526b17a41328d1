import type { Kysely, Selectable } from 'kysely'
import type { DisputeReason, Language } from '#protocol/api/common.ts'
import type { TicketResolve } from '#protocol/api/staff.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { isStoryKey, storyText } from '#protocol/words/story.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type TicketInput, ticketMachine } from './machine.ts'

export type TicketRow = Selectable<Tables['ticket']>
export type TicketMessageRow = Selectable<Tables['ticketMessage']>
type Values = Readonly<Record<string, string | number>>

export interface NewTicket {
  requestId: string
  type: string
  origin: TicketRow['origin']
  reason: DisputeReason | null
  priority: TicketRow['priority']
  orderId: string | null
  cabinetId: string | null
  consumerId: string | null
  amountFen: number | null
  lines: ReadonlyArray<{ lineId: string; quantity: number }>
  note: string | null
  language: Language
  openedBy: string
}

/** Short numbers that people read aloud begin here. */
const NUMBER_FIRST = 1001
/** Closed for good this long after it was resolved; until then one tap opens it again. */
const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const

export interface Tickets {
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
  ): Promise<TicketRow | undefined>
  say(tx: Tx, ticketId: string, message: NewMessage): Promise<void>
  get(db: Kysely<Tables>, ticketId: string): Promise<TicketRow>
  /** @throws CabinetError `conflict` when somebody changed it since `version` */
  claim(tx: Tx, ticketId: string, version: number, staffId: string): Promise<TicketRow>
  reply(
    tx: Tx,
    ticketId: string,
    by: Author,
    message: { requestId: string; version: number; text: string; isInternal: boolean },
  ): Promise<TicketRow>
  resolve(tx: Tx, ticketId: string, by: Author, resolution: TicketResolve): Promise<TicketRow>
  reopen(tx: Tx, ticketId: string, requestId: string, text: string | undefined): Promise<TicketRow>
}
export interface Author {
  staffId: string
  displayName: string
}
export interface NewMessage {
  requestId: string
  sender: TicketMessageRow['sender']
  text?: string
  key?: string
  values?: Values
  author?: Author
  isInternal?: boolean
}

export function createTickets(deps: CoreDeps & { due: DueWork }): Tickets {
  const { db, ids, log, policy, due } = deps
  due.on('ticket.close', (work) => close(work.subjectId))
  due.on('ticket.clock', (work) => warn(work.subjectId))

  async function get(reader: Kysely<Tables>, ticketId: string): Promise<TicketRow> {
    const ticket = await reader
      .selectFrom('ticket')
      .selectAll()
      .where('ticketId', '=', ticketId)
      .executeTakeFirst()
    if (ticket === undefined) throw new CabinetError('not_found', 'There is no such ticket.')
    return ticket
  }

  async function save(tx: Tx, ticket: TicketRow, change: Partial<TicketRow>): Promise<TicketRow> {
    const next = { ...ticket, ...change, version: ticket.version + 1 }
    await tx
      .updateTable('ticket')
      .set({ ...change, version: next.version })
      .where('ticketId', '=', ticket.ticketId)
      .execute()
    await recordChange(tx, {
      kind: 'ticket',
      subjectId: ticket.ticketId,
      ...(ticket.cabinetId === null ? {} : { cabinetId: ticket.cabinetId }),
      data: { state: next.state, version: next.version },
    })
    return next
  }

  async function advance(
    tx: Tx,
    ticketId: string,
    input: TicketInput,
    change: Partial<TicketRow> = {},
  ): Promise<TicketRow | undefined> {
    const ticket = await get(tx, ticketId)
    const state = ticketMachine.next(ticket.state, input)
    return state === undefined ? undefined : save(tx, ticket, { ...change, state })
  }

  /** Somebody else's change must be read before one's own is written. */
  async function seen(tx: Tx, ticketId: string, version: number): Promise<TicketRow> {
    const ticket = await get(tx, ticketId)
    if (ticket.version !== version)
      throw new CabinetError('conflict', 'The ticket has changed.', { context: { version: ticket.version } })
    return ticket
  }
  function must(ticket: TicketRow | undefined, what: string): TicketRow {
    if (ticket === undefined)
      throw new CabinetError('conflict', `The ticket cannot be ${what} in its present state.`)
    return ticket
  }

  async function say(tx: Tx, ticketId: string, message: NewMessage): Promise<void> {
    const { key, values = {} } = message
    const ticket = await get(tx, ticketId)
    const text =
      message.text ?? (key !== undefined && isStoryKey(key) ? storyText(ticket.language, key, values) : '')
    await tx
      .insertInto('ticketMessage')
      .values({
        messageId: ids.next('message'),
        ticketId,
        requestId: message.requestId,
        atMs: nowOf(tx),
        sender: message.sender,
        staffId: message.author?.staffId ?? null,
        authorName: message.author?.displayName ?? null,
        text,
        key: key ?? null,
        sentenceValues: JSON.stringify(values),
        isInternal: message.isInternal === true ? 1 : 0,
      })
      .onConflict((conflict) => conflict.columns(['ticketId', 'requestId']).doNothing())
      .execute()
  }
  async function isSaid(tx: Tx, ticketId: string, requestId: string): Promise<boolean> {
    const row = await tx
      .selectFrom('ticketMessage')
      .select('messageId')
      .where('ticketId', '=', ticketId)
      .where('requestId', '=', requestId)
      .executeTakeFirst()
    return row !== undefined
  }

  async function open(tx: Tx, ticket: NewTicket): Promise<TicketRow> {
    const before = await tx
      .selectFrom('ticket')
      .selectAll()
      .where('openedBy', '=', ticket.openedBy)
      .where('requestId', '=', ticket.requestId)
      .executeTakeFirst()
    if (before !== undefined) return before
    const last = await tx
      .selectFrom('ticket')
      .select((eb) => eb.fn.max('number').as('number'))
      .executeTakeFirst()
    const nowMs = nowOf(tx)
    const { lines, ...rest } = ticket
    const row: TicketRow = {
      ...rest,
      lines: JSON.stringify(lines),
      ticketId: ids.next('ticket'),
      number: (last?.number ?? NUMBER_FIRST - 1) + 1,
      state: ticketMachine.initial,
      openedAtMs: nowMs,
      firstResponseDueMs: nowMs + policy.firstResponseMs,
      firstRespondedAtMs: null,
      resolutionDueMs: nowMs + policy.resolutionMs,
      resolvedAtMs: null,
      closedAtMs: null,
      assigneeId: null,
      isAutomatic: 0,
      outcome: null,
      rootCause: null,
      outcomeKey: null,
      outcomeValues: '{}',
      rating: null,
      ratingTags: '[]',
      version: 1,
    }
    await tx.insertInto('ticket').values(row).execute()
    await due.schedule(tx, { kind: 'ticket.clock', subjectId: row.ticketId, dueAtMs: row.firstResponseDueMs })
    await recordChange(tx, {
      kind: 'ticket',
      subjectId: row.ticketId,
      ...(row.cabinetId === null ? {} : { cabinetId: row.cabinetId }),
      data: { state: row.state },
    })
    log.info({ ticketId: row.ticketId, orderId: row.orderId, type: row.type }, 'ticket opened')
    return row
  }

  /** A deadline passed: the ticket rises, once for each of its two clocks. */
  async function warn(ticketId: string): Promise<void> {
    await db.write('look at the clock of a ticket', async (tx) => {
      const ticket = await get(tx, ticketId)
      if (ticket.resolvedAtMs !== null) return
      const isLate =
        (ticket.firstRespondedAtMs === null && nowOf(tx) >= ticket.firstResponseDueMs) ||
        nowOf(tx) >= ticket.resolutionDueMs
      const higher = PRIORITIES[Math.min(PRIORITIES.length - 1, PRIORITIES.indexOf(ticket.priority) + 1)]
      if (isLate && higher !== undefined) await save(tx, ticket, { priority: higher })
      if (nowOf(tx) < ticket.resolutionDueMs)
        await due.schedule(tx, { kind: 'ticket.clock', subjectId: ticketId, dueAtMs: ticket.resolutionDueMs })
    })
  }

  async function close(ticketId: string): Promise<void> {
    await db.write('close a ticket', async (tx) => {
      await advance(tx, ticketId, 'closed', { closedAtMs: nowOf(tx) })
    })
  }

  async function finish(
    tx: Tx,
    ticketId: string,
    change: Partial<TicketRow>,
  ): Promise<TicketRow | undefined> {
    const done = await advance(tx, ticketId, 'resolved', { ...change, resolvedAtMs: nowOf(tx) })
    if (done === undefined) return undefined
    await due.cancel(tx, 'ticket.clock', ticketId)
    await due.schedule(tx, {
      kind: 'ticket.close',
      subjectId: ticketId,
      dueAtMs: nowOf(tx) + policy.reopenWindowMs,
    })
    return done
  }

  return {
    open,
    say,
    get,
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
    async claim(tx, ticketId, version, staffId) {
      const ticket = await seen(tx, ticketId, version)
      if (ticket.assigneeId === staffId) return ticket
      return must(await advance(tx, ticketId, 'claimed', { assigneeId: staffId }), 'claimed')
    },
    async reply(tx, ticketId, by, message) {
      // The page may send it again when an answer was lost.
      if (await isSaid(tx, ticketId, message.requestId)) return get(tx, ticketId)
      const ticket = await seen(tx, ticketId, message.version)
      await say(tx, ticketId, {
        requestId: message.requestId,
        sender: 'agent',
        text: message.text,
        author: by,
        isInternal: message.isInternal,
      })
      if (message.isInternal) return save(tx, ticket, {})
      return must(
        await advance(tx, ticketId, 'replied', {
          firstRespondedAtMs: ticket.firstRespondedAtMs ?? nowOf(tx),
          assigneeId: ticket.assigneeId ?? by.staffId,
        }),
        'answered',
      )
    },
    async resolve(tx, ticketId, by, resolution) {
      const ticket = await seen(tx, ticketId, resolution.version)
      if (resolution.reply !== undefined && resolution.reply !== '') {
        await say(tx, ticketId, {
          requestId: `${ticketId}/${resolution.version}`,
          sender: 'agent',
          text: resolution.reply,
          author: by,
        })
      }
      const refunded = ticket.orderId === null ? 0 : await refundedFen(tx, ticket.orderId)
      const done = must(
        await finish(tx, ticketId, {
          outcome: resolution.outcome,
          rootCause: resolution.rootCause,
          firstRespondedAtMs: ticket.firstRespondedAtMs ?? nowOf(tx),
          assigneeId: ticket.assigneeId ?? by.staffId,
          outcomeKey: `outcome.${resolution.outcome}`,
          outcomeValues: JSON.stringify({ amount: (refunded / 100).toFixed(2) }),
        }),
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
      if (await isSaid(tx, ticketId, requestId)) return get(tx, ticketId)
      const ticket = await get(tx, ticketId)
      if (ticket.resolvedAtMs === null || nowOf(tx) - ticket.resolvedAtMs > policy.reopenWindowMs)
        throw new CabinetError(
          'conflict',
          'The time to open it again is over; a new question can be asked on the order.',
        )
      await say(tx, ticketId, {
        requestId,
        sender: 'consumer',
        ...(text === undefined || text === '' ? { key: 'message.reopened' } : { text }),
      })
      const nowMs = nowOf(tx)
      await due.cancel(tx, 'ticket.close', ticketId)
      await due.schedule(tx, {
        kind: 'ticket.clock',
        subjectId: ticketId,
        dueAtMs: nowMs + policy.firstResponseMs,
      })
      return must(
        await advance(tx, ticketId, 'reopened', {
          resolvedAtMs: null,
          closedAtMs: null,
          isAutomatic: 0,
          firstRespondedAtMs: null,
          firstResponseDueMs: nowMs + policy.firstResponseMs,
          resolutionDueMs: nowMs + policy.resolutionMs,
          priority: 'high',
        }),
        'opened again',
      )
    },
  }
}

async function refundedFen(tx: Tx, orderId: string): Promise<number> {
  const row = await tx
    .selectFrom('refund')
    .select((eb) => eb.fn.sum<number | null>('amountFen').as('fen'))
    .where('orderId', '=', orderId)
    .where('state', '<>', 'rejected')
    .executeTakeFirst()
  return row?.fen ?? 0
}
