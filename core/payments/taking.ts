import { advanceOrder } from '#core/orders/store.ts'
import { books } from '#core/ledger/books.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import {
  advanceCharge,
  type ChargeRow,
  findCharge,
  type PaymentReactions,
  scheduleCharge,
  toOrder,
} from './charge-rows.ts'
import { decideQueryPause } from './decide.ts'
import { lastCall, recordReply, requestOf, saveCall } from './journal.ts'
import { chargeMachine } from './machine.ts'
import type { Observe } from './observing.ts'
import type { ChargeLine, PaymentProvider } from './provider.ts'
import { isMoneyStopped, STOPPED_LOOK_MS } from './stop.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const visitOf = preparedFor((db, sessionId: string) =>
  db.selectFrom('session').selectAll().where('sessionId', '=', sessionId),
)

/** Asks for the money and goes on asking about it until it ends. */
export function createTaking(
  deps: CoreDeps & {
    due: DueWork
    provider: PaymentProvider
    reactions: PaymentReactions
    observe: Observe
  },
) {
  const { db, clock, ids, policy, due, provider, reactions, observe } = deps
  due.on('charge.settle', (work) => settleOne(work.subjectId))

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
    await scheduleCharge(due, tx, chargeId, nowOf(tx))
  }

  async function settleOne(chargeId: string): Promise<void> {
    const charge = await findCharge(db.read, chargeId)
    switch (charge.state) {
      case 'prepared':
        return charge.lines === null ? undefined : complete(charge)
      case 'submitted':
        // Its answer never came back to this process: nobody knows.
        await db.write('lose an answer', (tx) => advanceCharge(tx, chargeId, 'answerLost', { polls: 0 }))
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
      await db.write('wait before a charge', (tx) => scheduleCharge(due, tx, chargeId, againAtMs))
      return
    }
    const [session] = await visitOf(db.read, charge.sessionId)
    if (session === undefined) throw new Error(`assertion failed: there is no session ${charge.sessionId}`)
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
      if (await isMoneyStopped(tx)) {
        await scheduleCharge(due, tx, chargeId, nowOf(tx) + STOPPED_LOOK_MS)
        return undefined
      }
      const submitted = await advanceCharge(tx, chargeId, 'sent', {
        submittedAtMs: charge.submittedAtMs ?? nowOf(tx),
        polls: 0,
      })
      if (submitted === undefined) return undefined
      if (charge.amountFen > 0) await advanceOrder(tx, charge.orderId, 'charged')
      await books.sold(tx, charge, nowOf(tx))
      return saveCall(tx, ids, {
        request,
        subjectId: chargeId,
        idempotencyKey: `${charge.outOrderNo}/complete`,
      })
    })
    if (callId === undefined) return
    const reply = toOrder(provider, await provider.send(request))
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
      else await advanceCharge(tx, chargeId, 'answerLost')
      await askAgain(tx, chargeId)
    })
  }

  async function fail(tx: Tx, chargeId: string, reason: string): Promise<void> {
    const failed = await advanceCharge(tx, chargeId, 'refused')
    if (failed === undefined) return
    await books.reversed(tx, failed, nowOf(tx))
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
      .selectAll()
      .where('chargeId', '=', chargeId)
      .executeTakeFirstOrThrow()
    const isLong = charge.pendingAtMs !== null && nowOf(tx) - charge.pendingAtMs > policy.chargePendingMs
    if (charge.state !== 'pending' || !isLong) return
    if ((await advanceOrder(tx, charge.orderId, 'unpaid')) !== undefined) await reactions.unpaid(tx, charge)
  }

  /** A pending order sends no callback, and a lost answer never comes: both are asked about until they end. */
  async function askAgain(tx: Tx, chargeId: string): Promise<void> {
    const { state, polls } = await findCharge(tx, chargeId)
    if (state === 'prepared') await scheduleCharge(due, tx, chargeId, nowOf(tx) + policy.chargeQueryFirstMs)
    else if (chargeMachine.isTerminal(state)) return
    else
      await scheduleCharge(
        due,
        tx,
        chargeId,
        nowOf(tx) + decideQueryPause(polls, policy.chargeQueryFirstMs, policy.chargeQueryLongestMs),
      )
  }

  return { settle }
}
