import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { closed, Id } from '#protocol/api/common.ts'
import {
  BillDetail,
  BillList,
  Day,
  DifferenceSettle,
  LedgerView,
  PayoutRecord,
  StatementList,
  StuckRefundList,
} from '#protocol/api/finance.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Bills } from '#core/bills/bills.ts'
import { mustKnowCaller } from '#core/callers/must-be-known.ts'
import { statementCsv, statementsOf } from '#core/ledger/statements.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import type { Permission } from '#core/staff/permissions.ts'
import { billCsv, billDetail, billList, ledgerCsv, ledgerView, stuckRefunds } from './finance-queries.ts'

const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })
const DayParams = Type.Object({ day: Day }, closed)
const RefundParams = Type.Object({ refundId: Id }, closed)

/** Journal, bills, statements, stuck refunds: `protocol/api/finance.ts`. */
export function registerFinanceRoutes(
  app: HttpApp,
  deps: CoreDeps & { bills: Bills; refunds: Refunds },
): void {
  const { db, clock, bills, refunds } = deps
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }
  function sendCsv(reply: FastifyReply, name: string, text: string) {
    return reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="${name}.csv"`)
      .send(text)
  }
  /** A download of money is on record, as a view of evidence is. */
  async function noteDownload(request: FastifyRequest, what: string): Promise<void> {
    await db.write('audit a download', (tx) =>
      appendAudit(tx, {
        actor: `staff:${me(request).staffId}`,
        action: 'report.downloaded',
        subject: `report:${what}`,
      }),
    )
  }

  // the journal
  app.get(
    '/api/staff/ledger/:day',
    { ...allow('ledger.read'), schema: { params: DayParams, response: { 200: LedgerView } } },
    (request) => ledgerView(db.read, request.params.day),
  )
  app.get(
    '/api/staff/ledger/:day/csv',
    { ...allow('ledger.read'), schema: { params: DayParams } },
    async (request, reply) => {
      const { day } = request.params
      await noteDownload(request, `ledger-${day}`)
      return sendCsv(reply, `ledger-${day}`, await ledgerCsv(db.read, day))
    },
  )

  // statements: an operator sees their own and nobody else's
  const operatorOf = (request: FastifyRequest): string | undefined => me(request).operator ?? undefined
  app.get(
    '/api/staff/statements/:day',
    { ...allow('statement.read'), schema: { params: DayParams, response: { 200: StatementList } } },
    async (request) => ({
      day: request.params.day,
      statements: await statementsOf(db.read, request.params.day, operatorOf(request)),
    }),
  )
  app.get(
    '/api/staff/statements/:day/csv',
    { ...allow('statement.read'), schema: { params: DayParams } },
    async (request, reply) => {
      const { day } = request.params
      await noteDownload(request, `statement-${day}`)
      const statements = await statementsOf(db.read, day, operatorOf(request))
      return sendCsv(reply, `statement-${day}`, statementCsv(statements))
    },
  )

  // bills
  app.get('/api/staff/bills', { ...allow('bill.read'), schema: { response: { 200: BillList } } }, () =>
    billList(db.read, clock.now()),
  )
  app.get(
    '/api/staff/bills/:day',
    { ...allow('bill.read'), schema: { params: DayParams, response: { 200: BillDetail } } },
    (request) => billDetail(db.read, request.params.day),
  )
  app.get(
    '/api/staff/bills/:day/csv',
    { ...allow('bill.read'), schema: { params: DayParams } },
    async (request, reply) => {
      const { day } = request.params
      await noteDownload(request, `bill-${day}`)
      return sendCsv(reply, `bill-${day}`, await billCsv(db.read, day))
    },
  )
  app.post(
    '/api/staff/bills/:day/reconcile',
    { ...allow('bill.reconcile'), schema: { params: DayParams, response: { 200: BillDetail } } },
    async (request) => {
      const { day } = request.params
      await bills.reconcile(day, me(request).staffId)
      return billDetail(db.read, day)
    },
  )
  app.post(
    '/api/staff/bill-differences/:differenceId/settle',
    {
      ...allow('bill.reconcile'),
      schema: { params: Type.Object({ differenceId: Id }, closed), body: DifferenceSettle },
    },
    async (request) => {
      const { differenceId } = request.params
      await db.write('settle a difference', (tx) =>
        bills.settle(tx, differenceId, me(request).staffId, request.body.note),
      )
      return {}
    },
  )

  // refunds that are stuck
  app.get(
    '/api/staff/stuck-refunds',
    { ...allow('refund.reroute'), schema: { response: { 200: StuckRefundList } } },
    () => stuckRefunds(db.read),
  )
  /** Where it goes now is what somebody said: they were found to be the buyer. */
  async function mustBeBuyers(tx: Tx, refundId: string): Promise<void> {
    const refund = await tx
      .selectFrom('refund')
      .select(['orderId', 'ticketId'])
      .where('refundId', '=', refundId)
      .executeTakeFirst()
    if (refund === undefined) throw new CabinetError('not_found')
    const { orderId, ticketId } = refund
    await mustKnowCaller(tx, { orderId, ticketId: ticketId ?? undefined, isApproval: true })
  }
  const step = (name: 'reroute' | 'retry', run: (tx: Tx, refundId: string, by: string) => Promise<void>) =>
    app.post(
      `/api/staff/stuck-refunds/:refundId/${name}`,
      { ...allow('refund.reroute'), schema: { params: RefundParams } },
      async (request) => {
        await db.write(`${name} a refund`, (tx) => run(tx, request.params.refundId, me(request).staffId))
        return {}
      },
    )
  step('reroute', async (tx, refundId, by) => {
    await mustBeBuyers(tx, refundId)
    await refunds.reroute(tx, refundId, by)
  })
  step('retry', (tx, refundId, by) => refunds.retryClosed(tx, refundId, by))
  app.post(
    '/api/staff/stuck-refunds/:refundId/payout',
    { ...allow('refund.reroute'), schema: { params: RefundParams, body: PayoutRecord } },
    async (request) => {
      const { refundId } = request.params
      await db.write('record a payout', async (tx) => {
        await mustBeBuyers(tx, refundId)
        await refunds.recordPayout(tx, refundId, me(request).staffId, request.body.reference)
      })
      return {}
    },
  )
}
