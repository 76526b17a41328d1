import type { DisputeRequest, DisputeView, RatingRequest } from '#protocol/api/consumer.ts'
import { PICTURES_OF_CONSUMER_MOST } from '#protocol/api/pictures.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { yuanText } from '#protocol/base/units.ts'
import { formatMoment } from '#protocol/words/format.ts'
import type { StoryKey } from '#protocol/words/story.ts'
import type { Anomalies } from '#core/anomalies/anomalies.ts'
import { ITEM_RETURNED_RULE, percent, type ReturnDecision } from '#core/anomalies/decide.ts'
import { returnedGoodsRule } from '#core/anomalies/returned-goods.ts'
import type { OrderQueries } from '#core/orders/queries.ts'
import { findOrder, getOrder, linesOf, type OrderRow } from '#core/orders/store.ts'
import type { Traces } from '#core/orders/trace.ts'
import type { Charges } from '#core/payments/charges.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { type Judged, judge } from '#core/policies/judge.ts'
import { lowerByRule, refundByRule } from '#core/refunds/by-rule.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { ASKED_FOR, createDisputeEvidence, type DisputeEvidence, type Finding } from './dispute-evidence.ts'
import { actionsOf, stateOf } from './dispute-state.ts'
import { decideDisputedLines, questionedFen } from './disputed-lines.ts'
import { createQualityCheck } from './quality-check.ts'
import type { TicketPictures } from './pictures/pictures.ts'
import { placeOf } from './questions/place.ts'
import type { Satisfaction } from './satisfaction.ts'
import { findSent, goesOn, isOfConsumer } from './ticket-store.ts'
import type { NewTicket, TicketRow, Tickets } from './tickets.ts'

export interface Disputes extends Pick<DisputeEvidence, 'reExamine' | 'weighAgain'> {
  /** One tap more than reading: looks at the evidence at once, and settles what is clear before it answers. */
  raise(consumerId: string, orderId: string, request: DisputeRequest): Promise<DisputeView>
  view(consumerId: string, disputeId: string): Promise<DisputeView>
  write(
    consumerId: string,
    disputeId: string,
    message: { requestId: string; text: string },
  ): Promise<DisputeView>
  reopen(
    consumerId: string,
    disputeId: string,
    message: { requestId: string; text?: string },
  ): Promise<DisputeView>
  rate(consumerId: string, disputeId: string, rating: RatingRequest): Promise<DisputeView>
  recommend(consumerId: string, disputeId: string, score: number): Promise<DisputeView>
}
const DISPUTABLE = new Set(['paid', 'partly_refunded', 'charging', 'arrears', 'paid_elsewhere', 'held'])

export function createDisputes(
  deps: CoreDeps & {
    policies: PolicyBook
    charges: Charges
    refunds: Refunds
    anomalies: Anomalies
    tickets: Tickets
    satisfaction: Satisfaction
    pictures: Pick<TicketPictures, 'of'>
    orders: OrderQueries
    traces: Traces
  },
): Disputes {
  const { db, clock, ids, policy, policies, log, charges, refunds, anomalies, tickets, orders } = deps
  const { satisfaction, pictures } = deps

  const quality = createQualityCheck(deps)
  const evidence = createDisputeEvidence(deps)

  async function ownOrder(consumerId: string, orderId: string): Promise<OrderRow> {
    const order = await findOrder(db.read, orderId)
    if (order === undefined || order.consumerId !== consumerId) throw new CabinetError('not_found')
    return order
  }
  async function ownTicket(consumerId: string, ticketId: string): Promise<TicketRow> {
    const ticket = await tickets.get(db.read, ticketId)
    if (!isOfConsumer(ticket) || ticket.consumerId !== consumerId) throw new CabinetError('not_found')
    // Their link keeps leading there.
    return goesOn(db.read, ticket)
  }

  async function raise(consumerId: string, orderId: string, request: DisputeRequest): Promise<DisputeView> {
    const order = await ownOrder(consumerId, orderId)
    const before = await findSent(db.read, consumerId, request.requestId)
    if (before !== undefined) return toView(await goesOn(db.read, before))
    if (!DISPUTABLE.has(order.state))
      throw new CabinetError('order_not_refundable', 'Nothing was charged on this order.')
    const lines = decideDisputedLines(await linesOf(db.read, orderId), request.lines)
    const finding = await evidence.examine(order, request.reason, lines)
    const ticketId = await db.write('raise a dispute', (tx) =>
      settleOrAsk(tx, order, request, lines, finding),
    )
    log.info({ ticketId, orderId, reason: request.reason, finding: finding.kind }, 'dispute raised')
    return toView(await tickets.get(db.read, ticketId))
  }

  async function settleOrAsk(
    tx: Tx,
    order: OrderRow,
    request: DisputeRequest,
    lines: DisputeRequest['lines'],
    finding: Finding,
  ): Promise<string> {
    const consumer = await tx
      .selectFrom('consumer')
      .select('language')
      .where('consumerId', '=', order.consumerId)
      .executeTakeFirstOrThrow()
    const own = await linesOf(tx, order.orderId)
    const amountFen = own.reduce((sum, line) => sum + questionedFen(line, lines), 0)
    const about: NewTicket = {
      requestId: request.requestId,
      type: request.reason,
      origin: 'dispute',
      reason: request.reason,
      priority: 'normal',
      orderId: order.orderId,
      cabinetId: order.cabinetId,
      consumerId: order.consumerId,
      amountFen,
      lines,
      note: request.note ?? null,
      language: request.language ?? consumer.language,
      openedBy: order.consumerId,
    }
    const ticket = await tickets.open(tx, about)
    if (request.note !== undefined && request.note !== '')
      await tickets.say(tx, ticket.ticketId, {
        requestId: `${request.requestId}/note`,
        sender: 'consumer',
        text: request.note,
      })
    const settled = await settleByRule(tx, order, ticket, finding, judgeAgain(tx, order, ticket, finding))
    if (!settled) {
      if (request.reason === 'quality') await quality.check(tx, order, ticket, lines)
      await askPerson(tx, ticket)
    }
    return ticket.ticketId
  }

  /** What was weighed again is judged and kept, whatever it comes to. */
  function judgeAgain(
    tx: Tx,
    order: OrderRow,
    ticket: TicketRow,
    finding: Finding,
  ): Judged<ReturnDecision> | undefined {
    const weighed = 'decision' in finding ? finding.decision?.weighed : undefined
    if (weighed === undefined) return undefined
    return judge(tx, policies, returnedGoodsRule, weighed, {
      subjectId: ticket.ticketId,
      orderId: order.orderId,
      sessionId: order.sessionId,
      cabinetId: order.cabinetId,
      consumerId: order.consumerId,
    })
  }

  /** @returns false when a person must look */
  async function settleByRule(
    tx: Tx,
    order: OrderRow,
    ticket: TicketRow,
    finding: Finding,
    judged: Judged<ReturnDecision> | undefined,
  ): Promise<boolean> {
    const settle = async (
      outcome: string,
      key: StoryKey,
      values: Record<string, string | number>,
      rootCause: string,
    ) => {
      await tickets.say(tx, ticket.ticketId, {
        requestId: `${ticket.ticketId}/settled`,
        sender: 'system',
        key: 'message.settled',
      })
      await tickets.settle(tx, ticket.ticketId, { outcome, key, values, rootCause })
      return true
    }
    switch (finding.kind) {
      case 'duplicate': {
        const back = await tx
          .selectFrom('payment')
          .select((eb) => eb.fn.sum<number>('amountFen').as('fen'))
          .where('orderId', '=', order.orderId)
          .where('isDuplicate', '=', 1)
          .executeTakeFirstOrThrow()
        return settle(
          'refunded',
          'outcome.double_charge_refunded',
          { amount: yuanText(back.fen) },
          'provider',
        )
      }
      case 'single':
        return settle(
          'explained',
          'outcome.single_charge',
          { amount: yuanText(finding.amountFen) },
          'unknown',
        )
      case 'late':
        return settle('explained', finding.key, finding.values, 'network')
      case 'returned':
        // The limits may have become stricter since it was weighed.
        return judged?.decision.outcome === 'refund' && refundReturned(tx, order, ticket, judged, settle)
      case 'unclear':
        return false
    }
  }

  async function refundReturned(
    tx: Tx,
    order: OrderRow,
    ticket: TicketRow,
    { decision, decisionId }: Judged<ReturnDecision>,
    settle: (
      outcome: string,
      key: StoryKey,
      values: Record<string, string | number>,
      rootCause: string,
    ) => Promise<boolean>,
  ): Promise<boolean> {
    const [first] = decision.lines
    const count = decision.lines.reduce((sum, line) => sum + line.quantity, 0)
    const anomaly = await anomalies.open(
      tx,
      {
        kind: 'item_returned',
        rule: ITEM_RETURNED_RULE,
        decisionId,
        inputs: { decision },
        reasonKey: 'anomaly.item_returned.refunded',
        reasonValues: { sku: first?.sku ?? '', count, percent: percent(decision.probability) },
        outcome: 'refunded',
      },
      {
        subjectId: ticket.ticketId,
        orderId: order.orderId,
        sessionId: order.sessionId,
        cabinetId: order.cabinetId,
        consumerId: order.consumerId,
      },
    )
    const wish = {
      refundId: ids.next('refund'),
      lines: decision.lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
      reason: 'returned_item' as const,
      by: `rule:${ITEM_RETURNED_RULE}`,
      ticketId: ticket.ticketId,
      anomalyId: anomaly.anomalyId,
    }
    // What the order is now decides: the money may have come while the record was weighed.
    const present = await getOrder(tx, order.orderId)
    if (ASKED_FOR.has(present.state)) {
      const byFen = await lowerByRule(tx, { charges, refunds, policies }, present, wish)
      if (byFen === undefined) return false
      await anomalies.markCarriedOut(tx, anomaly.anomalyId)
      return settle('refunded', 'outcome.return_lowered', { amount: yuanText(byFen) }, 'weighing')
    }
    const refund = await refundByRule(
      tx,
      { refunds, policies },
      { ...wish, orderId: order.orderId, stock: 'back_in_cabinet', isProven: false, tellConsumer: true },
    )
    if (refund.state === 'awaiting_approval') return false
    await anomalies.markCarriedOut(tx, anomaly.anomalyId)
    return settle('refunded', 'outcome.return_refunded', { amount: yuanText(refund.amountFen) }, 'weighing')
  }

  async function askPerson(tx: Tx, ticket: TicketRow): Promise<void> {
    const cabinet = await tx
      .selectFrom('cabinet')
      .select('timeZone')
      .where('cabinetId', '=', ticket.cabinetId ?? '')
      .executeTakeFirst()
    await tickets.say(tx, ticket.ticketId, {
      requestId: `${ticket.ticketId}/received`,
      sender: 'system',
      key: 'message.received',
      values: { due: formatMoment(ticket.language, ticket.firstResponseDueMs, nowOf(tx), cabinet?.timeZone) },
    })
  }

  // --- what the consumer sees

  async function toView(ticket: TicketRow): Promise<DisputeView> {
    const messages = await db.read
      .selectFrom('ticketMessage')
      .selectAll()
      .where((eb) =>
        eb.or([
          eb('ticketId', '=', ticket.ticketId),
          eb(
            'ticketId',
            'in',
            eb.selectFrom('ticket').select('ticketId').where('mergedIntoId', '=', ticket.ticketId),
          ),
        ]),
      )
      .where('isInternal', '=', 0)
      .orderBy('atMs')
      .orderBy('messageId')
      .execute()
    const all = await orders.refundsOf(ticket.orderId ?? '')
    const nps = await db.read
      .selectFrom('npsQuestion')
      .select('score')
      .where('ticketId', '=', ticket.ticketId)
      .executeTakeFirst()
    const shown = (await pictures.of(db.read, ticket.ticketId)).filter(({ from }) => from === 'consumer')
    const isForDuplicate = ticket.reason === 'charged_twice'
    return {
      disputeId: ticket.ticketId,
      number: ticket.number,
      orderId: ticket.orderId ?? '',
      reason: ticket.reason ?? 'other',
      ...(await placeOf(db.read, ticket)),
      state: stateOf(ticket),
      isAutomatic: ticket.isAutomatic === 1,
      outcomeKey: ticket.outcomeKey,
      outcomeValues: JSON.parse(ticket.outcomeValues) as Record<string, string | number>,
      refunds: all.filter((refund) => isForDuplicate || refund.reason !== 'duplicate'),
      messages: messages.map((message) => ({
        messageId: message.messageId,
        atMs: message.atMs,
        from: message.sender,
        ...(message.authorName === null ? {} : { authorName: message.authorName }),
        text: message.text,
        ...(message.key === null
          ? {}
          : {
              key: message.key,
              values: JSON.parse(message.sentenceValues) as Record<string, string | number>,
            }),
      })),
      pictures: shown,
      openedAtMs: ticket.openedAtMs,
      firstResponseDueMs: ticket.firstResponseDueMs,
      resolutionDueMs: ticket.resolutionDueMs,
      rating: ticket.rating,
      ratingTags: JSON.parse(ticket.ratingTags) as DisputeView['ratingTags'],
      nps: nps === undefined ? null : { score: nps.score },
      actions: [
        ...actionsOf(ticket, clock.now(), policy.reopenWindowMs),
        ...(ticket.resolvedAtMs === null && shown.length < PICTURES_OF_CONSUMER_MOST ? ['picture'] : []),
        ...(ticket.rating !== null && ticket.ratingTags === '[]' ? ['tag'] : []),
        ...(nps?.score === null && ticket.resolvedAtMs !== null ? ['recommend'] : []),
      ],
    }
  }

  return {
    raise,
    reExamine: (order, disputed) => evidence.reExamine(order, disputed),
    weighAgain: (order, disputed) => evidence.weighAgain(order, disputed),
    async view(consumerId, disputeId) {
      return toView(await ownTicket(consumerId, disputeId))
    },
    async write(consumerId, disputeId, { requestId, text }) {
      const ticket = await ownTicket(consumerId, disputeId)
      const now = await db.write('a consumer writes', (tx) =>
        tickets.write(tx, ticket.ticketId, { requestId, sender: 'consumer', text }),
      )
      return toView(await tickets.get(db.read, now.ticketId))
    },
    async reopen(consumerId, disputeId, { requestId, text }) {
      const ticket = await ownTicket(consumerId, disputeId)
      await db.write('reopen a dispute', (tx) => tickets.reopen(tx, ticket.ticketId, requestId, text))
      return toView(await tickets.get(db.read, ticket.ticketId))
    },
    async rate(consumerId, disputeId, { score, tags = [] }) {
      const ticket = await ownTicket(consumerId, disputeId)
      await db.write('rate a dispute', (tx) => satisfaction.rate(tx, ticket.ticketId, { score, tags }))
      return toView(await tickets.get(db.read, ticket.ticketId))
    },
    async recommend(consumerId, disputeId, score) {
      const ticket = await ownTicket(consumerId, disputeId)
      await db.write('a recommendation', (tx) => satisfaction.answerNps(tx, ticket.ticketId, score))
      return toView(await tickets.get(db.read, ticket.ticketId))
    },
  }
}
