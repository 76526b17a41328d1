import type { Kysely, Selectable } from 'kysely'
import type { ArrearsView } from '#protocol/api/arrears.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { getOrder, type OrderRow } from '#core/orders/store.ts'
import type { ChargeRow, Charges } from '#core/payments/charges.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { judge } from '#core/policies/judge.ts'
import { writeOffLimitFen } from './decide.ts'
import { reminderRule } from './reminder-rule.ts'
import { createWriteOffs, type WriteOffs } from './write-offs.ts'

export type ArrearsRow = Selectable<Tables['arrears']>

/** What reaches people; wired in core/reactions.ts. */
export interface ArrearsReactions {
  /** @param number  1, 2, 3 … */
  reminded(tx: Tx, order: OrderRow, number: number): Promise<void>
  /** The last reminder was sent and nothing came: a person looks. */
  remindersOver(tx: Tx, order: OrderRow, sinceMs: number, decisionId: number): Promise<void>
  /** Paid, paid in another way or let go: every cabinet opens again. */
  arrearsEnded(tx: Tx, order: OrderRow): Promise<void>
}

export interface Arrears extends WriteOffs {
  /** In the transaction that calls the order unpaid; the first reminder goes out at once. */
  begin(tx: Tx, charge: ChargeRow): Promise<void>
  /** Nothing is owed any more; without a debt nothing happens. */
  end(tx: Tx, orderId: string): Promise<void>
  /** @throws CabinetError `order_not_unpaid` */
  collect(tx: Tx, orderId: string, staff: StaffIdentity): Promise<void>
  /** A person saw the money elsewhere. @throws CabinetError `order_not_unpaid`, `bad_request`, `not_allowed` */
  settleElsewhere(
    tx: Tx,
    orderId: string,
    staff: StaffIdentity,
    paid: { paidAtMs: number; reference: string },
  ): Promise<void>
  /** @returns null for an order that was paid in time */
  view(db: Kysely<Tables>, orderId: string, staff: StaffIdentity): Promise<ArrearsView | null>
}

/** Unpaid orders: said to the consumer by a schedule, collected, settled elsewhere or let go. */
export function createArrears(
  deps: CoreDeps & { due: DueWork; policies: PolicyBook; charges: Charges; reactions: ArrearsReactions },
): Arrears {
  const { db, policy, policies, due, charges, reactions } = deps
  const writeOffs = createWriteOffs(deps)
  due.on('arrears.remind', (work) =>
    db.write('remind of an unpaid order', (tx) => remind(tx, work.subjectId)),
  )

  async function find(reader: Kysely<Tables>, orderId: string): Promise<ArrearsRow | undefined> {
    return reader.selectFrom('arrears').selectAll().where('orderId', '=', orderId).executeTakeFirst()
  }

  async function begin(tx: Tx, charge: ChargeRow): Promise<void> {
    const { orderId, chargeId } = charge
    if ((await find(tx, orderId)) !== undefined) return
    const row = { orderId, chargeId, sinceMs: nowOf(tx), reminders: 0 }
    await tx
      .insertInto('arrears')
      .values({ ...row, remindedAtMs: null, nextAtMs: null, endedAtMs: null })
      .execute()
    await remind(tx, orderId)
  }

  /** Each reminder after the first also asks the provider for one more try, beside its own schedule. */
  async function remind(tx: Tx, orderId: string): Promise<void> {
    const row = await find(tx, orderId)
    if (row === undefined || row.endedAtMs !== null) return
    const order = await getOrder(tx, orderId)
    const number = row.reminders + 1
    const { decision, decisionId } = judge(
      tx,
      policies,
      reminderRule,
      { sent: number, amountFen: order.totalFen },
      {
        subjectId: orderId,
        orderId,
        sessionId: order.sessionId,
        cabinetId: order.cabinetId,
        consumerId: order.consumerId,
      },
    )
    const nextAtMs = decision.pauseMs === null ? null : nowOf(tx) + decision.pauseMs
    await tx
      .updateTable('arrears')
      .set({ reminders: number, remindedAtMs: nowOf(tx), nextAtMs })
      .where('orderId', '=', orderId)
      .execute()
    await reactions.reminded(tx, order, number)
    if (number > 1) await charges.collect(tx, row.chargeId)
    if (nextAtMs === null) await reactions.remindersOver(tx, order, row.sinceMs, decisionId)
    else await due.schedule(tx, { kind: 'arrears.remind', subjectId: orderId, dueAtMs: nextAtMs })
  }

  async function end(tx: Tx, orderId: string): Promise<void> {
    const row = await find(tx, orderId)
    if (row === undefined || row.endedAtMs !== null) return
    await tx
      .updateTable('arrears')
      .set({ endedAtMs: nowOf(tx), nextAtMs: null })
      .where('orderId', '=', orderId)
      .execute()
    await due.cancel(tx, 'arrears.remind', orderId)
    await writeOffs.overtake(tx, orderId)
    await reactions.arrearsEnded(tx, await getOrder(tx, orderId))
  }

  async function owed(tx: Tx, orderId: string): Promise<{ order: OrderRow; row: ArrearsRow }> {
    const [order, row] = [await getOrder(tx, orderId), await find(tx, orderId)]
    if (order.state !== 'arrears' || row === undefined) throw new CabinetError('order_not_unpaid')
    return { order, row }
  }

  return {
    ...writeOffs,
    begin,
    end,
    async collect(tx, orderId, staff) {
      const { order, row } = await owed(tx, orderId)
      await charges.collect(tx, row.chargeId)
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: 'arrears.collected',
        subject: `order:${orderId}`,
        detail: { amountFen: order.totalFen },
      })
    },
    async settleElsewhere(tx, orderId, staff, { paidAtMs, reference }) {
      const { order, row } = await owed(tx, orderId)
      if (paidAtMs > nowOf(tx))
        throw new CabinetError('bad_request', 'The time of the payment is in the future; correct it.')
      // It clears a debt on the word of one person, as letting go of it does.
      if (order.totalFen > writeOffLimitFen(staff.role, policy))
        throw new CabinetError('not_allowed', 'The amount is above your authority; finance can record it.')
      await charges.markPaidElsewhere(tx, row.chargeId, { paidAtMs })
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: 'arrears.paid_elsewhere',
        subject: `order:${orderId}`,
        detail: { amountFen: order.totalFen, paidAtMs, reference },
      })
    },
    async view(reader, orderId, staff) {
      const row = await find(reader, orderId)
      if (row === undefined) return null
      return {
        sinceMs: row.sinceMs,
        endedAtMs: row.endedAtMs,
        reminders: row.reminders,
        remindedAtMs: row.remindedAtMs,
        nextAtMs: row.nextAtMs,
        writeOffs: await writeOffs.viewsOf(reader, staff, orderId),
        limitFen: Math.min(writeOffLimitFen(staff.role, policy), 100_000_000),
        limits: { agentFen: policy.agentWriteOffFen, leadFen: policy.leadWriteOffFen },
      }
    },
  }
}
