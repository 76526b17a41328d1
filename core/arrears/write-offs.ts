import type { Kysely, Selectable } from 'kysely'
import type { WriteOffCreate, WriteOffView } from '#protocol/api/arrears.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { books } from '#core/ledger/books.ts'
import { recordChange } from '#core/live/changes.ts'
import { advanceOrder, getOrder } from '#core/orders/store.ts'
import type { ChargeRow, Charges } from '#core/payments/charges.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { decideWriteOffApproval, writeOffLimitFen } from './decide.ts'
import { type WriteOffInput, writeOffMachine } from './machine.ts'

export type WriteOffRow = Selectable<Tables['writeOff']>

export interface WriteOffs {
  /**
   * Within the authority of who asks it is carried out, above it a second person decides. The same id again is the same.
   * @throws CabinetError `order_not_unpaid`, or `already_decided` when another one is under way
   */
  askWriteOff(tx: Tx, orderId: string, staff: StaffIdentity, wish: WriteOffCreate): Promise<WriteOffRow>
  /** @throws CabinetError `not_found`, `not_allowed`, `already_decided` */
  decideWriteOff(
    tx: Tx,
    writeOffId: string,
    staff: StaffIdentity,
    verdict: 'approve' | 'refuse',
    reason: string,
  ): Promise<WriteOffRow>
  /** The provider has let go: the debt leaves the journal. */
  letGo(tx: Tx, charge: ChargeRow): Promise<void>
  /** The debt ended in another way; what was asked for has no object any more. */
  overtake(tx: Tx, orderId: string): Promise<void>
  viewsOf(db: Kysely<Tables>, staff: StaffIdentity, orderId?: string): Promise<WriteOffView[]>
}

const LIST_LENGTH = 100
const OPEN = ['awaiting_approval', 'approved'] as const

export function createWriteOffs({ policy, charges }: CoreDeps & { charges: Charges }): WriteOffs {
  async function find(tx: Tx, writeOffId: string): Promise<WriteOffRow | undefined> {
    return tx.selectFrom('writeOff').selectAll().where('writeOffId', '=', writeOffId).executeTakeFirst()
  }

  async function advance(
    tx: Tx,
    row: WriteOffRow,
    input: WriteOffInput,
    change: Partial<WriteOffRow> = {},
  ): Promise<WriteOffRow> {
    const state = writeOffMachine.next(row.state, input)
    if (state === undefined) throw new CabinetError('already_decided')
    const moved = { ...row, ...change, state }
    await tx
      .updateTable('writeOff')
      .set({ ...change, state })
      .where('writeOffId', '=', row.writeOffId)
      .execute()
    await recordChange(tx, { kind: 'order', subjectId: row.orderId, data: { writeOff: state } })
    return moved
  }

  async function approve(tx: Tx, row: WriteOffRow, by: string, note: string | null): Promise<WriteOffRow> {
    const approved = await advance(tx, row, 'approved', {
      decidedBy: by,
      decidedAtMs: nowOf(tx),
      decisionNote: note,
    })
    const { chargeId } = await tx
      .selectFrom('arrears')
      .select('chargeId')
      .where('orderId', '=', row.orderId)
      .executeTakeFirstOrThrow()
    await charges.giveUp(tx, chargeId)
    return approved
  }

  return {
    async askWriteOff(tx, orderId, staff, wish) {
      const before = await find(tx, wish.writeOffId)
      if (before !== undefined) {
        if (before.orderId !== orderId || before.requestedBy !== staff.staffId)
          throw new CabinetError('bad_request', 'This number belongs to another write-off.')
        return before
      }
      const order = await getOrder(tx, orderId)
      if (order.state !== 'arrears') throw new CabinetError('order_not_unpaid')
      const open = await tx
        .selectFrom('writeOff')
        .select('writeOffId')
        .where('orderId', '=', orderId)
        .where('state', 'in', [...OPEN])
        .executeTakeFirst()
      if (open !== undefined)
        throw new CabinetError('already_decided', 'A write-off of this order is under way already.')
      const row: WriteOffRow = {
        ...wish,
        orderId,
        state: writeOffMachine.initial,
        amountFen: order.totalFen,
        requestedBy: staff.staffId,
        requestedAtMs: nowOf(tx),
        decidedBy: null,
        decidedAtMs: null,
        decisionNote: null,
        endedAtMs: null,
      }
      await tx.insertInto('writeOff').values(row).execute()
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: 'writeOff.requested',
        subject: `order:${orderId}`,
        detail: { ...wish, amountFen: row.amountFen },
      })
      return row.amountFen > writeOffLimitFen(staff.role, policy)
        ? advance(tx, row, 'approvalNeeded')
        : approve(tx, row, staff.staffId, null)
    },

    async decideWriteOff(tx, writeOffId, staff, verdict, reason) {
      const row = await find(tx, writeOffId)
      if (row === undefined) throw new CabinetError('not_found')
      if (row.state !== 'awaiting_approval') throw new CabinetError('already_decided')
      if (!decideWriteOffApproval(row, staff, policy))
        throw new CabinetError(
          'not_allowed',
          'Who asked for a write-off never approves it, and the amount must be within your own authority.',
        )
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: verdict === 'approve' ? 'writeOff.approved' : 'writeOff.refused',
        subject: `order:${row.orderId}`,
        detail: { writeOffId, amountFen: row.amountFen, reason },
      })
      if (verdict === 'approve') return approve(tx, row, staff.staffId, reason)
      return advance(tx, row, 'refused', {
        decidedBy: staff.staffId,
        decidedAtMs: nowOf(tx),
        decisionNote: reason,
        endedAtMs: nowOf(tx),
      })
    },

    async letGo(tx, charge) {
      const row = await tx
        .selectFrom('writeOff')
        .selectAll()
        .where('orderId', '=', charge.orderId)
        .where('state', '=', 'approved')
        .executeTakeFirst()
      if (row === undefined) return
      await books.writtenOff(tx, charge.orderId, nowOf(tx))
      await advanceOrder(tx, charge.orderId, 'writtenOff')
      await advance(tx, row, 'letGo', { endedAtMs: nowOf(tx) })
    },

    async overtake(tx, orderId) {
      const rows = await tx
        .selectFrom('writeOff')
        .selectAll()
        .where('orderId', '=', orderId)
        .where('state', 'in', [...OPEN])
        .execute()
      for (const row of rows) await advance(tx, row, 'ended', { endedAtMs: nowOf(tx) })
    },

    async viewsOf(reader, staff, orderId) {
      const all = reader
        .selectFrom('writeOff as w')
        .leftJoin('staff as s', 's.staffId', 'w.requestedBy')
        .leftJoin('staff as d', 'd.staffId', 'w.decidedBy')
        .selectAll('w')
        .select(['s.displayName as requestedByName', 'd.displayName as decidedByName'])
      const rows = await (orderId === undefined
        ? all.where('w.state', '=', 'awaiting_approval')
        : all.where('w.orderId', '=', orderId)
      )
        .orderBy('w.requestedAtMs')
        .limit(LIST_LENGTH)
        .execute()
      return rows.map((row) => ({
        writeOffId: row.writeOffId,
        orderId: row.orderId,
        state: row.state,
        amountFen: row.amountFen,
        reason: row.reason,
        note: row.note,
        requestedBy: row.requestedByName ?? row.requestedBy,
        requestedAtMs: row.requestedAtMs,
        decidedBy: row.decidedByName ?? row.decidedBy,
        decidedAtMs: row.decidedAtMs,
        mayDecide: row.state === 'awaiting_approval' && decideWriteOffApproval(row, staff, policy),
      }))
    },
  }
}
