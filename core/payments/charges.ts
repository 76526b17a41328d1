import { CabinetError } from '#protocol/base/errors.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueItem, DueWork } from '#core/platform/due.ts'
import { findCharge, type PaymentReactions, scheduleCharge } from './charge-rows.ts'
import { markLostCalls } from './journal.ts'
import { createObserving, type Observe, SECOND_LOOKS_MS } from './observing.ts'
import { type Authorised, createOpeningCharge, type PrepareCharge } from './opening-charge.ts'
import { createChanging } from './changing.ts'
import type { LowerWish } from './lower-wish.ts'
import type { ChargeLine, PaymentProvider, ProviderPayment } from './provider.ts'
import { createTaking } from './taking.ts'

export type { ChargeRow, PaymentReactions, PaymentRow } from './charge-rows.ts'

export interface Charges {
  /** Saves the charge and the call that opens it at the provider, in the transaction of the session. */
  prepare(tx: Tx, about: PrepareCharge): Promise<string>
  /** Sends the saved call. Resolves when it is clear, or when the time that a consumer waits at a door is over. */
  authorise(chargeId: string): Promise<Authorised>
  /** The provider's order is not needed any more; done in the background until it is certain. */
  release(tx: Tx, chargeId: string): Promise<void>
  /** Asks for the money, in the background. Zero completes the provider's order without a transaction. */
  settle(tx: Tx, chargeId: string, bill: { lines: readonly ChargeLine[]; totalFen: number }): Promise<void>
  /** Applies what a callback or a query showed. */
  readonly observe: Observe
  /**
   * Less is owed than was asked for. Before the money is taken the provider's order is lowered; when it was taken in the
   * meantime the difference goes back (`lowerTooLate`). In the background, until it is certain.
   */
  lower(tx: Tx, chargeId: string, wish: LowerWish): Promise<void>
  /** The consumer has paid in another way, which a person saw: the provider stops collecting. */
  markPaidElsewhere(tx: Tx, chargeId: string, paid: { paidAtMs: number }): Promise<void>
  /** Asks the provider for one more try now, beside its own schedule. */
  collect(tx: Tx, chargeId: string): Promise<void>
  /** Nobody asks for the money any more. In the background: the provider lets go first, then `givenUp` enters it. */
  giveUp(tx: Tx, chargeId: string): Promise<void>
  /** A payment that stands only in the bill: the query did not show it. */
  recordBilled(tx: Tx, chargeId: string, payment: ProviderPayment): Promise<void>
  /** Asks the provider now. @returns false when it gave no answer */
  check(chargeId: string): Promise<boolean>
  /** Asks the provider in the background until it answers, and some more times within the next day. */
  verify(tx: Tx, chargeId: string): Promise<void>
  /** After a start: calls without an answer are unknown, and what was under way is taken up. */
  resume(): Promise<void>
}
const OPEN_STATES = ['submitted', 'unknown', 'pending'] as const

export function createCharges(
  deps: CoreDeps & { due: DueWork; provider: PaymentProvider; reactions: PaymentReactions },
): Charges {
  const { db, log, due, provider } = deps
  const { observe, recordBilled } = createObserving(deps)
  const opening = createOpeningCharge({ ...deps, observe })
  const taking = createTaking({ ...deps, observe })
  const changing = createChanging({ ...deps, observe })
  due.on('charge.verify', (work) => verifyOne(work))

  async function check(chargeId: string): Promise<boolean> {
    const charge = await findCharge(db.read, chargeId)
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
      for (const { chargeId } of open) await scheduleCharge(due, tx, chargeId, nowOf(tx))
    })
  }

  return {
    ...opening,
    ...changing,
    settle: taking.settle,
    observe,
    recordBilled,
    check,
    verify: (tx, chargeId) =>
      due.schedule(tx, {
        kind: 'charge.verify',
        subjectId: chargeId,
        dueAtMs: nowOf(tx),
        payload: { look: 0 },
      }),
    resume,
  }
}
