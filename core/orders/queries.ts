import type { Selectable } from 'kysely'
import type { DiscountView, OrderList, OrderLineView, OrderView, RefundView } from '#protocol/api/consumer.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { type Product, productsBySku } from '#core/catalog/queries.ts'
import type { Database } from '#core/platform/database.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'
import type { Policy } from '#core/platform/policy.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { ReceiptDecision } from './decide.ts'
import { decideDeferral } from './deferral.ts'
import { readingsOf } from './readings.ts'
import { explainStep } from './steps.ts'
import type { OrderLineRow, OrderRow } from './store.ts'
import { tellStory } from './story.ts'
import type { Traces } from './trace.ts'
import { createOwnOrders, type OwnOrder } from './versions.ts'
import { createOrderRows } from './view-rows.ts'

type RefundRow = Selectable<Tables['refund']>

export interface OrderQueryDeps {
  readonly db: Database
  readonly clock: { now(): number }
  readonly policy: Policy
  readonly evidence: EvidenceStore
  readonly traces: Traces
  /** The provider's own page of an order, where a pending one can be paid. */
  readonly payUrlOf: (providerOrderId: string) => string
}

export interface OrderQueries {
  /** @throws CabinetError `not_found` also when the order is somebody else's */
  orderForConsumer(consumerId: string, orderId: string): Promise<OrderView>
  order(orderId: string): Promise<OrderView>
  /** Who asks with this token, and what a view of the order may be kept under. @returns undefined when nobody is signed in */
  ownOrder(tokenSha256: string, orderId: string): Promise<OwnOrder | undefined>
  /**
   * A page of them, the newest first.
   * @param before  the last order of the page that was read
   * @throws not_found when that is no order of theirs
   */
  ordersOf(consumerId: string, before?: string): Promise<OrderList>
  refundsOf(orderId: string): Promise<RefundView[]>
}

const DISPUTABLE = new Set(['paid', 'partly_refunded', 'charging', 'arrears', 'paid_elsewhere', 'held'])
const CERTAIN = 0.99
const LIKELY = 0.9
/** Orders on one page; who wants more asks for the page after it. */
const PAGE_LENGTH = 30

export function createOrderQueries(deps: OrderQueryDeps): OrderQueries {
  const { db, clock, policy, evidence, traces } = deps
  const { read } = db
  const rows = createOrderRows(read)

  async function view(order: OrderRow): Promise<OrderView> {
    const { orderId, sessionId } = order
    const [
      {
        lines,
        session,
        cabinet,
        charge,
        payments,
        refunds,
        ticket,
        discounts,
        arrears,
        lowered,
        compensations,
      },
      products,
      refs,
      weights,
    ] = await Promise.all([
      rows.of(order),
      productsBySku(read),
      evidence.evidenceOf(sessionId),
      traces.curves(sessionId),
    ])
    const reconciled =
      session.reconciled === null ? null : (JSON.parse(session.reconciled) as SessionReconciled)
    const times = {
      openedAtMs: session.openedAtMs,
      closedAtMs: session.closedAtMs,
      startedAtMs: session.startedAtMs,
      reconciledAtMs: session.reconciledAtMs,
      heldAtMs: order.heldAtMs,
      releasedAtMs: order.releasedAtMs,
      pendingAtMs: charge?.pendingAtMs ?? null,
      chargedAtMs: order.chargedAtMs,
      arrearsAtMs: arrears?.sinceMs ?? null,
    }
    const isForMoney = order.totalFen > 0 || order.state === 'held'
    const deferral = isForMoney
      ? decideDeferral(
          {
            ...times,
            offline: reconciled?.offline ?? [],
            submittedAtMs: charge?.submittedAtMs ?? null,
            nowMs: clock.now(),
          },
          policy,
        )
      : null
    const isPending = charge !== undefined && (charge.state === 'pending' || charge.state === 'unknown')
    const payUrl =
      charge?.state === 'pending' &&
      charge.providerOrderId !== null &&
      (order.state === 'charging' || order.state === 'arrears')
        ? deps.payUrlOf(charge.providerOrderId)
        : null
    return {
      orderId,
      sessionId,
      cabinetId: order.cabinetId,
      cabinetName: { zh: cabinet.nameZh, en: cabinet.nameEn },
      site: { zh: cabinet.siteZh, en: cabinet.siteEn },
      state: order.state,
      ...(order.state === 'held' && order.heldReason !== null ? { heldReason: order.heldReason } : {}),
      totalFen: order.totalFen,
      paidFen: order.paidFen,
      refundedFen: order.refundedFen,
      chargeState: charge === undefined || order.state === 'open' ? null : charge.state,
      payUrl,
      lines: lines.map((line) => lineView(line, products)),
      ...(discounts.length === 0 ? {} : { discounts: discounts.map(discountView) }),
      ...(reconciled === null || order.releasedAtMs !== null
        ? {}
        : { receipt: readingsOf(reconciled.receipt, lines, pricesOf(order), products) }),
      refunds: refunds.map(refundView),
      openedAtMs: session.openedAtMs,
      closedAtMs: session.closedAtMs,
      chargedAtMs: order.chargedAtMs,
      deferral,
      story: tellStory({
        ...times,
        reconciled,
        state: order.state,
        isCheapestOfSeveral: isCheapestOfSeveral(order),
        itemCount: lines.reduce((sum, line) => sum + line.quantity, 0),
        totalFen: order.totalFen,
        deferral,
        arrears,
        lowered: lowered.map(({ byFen, endedAtMs }) => ({ byFen: byFen ?? 0, atMs: endedAtMs ?? 0 })),
        compensations,
        duplicates: payments.filter((payment) => payment.isDuplicate === 1),
        refunds,
      }),
      // The trace begins with the session, whenever it was closed.
      evidence: refs.map((ref) =>
        ref.kind === 'weight-trace' && session.startedAtMs !== null
          ? { ...ref, atMs: session.startedAtMs }
          : ref,
      ),
      weights,
      steps: (reconciled?.steps ?? []).map((step) => ({
        tMs: step.tMs,
        shelf: step.shelf,
        grams: step.grams,
        explanation: explainStep(step, products),
      })),
      disputeId: ticket?.ticketId ?? null,
      actions: [
        ...(DISPUTABLE.has(order.state) && ticket === undefined ? ['dispute'] : []),
        ...(payUrl !== null && isPending ? ['pay'] : []),
      ],
    }
  }

  async function get(orderId: string): Promise<OrderRow> {
    const order = await rows.order(orderId)
    if (order === undefined) throw new CabinetError('not_found')
    return order
  }
  async function ownRow(consumerId: string, orderId: string): Promise<OrderRow> {
    const order = await get(orderId)
    if (order.consumerId !== consumerId) throw new CabinetError('not_found')
    return order
  }

  return {
    async order(orderId) {
      return view(await get(orderId))
    },
    async orderForConsumer(consumerId, orderId) {
      return view(await ownRow(consumerId, orderId))
    },
    ownOrder: createOwnOrders(read, clock),
    async refundsOf(orderId) {
      return (await rows.refundsOf(orderId)).map(refundView)
    },
    async ordersOf(consumerId, before) {
      let rows = read
        .selectFrom('order as o')
        .innerJoin('cabinet as c', 'c.cabinetId', 'o.cabinetId')
        .select((eb) => [
          'o.orderId',
          'o.state',
          'o.totalFen',
          'o.refundedFen',
          'o.createdAtMs',
          'c.nameZh',
          'c.nameEn',
          eb
            .selectFrom('orderLine')
            .select((line) => line.fn.sum<number | null>('quantity').as('count'))
            .whereRef('orderLine.orderId', '=', 'o.orderId')
            .as('itemCount'),
        ])
        .where('o.consumerId', '=', consumerId)
        // A visit that never came about has an order that nothing was charged on: only of those the visit is read.
        .where((eb) =>
          eb.or([
            eb('o.state', 'not in', ['open', 'void']),
            eb.exists(
              eb
                .selectFrom('session as s')
                .select('s.sessionId')
                .whereRef('s.sessionId', '=', 'o.sessionId')
                .where('s.state', 'not in', ['denied', 'not_opened']),
            ),
          ]),
        )
      if (before !== undefined) {
        const { createdAtMs } = await ownRow(consumerId, before)
        rows = rows
          .where('o.createdAtMs', '<=', createdAtMs)
          .where((eb) => eb(eb.refTuple('o.createdAtMs', 'o.orderId'), '<', eb.tuple(createdAtMs, before)))
      }
      const own = await rows
        .orderBy('o.createdAtMs', 'desc')
        .orderBy('o.orderId', 'desc')
        .limit(PAGE_LENGTH + 1)
        .execute()
      const last = own.length > PAGE_LENGTH ? own[PAGE_LENGTH - 1] : undefined
      return {
        ...(last === undefined ? {} : { earlierThan: last.orderId }),
        orders: own.slice(0, PAGE_LENGTH).map((row) => ({
          orderId: row.orderId,
          cabinetName: { zh: row.nameZh, en: row.nameEn },
          atMs: row.createdAtMs,
          state: row.state,
          totalFen: row.totalFen,
          refundedFen: row.refundedFen,
          itemCount: row.itemCount ?? 0,
        })),
      }
    },
  }
}

function lineView(line: OrderLineRow, products: ReadonlyMap<string, Product>): OrderLineView {
  const product = products.get(line.sku)
  return {
    lineId: line.lineId,
    sku: line.sku,
    name: product?.name ?? { zh: line.sku, en: line.sku },
    picture: product?.picture ?? { shape: 'box', color: '#cccccc', accent: '#888888' },
    quantity: line.quantity,
    unitPriceFen: line.unitPriceFen,
    amountFen: line.amountFen,
    refundedQuantity: line.refundedQuantity,
    refundedFen: line.refundedFen,
    certainty: line.probability >= CERTAIN ? 'certain' : line.probability >= LIKELY ? 'likely' : 'unsure',
    probability: line.probability,
  }
}

function discountView(row: Selectable<Tables['orderDiscount']>): DiscountView {
  return {
    kind: row.kind,
    name: { zh: row.nameZh, en: row.nameEn },
    amountFen: row.amountFen,
    shares: JSON.parse(row.allocation) as number[],
  }
}

export function refundView(refund: RefundRow): RefundView {
  return {
    refundId: refund.refundId,
    state: refund.state,
    amountFen: refund.amountFen,
    reason: refund.reason,
    requestedAtMs: refund.requestedAtMs,
    acceptedAtMs: refund.acceptedAtMs,
    succeededAtMs: refund.succeededAtMs,
    arrivalKey: 'arrival.balance',
    isAutomatic: refund.isAutomatic === 1,
  }
}

/** Fen by product, as the decision on the receipt saw them. */
function pricesOf(order: OrderRow): Record<string, number> {
  if (order.decision === null) return {}
  return (JSON.parse(order.decision) as { prices?: Record<string, number> }).prices ?? {}
}

/** Only while the rule's decision stands: what a person decided is nobody's guess. */
function isCheapestOfSeveral(order: OrderRow): boolean {
  if (order.decision === null || order.heldAtMs !== null) return false
  return (JSON.parse(order.decision) as Pick<ReceiptDecision, 'basis'>).basis === 'cheapest'
}
