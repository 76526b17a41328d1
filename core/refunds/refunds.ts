import type { Kysely } from 'kysely'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordMovement } from '#core/catalog/queries.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Notices } from '#core/notices/notices.ts'
import { getOrder, linesOf } from '#core/orders/store.ts'
import type { PaymentProvider, ProviderRefund } from '#core/payments/provider.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { StockEffect } from '#core/platform/tables/money.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { createCarryingOut } from './carrying-out.ts'
import { decideRefund, type RefundAuthority, type RefundDecision, type RefundWish } from './decide.ts'
import { refundMachine } from './machine.ts'
import {
  advanceRefund,
  changeLine,
  getRefund,
  type RefundReactions,
  type RefundRow,
  scheduleRefund,
  scheduleRenumber,
} from './refund-rows.ts'

export type { RefundReactions, RefundRow } from './refund-rows.ts'

export interface RefundAsk extends RefundWish {
  /** Made by whoever starts it and kept: the same id again is the same refund. */
  readonly refundId: string
  readonly orderId: string
  readonly stock: StockEffect
  /** `staff id` or `rule:<name>`. */
  readonly by: string
  readonly authority: RefundAuthority
  readonly ticketId?: string | undefined
  readonly anomalyId?: string | undefined
  readonly note?: string | undefined
  readonly tellConsumer: boolean
  /** The provider is asked only after this notice was accepted, or after the bound. */
  readonly after?: { noticeId: string; boundMs: number }
}

export interface Refunds {
  /** @throws nothing; the decision says why not */
  calculate(
    db: Kysely<Tables>,
    orderId: string,
    wish: RefundWish,
    authority: RefundAuthority,
  ): Promise<RefundDecision>
  /** Decides, reserves and saves. @throws CabinetError with the refusal */
  ask(tx: Tx, wish: RefundAsk): Promise<RefundRow>
  approve(tx: Tx, refundId: string, by: string): Promise<RefundRow>
  reject(tx: Tx, refundId: string, by: string, reason: string): Promise<RefundRow>
  observe(tx: Tx, seen: ProviderRefund): Promise<void>
  /** The consumer's account cannot take it: to the account of the business, then to them by hand. */
  reroute(tx: Tx, refundId: string, by: string): Promise<void>
  /** The provider closed it, and the account has money again: a new number now instead of later. */
  retryClosed(tx: Tx, refundId: string, by: string): Promise<void>
  /** A re-routed refund was paid to the consumer by hand. @param reference  of the transfer */
  recordPayout(tx: Tx, refundId: string, by: string, reference: string): Promise<void>
  /** Fen that rules have refunded to a consumer within 30 days, but for proven duplicates. */
  refundedByRules(db: Kysely<Tables>, consumerId: string): Promise<number>
  resume(): Promise<void>
}

const MONTH_MS = 30 * 24 * 3_600_000
const UNSETTLED = ['approved', 'submitted', 'unknown', 'processing'] as const

export function createRefunds(
  deps: CoreDeps & { due: DueWork; provider: PaymentProvider; notices: Notices; reactions: RefundReactions },
): Refunds {
  const { db, clock, policy, due, reactions } = deps
  const { observe, conclude } = createCarryingOut(deps)

  async function decide(
    reader: Kysely<Tables>,
    orderId: string,
    wish: RefundWish,
    authority: RefundAuthority,
  ): Promise<RefundDecision> {
    const lines = await linesOf(reader, orderId)
    const payments = await reader
      .selectFrom('payment')
      .selectAll()
      .where('orderId', '=', orderId)
      .orderBy('paidAtMs')
      .execute()
    return decideRefund(
      {
        lines,
        payments: payments.map((payment) => ({ ...payment, isDuplicate: payment.isDuplicate === 1 })),
      },
      wish,
      authority,
      policy,
    )
  }

  async function ask(tx: Tx, wish: RefundAsk): Promise<RefundRow> {
    const before = await tx
      .selectFrom('refund')
      .selectAll()
      .where('refundId', '=', wish.refundId)
      .executeTakeFirst()
    if (before !== undefined) return repeated(tx, before, wish)
    const order = await getOrder(tx, wish.orderId)
    const decision = await decide(tx, wish.orderId, wish, wish.authority)
    if (!decision.ok) {
      throw new CabinetError(
        decision.refusal,
        decision.refusal === 'amount_above_paid'
          ? `At most ${decision.refundableFen} fen can be refunded here.`
          : undefined,
        { context: { refundableFen: decision.refundableFen } },
      )
    }
    await reserve(tx, decision)
    const nowMs = nowOf(tx)
    const row: RefundRow = {
      refundId: wish.refundId,
      orderId: wish.orderId,
      paymentId: decision.paymentId,
      amountFen: decision.amountFen,
      reason: wish.reason,
      stock: wish.stock,
      state: refundMachine.initial,
      attempt: 1,
      outRefundNo: wish.refundId,
      providerRefundId: null,
      requestedBy: wish.by,
      requestedAtMs: nowMs,
      approvedBy: null,
      approvedAtMs: null,
      submittedAtMs: null,
      acceptedAtMs: null,
      succeededAtMs: null,
      rejectedReason: null,
      isAutomatic: wish.authority.kind === 'rule' ? 1 : 0,
      needsTwoPeople: decision.needsApproval ? 1 : 0,
      ticketId: wish.ticketId ?? null,
      anomalyId: wish.anomalyId ?? null,
      noticeId: wish.after?.noticeId ?? null,
      noticeBoundMs: wish.after?.boundMs ?? null,
      note: wish.note ?? null,
      tellConsumer: wish.tellConsumer ? 1 : 0,
      polls: 0,
      reroutedAtMs: null,
      reroutedBy: null,
      paidOutAtMs: null,
      paidOutBy: null,
      payoutReference: null,
    }
    await tx.insertInto('refund').values(row).execute()
    for (const line of decision.lines)
      await tx
        .insertInto('refundLine')
        .values({ refundId: wish.refundId, ...line })
        .execute()
    await appendAudit(tx, {
      actor: actorOf(wish.by),
      action: 'refund.requested',
      subject: `order:${wish.orderId}`,
      detail: {
        refundId: wish.refundId,
        amountFen: decision.amountFen,
        reason: wish.reason,
        needsApproval: decision.needsApproval,
      },
    })
    await recordChange(tx, {
      kind: 'refund',
      subjectId: wish.refundId,
      cabinetId: order.cabinetId,
      data: { orderId: wish.orderId },
    })
    if (decision.needsApproval) return (await advanceRefund(deps, tx, wish.refundId, 'approvalNeeded')) ?? row
    return start(tx, wish.refundId, wish.authority.kind === 'approved' ? wish.authority.by : wish.by)
  }

  /** The same id with the same contents is the same refund; with others it is a mistake of the sender. */
  async function repeated(tx: Tx, before: RefundRow, wish: RefundAsk): Promise<RefundRow> {
    const lines = await tx
      .selectFrom('refundLine')
      .select(['lineId', 'quantity'])
      .where('refundId', '=', before.refundId)
      .execute()
    const sorted = (list: ReadonlyArray<{ lineId: string; quantity: number }>) =>
      list
        .map(({ lineId, quantity }) => `${lineId} ${quantity}`)
        .toSorted()
        .join()
    const isSame =
      before.orderId === wish.orderId &&
      before.reason === wish.reason &&
      before.stock === wish.stock &&
      (wish.amountFen === undefined
        ? sorted(lines) === sorted(wish.lines)
        : before.amountFen === wish.amountFen)
    if (!isSame) throw new CabinetError('exists_with_different_contents')
    return before
  }

  /** The reservation that keeps Σ refunds ≤ paid whatever happens at once: one guarded UPDATE, and a CHECK below it. */
  async function reserve(tx: Tx, decision: Extract<RefundDecision, { ok: true }>): Promise<void> {
    const { numUpdatedRows } = await tx
      .updateTable('payment')
      .set((eb) => ({ reservedFen: eb('reservedFen', '+', decision.amountFen) }))
      .where('paymentId', '=', decision.paymentId)
      .where((eb) => eb(eb('reservedFen', '+', decision.amountFen), '<=', eb.ref('amountFen')))
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new CabinetError('amount_above_paid')
    for (const line of decision.lines) await changeLine(tx, line, 1)
  }

  async function start(tx: Tx, refundId: string, by: string): Promise<RefundRow> {
    const approved = await advanceRefund(deps, tx, refundId, 'approved', {
      approvedAtMs: nowOf(tx),
      approvedBy: by,
    })
    if (approved === undefined) throw new CabinetError('already_decided')
    await moveStock(tx, approved)
    await scheduleRefund(due, tx, refundId, nowOf(tx))
    await reactions.refundStarted(tx, approved)
    return approved
  }

  /** Where the goods are now is said with the refund; the ledger of goods follows it at once. */
  async function moveStock(tx: Tx, refund: RefundRow): Promise<void> {
    if (refund.stock === 'not_returned') return
    const order = await getOrder(tx, refund.orderId)
    const lines = await tx
      .selectFrom('refundLine')
      .innerJoin('orderLine', 'orderLine.lineId', 'refundLine.lineId')
      .select(['orderLine.sku', 'refundLine.quantity'])
      .where('refundId', '=', refund.refundId)
      .execute()
    for (const { sku, quantity } of lines) {
      const about = {
        cabinetId: order.cabinetId,
        sku,
        sessionId: order.sessionId,
        orderId: order.orderId,
        reason: refund.reason,
      }
      await recordMovement(tx, { ...about, quantity, kind: 'return' })
      if (refund.stock === 'written_off')
        await recordMovement(tx, { ...about, quantity: -quantity, kind: 'spoilage' })
    }
  }

  return {
    calculate: decide,
    ask,
    observe,
    async approve(tx, refundId, by) {
      const refund = await getRefund(tx, refundId)
      if (refund.state !== 'awaiting_approval') throw new CabinetError('already_decided')
      await appendAudit(tx, {
        actor: actorOf(by),
        action: 'refund.approved',
        subject: `refund:${refundId}`,
        detail: { amountFen: refund.amountFen },
      })
      return start(tx, refundId, by)
    },
    async reject(tx, refundId, by, reason) {
      const refund = await getRefund(tx, refundId)
      if (refund.state !== 'awaiting_approval') throw new CabinetError('already_decided')
      await appendAudit(tx, {
        actor: actorOf(by),
        action: 'refund.rejected',
        subject: `refund:${refundId}`,
        detail: { reason },
      })
      await conclude(tx, refundId, 'rejected', reason)
      return getRefund(tx, refundId)
    },
    async reroute(tx, refundId, by) {
      const refund = await getRefund(tx, refundId)
      if (refund.state !== 'abnormal') throw new CabinetError('already_decided')
      await tx
        .updateTable('refund')
        .set({ reroutedAtMs: nowOf(tx), reroutedBy: by })
        .where('refundId', '=', refundId)
        .execute()
      await auditOf(tx, refund, 'refund.rerouted', by, {})
      await due.schedule(tx, { kind: 'refund.reroute', subjectId: refundId, dueAtMs: nowOf(tx) })
    },
    async retryClosed(tx, refundId, by) {
      const refund = await getRefund(tx, refundId)
      if (refund.state !== 'closed') throw new CabinetError('already_decided')
      await auditOf(tx, refund, 'refund.retried', by, { attempt: refund.attempt + 1 })
      await scheduleRenumber(due, tx, refundId, nowOf(tx))
    },
    async recordPayout(tx, refundId, by, reference) {
      const refund = await getRefund(tx, refundId)
      if (refund.state !== 'succeeded' || refund.reroutedAtMs === null || refund.paidOutAtMs !== null)
        throw new CabinetError('already_decided')
      await tx
        .updateTable('refund')
        .set({ paidOutAtMs: nowOf(tx), paidOutBy: by, payoutReference: reference })
        .where('refundId', '=', refundId)
        .execute()
      await recordChange(tx, { kind: 'refund', subjectId: refundId, data: { orderId: refund.orderId } })
      await auditOf(tx, refund, 'refund.paid_out', by, { reference })
    },
    async refundedByRules(reader, consumerId) {
      const row = await reader
        .selectFrom('refund')
        .innerJoin('order', 'order.orderId', 'refund.orderId')
        .select((eb) => eb.fn.sum<number | null>('amountFen').as('fen'))
        .where('order.consumerId', '=', consumerId)
        .where('isAutomatic', '=', 1)
        .where('reason', '<>', 'duplicate')
        .where('refund.state', '<>', 'rejected')
        .where('requestedAtMs', '>', clock.now() - MONTH_MS)
        .executeTakeFirst()
      return row?.fen ?? 0
    },
    async resume() {
      await db.write('resume refunds', async (tx) => {
        const open = await tx
          .selectFrom('refund')
          .select('refundId')
          .where('state', 'in', [...UNSETTLED])
          .execute()
        for (const { refundId } of open) await scheduleRefund(due, tx, refundId, nowOf(tx))
      })
    },
  }
}

function actorOf(by: string): string {
  return by.startsWith('rule:') ? 'system' : `staff:${by}`
}
async function auditOf(tx: Tx, refund: RefundRow, action: string, by: string, detail: object): Promise<void> {
  await appendAudit(tx, {
    actor: actorOf(by),
    action,
    subject: `refund:${refund.refundId}`,
    detail: { amountFen: refund.amountFen, ...detail },
  })
}
