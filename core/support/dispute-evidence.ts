import type { Selectable } from 'kysely'
import type { DisputeReason } from '#protocol/api/common.ts'
import type { DisputeRequest } from '#protocol/api/consumer.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { weighTrace } from '#protocol/weighing/engine.ts'
import { formatMoment } from '#protocol/words/format.ts'
import type { StoryKey } from '#protocol/words/story.ts'
import type { ReturnDecision } from '#core/anomalies/decide.ts'
import { returnedGoodsRule, type StoredReturn } from '#core/anomalies/returned-goods.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import type { OrderQueries } from '#core/orders/queries.ts'
import { linesOf, type OrderLineRow, type OrderRow } from '#core/orders/store.ts'
import type { Traces } from '#core/orders/trace.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { PolicyBook } from '#core/policies/book.ts'

/** What weighing again comes to, with all that was looked at. */
export interface ReExamined extends ReturnDecision {
  readonly weighed: StoredReturn
}

type Payment = Selectable<Tables['payment']>
/** What the evidence says before anything is written. */
export type Finding =
  | { kind: 'duplicate' }
  | { kind: 'single'; amountFen: number }
  | { kind: 'returned'; decision: ReExamined }
  | { kind: 'late'; key: StoryKey; values: Record<string, string | number>; decision?: ReExamined }
  | { kind: 'unclear'; decision?: ReExamined }

const GOODS_REASONS: ReadonlySet<DisputeReason> = new Set(['item_returned', 'not_taken', 'wrong_item'])
/** The money is asked for and not taken: less can still be asked for. */
export const ASKED_FOR = new Set(['charging', 'arrears'])

/** What the evidence of an order says about a doubt; nothing is written here. */
export interface DisputeEvidence {
  examine(order: OrderRow, reason: DisputeReason, lines: DisputeRequest['lines']): Promise<Finding>
  /** Weighs the trace of an order again; undefined while it has not arrived. Also the agent's advice. */
  reExamine(order: OrderRow, disputed: DisputeRequest['lines']): Promise<ReExamined | undefined>
  /** Everything that the rule on doubted goods looks at; undefined while the trace has not arrived. */
  weighAgain(order: OrderRow, disputed: DisputeRequest['lines']): Promise<StoredReturn | undefined>
}

export function createDisputeEvidence(
  deps: Pick<CoreDeps, 'db' | 'clock'> & {
    policies: PolicyBook
    charges: Charges
    orders: OrderQueries
    traces: Traces
  },
): DisputeEvidence {
  const { db, clock, policies, charges, orders, traces } = deps

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

  return { examine, reExamine, weighAgain }
}
