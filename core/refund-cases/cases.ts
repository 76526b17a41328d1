import type { Kysely, Selectable } from 'kysely'
import type {
  IncidentPreview,
  IncidentSelection,
  RefundCaseCreate,
  RefundCaseDetail,
  RefundCaseRow,
} from '#protocol/api/refund-cases.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { consumerLabel } from '#core/privacy/seal.ts'
import { decideApproval } from '#core/refunds/decide.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { createCaseRunning, scheduleCase } from './running.ts'
import { findIncident, previewOf } from './incident.ts'
import { type RefundCaseInput, refundCaseMachine } from './machine.ts'

type CaseRow = Selectable<Tables['refundCase']>

/** One incident, many orders: found, looked at, approved by a second person, and given back one after the other. */
export interface RefundCases {
  preview(staff: StaffIdentity, selection: IncidentSelection): Promise<IncidentPreview>
  /** @throws CabinetError `bad_request`, or `conflict` when the orders are others than the sender saw */
  create(tx: Tx, staff: StaffIdentity, wish: RefundCaseCreate): Promise<void>
  /** @throws CabinetError `not_found`, `not_allowed`, `already_decided` */
  decide(
    tx: Tx,
    caseId: string,
    staff: StaffIdentity,
    input: 'approved' | 'refused' | 'stopped' | 'resumed',
    reason: string,
  ): Promise<void>
  list(staff: StaffIdentity): Promise<RefundCaseRow[]>
  /** @throws CabinetError `not_found` */
  detail(staff: StaffIdentity, caseId: string): Promise<RefundCaseDetail>
}

const LIST_LENGTH = 100

export function createRefundCases(
  deps: CoreDeps & { due: DueWork; refunds: Refunds; charges: Charges },
): RefundCases {
  const { db, ids, policy, due } = deps
  createCaseRunning(deps)

  async function create(tx: Tx, staff: StaffIdentity, wish: RefundCaseCreate): Promise<void> {
    const before = await tx
      .selectFrom('refundCase')
      .selectAll()
      .where('caseId', '=', wish.caseId)
      .executeTakeFirst()
    if (before !== undefined) {
      if (before.requestedBy !== staff.staffId || before.selection !== JSON.stringify(wish.selection))
        throw new CabinetError('exists_with_different_contents')
      return
    }
    const incident = await findIncident(tx, wish.selection, staff.operator)
    const preview = previewOf(incident)
    if (incident.isCut)
      throw new CabinetError('bad_request', 'More orders fit than one case holds; narrow the time.')
    if (preview.count !== wish.count || preview.totalFen !== wish.totalFen)
      throw new CabinetError(
        'conflict',
        `By now ${preview.count} orders with ${preview.totalFen} fen fit; look at them again before asking.`,
      )
    const { caseId, title, reason, stock, note } = wish
    await tx
      .insertInto('refundCase')
      .values({
        caseId,
        title,
        selection: JSON.stringify(wish.selection),
        reason,
        stock,
        note,
        state: refundCaseMachine.initial,
        totalFen: preview.totalFen,
        requestedBy: staff.staffId,
        requestedAtMs: nowOf(tx),
        decidedBy: null,
        decidedAtMs: null,
        decisionNote: null,
        endedAtMs: null,
      })
      .execute()
    let position = 0
    for (const { share, view } of incident.found) {
      if (share.exclusion !== null) continue
      await tx
        .insertInto('refundCaseItem')
        .values({
          caseId,
          orderId: view.orderId,
          position: position++,
          way: share.way,
          lines: JSON.stringify(share.lines),
          amountFen: share.amountFen,
          state: 'waiting',
          refundId: ids.next('refund'),
          detail: null,
        })
        .execute()
    }
    await audit(tx, staff, 'refundCase.requested', caseId, {
      title,
      count: preview.count,
      totalFen: preview.totalFen,
      note,
    })
    await recordChange(tx, { kind: 'refund', subjectId: caseId, data: { refundCase: 'awaiting_approval' } })
  }

  async function decide(
    tx: Tx,
    caseId: string,
    staff: StaffIdentity,
    input: RefundCaseInput,
    reason: string,
  ): Promise<void> {
    const row = await tx.selectFrom('refundCase').selectAll().where('caseId', '=', caseId).executeTakeFirst()
    if (row === undefined) throw new CabinetError('not_found')
    const state = refundCaseMachine.next(row.state, input)
    if (state === undefined) throw new CabinetError('already_decided')
    const isVerdict = row.state === 'awaiting_approval'
    // To stop is always allowed; to go on is a decision like the first one.
    if ((isVerdict || input === 'resumed') && !mayDecide(row, staff))
      throw new CabinetError(
        'not_allowed',
        'Who asked for it never decides it, and the total must be within your own authority.',
      )
    await tx
      .updateTable('refundCase')
      .set({
        state,
        ...(isVerdict ? { decidedBy: staff.staffId, decidedAtMs: nowOf(tx), decisionNote: reason } : {}),
        ...(state === 'refused' ? { endedAtMs: nowOf(tx) } : {}),
      })
      .where('caseId', '=', caseId)
      .execute()
    await audit(tx, staff, `refundCase.${input}`, caseId, { totalFen: row.totalFen, reason })
    await recordChange(tx, { kind: 'refund', subjectId: caseId, data: { refundCase: state } })
    if (state === 'running') await scheduleCase(due, tx, caseId, nowOf(tx))
  }

  const mayDecide = (row: CaseRow, staff: StaffIdentity) =>
    decideApproval({ amountFen: row.totalFen, requestedBy: row.requestedBy }, staff, policy)

  async function audit(tx: Tx, staff: StaffIdentity, action: string, caseId: string, detail: object) {
    await appendAudit(tx, {
      actor: `staff:${staff.staffId}`,
      action,
      subject: `refundCase:${caseId}`,
      detail,
    })
  }

  function cases(staff: StaffIdentity) {
    const all = db.read
      .selectFrom('refundCase as r')
      .leftJoin('staff as s', 's.staffId', 'r.requestedBy')
      .leftJoin('staff as d', 'd.staffId', 'r.decidedBy')
      .selectAll('r')
      .select(['s.displayName as requestedByName', 'd.displayName as decidedByName'])
    // Operators see what concerns their own cabinets, and a case may concern others too.
    return staff.operator === null ? all : all.where('r.requestedBy', '=', staff.staffId)
  }
  async function viewOf(
    row: CaseRow & { requestedByName: string | null; decidedByName: string | null },
    staff: StaffIdentity,
  ): Promise<RefundCaseRow> {
    const counts = await countsOf(db.read, row.caseId)
    const countOf = (state: string) => counts.find((one) => one.state === state)?.count ?? 0
    return {
      caseId: row.caseId,
      title: row.title,
      selection: JSON.parse(row.selection) as IncidentSelection,
      reason: row.reason,
      stock: row.stock,
      note: row.note,
      state: row.state,
      totalFen: row.totalFen,
      count: counts.reduce((sum, one) => sum + one.count, 0),
      waiting: countOf('waiting'),
      asked: countOf('asked'),
      arrived: countOf('arrived'),
      skipped: countOf('skipped'),
      failed: countOf('failed'),
      arrivedFen: counts.find((one) => one.state === 'arrived')?.fen ?? 0,
      requestedBy: row.requestedByName ?? row.requestedBy,
      requestedAtMs: row.requestedAtMs,
      decidedBy: row.decidedByName ?? row.decidedBy,
      decidedAtMs: row.decidedAtMs,
      decisionNote: row.decisionNote,
      endedAtMs: row.endedAtMs,
      actions: [
        ...(row.state === 'awaiting_approval' && mayDecide(row, staff)
          ? (['approve', 'refuse'] as const)
          : []),
        ...(row.state === 'running' ? (['stop'] as const) : []),
        ...(row.state === 'stopped' && mayDecide(row, staff) ? (['resume'] as const) : []),
      ],
    }
  }

  return {
    preview: async (staff, selection) => previewOf(await findIncident(db.read, selection, staff.operator)),
    create,
    decide,
    async list(staff) {
      const rows = await cases(staff).orderBy('r.requestedAtMs', 'desc').limit(LIST_LENGTH).execute()
      return Promise.all(rows.map((row) => viewOf(row, staff)))
    },
    async detail(staff, caseId) {
      const row = await cases(staff).where('r.caseId', '=', caseId).executeTakeFirst()
      if (row === undefined) throw new CabinetError('not_found')
      const items = await db.read
        .selectFrom('refundCaseItem as i')
        .innerJoin('order as o', 'o.orderId', 'i.orderId')
        .innerJoin('session as s', 's.sessionId', 'o.sessionId')
        .innerJoin('cabinet as c', 'c.cabinetId', 'o.cabinetId')
        .selectAll('i')
        .select(['o.consumerId', 's.openedAtMs', 'c.nameZh', 'c.nameEn'])
        .where('i.caseId', '=', caseId)
        .orderBy('i.position')
        .execute()
      return {
        case: await viewOf(row, staff),
        items: items.map((item) => ({
          orderId: item.orderId,
          atMs: item.openedAtMs ?? 0,
          cabinetName: { zh: item.nameZh, en: item.nameEn },
          consumerLabel: consumerLabel(item.consumerId),
          way: item.way,
          amountFen: item.amountFen,
          state: item.state,
          refundId: item.refundId,
          detail: item.detail,
        })),
      }
    },
  }
}

async function countsOf(db: Kysely<Tables>, caseId: string) {
  return db
    .selectFrom('refundCaseItem')
    .select((eb) => ['state', eb.fn.countAll<number>().as('count'), eb.fn.sum<number>('amountFen').as('fen')])
    .where('caseId', '=', caseId)
    .groupBy('state')
    .execute()
}
