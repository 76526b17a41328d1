import { isDeepStrictEqual } from 'node:util'
import type { CabinetForConsumer, DisputeView } from '#protocol/api/consumer.ts'
import type { QuestionRequest } from '#protocol/api/questions.ts'
import type { IntakeValues } from '#protocol/api/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { formatMoment } from '#protocol/words/format.ts'
import { findOrder, linesOf, type OrderRow } from '#core/orders/store.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { Disputes } from '../disputes.ts'
import { OPEN_TICKET_STATES } from '../machine.ts'
import type { createQualityCheck } from '../quality-check.ts'
import type { TicketRow, Tickets } from '../tickets.ts'
import { type DecidedQuestion, decideQuestion } from './decide-question.ts'

/** So many questions of one person at cabinets are worked on at a time; more is written in them. */
export const QUESTIONS_OPEN_MOST = 5
/** A visit that is longer ago is not what somebody who stands at the cabinet means. */
const VISIT_RECENT_MS = 24 * 3_600_000
/** Every visit has an order from its beginning; in these states it says nothing, or that nothing was taken. */
const WITHOUT_GOODS: ReadonlySet<OrderRow['state']> = new Set(['open', 'void'])
/** Each of these may be a new matter, whatever was asked before. */
const ALWAYS_NEW: ReadonlySet<QuestionRequest['kind']> = new Set(['other', 'prices'])

/** Questions from the code on a cabinet, without an order: a ticket with its cabinet, its clocks and what our record says. */
export interface Questions {
  /**
   * The same request again is the same question; the same kind while the first is open is written in the first.
   * @throws unknown_cabinet, not_found for an order that is not theirs or not of this cabinet, too_many_questions
   */
  ask(consumerId: string, cabinetId: string, request: QuestionRequest): Promise<DisputeView>
}

export function createQuestions(
  deps: CoreDeps & {
    tickets: Tickets
    disputes: Pick<Disputes, 'view'>
    quality: ReturnType<typeof createQualityCheck>
    cabinetForConsumer(cabinetId: string, consumerId: string): Promise<CabinetForConsumer>
  },
): Questions {
  const { db, clock, ids, log, tickets, disputes, quality } = deps

  async function ask(consumerId: string, cabinetId: string, request: QuestionRequest): Promise<DisputeView> {
    const { requestId } = request
    // As a question of its own, or written in one that was open.
    const before = await db.read
      .selectFrom('ticket')
      .select('ticketId')
      .where('consumerId', '=', consumerId)
      .where('openedBy', '=', consumerId)
      .where((eb) =>
        eb.or([
          eb('requestId', '=', requestId),
          eb.exists(
            eb
              .selectFrom('ticketMessage as m')
              .select('m.messageId')
              .whereRef('m.ticketId', '=', 'ticket.ticketId')
              .where('m.requestId', '=', requestId),
          ),
        ]),
      )
      .executeTakeFirst()
    if (before !== undefined) return disputes.view(consumerId, before.ticketId)
    const cabinet = await deps.cabinetForConsumer(cabinetId, consumerId)
    const order = await ownOrder(consumerId, cabinetId, request.orderId)
    const visit = await recentVisit(consumerId, cabinetId)
    const decided = decideQuestion(request, { cabinetId, status: cabinet.status, visit })
    const ticketId = await db.write('a question from a cabinet', async (tx) => {
      const same = ALWAYS_NEW.has(request.kind)
        ? undefined
        : await sameQuestion(tx, consumerId, cabinetId, order, decided)
      return same === undefined
        ? open(tx, { consumerId, cabinetId, request, order, decided })
        : askAgain(tx, same, request)
    })
    log.info({ ticketId, cabinetId, kind: request.kind }, 'question asked at a cabinet')
    return disputes.view(consumerId, ticketId)
  }

  async function ownOrder(
    consumerId: string,
    cabinetId: string,
    orderId: string | undefined,
  ): Promise<OrderRow | undefined> {
    if (orderId === undefined) return undefined
    const order = await findOrder(db.read, orderId)
    if (order === undefined || order.consumerId !== consumerId || order.cabinetId !== cabinetId)
      throw new CabinetError('not_found', 'There is no such order at this cabinet.')
    return order
  }

  async function recentVisit(consumerId: string, cabinetId: string) {
    const row = await db.read
      .selectFrom('session as s')
      .leftJoin('order as o', 'o.sessionId', 's.sessionId')
      .select(['s.state', 's.requestedAtMs', 's.openedAtMs', 'o.state as orderState'])
      .where('s.consumerId', '=', consumerId)
      .where('s.cabinetId', '=', cabinetId)
      .where('s.requestedAtMs', '>', clock.now() - VISIT_RECENT_MS)
      .orderBy('s.requestedAtMs', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row === undefined
      ? undefined
      : {
          atMs: row.openedAtMs ?? row.requestedAtMs,
          state: row.state,
          hasOrder: row.orderState !== null && !WITHOUT_GOODS.has(row.orderState),
        }
  }

  async function openQuestionsOf(tx: Tx, consumerId: string): Promise<TicketRow[]> {
    return tx
      .selectFrom('ticket')
      .selectAll()
      .where('consumerId', '=', consumerId)
      .where('channel', '=', 'code')
      .where('state', 'in', [...OPEN_TICKET_STATES])
      .orderBy('openedAtMs')
      .execute()
  }

  async function sameQuestion(
    tx: Tx,
    consumerId: string,
    cabinetId: string,
    order: OrderRow | undefined,
    decided: DecidedQuestion,
  ): Promise<TicketRow | undefined> {
    const said = (values: IntakeValues) => ({ ...values, boughtAtMs: null })
    return (await openQuestionsOf(tx, consumerId)).find(
      (ticket) =>
        ticket.openedBy === consumerId &&
        ticket.cabinetId === cabinetId &&
        ticket.type === decided.type &&
        ticket.orderId === (order?.orderId ?? null) &&
        isDeepStrictEqual(said(JSON.parse(ticket.intake) as IntakeValues), said(decided.intake)),
    )
  }

  async function askAgain(tx: Tx, ticket: TicketRow, { requestId, text }: QuestionRequest): Promise<string> {
    await tickets.write(tx, ticket.ticketId, {
      requestId,
      sender: 'consumer',
      ...(text === undefined || text === '' ? { key: 'message.asked_again' } : { text }),
    })
    return ticket.ticketId
  }

  async function open(
    tx: Tx,
    {
      consumerId,
      cabinetId,
      request,
      order,
      decided,
    }: {
      consumerId: string
      cabinetId: string
      request: QuestionRequest
      order: OrderRow | undefined
      decided: DecidedQuestion
    },
  ): Promise<string> {
    if ((await openQuestionsOf(tx, consumerId)).length >= QUESTIONS_OPEN_MOST)
      throw new CabinetError('too_many_questions', undefined, { context: { most: QUESTIONS_OPEN_MOST } })
    const consumer = await tx
      .selectFrom('consumer')
      .select('language')
      .where('consumerId', '=', consumerId)
      .executeTakeFirstOrThrow()
    const lines = order === undefined ? [] : await doubtedLines(tx, order, request)
    const { type, intake, priority, severity, sla, answers } = decided
    const text = request.text?.trim() ?? ''
    const ticket = await tickets.open(tx, {
      requestId: request.requestId,
      type,
      // With an order it is a doubt about that order, wherever it was asked.
      origin: order === undefined ? 'staff' : 'dispute',
      reason: order === undefined ? null : type === 'quality' ? 'quality' : 'other',
      priority,
      severity,
      sla,
      intake,
      orderId: order?.orderId ?? null,
      cabinetId,
      consumerId,
      amountFen: order === undefined ? null : order.totalFen - order.refundedFen,
      lines,
      note: text === '' ? null : text,
      language: request.language ?? consumer.language,
      openedBy: consumerId,
      channel: 'code',
    })
    const { ticketId, language } = ticket
    const zone = await tx
      .selectFrom('cabinet')
      .select('timeZone')
      .where('cabinetId', '=', cabinetId)
      .executeTakeFirstOrThrow()
    const at = (ms: number) => formatMoment(language, ms, nowOf(tx), zone.timeZone)
    if (text !== '')
      await tickets.say(tx, ticketId, { requestId: `${request.requestId}/note`, sender: 'consumer', text })
    for (const { key, atMs } of answers)
      await tickets.say(tx, ticketId, {
        requestId: `${ticketId}/${key}`,
        sender: 'system',
        key,
        ...(atMs === undefined ? {} : { values: { at: at(atMs) } }),
      })
    if (request.kind === 'food') {
      if (order === undefined)
        await raiseIncident(tx, ids, {
          kind: 'shelf_check',
          subject: cabinetId,
          message: 'A consumer reports goods of bad quality; look at the shelf and the batch.',
        })
      else await quality.check(tx, order, ticket, lines)
    }
    await tickets.say(tx, ticketId, {
      requestId: `${ticketId}/received`,
      sender: 'system',
      key: 'message.received',
      values: { due: at(ticket.firstResponseDueMs) },
    })
    return ticketId
  }

  /** The pieces of the order that the question points at; all of it when it names no product. */
  async function doubtedLines(tx: Tx, order: OrderRow, { sku }: QuestionRequest) {
    const lines = (await linesOf(tx, order.orderId)).filter(
      (line) => line.quantity > line.refundedQuantity && (sku === undefined || line.sku === sku),
    )
    return lines.map((line) => ({ lineId: line.lineId, quantity: line.quantity - line.refundedQuantity }))
  }

  return { ask }
}
