import { wait } from '#protocol/base/clock.ts'
import { CabinetError, type ErrorCode } from '#protocol/base/errors.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { advanceCharge, type ChargeRow, findCharge, type PaymentReactions, toOrder } from './charge-rows.ts'
import { lastCall, recordReply, requestOf, saveCall } from './journal.ts'
import { chargeMachine } from './machine.ts'
import type { Observe } from './observing.ts'
import type { PaymentProvider, ProviderOrder, Reply } from './provider.ts'
import { addRow, changeRow } from '#core/platform/rows.ts'

export interface PrepareCharge {
  sessionId: string
  orderId: string
  consumerId: string
  openid: string
  cabinetId: string
  site: string
  capFen: number
}
export type Authorised = { ok: true } | { ok: false; code: ErrorCode; detail: string }

/** A consumer stands at the door: longer than this nobody waits for the provider. */
const AUTHORISE_WITHIN_MS = 7_000
const AUTHORISE_PAUSE_MS = 400

/** The provider's order is opened before the door, and cancelled when the door was not. */
export function createOpeningCharge(
  deps: CoreDeps & {
    due: DueWork
    provider: PaymentProvider
    reactions: PaymentReactions
    observe: Observe
  },
) {
  const { db, clock, ids, log, due, provider, reactions, observe } = deps
  due.on('charge.release', (work) => releaseOne(work.subjectId))

  async function prepare(tx: Tx, about: PrepareCharge): Promise<string> {
    const chargeId = ids.next('charge')
    addRow(tx, 'charge', {
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
    const request = provider.build.createOrder({ ...about, outOrderNo: about.orderId })
    await saveCall(tx, ids, { request, subjectId: chargeId, idempotencyKey: about.orderId })
    return chargeId
  }

  async function authorise(chargeId: string): Promise<Authorised> {
    const untilMs = clock.monoMs() + AUTHORISE_WITHIN_MS
    const charge = await findCharge(db.read, chargeId)
    const call = await lastCall(db.read, chargeId, 'create_order')
    if (call === undefined) throw new Error(`assertion failed: the charge ${chargeId} has no saved call`)
    const request = requestOf(call)
    let reply = toOrder(provider, await provider.send(request))
    await db.write('record the opening of a charge', (tx) => recordReply(tx, call.callId, reply))
    while (isUnclear(reply) && clock.monoMs() < untilMs) {
      log.warn(
        { chargeId, reason: reply.kind === 'unknown' ? reply.reason : 'unknown state' },
        'the opening of a charge is unknown; asking',
      )
      const found = await provider.queryOrder(charge.outOrderNo)
      // Absent: it never arrived. The same bytes under the same number are safe to send again.
      reply = found.kind === 'absent' ? toOrder(provider, await provider.send(request)) : found
      if (isUnclear(reply)) await wait(clock, 'provider order', AUTHORISE_PAUSE_MS)
    }
    return db.write('authorise a charge', async (tx) => concludeAuthorisation(tx, chargeId, reply))
  }

  function isUnclear(reply: Reply<ProviderOrder>): boolean {
    return reply.kind === 'unknown' || (reply.kind === 'value' && reply.value.state === 'unknown')
  }

  async function concludeAuthorisation(
    tx: Tx,
    chargeId: string,
    reply: Reply<ProviderOrder>,
  ): Promise<Authorised> {
    const set = (change: Partial<ChargeRow>) => changeRow(tx, 'charge', { chargeId }, change)
    if (reply.kind === 'value' && reply.value.state === 'open') {
      set({ authorisation: 'granted', providerOrderId: reply.value.providerOrderId })
      return { ok: true }
    }
    if (reply.kind === 'refused' && !reply.isTemporary) {
      set({ authorisation: 'declined', declinedCode: reply.code })
      const code = reply.code === 'NO_AUTH' ? 'consent_required' : 'authorisation_declined'
      return { ok: false, code, detail: `The provider said ${reply.code}.` }
    }
    if (reply.kind === 'value' && reply.value.state !== 'unknown') {
      set({ authorisation: 'declined', declinedCode: reply.value.state })
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
    const charge = await findCharge(db.read, chargeId)
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
      const ended = await advanceCharge(tx, chargeId, 'cancelled', { authorisation: 'released' })
      if (ended === undefined) return
      await reactions.chargeEnded(tx, ended)
      // What a core forgot it may have asked for: money that was taken is entered, and a person decides about it.
      if (found.kind === 'value' && found.value.payments.length > 0) await observe(tx, found.value, 'query')
    })
  }

  return { prepare, authorise, release }
}
