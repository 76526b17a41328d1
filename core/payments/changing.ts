import type { RefundReason } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { calculateLowered } from '#core/orders/lower.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueItem, DueWork } from '#core/platform/due.ts'
import { type ChargeRow, findCharge, type PaymentReactions, toOrder } from './charge-rows.ts'
import { recordReply, saveCall } from './journal.ts'
import type { LowerWish } from './lower-wish.ts'
import { endLowering, firstLowering, lineWordsOf } from './lowering.ts'
import { chargeMachine } from './machine.ts'
import type { Observe } from './observing.ts'
import type { ChargeLine, PaymentProvider, ProviderOrder, ProviderRequest, Reply } from './provider.ts'
import { refuseWhileStopped } from './stop.ts'

/** What can still be done to a charge between the asking and the taking: lower, settle elsewhere, collect once more. */
export function createChanging(
  deps: CoreDeps & {
    due: DueWork
    provider: PaymentProvider
    reactions: PaymentReactions
    observe: Observe
  },
) {
  const { db, ids, log, policy, due, provider, reactions, observe } = deps
  due.on('charge.lower', (work) => lowerOne(work))
  due.on('charge.sync', (work) => syncOne(work))
  due.on('charge.collect', (work) => collectOne(work.subjectId))
  due.on('charge.give_up', (work) => giveUpOne(work.subjectId))

  async function lower(tx: Tx, chargeId: string, wish: LowerWish): Promise<void> {
    const { orderId } = await findCharge(tx, chargeId)
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('chargeLowering')
      .values({
        refundId: wish.refundId,
        chargeId,
        orderId,
        wish: JSON.stringify(wish),
        state: 'waiting',
        byFen: null,
        askedAtMs: nowOf(tx),
        endedAtMs: null,
      })
      .onConflict((conflict) => conflict.column('refundId').doNothing())
      .executeTakeFirstOrThrow()
    if (numInsertedOrUpdatedRows === 0n) return
    await due.schedule(tx, { kind: 'charge.lower', subjectId: wish.refundId, dueAtMs: nowOf(tx) })
  }
  async function markPaidElsewhere(tx: Tx, chargeId: string, paid: { paidAtMs: number }): Promise<void> {
    await due.schedule(tx, { kind: 'charge.sync', subjectId: chargeId, dueAtMs: nowOf(tx), payload: paid })
  }
  async function collect(tx: Tx, chargeId: string): Promise<void> {
    await due.schedule(tx, { kind: 'charge.collect', subjectId: chargeId, dueAtMs: nowOf(tx) })
  }

  async function giveUp(tx: Tx, chargeId: string): Promise<void> {
    await due.schedule(tx, { kind: 'charge.give_up', subjectId: chargeId, dueAtMs: nowOf(tx) })
  }

  /** Saved, sent as it was saved, recorded. What came back is not trusted to be the end: the order is asked for. */
  async function send(
    charge: ChargeRow,
    request: ProviderRequest,
    step: string,
  ): Promise<Reply<ProviderOrder>> {
    const callId = await db.write('save a change of a charge', async (tx) => {
      await refuseWhileStopped(tx)
      return saveCall(tx, ids, {
        request,
        subjectId: charge.chargeId,
        idempotencyKey: `${charge.outOrderNo}/${step}`,
      })
    })
    const reply = await provider.send(request)
    await db.write('record a change of a charge', (tx) => recordReply(tx, callId, reply))
    if (reply.kind === 'refused' || reply.kind === 'absent') return reply
    const order = toOrder(provider, reply)
    return order.kind === 'value' ? order : provider.queryOrder(charge.outOrderNo)
  }

  const notClearYet = (charge: ChargeRow, what: string) =>
    new CabinetError('provider_unreachable', `It is not clear yet whether ${charge.outOrderNo} was ${what}.`)

  async function lowerOne(work: DueItem): Promise<void> {
    const refundId = work.subjectId
    const looks = Number(work.payload['looks'] ?? 0)
    const row = await db.read
      .selectFrom('chargeLowering')
      .selectAll()
      .where('refundId', '=', refundId)
      .executeTakeFirst()
    if (row?.state !== 'waiting') return
    const wish = JSON.parse(row.wish) as LowerWish
    const charge = await findCharge(db.read, row.chargeId)
    if (charge.state === 'paid')
      return db.write('lower too late', async (tx) => {
        if (await endLowering(tx, refundId, 'refunded')) await reactions.lowerTooLate(tx, charge, wish)
      })
    if (chargeMachine.isTerminal(charge.state)) return nothingToLower(refundId)
    // Not asked for yet, or nobody knows: the charge is clear first. Held: the decision says what it costs.
    if (charge.state !== 'pending')
      return charge.lines === null ? nothingToLower(refundId) : wait(refundId, looks)
    if ((await firstLowering(db.read, charge.chargeId))?.refundId !== refundId) return wait(refundId, looks)
    const wanted = await calculateLowered(db.read, charge.orderId, wish.lines)
    if (wanted === undefined || wanted.totalFen >= charge.amountFen) {
      log.warn({ chargeId: charge.chargeId, wish }, 'there is nothing to lower')
      return nothingToLower(refundId)
    }
    const lines = await lineWordsOf(db.read, charge.orderId, wanted)
    const reply = await (wanted.totalFen === 0 ? drop(charge) : modify(charge, lines, wanted.totalFen, wish))
    if (reply.kind === 'unknown' || (reply.kind === 'refused' && reply.isTemporary))
      return wait(refundId, looks)
    const seen = reply.kind === 'value' ? reply : await provider.queryOrder(charge.outOrderNo)
    if (seen.kind !== 'value') return wait(refundId, looks)
    // Seeing the lower amount is what lowers ours; a refusal that stands is asked about again.
    await db.write('lower a charge', (tx) => observe(tx, seen.value, 'query'))
    return wait(refundId, looks)
  }

  async function nothingToLower(refundId: string): Promise<void> {
    await db.write('nothing to lower', (tx) => endLowering(tx, refundId, 'dropped'))
  }

  /** Looked at again soon, then less often: a deduction takes seconds, an unclear answer is asked about. */
  async function wait(refundId: string, looks: number): Promise<void> {
    const pauseMs = policy.chargeQueryFirstMs * 2 ** Math.min(looks, 20)
    await db.write('wait to lower a charge', (tx) =>
      due.schedule(tx, {
        kind: 'charge.lower',
        subjectId: refundId,
        dueAtMs: nowOf(tx) + Math.min(pauseMs, policy.chargeQueryLongestMs),
        payload: { looks: looks + 1 },
      }),
    )
  }

  async function modify(
    charge: ChargeRow,
    lines: readonly ChargeLine[],
    totalFen: number,
    wish: LowerWish,
  ): Promise<Reply<ProviderOrder>> {
    const { outOrderNo } = charge
    const request = provider.build.modifyOrder({
      outOrderNo,
      lines,
      totalFen,
      reason: LOWER_REASONS[wish.reason],
    })
    return send(charge, request, `modify/${totalFen}`)
  }

  /**
   * Nothing is owed at all, and the provider lowers to one fen at the least. Its texts disagree on whether a completed
   * order can be cancelled; when it cannot, it is reported as settled, which ends the collection without money.
   */
  async function drop(charge: ChargeRow, reason = '费用有误，无需支付'): Promise<Reply<ProviderOrder>> {
    const cancelled = await send(
      charge,
      provider.build.cancelOrder({ outOrderNo: charge.outOrderNo, reason }),
      'cancel',
    )
    if (cancelled.kind !== 'refused' || cancelled.isTemporary) return cancelled
    return send(
      charge,
      provider.build.syncOrder({ outOrderNo: charge.outOrderNo, paidAtMs: provider.nowMs() }),
      'sync',
    )
  }

  async function syncOne(work: DueItem): Promise<void> {
    const charge = await findCharge(db.read, work.subjectId)
    if (chargeMachine.isTerminal(charge.state)) return
    const paidAtMs = Number(work.payload['paidAtMs'])
    const reply = await send(
      charge,
      provider.build.syncOrder({ outOrderNo: charge.outOrderNo, paidAtMs }),
      'sync',
    )
    const seen = reply.kind === 'value' ? reply : await provider.queryOrder(charge.outOrderNo)
    if (seen.kind !== 'value') throw notClearYet(charge, 'settled elsewhere')
    await db.write('take what the provider knows', (tx) => observe(tx, seen.value, 'query'))
    if (seen.value.state === 'collecting') throw notClearYet(charge, 'settled elsewhere')
  }

  async function collectOne(chargeId: string): Promise<void> {
    const charge = await findCharge(db.read, chargeId)
    if (charge.state !== 'pending') return
    const reply = await send(
      charge,
      provider.build.collectOrder({ outOrderNo: charge.outOrderNo }),
      `collect/${charge.polls}`,
    )
    // A refusal is no failure: a deduction is running, or the money was taken. The next look shows which.
    await db.write('look after a collection', async (tx) => {
      if (reply.kind === 'value') await observe(tx, reply.value, 'query')
      await due.schedule(tx, {
        kind: 'charge.settle',
        subjectId: chargeId,
        dueAtMs: nowOf(tx) + policy.chargeQueryFirstMs,
      })
    })
  }

  /** Money that came before the provider let go is simply paid; without a clear answer it is tried again. */
  async function giveUpOne(chargeId: string): Promise<void> {
    const charge = await findCharge(db.read, chargeId)
    if (chargeMachine.isTerminal(charge.state)) return
    if (charge.state !== 'pending') throw notClearYet(charge, 'let go')
    await drop(charge, '免除欠款，无需支付')
    const seen = await provider.queryOrder(charge.outOrderNo)
    if (seen.kind !== 'value' || seen.value.state === 'collecting') throw notClearYet(charge, 'let go')
    const { value } = seen
    const isLetGo =
      value.payments.length === 0 &&
      (value.state === 'revoked' || (value.state === 'paid' && value.isPaidElsewhere))
    await db.write('let go of a charge', async (tx) => {
      if (isLetGo) await reactions.givenUp(tx, await findCharge(tx, chargeId))
      await observe(tx, value, 'query')
    })
  }

  return { lower, markPaidElsewhere, collect, giveUp }
}

const LOWER_REASONS: Record<RefundReason, string> = {
  duplicate: '重复计费更正',
  returned_item: '商品已放回',
  wrong_item: '商品识别有误',
  not_taken: '未取该商品',
  quality: '商品质量问题',
  expired: '商品过期',
  delayed_charge: '延时扣款更正',
  goodwill: '客服优惠',
}
