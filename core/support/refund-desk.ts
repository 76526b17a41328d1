import type { Kysely } from 'kysely'
import type { LowerCreate, RefundCalculate, RefundCalculation } from '#protocol/api/staff/refunds.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import { calculateLowered, isAskedFor } from '#core/orders/lower.ts'
import { getOrder, linesOf, type OrderLineRow, type OrderRow } from '#core/orders/store.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { refundLimitFen } from '#core/staff/refund-limit.ts'
import { isRepeatedLowering, saveLoweringRequest } from './lowering-requests.ts'

const SHOWN_MOST_FEN = 100_000_000
type Policy = CoreDeps['policy']

/** What an agent's wish comes to, before anything is asked for: amount, way, discounts, stock, authority, refusal. */
export async function calculateRefund(
  deps: { db: Kysely<Tables>; refunds: Refunds; policy: Policy },
  staff: StaffIdentity,
  orderId: string,
  wish: RefundCalculate,
): Promise<RefundCalculation> {
  const { db, refunds, policy } = deps
  const order = await getOrder(db, orderId)
  const lines = await linesOf(db, orderId)
  if (isAskedFor(order)) return calculateLess(db, policy, staff, order, lines, wish)
  const decision = await refunds.calculate(db, orderId, wish, { kind: 'staff', role: staff.role })
  const common = {
    way: 'refund' as const,
    refundableFen: decision.refundableFen,
    arrivalKey: 'arrival.balance',
  }
  if (!decision.ok)
    return {
      ...common,
      lines: [],
      amountFen: 0,
      needsApproval: false,
      limitFen: Math.min(refundLimitFen(staff.role, policy), SHOWN_MOST_FEN),
      stockEffect: [],
      refusal: decision.refusal,
    }
  const products = await productsBySku(db)
  return {
    ...common,
    lines: withDiscounts(decision.lines, lines),
    amountFen: decision.amountFen,
    needsApproval: decision.needsApproval,
    limitFen: Math.min(decision.limitFen, SHOWN_MOST_FEN),
    stockEffect: decision.lines.flatMap(({ lineId, quantity }) => {
      const sku = lines.find((line) => line.lineId === lineId)?.sku
      return sku === undefined
        ? []
        : [{ sku, name: products.get(sku)?.name ?? { zh: sku, en: sku }, quantity, effect: wish.stock }]
    }),
    refusal: null,
  }
}

/** Nothing was taken yet: what the order would be without these goods. */
async function calculateLess(
  db: Kysely<Tables>,
  policy: Policy,
  staff: StaffIdentity,
  order: OrderRow,
  lines: readonly OrderLineRow[],
  wish: RefundCalculate,
): Promise<RefundCalculation> {
  const lowered =
    wish.amountFen === undefined ? await calculateLowered(db, order.orderId, wish.lines) : undefined
  const amountFen = lowered === undefined ? 0 : order.totalFen - lowered.totalFen
  const limitFen = Math.min(refundLimitFen(staff.role, policy), SHOWN_MOST_FEN)
  return {
    way: 'lower',
    refundableFen: order.totalFen,
    arrivalKey: 'arrival.not_taken',
    lines: withDiscounts(
      wish.lines.map((line) => ({ ...line, amountFen: keptOf(line, lines, lowered?.lines ?? []) })),
      lines,
    ),
    amountFen,
    needsApproval: amountFen > limitFen,
    limitFen,
    stockEffect: [],
    refusal: amountFen > 0 ? null : 'bad_request',
  }
}

/**
 * Above the authority of who asks a second person decides first.
 * @throws CabinetError `order_not_unpaid`, `bad_request`, `already_decided` when a second person is asked already
 */
export async function askForLess(
  tx: Tx,
  deps: { charges: Charges; policy: Policy },
  staff: StaffIdentity,
  orderId: string,
  wish: LowerCreate,
): Promise<void> {
  if (await isRepeatedLowering(tx, staff, orderId, wish)) return
  const order = await getOrder(tx, orderId)
  if (!isAskedFor(order)) throw new CabinetError('order_not_unpaid')
  const lowered = await calculateLowered(tx, orderId, wish.lines)
  if (lowered === undefined || lowered.totalFen >= order.totalFen)
    throw new CabinetError('bad_request', 'The order has fewer of these goods; load it again.')
  const byFen = order.totalFen - lowered.totalFen
  const { refundId, lines, reason, ticketId } = wish
  const needsApproval = byFen > refundLimitFen(staff.role, deps.policy)
  await appendAudit(tx, {
    actor: `staff:${staff.staffId}`,
    action: 'charge.less_asked',
    subject: `order:${orderId}`,
    detail: { refundId, byFen, reason, note: wish.note ?? null, needsApproval },
  })
  if (needsApproval) return saveLoweringRequest(tx, staff, orderId, wish, byFen)
  const charge = await tx
    .selectFrom('charge')
    .select('chargeId')
    .where('orderId', '=', orderId)
    .executeTakeFirstOrThrow()
  await deps.charges.lower(tx, charge.chargeId, { refundId, lines, reason, by: staff.staffId, ticketId })
}

/** What these pieces cost after discounts, by what the line costs without them. */
function keptOf(
  wished: { lineId: string; quantity: number },
  lines: readonly OrderLineRow[],
  left: ReadonlyArray<{ lineId: string; amountFen: number }>,
): number {
  const before = lines.find((line) => line.lineId === wished.lineId)?.amountFen ?? 0
  return Math.max(0, before - (left.find((line) => line.lineId === wished.lineId)?.amountFen ?? 0))
}

/** What the pieces would have cost without discounts, less what they did cost. */
function withDiscounts(
  parts: ReadonlyArray<{ lineId: string; quantity: number; amountFen: number }>,
  lines: readonly OrderLineRow[],
): RefundCalculation['lines'] {
  return parts.map((part) => {
    const unitFen = lines.find((line) => line.lineId === part.lineId)?.unitPriceFen ?? 0
    return { ...part, discountFen: Math.max(0, unitFen * part.quantity - part.amountFen) }
  })
}
