import type { Kysely, Selectable } from 'kysely'
import type { CompensationCreate, CompensationPanel, CompensationView } from '#protocol/api/compensation.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { getOrder, type OrderRow } from '#core/orders/store.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { COMPENSATION_DAYS, issueCoupon, issuePoints } from '#core/pricing/benefits.ts'
import { compensationLimitFen, decideCompensation, decideCompensationApproval } from './decide.ts'
import { type CompensationInput, compensationMachine } from './machine.ts'

export type CompensationRow = Selectable<Tables['compensation']>

/** Wired in core/reactions.ts. */
export interface CompensationReactions {
  /** In the transaction in which it can be spent. */
  compensated(tx: Tx, order: OrderRow, compensation: CompensationRow): Promise<void>
}

export interface Compensations {
  /**
   * Within the authority of who asks it is given at once, above it a second person decides. The same id again is the same.
   * @throws CabinetError `not_found`, `bad_request`, `exists_with_different_contents`
   */
  ask(tx: Tx, orderId: string, staff: StaffIdentity, wish: CompensationCreate): Promise<CompensationRow>
  /** @throws CabinetError `not_found`, `not_allowed`, `already_decided` */
  decide(
    tx: Tx,
    compensationId: string,
    staff: StaffIdentity,
    verdict: 'approve' | 'refuse',
    reason: string,
  ): Promise<CompensationRow>
  panel(db: Kysely<Tables>, staff: StaffIdentity, order: OrderRow): Promise<CompensationPanel>
  /** Those that wait for a second person. */
  waiting(db: Kysely<Tables>, staff: StaffIdentity): Promise<CompensationView[]>
}

const LIST_LENGTH = 100
const RECENT_MS = 90 * 24 * 3_600_000

export function createCompensations(deps: CoreDeps & { reactions: CompensationReactions }): Compensations {
  const { ids, clock, policy, reactions } = deps

  async function find(tx: Tx, compensationId: string): Promise<CompensationRow | undefined> {
    return tx
      .selectFrom('compensation')
      .selectAll()
      .where('compensationId', '=', compensationId)
      .executeTakeFirst()
  }
  async function advance(
    tx: Tx,
    row: CompensationRow,
    input: CompensationInput,
    change: Partial<CompensationRow> = {},
  ): Promise<CompensationRow> {
    const state = compensationMachine.next(row.state, input)
    if (state === undefined) throw new CabinetError('already_decided')
    await tx
      .updateTable('compensation')
      .set({ ...change, state })
      .where('compensationId', '=', row.compensationId)
      .execute()
    await recordChange(tx, { kind: 'order', subjectId: row.orderId, data: { compensation: state } })
    return { ...row, ...change, state }
  }

  /** The request id of coupon and points is the compensation: it is issued once, whatever happens. */
  async function give(
    tx: Tx,
    row: CompensationRow,
    change: Partial<CompensationRow>,
  ): Promise<CompensationRow> {
    const issue = {
      requestId: row.compensationId,
      consumerId: row.consumerId,
      reason: row.reason,
      by: row.requestedBy,
    }
    if (row.kind === 'coupon')
      await issueCoupon(tx, ids, {
        ...issue,
        source: 'compensation',
        offFen: row.amountFen,
        minimumFen: 0,
        validDays: COMPENSATION_DAYS,
      })
    else await issuePoints(tx, { ...issue, points: row.amountFen })
    const given = await advance(tx, row, 'given', { ...change, givenAtMs: nowOf(tx) })
    await reactions.compensated(tx, await getOrder(tx, row.orderId), given)
    return given
  }

  async function givenOn(tx: Tx, orderId: string): Promise<number> {
    const sum = await tx
      .selectFrom('compensation')
      .select((eb) => eb.fn.sum<number | null>('amountFen').as('fen'))
      .where('orderId', '=', orderId)
      .where('state', '<>', 'refused')
      .executeTakeFirst()
    return Number(sum?.fen ?? 0)
  }

  function viewOf(
    row: CompensationRow & { requestedByName: string | null; decidedByName: string | null },
    staff: StaffIdentity,
  ): CompensationView {
    return {
      compensationId: row.compensationId,
      orderId: row.orderId,
      kind: row.kind,
      state: row.state,
      amountFen: row.amountFen,
      reason: row.reason,
      note: row.note,
      requestedBy: row.requestedByName ?? row.requestedBy,
      requestedAtMs: row.requestedAtMs,
      decidedBy: row.decidedByName ?? row.decidedBy,
      decidedAtMs: row.decidedAtMs,
      decisionNote: row.decisionNote,
      mayDecide: row.state === 'awaiting_approval' && decideCompensationApproval(row, staff, policy),
    }
  }
  const named = (db: Kysely<Tables>) =>
    db
      .selectFrom('compensation as c')
      .leftJoin('staff as s', 's.staffId', 'c.requestedBy')
      .leftJoin('staff as d', 'd.staffId', 'c.decidedBy')
      .selectAll('c')
      .select(['s.displayName as requestedByName', 'd.displayName as decidedByName'])
      .orderBy('c.requestedAtMs')
      .limit(LIST_LENGTH)

  return {
    async ask(tx, orderId, staff, wish) {
      const before = await find(tx, wish.compensationId)
      if (before !== undefined) {
        const isSame =
          before.orderId === orderId &&
          before.requestedBy === staff.staffId &&
          before.kind === wish.kind &&
          before.amountFen === wish.amountFen
        if (!isSame) throw new CabinetError('exists_with_different_contents')
        return before
      }
      const order = await getOrder(tx, orderId)
      const { needsApproval } = decideCompensation(
        { amountFen: wish.amountFen, givenFen: await givenOn(tx, orderId) },
        staff.role,
        policy,
      )
      const row: CompensationRow = {
        ...wish,
        orderId,
        consumerId: order.consumerId,
        state: compensationMachine.initial,
        requestedBy: staff.staffId,
        requestedAtMs: nowOf(tx),
        decidedBy: null,
        decidedAtMs: null,
        decisionNote: null,
        givenAtMs: null,
      }
      await tx.insertInto('compensation').values(row).execute()
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: 'compensation.requested',
        subject: `order:${orderId}`,
        detail: { ...wish, needsApproval },
      })
      return needsApproval ? advance(tx, row, 'approvalNeeded') : give(tx, row, {})
    },

    async decide(tx, compensationId, staff, verdict, reason) {
      const row = await find(tx, compensationId)
      if (row === undefined) throw new CabinetError('not_found')
      if (row.state !== 'awaiting_approval') throw new CabinetError('already_decided')
      if (!decideCompensationApproval(row, staff, policy))
        throw new CabinetError(
          'not_allowed',
          'Who asked for it never approves it, and the amount must be within your own authority.',
        )
      const decided = { decidedBy: staff.staffId, decidedAtMs: nowOf(tx), decisionNote: reason }
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: verdict === 'approve' ? 'compensation.approved' : 'compensation.refused',
        subject: `order:${row.orderId}`,
        detail: { compensationId, amountFen: row.amountFen, reason },
      })
      return verdict === 'approve' ? give(tx, row, decided) : advance(tx, row, 'refused', decided)
    },

    async panel(db, staff, order) {
      const rows = await named(db).where('c.orderId', '=', order.orderId).execute()
      const recent = await db
        .selectFrom('compensation')
        .select((eb) => eb.fn.sum<number | null>('amountFen').as('fen'))
        .where('consumerId', '=', order.consumerId)
        .where('state', '=', 'given')
        .where('requestedAtMs', '>', clock.now() - RECENT_MS)
        .executeTakeFirst()
      return {
        given: rows.map((row) => viewOf(row, staff)),
        limitFen: Math.min(compensationLimitFen(staff.role, policy), 100_000_000),
        limits: { agentFen: policy.agentCompensationFen, leadFen: policy.leadCompensationFen },
        recentFen: Number(recent?.fen ?? 0),
      }
    },

    async waiting(db, staff) {
      const rows = await named(db).where('c.state', '=', 'awaiting_approval').execute()
      return rows.map((row) => viewOf(row, staff))
    },
  }
}
