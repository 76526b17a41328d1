import Type from 'typebox'
import { Bilingual, closed, Fen, Id, oneOf, WallMs } from './common.ts'

/** What finance sees of the core: the journal, the provider's bills beside our books, statements. Days are the provider's (Beijing). */
export const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'yyyy-MM-dd, Beijing' })

export const LEDGER_ACCOUNTS = [
  'consumer_receivable',
  'consumer_credit',
  'provider_clearing',
  'outside_cash',
  'revenue',
  'discounts',
  'refunds',
  'compensation',
  'write_off',
  'fees',
  'operator_payable',
] as const
export type LedgerAccount = (typeof LEDGER_ACCOUNTS)[number]
export const ENTRY_KINDS = [
  'sale',
  'sale_lowered',
  'sale_reversed',
  'payment',
  'second_payment',
  'paid_elsewhere',
  'refund',
  'second_payment_refund',
  'written_off',
  'fee',
  'day_closed',
] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

export const LedgerEntryView = Type.Object(
  {
    seq: Type.Integer(),
    kind: oneOf(ENTRY_KINDS),
    subjectId: Type.String(),
    orderId: Type.Union([Type.String(), Type.Null()]),
    operator: Type.String(),
    day: Day,
    occurredAtMs: WallMs,
    postedAtMs: WallMs,
    lines: Type.Array(Type.Object({ account: oneOf(LEDGER_ACCOUNTS), amountFen: Fen }, closed)),
  },
  closed,
)
export const LedgerView = Type.Object(
  {
    day: Day,
    entries: Type.Array(LedgerEntryView),
    isCut: Type.Boolean({ description: 'more entries than are shown; the download has all' }),
    balances: Type.Array(
      Type.Object(
        {
          account: oneOf(LEDGER_ACCOUNTS),
          dayFen: Fen,
          totalFen: Type.Integer({ description: 'fen since the beginning' }),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type LedgerView = Type.Static<typeof LedgerView>

/** One broken promise of the books, in words. */
export const LedgerAudit = Type.Object(
  {
    ok: Type.Boolean(),
    entries: Type.Integer(),
    atMs: WallMs,
    findings: Type.Array(
      Type.Object({ rule: Type.String(), subject: Type.String(), message: Type.String() }, closed),
    ),
  },
  closed,
)
export type LedgerAudit = Type.Static<typeof LedgerAudit>

export const Statement = Type.Object(
  {
    day: Day,
    operator: Type.String(),
    isClosed: Type.Boolean({ description: 'false: the day may still change' }),
    orders: Type.Integer(),
    grossFen: Fen,
    discountFen: Fen,
    compensationFen: Fen,
    refundFen: Fen,
    writeOffFen: Fen,
    feeFen: Fen,
    payableFen: Type.Integer({
      description: 'fen owed to the operator for this day; negative: owed by them',
    }),
    balanceFen: Type.Integer({ description: 'fen owed to the operator in all, up to and with this day' }),
    cabinets: Type.Array(
      Type.Object(
        {
          cabinetId: Type.String(),
          name: Type.Union([Bilingual, Type.Null()], {
            description: 'null: of no cabinet, or one that is gone',
          }),
          orders: Type.Integer(),
          grossFen: Fen,
          discountFen: Fen,
          compensationFen: Fen,
          refundFen: Fen,
          writeOffFen: Fen,
          feeFen: Fen,
          payableFen: Fen,
        },
        closed,
      ),
    ),
  },
  closed,
)
export type Statement = Type.Static<typeof Statement>
export const StatementList = Type.Object({ day: Day, statements: Type.Array(Statement) }, closed)
export type StatementList = Type.Static<typeof StatementList>

export const DIFFERENCE_KINDS = [
  'paid_twice',
  'paid_unheard',
  'paid_unknown',
  'known_unpaid',
  'amount_differs',
  'refund_missing',
  'refund_unknown',
  'refund_amount_differs',
] as const
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number]
export const DIFFERENCE_RESOLUTIONS = ['refunded', 'taken_up', 'found_later', 'person'] as const
export type DifferenceResolution = (typeof DIFFERENCE_RESOLUTIONS)[number]

export const BillDifference = Type.Object(
  {
    differenceId: Type.String(),
    day: Day,
    kind: oneOf(DIFFERENCE_KINDS),
    state: oneOf(['open', 'settled']),
    orderId: Type.Union([Type.String(), Type.Null()]),
    transactionId: Type.Union([Type.String(), Type.Null()]),
    outRefundNo: Type.Union([Type.String(), Type.Null()]),
    ourFen: Type.Union([Fen, Type.Null()]),
    billFen: Type.Union([Fen, Type.Null()]),
    resolution: Type.Union([oneOf(DIFFERENCE_RESOLUTIONS), Type.Null()]),
    settledBy: Type.Union([Type.String(), Type.Null()]),
    note: Type.Union([Type.String(), Type.Null()]),
    foundAtMs: WallMs,
    settledAtMs: Type.Union([WallMs, Type.Null()]),
  },
  closed,
)
export type BillDifference = Type.Static<typeof BillDifference>

const Side = Type.Object({ count: Type.Integer(), fen: Fen }, closed)
/** bill = matched + on the bill only + what amounts differ by; ours = matched + ours only. To the fen. */
export const BillReport = Type.Object(
  {
    day: Day,
    payments: Type.Object(
      { bill: Side, ours: Side, matched: Side, billOnly: Side, oursOnly: Side, differsByFen: Fen },
      closed,
    ),
    refunds: Type.Object(
      { bill: Side, ours: Side, matched: Side, billOnly: Side, oursOnly: Side, differsByFen: Fen },
      closed,
    ),
    feesFen: Fen,
    netFen: Type.Integer({ description: 'fen: payments − refunds − fees, by the trade bill' }),
    fundFlowNetFen: Type.Union([
      Type.Integer({ description: 'fen: the same by the fund-flow bill' }),
      Type.Null(),
    ]),
    isSummaryRight: Type.Boolean({ description: "the rows add up to the bill's own summary" }),
    isBalanced: Type.Boolean(),
  },
  closed,
)
export type BillReport = Type.Static<typeof BillReport>
export const BillRunView = Type.Object(
  {
    day: Day,
    startedBy: Type.String(),
    finishedAtMs: WallMs,
    isEmpty: Type.Boolean({ description: 'the provider has no bill: nothing was traded' }),
    report: BillReport,
    openDifferences: Type.Integer(),
  },
  closed,
)
export const BillList = Type.Object({ runs: Type.Array(BillRunView), today: Day, yesterday: Day }, closed)
export type BillList = Type.Static<typeof BillList>
export const BillDetail = Type.Object(
  { run: Type.Union([BillRunView, Type.Null()]), differences: Type.Array(BillDifference) },
  closed,
)
export type BillDetail = Type.Static<typeof BillDetail>
export const DifferenceSettle = Type.Object({ note: Type.String({ minLength: 3, maxLength: 500 }) }, closed)

/** Refunds that the consumer's account could not take, and those the provider closed: finance decides where the money goes. */
export const StuckRefund = Type.Object(
  {
    refundId: Id,
    orderId: Id,
    amountFen: Fen,
    state: oneOf(['abnormal', 'closed', 'processing', 'succeeded']),
    attempt: Type.Integer(),
    requestedAtMs: WallMs,
    reroutedAtMs: Type.Union([WallMs, Type.Null()]),
    reroutedBy: Type.Union([Type.String(), Type.Null()]),
    payoutReference: Type.Union([Type.String(), Type.Null()]),
    paidOutAtMs: Type.Union([WallMs, Type.Null()]),
    actions: Type.Array(oneOf(['reroute', 'retry', 'record_payout'])),
  },
  closed,
)
export const StuckRefundList = Type.Object({ refunds: Type.Array(StuckRefund) }, closed)
export type StuckRefundList = Type.Static<typeof StuckRefundList>
export const PayoutRecord = Type.Object(
  {
    reference: Type.String({
      minLength: 3,
      maxLength: 100,
      // Card numbers are never kept: a run of 12 digits or more is refused.
      pattern: '^(?!.*\\d{12}).*$',
      description: 'how the consumer got the money, for example the number of a transfer; no card number',
    }),
  },
  closed,
)
