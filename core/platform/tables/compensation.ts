import type { CompensationView } from '#protocol/api/compensation.ts'
import type {
  IncidentOrder,
  RefundCaseCreate,
  RefundCaseDetail,
  RefundCaseRow,
} from '#protocol/api/refund-cases.ts'

export interface CompensationTables {
  /** A coupon or points that make good for something; they are issued under this id, once. */
  compensation: {
    compensationId: string
    orderId: string
    consumerId: string
    kind: CompensationView['kind']
    state: CompensationView['state']
    amountFen: number
    reason: CompensationView['reason']
    note: string
    requestedBy: string
    requestedAtMs: number
    decidedBy: string | null
    decidedAtMs: number | null
    decisionNote: string | null
    givenAtMs: number | null
  }
  /** One incident whose orders get their money back together. */
  refundCase: {
    caseId: string
    title: string
    /** JSON of the selection, for the record: the items are what was approved. */
    selection: string
    reason: RefundCaseCreate['reason']
    stock: RefundCaseCreate['stock']
    note: string
    state: RefundCaseRow['state']
    totalFen: number
    requestedBy: string
    requestedAtMs: number
    decidedBy: string | null
    decidedAtMs: number | null
    decisionNote: string | null
    endedAtMs: number | null
  }
  refundCaseItem: {
    caseId: string
    orderId: string
    position: number
    way: IncidentOrder['way']
    /** JSON: lines and quantities that go back. */
    lines: string
    amountFen: number
    state: RefundCaseDetail['items'][number]['state']
    /** Made with the case, so that asking again is the same refund, or the same lowering of the charge. */
    refundId: string
    detail: string | null
  }
}
