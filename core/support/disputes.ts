import type { Selectable } from 'kysely'
import type { DisputeReason } from '#protocol/api/common.ts'
import type { DisputeRequest, DisputeView, RatingRequest } from '#protocol/api/consumer.ts'
import { PICTURES_OF_CONSUMER_MOST } from '#protocol/api/pictures.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { weighTrace } from '#protocol/weighing/engine.ts'
import { formatMoment } from '#protocol/words/format.ts'
import type { StoryKey } from '#protocol/words/story.ts'
import type { Anomalies } from '#core/anomalies/anomalies.ts'
import { ITEM_RETURNED_RULE, percent, type ReturnDecision } from '#core/anomalies/decide.ts'
import { returnedGoodsRule, type StoredReturn } from '#core/anomalies/returned-goods.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import type { OrderQueries } from '#core/orders/queries.ts'
import { findOrder, getOrder, linesOf, type OrderLineRow, type OrderRow } from '#core/orders/store.ts'
import type { Traces } from '#core/orders/trace.ts'
import type { Charges } from '#core/payments/charges.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { type Judged, judge } from '#core/policies/judge.ts'
import { lowerByRule, refundByRule } from '#core/refunds/by-rule.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { createQualityCheck } from './quality-check.ts'
import type { TicketPictures } from './pictures/pictures.ts'
import { placeOf } from './questions/place.ts'
import type { Satisfaction } from './satisfaction.ts'
import { isOfConsumer } from './ticket-store.ts'
import type { NewTicket, TicketRow, Tickets } from './tickets.ts'

export interface Disputes {
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
  /** Weighs the trace of an order again; undefined while it has not arrived. Also the agent's advice. */
  reExamine(
    order: OrderRow,
    disputed: ReadonlyArray<{ lineId: string; quantity: number }>,
  ): Promise<ReExamined | undefined>
  /** Everything that the rule on doubted goods looks at; undefined while the trace has not arrived. */
  weighAgain(
    order: OrderRow,
    disputed: ReadonlyArray<{ lineId: string; quantity: number }>,
  ): Promise<StoredReturn | undefined>
}
/** What weighing again comes to, with all that was looked at. */
export interface ReExamined extends ReturnDecision {
  readonly weighed: StoredReturn
}

type Payment = Selectable<Tables['payment']>
/** What the evidence says before anything is written. */
type Finding =
  | { kind: 'duplicate' }
  | { kind: 'single'; amountFen: number }
  | { kind: 'returned'; decision: ReExamined }
  | { kind: 'late'; key: StoryKey; values: Record<string, string | number>; decision?: ReExamined }
  | { kind: 'unclear'; decision?: ReExamined }

const GOODS_REASONS: ReadonlySet<DisputeReason> = new Set(['item_returned', 'not_taken', 'wrong_item'])
/** The money is asked for and not taken: less can still be asked for. */
const ASKED_FOR = new Set(['charging', 'arrears'])
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
  const { db, clock, ids, policy, policies, log, charges, refunds, anomalies, tickets, orders, traces } = deps
  const { satisfaction, pictures } = deps

  const quality = createQualityCheck(deps)

  async function ownOrder(consumerId: string, orderId: string): Promise<OrderRow> {
    const order = await findOrder(db.read, orderId)
    if (order === undefined || order.consumerId !== consumerId) throw new CabinetError('not_found')
    return order
  }
  async function ownTicket(consumerId: string, ticketId: string): Promise<TicketRow> {
    const ticket = await tickets.get(db.read, ticketId)
    if (!isOfConsumer(ticket) || ticket.consumerId !== consumerId) throw new CabinetError('not_found')
    return goesOn(ticket)
  }

  /** What was merged goes on in another ticket of the same person; their link keeps leading there. */
  async function goesOn(ticket: TicketRow): Promise<TicketRow> {
    let last = ticket
    while (last.mergedIntoId !== null) last = await tickets.get(db.read, last.mergedIntoId)
    return last
  }

  async function raise(consumerId: string, orderId: string, request: DisputeRequest): Promise<DisputeView> {
    const order = await ownOrder(consumerId, orderId)
    const before = await db.read
      .selectFrom('ticket')
      .selectAll()
      .where('openedBy', '=', consumerId)
      .where('requestId', '=', request.requestId)
      .executeTakeFirst()
    if (before !== undefined) return toView(before)
    if (!DISPUTABLE.has(order.state))
      throw new CabinetError('order_not_refundable', 'Nothing was charged on this order.')
    const lines = await wishedLines(orderId, request.lines)
    const finding = await examine(order, request.reason, lines)
    const ticketId = await db.write('raise a dispute', (tx) =>
      settleOrAsk(tx, order, request, lines, finding),
    )
    log.info({ ticketId, orderId, reason: request.reason, finding: finding.kind }, 'dispute raised')
    return toView(await tickets.get(db.read, ticketId))
  }

  /** Nothing chosen means everything that can still be refunded. */
  async function wishedLines(
    orderId: string,
    chosen: DisputeRequest['lines'],
  ): Promise<DisputeRequest['lines']> {
    const lines = await linesOf(db.read, orderId)
    for (const { lineId, quantity } of chosen) {
      const line = lines.find((one) => one.lineId === lineId)
      if (line === undefined || quantity > line.quantity)
        throw new CabinetError('bad_request', `The order has no ${quantity} pieces on the line ${lineId}.`)
    }
    if (chosen.length > 0) return chosen
    return lines
      .filter((line) => line.quantity > line.refundedQuantity)
      .map((line) => ({ lineId: line.lineId, quantity: line.quantity - line.refundedQuantity }))
  }

  async function examine(
    order: OrderRow,
    reason: DisputeReason,
    lines: DisputeRequest['lines'],
  ): Promise<Finding> {
    if (reason === 'charged_twice') return examinePayments(order)
    if (reason === 'charged_late') return examineDelay(order)
    if (GOODS_REASONS.has(reason) && (order.paidFen > 0 || ASKED_FOR.has(order.state))) {
      const decision = await reExamine(order, lines)
      if (decision?.outcome === 'refund') return { kind: 'returned', decision }
      return { kind: 'unclear', ...(decision === undefined ? {} : { decision }) }
    }
    return { kind: 'unclear' }
  }

  /** The provider is asked now: a second payment may have come without a word. What it shows is refunded by its own rule. */
  async function examinePayments(order: OrderRow): Promise<Finding> {
    const charge = await db.read
      .selectFrom('charge')
      .select('chargeId')
      .where('orderId', '=', order.orderId)
      .executeTakeFirst()
    const isAnswered = charge !== undefined && (await charges.check(charge.chargeId))
    const payments: Payment[] = await db.read
      .selectFrom('payment')
      .selectAll()
      .where('orderId', '=', order.orderId)
      .execute()
    const duplicates = payments.filter((payment) => payment.isDuplicate === 1)
    // The provider may have refused to give it back: then nobody may be told that it is on its way.
    if (duplicates.some((payment) => payment.reservedFen < payment.amountFen)) return { kind: 'unclear' }
    if (duplicates.length > 0) return { kind: 'duplicate' }
    const [only] = payments
    return isAnswered && only !== undefined
      ? { kind: 'single', amountFen: only.amountFen }
      : { kind: 'unclear' }
  }

  async function examineDelay(order: OrderRow): Promise<Finding> {
    const view = await orders.order(order.orderId)
    if (view.state !== 'paid' || view.closedAtMs === null || view.chargedAtMs === null)
      return { kind: 'unclear' }
    // A late charge is also looked at for being wrong.
    const decision = await reExamine(
      order,
      view.lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
    )
    if (decision?.outcome === 'refund') return { kind: 'returned', decision }
    const consumer = await db.read
      .selectFrom('consumer')
      .select('language')
      .where('consumerId', '=', order.consumerId)
      .executeTakeFirstOrThrow()
    const cabinet = await db.read
      .selectFrom('cabinet')
      .select('timeZone')
      .where('cabinetId', '=', order.cabinetId)
      .executeTakeFirstOrThrow()
    const at = (ms: number) => formatMoment(consumer.language, ms, clock.now(), cabinet.timeZone)
    return {
      kind: 'late',
      ...(decision === undefined ? {} : { decision }),
      key: view.deferral?.cause === 'offline' ? 'outcome.late_explained_offline' : 'outcome.late_explained',
      values: {
        closed: at(view.closedAtMs),
        charged: at(view.chargedAtMs),
        count: view.lines.reduce((sum, line) => sum + line.quantity, 0),
        amount: yuanText(view.totalFen),
      },
    }
  }

  async function reExamine(
    order: OrderRow,
    disputed: ReadonlyArray<{ lineId: string; quantity: number }>,
  ): Promise<ReExamined | undefined> {
    const weighed = await weighAgain(order, disputed)
    if (weighed === undefined) return undefined
    return { ...returnedGoodsRule.decide(weighed, policies.held('returned_goods').limits), weighed }
  }

  async function weighAgain(
    order: OrderRow,
    disputed: ReadonlyArray<{ lineId: string; quantity: number }>,
  ): Promise<StoredReturn | undefined> {
    const session = await db.read
      .selectFrom('session')
      .selectAll()
      .where('sessionId', '=', order.sessionId)
      .executeTakeFirst()
    const trace = await traces.find(order.sessionId)
    if (session?.reconciled == null || trace === undefined) return undefined
    const first = (JSON.parse(session.reconciled) as SessionReconciled).receipt
    const [lines, products] = [await linesOf(db.read, order.orderId), await productsBySku(db.read)]
    const named = (line: OrderLineRow, quantity: number) => ({ lineId: line.lineId, sku: line.sku, quantity })
    const { receipt, alternatives, steps } = weighTrace(trace.planogram, trace.samples)
    return {
      disputed: disputed.flatMap(({ lineId, quantity }) => {
        const line = lines.find((one) => one.lineId === lineId)
        return line === undefined ? [] : [named(line, quantity)]
      }),
      billed: lines.map((line) => ({
        ...named(line, line.quantity - line.refundedQuantity),
        amountFen: line.amountFen - line.refundedFen,
      })),
      first,
      again: { receipt, alternatives, steps },
      unitGrams: Object.fromEntries(
        trace.planogram.shelves.flatMap((shelf) =>
          shelf.products.flatMap(({ sku }) => {
            const product = products.get(sku)
            return product === undefined
              ? []
              : [[sku, { unitGrams: product.unitGrams, sigmaGrams: product.sigmaGrams }] as const]
          }),
        ),
      ),
    }
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
    reExamine,
    weighAgain,
    async view(consumerId, disputeId) {
      return toView(await ownTicket(consumerId, disputeId))
    },
    async write(consumerId, disputeId, { requestId, text }) {
      const ticket = await ownTicket(consumerId, disputeId)
      await db.write('a consumer writes', async (tx) => {
        if (ticket.resolvedAtMs !== null)
          return void (await tickets.reopen(tx, ticket.ticketId, requestId, text))
        await tickets.write(tx, ticket.ticketId, { requestId, sender: 'consumer', text })
      })
      return toView(await tickets.get(db.read, ticket.ticketId))
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

/** Where a ticket stands for whoever asked. */
export function stateOf(
  ticket: Pick<TicketRow, 'state' | 'isAutomatic' | 'firstRespondedAtMs'>,
): DisputeView['state'] {
  switch (ticket.state) {
    case 'resolved':
      return ticket.isAutomatic === 1 ? 'settled' : 'resolved'
    case 'closed':
    case 'merged':
      return 'closed'
    case 'new':
    case 'open':
    case 'reopened':
    case 'waiting_consumer':
    case 'waiting_internal':
    case 'waiting_device':
    case 'waiting_refund':
      return ticket.firstRespondedAtMs === null ? 'in_review' : 'answered'
  }
}

function actionsOf(ticket: TicketRow, nowMs: number, reopenWindowMs: number): string[] {
  if (ticket.state === 'merged') return []
  if (ticket.resolvedAtMs === null) return ['reply']
  return [
    ...(nowMs - ticket.resolvedAtMs <= reopenWindowMs ? ['reopen'] : []),
    ...(ticket.rating === null ? ['rate'] : []),
  ]
}

/** Of a line, what the pieces cost that the consumer points at; what went back before counts no more. */
function questionedFen(line: OrderLineRow, named: DisputeRequest['lines']): number {
  const pieces = named.find((one) => one.lineId === line.lineId)?.quantity ?? 0
  const leftFen = line.amountFen - line.refundedFen
  return Math.min(leftFen, Math.round((line.amountFen * pieces) / line.quantity))
}
