import type { Kysely, Selectable } from 'kysely'
import { CabinetError } from '#protocol/base/errors.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type RefundInput, refundMachine } from './machine.ts'

export type RefundRow = Selectable<Tables['refund']>

/** What others do when a refund moves; wired in core/reactions.ts. */
export interface RefundReactions {
  refundStarted(tx: Tx, refund: RefundRow): Promise<void>
  refundSucceeded(tx: Tx, refund: RefundRow): Promise<void>
  refundRejected(tx: Tx, refund: RefundRow): Promise<void>
}

export async function getRefund(tx: Kysely<Tables>, refundId: string): Promise<RefundRow> {
  const refund = await tx.selectFrom('refund').selectAll().where('refundId', '=', refundId).executeTakeFirst()
  if (refund === undefined) throw new CabinetError('not_found', `There is no refund ${refundId}.`)
  return refund
}

/** Moves a refund along its table. @returns undefined when nothing happens in the present state */
export async function advanceRefund(
  deps: Pick<CoreDeps, 'log'>,
  tx: Tx,
  refundId: string,
  input: RefundInput,
  change: Partial<RefundRow> = {},
): Promise<RefundRow | undefined> {
  const refund = await getRefund(tx, refundId)
  const state = refundMachine.next(refund.state, input)
  if (state === undefined) return undefined
  await tx
    .updateTable('refund')
    .set({ ...change, state })
    .where('refundId', '=', refundId)
    .execute()
  await recordChange(tx, { kind: 'refund', subjectId: refundId, data: { state, orderId: refund.orderId } })
  deps.log.info({ refundId, orderId: refund.orderId, state }, 'refund moved')
  return { ...refund, ...change, state }
}

export async function scheduleRefund(due: DueWork, tx: Tx, refundId: string, dueAtMs: number): Promise<void> {
  await due.schedule(tx, { kind: 'refund.drive', subjectId: refundId, dueAtMs })
}

/**
 * The time at which a closed refund gets its new number. It is said in the work itself: a look that was already taken up when
 * the provider closed the refund finds it closed too, and would send it again at once, with the account as empty as it was.
 */
export async function scheduleRenumber(
  due: DueWork,
  tx: Tx,
  refundId: string,
  dueAtMs: number,
): Promise<void> {
  await due.schedule(tx, {
    kind: 'refund.drive',
    subjectId: refundId,
    dueAtMs,
    payload: { isRenumbering: true },
  })
}

/** Gives the reserved amount and the lines free again. */
export async function releaseReservation(tx: Tx, refund: RefundRow): Promise<void> {
  await tx
    .updateTable('payment')
    .set((eb) => ({ reservedFen: eb('reservedFen', '-', refund.amountFen) }))
    .where('paymentId', '=', refund.paymentId)
    .execute()
  const lines = await tx
    .selectFrom('refundLine')
    .selectAll()
    .where('refundId', '=', refund.refundId)
    .execute()
  for (const line of lines) await changeLine(tx, line, -1)
}
export async function changeLine(
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
