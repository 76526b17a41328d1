import type { RefundReason } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { books } from '#core/ledger/books.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Notices } from '#core/notices/notices.ts'
import { advanceOrder } from '#core/orders/store.ts'
import { decideQueryPause } from '#core/payments/decide.ts'
import { recordReply, saveCall } from '#core/payments/journal.ts'
import type { PaymentProvider, ProviderRefund, Reply } from '#core/payments/provider.ts'
import { isMoneyStopped, refuseWhileStopped, STOPPED_LOOK_MS } from '#core/payments/stop.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import { refundMachine } from './machine.ts'
import {
  advanceRefund,
  getRefund,
  type RefundReactions,
  type RefundRow,
  releaseReservation,
  scheduleRefund,
  scheduleRenumber,
} from './refund-rows.ts'

/** The gateway is asked about a waiting notice this often. */
const NOTICE_PAUSE_MS = 250
const PUT_OFF_MS = 60_000
/** A refund that the provider closed waits for a person to top up the account, then gets a new number. */
const RENUMBER_MS = 10 * 60_000

/** An approved refund at the provider, one step of its table at a time; each step is safe to repeat. */
export function createCarryingOut(
  deps: CoreDeps & { due: DueWork; provider: PaymentProvider; notices: Notices; reactions: RefundReactions },
) {
  const { db, clock, ids, policy, due, provider, notices, reactions } = deps
  due.on('refund.drive', (work) => drive(work.subjectId, work.payload['isRenumbering'] === true))
  due.on('refund.reroute', (work) => rerouteOne(work.subjectId))

  async function drive(refundId: string, isRenumbering: boolean): Promise<void> {
    const refund = await getRefund(db.read, refundId)
    switch (refund.state) {
      case 'approved':
        return submit(refund)
      case 'submitted':
        await db.write('lose an answer', (tx) => advanceRefund(deps, tx, refundId, 'answerLost'))
        return query(refund)
      case 'unknown':
      case 'processing':
      case 'abnormal':
        return query(refund)
      case 'closed':
        return isRenumbering ? renumber(refund) : waitForAccount(refundId)
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
      await db.write('wait for a notice', (tx) =>
        scheduleRefund(due, tx, refundId, nowOf(tx) + NOTICE_PAUSE_MS),
      )
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
      if (await isMoneyStopped(tx)) {
        await scheduleRefund(due, tx, refundId, nowOf(tx) + STOPPED_LOOK_MS)
        return undefined
      }
      const moved = await advanceRefund(deps, tx, refundId, 'sent', { submittedAtMs: nowOf(tx) })
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
      await advanceRefund(deps, tx, refundId, 'putOff')
      await raiseIncident(tx, ids, {
        kind: 'refund_put_off',
        subject: refundId,
        message: `The provider put off a refund: ${reply.code} ${reply.message}`,
      })
      return scheduleRefund(due, tx, refundId, nowOf(tx) + PUT_OFF_MS)
    }
    if (reply.kind === 'refused' || reply.kind === 'absent') {
      const reason = reply.kind === 'refused' ? `${reply.code} ${reply.message}` : reply.code
      return conclude(tx, refundId, 'refused', reason)
    }
    // Not when a callback was there before the answer was given up: then its own time is set already.
    if ((await advanceRefund(deps, tx, refundId, 'answerLost')) === undefined) return
    await scheduleRefund(due, tx, refundId, nowOf(tx) + policy.chargeQueryFirstMs)
  }

  async function conclude(
    tx: Tx,
    refundId: string,
    input: 'refused' | 'rejected',
    reason: string,
  ): Promise<void> {
    const rejected = await advanceRefund(deps, tx, refundId, input, { rejectedReason: reason.slice(0, 300) })
    if (rejected === undefined) return
    await releaseReservation(tx, rejected)
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
        await advanceRefund(deps, tx, refund.refundId, 'foundAbsent')
        return scheduleRefund(due, tx, refund.refundId, nowOf(tx))
      }
      await askAgain(tx, refund.refundId)
    })
  }

  async function askAgain(tx: Tx, refundId: string): Promise<void> {
    const refund = await getRefund(tx, refundId)
    if (refundMachine.isTerminal(refund.state) || refund.state === 'closed') return
    await scheduleRefund(
      due,
      tx,
      refundId,
      nowOf(tx) + decideQueryPause(refund.polls, policy.chargeQueryFirstMs, policy.chargeQueryLongestMs),
    )
  }

  async function waitForAccount(refundId: string): Promise<void> {
    await db.write('wait for the account', (tx) =>
      scheduleRenumber(due, tx, refundId, nowOf(tx) + RENUMBER_MS),
    )
  }

  async function renumber(refund: RefundRow): Promise<void> {
    await db.write('renumber a refund', async (tx) => {
      const attempt = refund.attempt + 1
      await advanceRefund(deps, tx, refund.refundId, 'renumbered', {
        attempt,
        outRefundNo: `${refund.refundId}-${attempt}`,
        polls: 0,
      })
      await scheduleRefund(due, tx, refund.refundId, nowOf(tx))
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
    const moved = await advanceRefund(deps, tx, refund.refundId, seen.state, {
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
        return scheduleRenumber(due, tx, moved.refundId, nowOf(tx) + RENUMBER_MS)
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
    await books.refunded(tx, refund, refund.succeededAtMs ?? nowOf(tx))
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

  /**
   * Saved, then sent: the money goes to the account of the business, because the consumer's cannot take it. The other way,
   * to a card of theirs, would need its number, which is never kept here.
   */
  async function rerouteOne(refundId: string): Promise<void> {
    const refund = await getRefund(db.read, refundId)
    if (refund.state !== 'abnormal' || refund.providerRefundId === null) return
    const request = provider.build.rerouteRefund({
      providerRefundId: refund.providerRefundId,
      outRefundNo: refund.outRefundNo,
    })
    const callId = await db.write('save a re-routing', async (tx) => {
      await refuseWhileStopped(tx)
      return saveCall(tx, ids, {
        request,
        subjectId: refundId,
        idempotencyKey: `${refund.outRefundNo}/reroute`,
      })
    })
    const reply = await provider.send(request)
    await db.write('take the answer of a re-routing', async (tx) => {
      await recordReply(tx, callId, reply)
      const seen = reply.kind === 'value' ? provider.readRefund(reply.value) : undefined
      if (seen !== undefined) return observe(tx, seen)
      if (reply.kind === 'refused' && !reply.isTemporary)
        await raiseIncident(tx, ids, {
          kind: 'refund_reroute_refused',
          subject: refundId,
          message: `The provider did not route a refund another way: ${reply.code} ${reply.message}`,
        })
      await scheduleRefund(due, tx, refundId, nowOf(tx) + policy.chargeQueryFirstMs)
    })
    const after = await getRefund(db.read, refundId)
    if (
      after.state === 'abnormal' &&
      (reply.kind === 'unknown' || (reply.kind === 'refused' && reply.isTemporary))
    )
      throw new CabinetError('provider_unreachable', 'It is not clear yet whether the refund was re-routed.')
  }

  return { observe, conclude }
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
