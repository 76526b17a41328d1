import type { EntryKind, LedgerAccount } from '#protocol/api/finance.ts'

/** The double-entry journal and what is compared with it. */
export interface LedgerTables {
  /** One set of lines that sums to 0. Written after its lines, which seals them (trigger). */
  ledgerEntry: {
    /** 1, 2, 3 … without holes (trigger). */
    seq: number
    kind: EntryKind
    /** What happened: a charge, a payment, a refund. One entry a kind and subject. */
    subjectId: string
    orderId: string | null
    cabinetId: string | null
    operator: string
    /** Day of the books, `yyyy-MM-dd` in the provider's zone. */
    day: string
    occurredAtMs: number
    postedAtMs: number
    lineCount: number
    previousMac: string
    mac: string
  }
  ledgerLine: {
    seq: number
    position: number
    account: LedgerAccount
    /** Debit positive, credit negative; never 0. */
    amountFen: number
  }
  /** One comparison of a day's bill with our books. The latest of a day counts. */
  billRun: {
    runId: string
    day: string
    startedBy: string
    startedAtMs: number
    finishedAtMs: number
    sha1: string
    /** JSON of the report. */
    report: string
  }
  /** Rows of the provider's trade bill as of the latest run of their day. */
  billRow: {
    day: string
    position: number
    kind: 'payment' | 'refund'
    atMs: number
    transactionId: string
    /** Ours, whether it stands in the order column or in the attach column. */
    outOrderNo: string
    deviceId: string
    outRefundNo: string | null
    refundStatus: string | null
    amountFen: number
    /** As the provider rounded it; negative when it came back with a refund. */
    feeFen: number
  }
  billDifference: {
    differenceId: string
    day: string
    kind: string
    subjectId: string
    orderId: string | null
    transactionId: string | null
    outRefundNo: string | null
    ourFen: number | null
    billFen: number | null
    state: 'open' | 'settled'
    /** How it was settled: by a rule, by finding it, by a person. */
    resolution: string | null
    settledBy: string | null
    note: string | null
    anomalyId: string | null
    foundAtMs: number
    settledAtMs: number | null
  }
}
