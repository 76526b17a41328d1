import type { Kysely, Selectable } from 'kysely'
import type { LowerCreate } from '#protocol/api/staff/refunds.ts'
import type { LoweringRequestView } from '#protocol/api/staff/lowering.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { mustKnowCaller } from '#core/callers/must-be-known.ts'
import { recordChange } from '#core/live/changes.ts'
import { calculateLowered, isAskedFor } from '#core/orders/lower.ts'
import { getOrder } from '#core/orders/store.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { decideApproval } from '#core/refunds/decide.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { loweringRequestMachine } from './lowering-machine.ts'

type LoweringRequestRow = Selectable<Tables['loweringRequest']>
type Deps = Pick<CoreDeps, 'policy'> & { charges: Charges; refunds: Refunds }

const LIST_LENGTH = 100

/**
 * What is above the authority of who asks waits for a second person; the provider's order stays as it is until then.
 * @param byFen  by how much less is to be asked for
 * @throws CabinetError `already_decided` when another one waits for the same order
 */
export async function saveLoweringRequest(
  tx: Tx,
  staff: StaffIdentity,
  orderId: string,
  wish: LowerCreate,
  byFen: number,
): Promise<void> {
  const waiting = await tx
    .selectFrom('loweringRequest')
    .select('refundId')
    .where('orderId', '=', orderId)
    .where('state', '=', 'awaiting_approval')
    .executeTakeFirst()
  if (waiting !== undefined)
    throw new CabinetError('already_decided', 'A second person is asked about this order already.')
  await tx
    .insertInto('loweringRequest')
    .values({
      refundId: wish.refundId,
      orderId,
      lines: JSON.stringify(wish.lines),
      reason: wish.reason,
      ticketId: wish.ticketId ?? null,
      note: wish.note ?? null,
      amountFen: byFen,
      state: loweringRequestMachine.initial,
      requestedBy: staff.staffId,
      requestedAtMs: nowOf(tx),
      decidedBy: null,
      decidedAtMs: null,
      decisionNote: null,
    })
    .execute()
  await recordChange(tx, { kind: 'order', subjectId: orderId, data: { lowering: 'awaiting_approval' } })
}

/** The same id with the same contents is the same wish. @throws CabinetError `bad_request` with others */
export async function isRepeatedLowering(
  tx: Tx,
  staff: StaffIdentity,
  orderId: string,
  wish: LowerCreate,
): Promise<boolean> {
  const before = await tx
    .selectFrom('loweringRequest')
    .selectAll()
    .where('refundId', '=', wish.refundId)
    .executeTakeFirst()
  if (before === undefined) return false
  if (
    before.orderId !== orderId ||
    before.requestedBy !== staff.staffId ||
    before.lines !== JSON.stringify(wish.lines)
  )
    throw new CabinetError('bad_request', 'This number belongs to another wish.')
  return true
}

/**
 * Who asked never decides. Approved, less is asked for; when the money was taken in the meantime it goes back instead, and
 * when the order ended in another way the wish is overtaken.
 * @returns the order's id
 * @throws CabinetError `not_found`, `not_allowed`, `already_decided`
 */
export async function decideLoweringRequest(
  tx: Tx,
  { policy, charges, refunds }: Deps,
  refundId: string,
  staff: StaffIdentity,
  verdict: 'approve' | 'refuse',
  reason: string,
): Promise<string> {
  const row = await tx
    .selectFrom('loweringRequest')
    .selectAll()
    .where('refundId', '=', refundId)
    .executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found')
  if (row.state !== 'awaiting_approval') throw new CabinetError('already_decided')
  if (!decideApproval(row, staff, policy))
    throw new CabinetError(
      'not_allowed',
      'Who asked for less never approves it, and the amount must be within your own authority.',
    )
  if (verdict === 'approve')
    await mustKnowCaller(tx, { orderId: row.orderId, ticketId: row.ticketId ?? undefined, isApproval: true })
  const input =
    verdict === 'refuse'
      ? 'refused'
      : (await carryOut(tx, { charges, refunds }, row, staff))
        ? 'approved'
        : 'ended'
  const state = loweringRequestMachine.next(row.state, input)
  if (state === undefined) throw new CabinetError('already_decided')
  await tx
    .updateTable('loweringRequest')
    .set({ state, decidedBy: staff.staffId, decidedAtMs: nowOf(tx), decisionNote: reason })
    .where('refundId', '=', refundId)
    .execute()
  await appendAudit(tx, {
    actor: `staff:${staff.staffId}`,
    action: verdict === 'approve' ? 'charge.less_approved' : 'charge.less_refused',
    subject: `order:${row.orderId}`,
    detail: { refundId, byFen: row.amountFen, reason, state },
  })
  await recordChange(tx, { kind: 'order', subjectId: row.orderId, data: { lowering: state } })
  return row.orderId
}

/** @returns false when there is nothing of the wish left to do */
async function carryOut(
  tx: Tx,
  { charges, refunds }: Pick<Deps, 'charges' | 'refunds'>,
  row: LoweringRequestRow,
  staff: StaffIdentity,
): Promise<boolean> {
  const { orderId, refundId, reason } = row
  const ticketId = row.ticketId ?? undefined
  const lines = JSON.parse(row.lines) as LowerCreate['lines']
  const order = await getOrder(tx, orderId)
  if (isAskedFor(order)) {
    const lowered = await calculateLowered(tx, orderId, lines)
    if (lowered === undefined || lowered.totalFen >= order.totalFen) return false
    const { chargeId } = await tx
      .selectFrom('charge')
      .select('chargeId')
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow()
    await charges.lower(tx, chargeId, { refundId, lines, reason, by: row.requestedBy, ticketId })
    return true
  }
  const wish = {
    lines,
    reason,
    stock: reason === 'returned_item' ? ('back_in_cabinet' as const) : ('not_returned' as const),
  }
  const authority = { kind: 'approved' as const, by: staff.staffId }
  const decision = await refunds.calculate(tx, orderId, wish, authority)
  if (!decision.ok) return false
  await refunds.ask(tx, {
    ...wish,
    refundId,
    orderId,
    by: row.requestedBy,
    authority,
    ticketId,
    note: row.note ?? undefined,
    tellConsumer: true,
  })
  return true
}

/** Those that wait, oldest first; of one order when it is named. */
export async function loweringRequestViews(
  db: Kysely<Tables>,
  policy: CoreDeps['policy'],
  staff: StaffIdentity,
  orderId?: string,
): Promise<LoweringRequestView[]> {
  let rows = db
    .selectFrom('loweringRequest as l')
    .leftJoin('staff as s', 's.staffId', 'l.requestedBy')
    .selectAll('l')
    .select('s.displayName')
    .where('l.state', '=', 'awaiting_approval')
    .orderBy('l.requestedAtMs')
    .limit(LIST_LENGTH)
  if (orderId !== undefined) rows = rows.where('l.orderId', '=', orderId)
  return (await rows.execute()).map((row) => ({
    refundId: row.refundId,
    orderId: row.orderId,
    state: row.state,
    amountFen: row.amountFen,
    reason: row.reason,
    note: row.note,
    requestedBy: row.displayName ?? row.requestedBy,
    requestedAtMs: row.requestedAtMs,
    mayDecide: decideApproval(row, staff, policy),
  }))
}
