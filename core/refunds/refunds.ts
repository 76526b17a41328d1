import type { Kysely, Selectable } from 'kysely'
import type { RefundReason } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordMovement } from '#core/catalog/queries.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Notices } from '#core/notices/notices.ts'
import { advanceOrder, getOrder, linesOf } from '#core/orders/store.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { StockEffect } from '#core/platform/tables/money.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { decideQueryPause } from '#core/payments/decide.ts'
import { recordReply, saveCall } from '#core/payments/journal.ts'
import type { PaymentProvider, ProviderRefund, Reply } from '#core/payments/provider.ts'
import { decideRefund, type RefundAuthority, type RefundDecision, type RefundWish } from './decide.ts'
import { type RefundInput, refundMachine } from './machine.ts'

export type RefundRow = Selectable<Tables['refund']>

/** What others do when a refund moves; wired in core/reactions.ts. */
export interface RefundReactions {
  refundStarted(tx: Tx, refund: RefundRow): Promise<void>
  refundSucceeded(tx: Tx, refund: RefundRow): Promise<void>
  refundRejected(tx: Tx, refund: RefundRow): Promise<void>
}

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
  /** Fen that rules have refunded to a consumer within 30 days, but for proven duplicates. */
  refundedByRules(db: Kysely<Tables>, consumerId: string): Promise<number>
  resume(): Promise<void>
}

const MONTH_MS = 30 * 24 * 3_600_000
/** The gateway is asked about a waiting notice this often. */
const NOTICE_PAUSE_MS = 250
const PUT_OFF_MS = 60_000
/** A refund that the provider closed waits for a person to top up the account, then gets a new number. */
const RENUMBER_MS = 10 * 60_000
const UNSETTLED = ['approved', 'submitted', 'unknown', 'processing'] as const

export function createRefunds(
  deps: CoreDeps & { due: DueWork; provider: PaymentProvider; notices: Notices; reactions: RefundReactions },
): Refunds {
  const { db, clock, ids, log, policy, due, provider, notices, reactions } = deps
  due.on('refund.drive', (work) => drive(work.subjectId))

  async function get(tx: Kysely<Tables>, refundId: string): Promise<RefundRow> {
    const refund = await tx
      .selectFrom('refund')
      .selectAll()
      .where('refundId', '=', refundId)
      .executeTakeFirst()
    if (refund === undefined) throw new CabinetError('not_found', `There is no refund ${refundId}.`)
    return refund
  }

  async function advance(
    tx: Tx,
    refundId: string,
    input: RefundInput,
    change: Partial<RefundRow> = {},
  ): Promise<RefundRow | undefined> {
    const refund = await get(tx, refundId)
    const state = refundMachine.next(refund.state, input)
    if (state === undefined) return undefined
    await tx
      .updateTable('refund')
      .set({ ...change, state })
      .where('refundId', '=', refundId)
      .execute()
    await recordChange(tx, { kind: 'refund', subjectId: refundId, data: { state, orderId: refund.orderId } })
    log.info({ refundId, orderId: refund.orderId, state }, 'refund moved')
    return { ...refund, ...change, state }
  }

  async function schedule(tx: Tx, refundId: string, dueAtMs: number): Promise<void> {
    await due.schedule(tx, { kind: 'refund.drive', subjectId: refundId, dueAtMs })
  }

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
    if (decision.needsApproval) return (await advance(tx, wish.refundId, 'approvalNeeded')) ?? row
    return start(tx, wish.refundId, wish.by)
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
  async function changeLine(
    tx: Tx,
    line: { lineId: string; quantity: number; amountFen: number },
    sign: 1 | -1,
  ): Promise<void> {
    await tx
      .updateTable('orderLine')
      .set((eb) => ({
        refundedQuantity: eb('refundedQuantity', '+', sign * line.quantity),
        refundedFen: eb('refundedFen', '+', sign * line.amountFen),
      }))
      .where('lineId', '=', line.lineId)
      .execute()
  }

  async function start(tx: Tx, refundId: string, by: string): Promise<RefundRow> {
    const approved = await advance(tx, refundId, 'approved', { approvedAtMs: nowOf(tx), approvedBy: by })
    if (approved === undefined) throw new CabinetError('already_decided')
    await moveStock(tx, approved)
    await schedule(tx, refundId, nowOf(tx))
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

  async function release(tx: Tx, refund: RefundRow): Promise<void> {
    await tx
      .updateTable('payment')
      .set((eb) => ({ reservedFen: eb('reservedFen', '-', refund.amountFen) }))
      .where('paymentId', '=', refund.paymentId)
      .execute()
    for (const line of await tx
      .selectFrom('refundLine')
      .selectAll()
      .where('refundId', '=', refund.refundId)
      .execute())
      await changeLine(tx, line, -1)
  }

  // --- carrying it out: one step of the machine at a time, each safe to repeat

  async function drive(refundId: string): Promise<void> {
    const refund = await get(db.read, refundId)
    switch (refund.state) {
      case 'approved':
        return submit(refund)
      case 'submitted':
        await db.write('lose an answer', (tx) => advance(tx, refundId, 'answerLost'))
        return query(refund)
      case 'unknown':
      case 'processing':
      case 'abnormal':
        return query(refund)
      case 'closed':
        return renumber(refund)
      case 'requested':
      case 'awaiting_approval':
      case 'succeeded':
      case 'rejected':
        return
    }
  }

  async function submit(refund: RefundRow): Promise<void> {
    const { refundId } = refund
    if (await isWaitingForNotice(refund)) {
      await db.write('wait for a notice', (tx) => schedule(tx, refundId, nowOf(tx) + NOTICE_PAUSE_MS))
      return
    }
    const payment = await db.read
      .selectFrom('payment')
      .selectAll()
      .where('paymentId', '=', refund.paymentId)
      .executeTakeFirstOrThrow()
    const request = provider.build.refund({
      outRefundNo: refund.outRefundNo,
      transactionId: payment.transactionId,
      amountFen: refund.amountFen,
      paidFen: payment.amountFen,
      reason: PROVIDER_REASONS[refund.reason],
    })
    const callId = await db.write('submit a refund', async (tx) => {
      const moved = await advance(tx, refundId, 'sent', { submittedAtMs: nowOf(tx) })
      return moved && saveCall(tx, ids, { request, subjectId: refundId, idempotencyKey: refund.outRefundNo })
    })
    if (callId === undefined) return
    const reply = await provider.send(request)
    await db.write('take the answer of a refund', async (tx) => {
      await recordReply(tx, callId, reply)
      await takeReply(tx, refund, reply)
    })
  }

  async function isWaitingForNotice(refund: RefundRow): Promise<boolean> {
    if (refund.noticeId === null || clock.now() >= (refund.noticeBoundMs ?? 0)) return false
    return (await notices.find(db.read, refund.noticeId))?.state === 'waiting'
  }

  async function takeReply(tx: Tx, refund: RefundRow, reply: Reply<unknown>): Promise<void> {
    const { refundId } = refund
    const seen = reply.kind === 'value' ? provider.readRefund(reply.value) : undefined
    if (seen !== undefined) return observe(tx, seen)
    if (reply.kind === 'refused' && reply.isTemporary) {
      // Kept under its number: a failed application is repeated with the same one.
      await advance(tx, refundId, 'putOff')
      await raiseIncident(tx, ids, {
        kind: 'refund_put_off',
        subject: refundId,
        message: `The provider put off a refund: ${reply.code} ${reply.message}`,
      })
      return schedule(tx, refundId, nowOf(tx) + PUT_OFF_MS)
    }
    if (reply.kind === 'refused' || reply.kind === 'absent') {
      const reason = reply.kind === 'refused' ? `${reply.code} ${reply.message}` : reply.code
      return conclude(tx, refundId, 'refused', reason)
    }
    await advance(tx, refundId, 'answerLost')
    await schedule(tx, refundId, nowOf(tx) + policy.chargeQueryFirstMs)
  }

  async function conclude(
    tx: Tx,
    refundId: string,
    input: 'refused' | 'rejected',
    reason: string,
  ): Promise<void> {
    const rejected = await advance(tx, refundId, input, { rejectedReason: reason.slice(0, 300) })
    if (rejected === undefined) return
    await release(tx, rejected)
    if (input === 'refused')
      await raiseIncident(tx, ids, {
        kind: 'refund_refused',
        subject: refundId,
        message: `The provider refused a refund: ${reason}`,
      })
    await reactions.refundRejected(tx, rejected)
  }

  async function query(refund: RefundRow): Promise<void> {
    const reply = await provider.queryRefund(refund.outRefundNo)
    await db.write('take what the provider knows of a refund', async (tx) => {
      await tx
        .updateTable('refund')
        .set((eb) => ({ polls: eb('polls', '+', 1) }))
        .where('refundId', '=', refund.refundId)
        .execute()
      if (reply.kind === 'value') await observe(tx, reply.value)
      else if (reply.kind === 'absent') {
        await advance(tx, refund.refundId, 'foundAbsent')
        return schedule(tx, refund.refundId, nowOf(tx))
      }
      await askAgain(tx, refund.refundId)
    })
  }

  async function askAgain(tx: Tx, refundId: string): Promise<void> {
    const refund = await get(tx, refundId)
    if (refundMachine.isTerminal(refund.state) || refund.state === 'closed') return
    await schedule(
      tx,
      refundId,
      nowOf(tx) + decideQueryPause(refund.polls, policy.chargeQueryFirstMs, policy.chargeQueryLongestMs),
    )
  }

  async function renumber(refund: RefundRow): Promise<void> {
    await db.write('renumber a refund', async (tx) => {
      const attempt = refund.attempt + 1
      await advance(tx, refund.refundId, 'renumbered', {
        attempt,
        outRefundNo: `${refund.refundId}-${attempt}`,
        polls: 0,
      })
      await schedule(tx, refund.refundId, nowOf(tx))
    })
  }

  async function observe(tx: Tx, seen: ProviderRefund): Promise<void> {
    const refund = await tx
      .selectFrom('refund')
      .selectAll()
      .where('outRefundNo', '=', seen.outRefundNo)
      .executeTakeFirst()
    if (refund === undefined) {
      await raiseIncident(tx, ids, {
        kind: 'provider_refund_unknown',
        subject: seen.outRefundNo,
        message: `The provider speaks of the refund ${seen.outRefundNo}, which is not ours.`,
      })
      return
    }
    if (seen.state === 'unknown') return askAgain(tx, refund.refundId)
    const moved = await advance(tx, refund.refundId, seen.state, {
      providerRefundId: seen.providerRefundId,
      acceptedAtMs: refund.acceptedAtMs ?? nowOf(tx),
      ...(seen.state === 'succeeded' ? { succeededAtMs: seen.succeededAtMs ?? nowOf(tx) } : {}),
    })
    if (moved === undefined) return
    switch (moved.state) {
      case 'succeeded':
        return post(tx, moved)
      case 'processing':
        return askAgain(tx, moved.refundId)
      case 'closed':
        await raiseIncident(tx, ids, {
          kind: 'refund_closed',
          subject: moved.refundId,
          message:
            'The provider closed a refund, usually for lack of money in the account; it is sent again under a new number.',
        })
        return schedule(tx, moved.refundId, nowOf(tx) + RENUMBER_MS)
      case 'abnormal':
        await raiseIncident(tx, ids, {
          kind: 'refund_abnormal',
          subject: moved.refundId,
          message: 'The account of the consumer cannot take a refund; it must be routed another way.',
        })
        return askAgain(tx, moved.refundId)
      default:
        return
    }
  }

  /** Confirmed by the provider: only now it counts as given back. */
  async function post(tx: Tx, refund: RefundRow): Promise<void> {
    await tx
      .updateTable('payment')
      .set((eb) => ({ refundedFen: eb('refundedFen', '+', refund.amountFen) }))
      .where('paymentId', '=', refund.paymentId)
      .execute()
    await tx
      .updateTable('order')
      .set((eb) => ({ refundedFen: eb('refundedFen', '+', refund.amountFen) }))
      .where('orderId', '=', refund.orderId)
      .execute()
    // A second payment that goes back leaves the order as paid as it was.
    if (refund.reason !== 'duplicate') {
      const { paidFen, backFen } = await tx
        .selectFrom('payment')
        .select((eb) => [
          eb.fn.sum<number>('amountFen').as('paidFen'),
          eb.fn.sum<number>('refundedFen').as('backFen'),
        ])
        .where('orderId', '=', refund.orderId)
        .where('isDuplicate', '=', 0)
        .executeTakeFirstOrThrow()
      await advanceOrder(tx, refund.orderId, backFen >= paidFen ? 'refunded' : 'partlyRefunded')
    } else await recordChange(tx, { kind: 'order', subjectId: refund.orderId })
    await reactions.refundSucceeded(tx, refund)
  }

  return {
    calculate: decide,
    ask,
    observe,
    async approve(tx, refundId, by) {
      const refund = await get(tx, refundId)
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
      const refund = await get(tx, refundId)
      if (refund.state !== 'awaiting_approval') throw new CabinetError('already_decided')
      await appendAudit(tx, {
        actor: actorOf(by),
        action: 'refund.rejected',
        subject: `refund:${refundId}`,
        detail: { reason },
      })
      await conclude(tx, refundId, 'rejected', reason)
      return get(tx, refundId)
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
        for (const { refundId } of open) await schedule(tx, refundId, nowOf(tx))
      })
    },
  }
}

/** What the provider shows the consumer beside the refund. */
const PROVIDER_REASONS: Record<RefundReason, string> = {
  duplicate: '重复扣款退回',
  returned_item: '商品已放回',
  wrong_item: '商品识别有误',
  not_taken: '未取该商品',
  quality: '商品质量问题',
  expired: '商品过期',
  delayed_charge: '延时扣款更正',
  goodwill: '客服补偿',
}

function actorOf(by: string): string {
  return by.startsWith('rule:') ? 'system' : `staff:${by}`
}
