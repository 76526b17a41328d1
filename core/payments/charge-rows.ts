import type { Selectable } from 'kysely'
import { recordChange } from '#core/live/changes.ts'
import type { Database, Tx } from '#core/platform/database.ts'
import type { DueWork } from '#core/platform/due.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { LowerWish } from './lower-wish.ts'
import { type ChargeInput, chargeMachine } from './machine.ts'
import type { PaymentProvider, ProviderOrder, Reply } from './provider.ts'
import { changeRow } from '#core/platform/rows.ts'

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
  /** Less is owed, and the provider asks for the lower amount now. */
  lowered(tx: Tx, charge: ChargeRow, byFen: number): Promise<void>
  /** The money was taken before the amount could be lowered: the same lines go back as a refund. */
  lowerTooLate(tx: Tx, charge: ChargeRow, wish: LowerWish): Promise<void>
  /** Pending for so long that the order counts as unpaid. */
  unpaid(tx: Tx, charge: ChargeRow): Promise<void>
  /** The provider collects no more, because somebody let go of the debt; before the charge ends. */
  givenUp(tx: Tx, charge: ChargeRow): Promise<void>
  amountDiffers(tx: Tx, charge: ChargeRow, payment: PaymentRow): Promise<void>
}

const byId = preparedFor((db, chargeId: string) =>
  db.selectFrom('charge').selectAll().where('chargeId', '=', chargeId),
)

export async function findCharge(db: Database['read'], chargeId: string): Promise<ChargeRow> {
  const [row] = await byId(db, chargeId)
  if (row === undefined) throw new Error(`assertion failed: there is no charge ${chargeId}`)
  return row
}

/** The present row inside a transaction, moved along its table. @returns undefined when nothing happens */
export async function advanceCharge(
  tx: Tx,
  chargeId: string,
  input: ChargeInput,
  change: Partial<ChargeRow> = {},
): Promise<ChargeRow | undefined> {
  const charge = await findCharge(tx, chargeId)
  const state = chargeMachine.next(charge.state, input)
  if (state === undefined) return undefined
  changeRow(tx, 'charge', { chargeId }, { ...change, state })
  await recordChange(tx, { kind: 'order', subjectId: charge.orderId, data: { charge: state } })
  return { ...charge, ...change, state }
}

/** The charge is taken one step further then, whatever its state is. */
export async function scheduleCharge(due: DueWork, tx: Tx, chargeId: string, dueAtMs: number): Promise<void> {
  await due.schedule(tx, { kind: 'charge.settle', subjectId: chargeId, dueAtMs })
}

/** An answer as a service order; one that is none is unknown. */
export function toOrder(provider: PaymentProvider, reply: Reply<unknown>): Reply<ProviderOrder> {
  if (reply.kind !== 'value') return reply
  const value = provider.readOrder(reply.value)
  return value === undefined
    ? { kind: 'unknown', reason: 'the answer is no service order' }
    : { ...reply, value }
}
