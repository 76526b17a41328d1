import type { Ids } from '#protocol/base/ids.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { BestPrice } from './best-price.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const freeCoupons = preparedFor((db, orderId: string) =>
  db
    .updateTable('coupon')
    .set({ orderId: null, spentFen: null, spentAtMs: null })
    .where('orderId', '=', orderId),
)
const pointsOf = preparedFor((db, orderId: string) =>
  db
    .selectFrom('pointsMovement')
    .select((eb) => eb.fn.sum<number | null>('points').as('points'))
    .where('orderId', '=', orderId),
)
const dropDiscounts = preparedFor((db, orderId: string) =>
  db.deleteFrom('orderDiscount').where('orderId', '=', orderId),
)

const DAY_MS = 24 * 3_600_000
/** A coupon that makes good for something can be spent for a year. */
export const COMPENSATION_DAYS = 365

export interface CouponIssue {
  /** Made by whoever gives it: the same id again is the same coupon. */
  readonly requestId: string
  readonly consumerId: string
  readonly source: 'compensation' | 'promotion'
  readonly offFen: number
  /** From this amount on; 0 for compensation. */
  readonly minimumFen: number
  readonly reason: string
  /** `staff id` or `rule:<name>`. */
  readonly by: string
  readonly validDays: number
}

/** Gives a coupon that is spent by itself on the next session where it helps. @returns its id */
export async function issueCoupon(tx: Tx, ids: Ids, issue: CouponIssue): Promise<string> {
  const before = await tx
    .selectFrom('coupon')
    .select('couponId')
    .where('requestId', '=', issue.requestId)
    .executeTakeFirst()
  if (before !== undefined) return before.couponId
  const { by, validDays, ...row } = issue
  const couponId = ids.next('coupon')
  const nowMs = nowOf(tx)
  await tx
    .insertInto('coupon')
    .values({
      couponId,
      ...row,
      issuedBy: by,
      issuedAtMs: nowMs,
      expiresAtMs: nowMs + validDays * DAY_MS,
      orderId: null,
      spentFen: null,
      spentAtMs: null,
      revokedAtMs: null,
    })
    .execute()
  await note(tx, by, 'coupon.issued', issue.consumerId, {
    couponId,
    offFen: issue.offFen,
    reason: issue.reason,
  })
  return couponId
}

/** Gives points, one fen each, that are spent by themselves on the next session. */
export async function issuePoints(
  tx: Tx,
  issue: { requestId: string; consumerId: string; points: number; reason: string; by: string },
): Promise<void> {
  const inserted = await tx
    .insertInto('pointsMovement')
    .values({ ...issue, kind: 'issued', orderId: null, atMs: nowOf(tx) })
    .onConflict((conflict) => conflict.column('requestId').doNothing())
    .executeTakeFirst()
  if (Number(inserted.numInsertedOrUpdatedRows ?? 0n) > 0)
    await note(tx, issue.by, 'points.issued', issue.consumerId, {
      points: issue.points,
      reason: issue.reason,
    })
}

async function note(tx: Tx, by: string, action: string, consumerId: string, detail: object): Promise<void> {
  const actor = by.startsWith('rule:') ? 'system' : `staff:${by}`
  await appendAudit(tx, { actor, action, subject: `consumer:${consumerId}`, detail })
}

/** The discounts of an order as it is priced; what belongs to the consumer is spent with it, in the same transaction. */
export async function saveDiscounts(
  tx: Tx,
  order: { orderId: string; consumerId: string },
  price: BestPrice,
): Promise<void> {
  await giveBack(tx, order)
  const nowMs = nowOf(tx)
  for (const [position, discount] of price.discounts.entries()) {
    await tx
      .insertInto('orderDiscount')
      .values({
        orderId: order.orderId,
        position,
        kind: discount.kind,
        sourceId: discount.sourceId,
        nameZh: discount.name.zh,
        nameEn: discount.name.en,
        amountFen: discount.amountFen,
        isCompensation: discount.isCompensation ? 1 : 0,
        allocation: JSON.stringify(discount.shares),
      })
      .execute()
    if (discount.kind === 'coupon') {
      const { numUpdatedRows } = await tx
        .updateTable('coupon')
        .set({ orderId: order.orderId, spentFen: discount.amountFen, spentAtMs: nowMs })
        .where('couponId', '=', discount.sourceId)
        .where('orderId', 'is', null)
        .where('revokedAtMs', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows !== 1n)
        throw new Error(`assertion failed: the coupon ${discount.sourceId} was spent in between`)
    }
    if (discount.kind === 'points') await movePoints(tx, order, -discount.amountFen, 'spent')
  }
}

async function movePoints(
  tx: Tx,
  order: { orderId: string; consumerId: string },
  points: number,
  kind: 'spent' | 'returned',
): Promise<void> {
  const { count } = await tx
    .selectFrom('pointsMovement')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('orderId', '=', order.orderId)
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('pointsMovement')
    .values({
      requestId: `${order.orderId}/${Number(count) + 1}`,
      consumerId: order.consumerId,
      points,
      kind,
      orderId: order.orderId,
      reason: kind,
      by: 'rule:pricing-1',
      atMs: nowOf(tx),
    })
    .execute()
}

/** The order is priced anew, or came to nothing: coupon and points are the consumer's again. */
export async function giveBack(tx: Tx, order: { orderId: string; consumerId: string }): Promise<void> {
  await freeCoupons(tx, order.orderId)
  const [spent] = await pointsOf(tx, order.orderId)
  const points = -Number(spent?.points ?? 0)
  if (points > 0) await movePoints(tx, order, points, 'returned')
  await dropDiscounts(tx, order.orderId)
}
