import type { Selectable } from 'kysely'
import { wait } from '#protocol/base/clock.ts'
import { CabinetError, type ErrorCode } from '#protocol/base/errors.ts'
import { recordChange } from '#core/live/changes.ts'
import { advanceOrder } from '#core/orders/store.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueItem, DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { decideObserved, decidePayments, decideQueryPause } from './decide.ts'
import { lastCall, markLostCalls, recordReply, requestOf, saveCall } from './journal.ts'
import { type ChargeInput, chargeMachine } from './machine.ts'
import type { ChargeLine, PaymentProvider, ProviderOrder, ProviderPayment, Reply } from './provider.ts'

export type ChargeRow = Selectable<Tables['charge']>
export type PaymentRow = Selectable<Tables['payment']>

/** What other domains do when money moves; wired in core/reactions.ts, because it runs against the arrows. */
export interface PaymentReactions {
  /** Before money is asked for late: undefined lets it go on, a number is the time at which to look again. */
  waitBeforeCharge(charge: ChargeRow): Promise<number | undefined>
  chargePaid(tx: Tx, charge: ChargeRow): Promise<void>
  /** Completed at zero, or released without being used. */
  chargeEnded(tx: Tx, charge: ChargeRow): Promise<void>
  chargeFailed(tx: Tx, charge: ChargeRow, reason: string): Promise<void>
  duplicatePaid(tx: Tx, charge: ChargeRow, payment: PaymentRow): Promise<void>
  amountDiffers(tx: Tx, charge: ChargeRow, payment: PaymentRow): Promise<void>
}

export interface Charges {
  /** Saves the charge and the call that opens it at the provider, in the transaction of the session. */
  prepare(tx: Tx, about: PrepareCharge): Promise<string>
  /** Sends the saved call. Resolves when it is clear, or when the time that a consumer waits at a door is over. */
  authorise(chargeId: string): Promise<{ ok: true } | { ok: false; code: ErrorCode; detail: string }>
  /** The provider's order is not needed any more; done in the background until it is certain. */
  release(tx: Tx, chargeId: string): Promise<void>
  /** Asks for the money, in the background. Zero completes the provider's order without a transaction. */
  settle(tx: Tx, chargeId: string, bill: { lines: readonly ChargeLine[]; totalFen: number }): Promise<void>
  /** Applies what a callback or a query showed. */
  observe(tx: Tx, order: ProviderOrder, foundBy: PaymentRow['foundBy']): Promise<void>
  /** Asks the provider now. @returns false when it gave no answer */
  check(chargeId: string): Promise<boolean>
  /** After a start: calls without an answer are unknown, and what was under way is taken up. */
  resume(): Promise<void>
}
export interface PrepareCharge {
  sessionId: string
  orderId: string
  consumerId: string
  openid: string
  cabinetId: string
  site: string
  capFen: number
}

/** A consumer stands at the door: longer than this nobody waits for the provider. */
const AUTHORISE_WITHIN_MS = 7_000
const AUTHORISE_PAUSE_MS = 400
/** A paid charge is looked at again, because a second payment may come without a callback. */
const SECOND_LOOKS_MS = [15_000, 10 * 60_000, 6 * 3_600_000, 24 * 3_600_000]
const OPEN_STATES = ['submitted', 'unknown', 'pending'] as const

export function createCharges(
  deps: CoreDeps & { due: DueWork; provider: PaymentProvider; reactions: PaymentReactions },
): Charges {
  const { db, clock, ids, log, policy, due, provider, reactions } = deps

  due.on('charge.settle', (work) => settleOne(work.subjectId))
  due.on('charge.release', (work) => releaseOne(work.subjectId))
  due.on('charge.verify', (work) => verifyOne(work))

  async function find(chargeId: string): Promise<ChargeRow> {
    const row = await db.read
      .selectFrom('charge')
      .selectAll()
      .where('chargeId', '=', chargeId)
      .executeTakeFirst()
    if (row === undefined) throw new Error(`assertion failed: there is no charge ${chargeId}`)
    return row
  }

  /** The present row inside a transaction, moved along its table. @returns undefined when nothing happens */
  async function advance(
    tx: Tx,
    chargeId: string,
    input: ChargeInput,
    change: Partial<ChargeRow> = {},
  ): Promise<ChargeRow | undefined> {
    const charge = await tx
      .selectFrom('charge')
      .selectAll()
      .where('chargeId', '=', chargeId)
      .executeTakeFirstOrThrow()
    const state = chargeMachine.next(charge.state, input)
    if (state === undefined) return undefined
    await tx
      .updateTable('charge')
      .set({ ...change, state })
      .where('chargeId', '=', chargeId)
      .execute()
    await recordChange(tx, { kind: 'order', subjectId: charge.orderId, data: { charge: state } })
    return { ...charge, ...change, state }
  }

  async function schedule(tx: Tx, chargeId: string, dueAtMs: number): Promise<void> {
    await due.schedule(tx, { kind: 'charge.settle', subjectId: chargeId, dueAtMs })
  }

  // --- opening the provider's order

  async function prepare(tx: Tx, about: PrepareCharge): Promise<string> {
    const chargeId = ids.next('charge')
    await tx
      .insertInto('charge')
      .values({
        chargeId,
        sessionId: about.sessionId,
        orderId: about.orderId,
        consumerId: about.consumerId,
        state: chargeMachine.initial,
        authorisation: 'asked',
        declinedCode: null,
        outOrderNo: about.orderId,
        providerOrderId: null,
        capFen: about.capFen,
        amountFen: 0,
        lines: null,
        preparedAtMs: nowOf(tx),
        submittedAtMs: null,
        pendingAtMs: null,
        paidAtMs: null,
        polls: 0,
      })
      .execute()
    const request = provider.build.createOrder({ ...about, outOrderNo: about.orderId })
    await saveCall(tx, ids, { request, subjectId: chargeId, idempotencyKey: about.orderId })
    return chargeId
  }

  async function authorise(chargeId: string): ReturnType<Charges['authorise']> {
    const untilMs = clock.monoMs() + AUTHORISE_WITHIN_MS
    const charge = await find(chargeId)
    const call = await lastCall(db.read, chargeId, 'create_order')
    if (call === undefined) throw new Error(`assertion failed: the charge ${chargeId} has no saved call`)
    const request = requestOf(call)
    let reply = toOrder(await provider.send(request))
    await db.write('record the opening of a charge', (tx) => recordReply(tx, call.callId, reply))
    while (isUnclear(reply) && clock.monoMs() < untilMs) {
      log.warn(
        { chargeId, reason: reply.kind === 'unknown' ? reply.reason : 'unknown state' },
        'the opening of a charge is unknown; asking',
      )
      const found = await provider.queryOrder(charge.outOrderNo)
      // Absent: it never arrived. The same bytes under the same number are safe to send again.
      reply = found.kind === 'absent' ? toOrder(await provider.send(request)) : found
      if (isUnclear(reply)) await wait(clock, 'provider order', AUTHORISE_PAUSE_MS)
    }
    return db.write('authorise a charge', async (tx) => concludeAuthorisation(tx, chargeId, reply))
  }

  function toOrder(reply: Reply<unknown>): Reply<ProviderOrder> {
    if (reply.kind !== 'value') return reply
    const value = provider.readOrder(reply.value)
    return value === undefined
      ? { kind: 'unknown', reason: 'the answer is no service order' }
      : { ...reply, value }
  }
  function isUnclear(reply: Reply<ProviderOrder>): boolean {
    return reply.kind === 'unknown' || (reply.kind === 'value' && reply.value.state === 'unknown')
  }

  async function concludeAuthorisation(
    tx: Tx,
    chargeId: string,
    reply: Reply<ProviderOrder>,
  ): Promise<{ ok: true } | { ok: false; code: ErrorCode; detail: string }> {
    const set = (change: Partial<ChargeRow>) =>
      tx.updateTable('charge').set(change).where('chargeId', '=', chargeId).execute()
    if (reply.kind === 'value' && reply.value.state === 'open') {
      await set({ authorisation: 'granted', providerOrderId: reply.value.providerOrderId })
      return { ok: true }
    }
    if (reply.kind === 'refused' && !reply.isTemporary) {
      await set({ authorisation: 'declined', declinedCode: reply.code })
      const code = reply.code === 'NO_AUTH' ? 'consent_required' : 'authorisation_declined'
      return { ok: false, code, detail: `The provider said ${reply.code}.` }
    }
    if (reply.kind === 'value' && reply.value.state !== 'unknown') {
      await set({ authorisation: 'declined', declinedCode: reply.value.state })
      return {
        ok: false,
        code: 'authorisation_declined',
        detail: `The provider left the order ${reply.value.state}.`,
      }
    }
    return { ok: false, code: 'provider_unreachable', detail: 'The provider gave no clear answer in time.' }
  }

  async function release(tx: Tx, chargeId: string): Promise<void> {
    await due.schedule(tx, { kind: 'charge.release', subjectId: chargeId, dueAtMs: nowOf(tx) })
  }

  /** Until it is certain that the provider holds nothing open for this session. */
  async function releaseOne(chargeId: string): Promise<void> {
    const charge = await find(chargeId)
    if (charge.state !== 'prepared' || charge.lines !== null) return
    const found = await provider.queryOrder(charge.outOrderNo)
    if (found.kind === 'value' && (found.value.state === 'open' || found.value.state === 'unconfirmed')) {
      const request = provider.build.cancelOrder({
        outOrderNo: charge.outOrderNo,
        reason: '未开门，未取商品',
      })
      const callId = await db.write('save a cancellation', (tx) =>
        saveCall(tx, ids, { request, subjectId: chargeId, idempotencyKey: `${charge.outOrderNo}/cancel` }),
      )
      const reply = await provider.send(request)
      await db.write('record a cancellation', (tx) => recordReply(tx, callId, reply))
      if (reply.kind !== 'value')
        throw new CabinetError(
          'provider_unreachable',
          `The order ${charge.outOrderNo} could not be cancelled yet.`,
        )
    } else if (found.kind === 'unknown' || (found.kind === 'refused' && found.isTemporary)) {
      throw new CabinetError(
        'provider_unreachable',
        `It is unknown whether ${charge.outOrderNo} exists at the provider.`,
      )
    }
    await db.write('release a charge', async (tx) => {
      const ended = await advance(tx, chargeId, 'cancelled', { authorisation: 'released' })
      if (ended !== undefined) await reactions.chargeEnded(tx, ended)
    })
  }

  // --- asking for the money

  async function settle(
    tx: Tx,
    chargeId: string,
    bill: { lines: readonly ChargeLine[]; totalFen: number },
  ): Promise<void> {
    await tx
      .updateTable('charge')
      .set({ amountFen: bill.totalFen, lines: JSON.stringify(bill.lines) })
      .where('chargeId', '=', chargeId)
      .where('state', '=', 'prepared')
      .execute()
    await schedule(tx, chargeId, nowOf(tx))
  }

  async function settleOne(chargeId: string): Promise<void> {
    const charge = await find(chargeId)
    switch (charge.state) {
      case 'prepared':
        return charge.lines === null ? undefined : complete(charge)
      case 'submitted':
        // Its answer never came back to this process: nobody knows.
        await db.write('lose an answer', (tx) => advance(tx, chargeId, 'answerLost', { polls: 0 }))
        return ask(charge)
      case 'unknown':
      case 'pending':
        return ask(charge)
      case 'paid':
      case 'failed':
      case 'cancelled':
        return
    }
  }

  async function complete(charge: ChargeRow): Promise<void> {
    const { chargeId } = charge
    const againAtMs = charge.amountFen > 0 ? await reactions.waitBeforeCharge(charge) : undefined
    if (againAtMs !== undefined) {
      await db.write('wait before a charge', (tx) => schedule(tx, chargeId, againAtMs))
      return
    }
    const session = await db.read
      .selectFrom('session')
      .selectAll()
      .where('sessionId', '=', charge.sessionId)
      .executeTakeFirstOrThrow()
    const before = await lastCall(db.read, chargeId, 'complete_order')
    const request =
      before === undefined
        ? provider.build.completeOrder({
            outOrderNo: charge.outOrderNo,
            lines: JSON.parse(charge.lines ?? '[]') as ChargeLine[],
            totalFen: charge.amountFen,
            startedAtMs: charge.preparedAtMs,
            endedAtMs: session.closedAtMs ?? clock.now(),
          })
        : requestOf(before)
    // Journal first: after this commit the call is either answered or unknown, whatever happens to this process.
    const callId = await db.write('submit a charge', async (tx) => {
      const submitted = await advance(tx, chargeId, 'sent', {
        submittedAtMs: charge.submittedAtMs ?? nowOf(tx),
        polls: 0,
      })
      if (submitted === undefined) return undefined
      if (charge.amountFen > 0) await advanceOrder(tx, charge.orderId, 'charged')
      return saveCall(tx, ids, {
        request,
        subjectId: chargeId,
        idempotencyKey: `${charge.outOrderNo}/complete`,
      })
    })
    if (callId === undefined) return
    const reply = toOrder(await provider.send(request))
    const seen =
      reply.kind === 'refused' && !reply.isTemporary ? await provider.queryOrder(charge.outOrderNo) : reply
    await db.write('take the answer of a charge', async (tx) => {
      await recordReply(tx, callId, reply)
      const isRefused =
        reply.kind === 'absent' ||
        (reply.kind === 'refused' &&
          !reply.isTemporary &&
          seen.kind === 'value' &&
          seen.value.state === 'open')
      if (isRefused)
        await fail(tx, chargeId, reply.kind === 'refused' ? `${reply.code} ${reply.message}` : reply.code)
      else if (seen.kind === 'value') await observe(tx, seen.value, 'query')
      else await advance(tx, chargeId, 'answerLost')
      await askAgain(tx, chargeId)
    })
  }

  async function fail(tx: Tx, chargeId: string, reason: string): Promise<void> {
    const failed = await advance(tx, chargeId, 'refused')
    if (failed === undefined) return
    await raiseIncident(tx, ids, {
      kind: 'charge_refused',
      subject: chargeId,
      message: `The provider refused a charge: ${reason}`,
    })
    await reactions.chargeFailed(tx, failed, reason)
  }

  async function ask(charge: ChargeRow): Promise<void> {
    const found = await provider.queryOrder(charge.outOrderNo)
    await db.write('take what the provider knows', async (tx) => {
      if (found.kind === 'value') await observe(tx, found.value, 'query')
      await tx
        .updateTable('charge')
        .set((eb) => ({ polls: eb('polls', '+', 1) }))
        .where('chargeId', '=', charge.chargeId)
        .execute()
      await askAgain(tx, charge.chargeId)
      await noteUnpaid(tx, charge.chargeId)
    })
  }

  /** The provider goes on collecting for weeks; until it succeeds the order is unpaid, and no door opens for its consumer. */
  async function noteUnpaid(tx: Tx, chargeId: string): Promise<void> {
    const charge = await tx
      .selectFrom('charge')
      .select(['state', 'orderId', 'pendingAtMs'])
      .where('chargeId', '=', chargeId)
      .executeTakeFirstOrThrow()
    const isLong = charge.pendingAtMs !== null && nowOf(tx) - charge.pendingAtMs > policy.chargePendingMs
    if (charge.state === 'pending' && isLong) await advanceOrder(tx, charge.orderId, 'unpaid')
  }

  /** A pending order sends no callback, and a lost answer never comes: both are asked about until they end. */
  async function askAgain(tx: Tx, chargeId: string): Promise<void> {
    const { state, polls } = await tx
      .selectFrom('charge')
      .select(['state', 'polls'])
      .where('chargeId', '=', chargeId)
      .executeTakeFirstOrThrow()
    if (state === 'prepared') await schedule(tx, chargeId, nowOf(tx) + policy.chargeQueryFirstMs)
    else if (chargeMachine.isTerminal(state)) return
    else
      await schedule(
        tx,
        chargeId,
        nowOf(tx) + decideQueryPause(polls, policy.chargeQueryFirstMs, policy.chargeQueryLongestMs),
      )
  }

  // --- what the provider shows

  async function observe(tx: Tx, order: ProviderOrder, foundBy: PaymentRow['foundBy']): Promise<void> {
    const charge = await tx
      .selectFrom('charge')
      .selectAll()
      .where('outOrderNo', '=', order.outOrderNo)
      .executeTakeFirst()
    if (charge === undefined) {
      await raiseIncident(tx, ids, {
        kind: 'provider_order_unknown',
        subject: order.outOrderNo,
        message: `The provider speaks of the order ${order.outOrderNo}, which is not ours.`,
      })
      return
    }
    if (charge.providerOrderId === null && order.providerOrderId !== null) {
      await tx
        .updateTable('charge')
        .set({ providerOrderId: order.providerOrderId })
        .where('chargeId', '=', charge.chargeId)
        .execute()
    }
    const duplicates = await recordPayments(tx, charge, order.payments, foundBy)
    const input = decideObserved(charge.state, order)
    const nowMs = nowOf(tx)
    const isPaid = input === 'paid' || input === 'foundPaid'
    const change = isPaid
      ? { paidAtMs: order.payments[0]?.paidAtMs ?? nowMs }
      : input === 'accepted' || input === 'foundPending'
        ? { pendingAtMs: charge.pendingAtMs ?? nowMs }
        : {}
    const moved = input === undefined ? undefined : await advance(tx, charge.chargeId, input, change)
    if (moved !== undefined) await react(tx, moved, order, isPaid)
    for (const payment of duplicates) await reactions.duplicatePaid(tx, charge, payment)
  }

  async function react(tx: Tx, charge: ChargeRow, order: ProviderOrder, isPaid: boolean): Promise<void> {
    if (isPaid) {
      await advanceOrder(
        tx,
        charge.orderId,
        order.isPaidElsewhere && order.payments.length === 0 ? 'paidElsewhere' : 'paid',
        {
          chargedAtMs: nowOf(tx),
        },
      )
      await due.schedule(tx, {
        kind: 'charge.verify',
        subjectId: charge.chargeId,
        dueAtMs: nowOf(tx) + (SECOND_LOOKS_MS[0] as number),
        payload: { look: 0 },
      })
      await reactions.chargePaid(tx, charge)
    } else if (charge.state === 'cancelled') {
      await reactions.chargeEnded(tx, charge)
    }
  }

  /** @returns the payments that came on top of the one that counts */
  async function recordPayments(
    tx: Tx,
    charge: ChargeRow,
    seen: readonly ProviderPayment[],
    foundBy: PaymentRow['foundBy'],
  ): Promise<PaymentRow[]> {
    const known = await tx
      .selectFrom('payment')
      .select('transactionId')
      .where('chargeId', '=', charge.chargeId)
      .execute()
    const duplicates: PaymentRow[] = []
    for (const payment of decidePayments(
      known.map((row) => row.transactionId),
      seen,
    )) {
      const row: PaymentRow = {
        paymentId: ids.next('payment'),
        chargeId: charge.chargeId,
        orderId: charge.orderId,
        transactionId: payment.transactionId,
        amountFen: payment.amountFen,
        paidAtMs: payment.paidAtMs,
        foundBy,
        foundAtMs: nowOf(tx),
        isDuplicate: payment.isDuplicate ? 1 : 0,
        reservedFen: 0,
        refundedFen: 0,
      }
      await tx.insertInto('payment').values(row).execute()
      await tx
        .updateTable('order')
        .set((eb) => ({ paidFen: eb('paidFen', '+', payment.amountFen) }))
        .where('orderId', '=', charge.orderId)
        .execute()
      log.info(
        {
          chargeId: charge.chargeId,
          orderId: charge.orderId,
          amountFen: payment.amountFen,
          isDuplicate: payment.isDuplicate,
        },
        'payment found',
      )
      if (payment.isDuplicate) duplicates.push(row)
      else if (payment.amountFen !== charge.amountFen) await reactions.amountDiffers(tx, charge, row)
    }
    return duplicates
  }

  async function check(chargeId: string): Promise<boolean> {
    const charge = await find(chargeId)
    const found = await provider.queryOrder(charge.outOrderNo)
    if (found.kind !== 'value') return false
    await db.write('take what the provider knows', (tx) => observe(tx, found.value, 'query'))
    return true
  }

  async function verifyOne(work: DueItem): Promise<void> {
    if (!(await check(work.subjectId))) throw new CabinetError('provider_unreachable')
    const look = Number(work.payload['look'] ?? 0) + 1
    const pauseMs = SECOND_LOOKS_MS[look]
    if (pauseMs === undefined) return
    await db.write('plan another look', (tx) =>
      due.schedule(tx, {
        kind: 'charge.verify',
        subjectId: work.subjectId,
        dueAtMs: nowOf(tx) + pauseMs,
        payload: { look },
      }),
    )
  }

  async function resume(): Promise<void> {
    await db.write('resume charges', async (tx) => {
      const lost = await markLostCalls(tx)
      if (lost > 0)
        log.warn({ calls: lost }, 'calls to the provider had no answer when the core ended; asking')
      const open = await tx
        .selectFrom('charge')
        .select('chargeId')
        .where((eb) =>
          eb.or([
            eb('state', 'in', [...OPEN_STATES]),
            eb.and([eb('state', '=', 'prepared'), eb('lines', 'is not', null)]),
          ]),
        )
        .execute()
      for (const { chargeId } of open) await schedule(tx, chargeId, nowOf(tx))
    })
  }

  return { prepare, authorise, release, settle, observe, check, resume }
}
