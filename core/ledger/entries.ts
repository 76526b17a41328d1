import type { EntryKind, LedgerAccount } from '#protocol/api/finance.ts'

/**
 * What each event does to the accounts. Pure. A debit is positive, a credit negative, and every list sums to 0.
 *
 * | account | holds |
 * |---|---|
 * | consumer_receivable | asked of consumers and not yet taken |
 * | consumer_credit | taken twice by the provider, not yet given back (credit) |
 * | provider_clearing | taken by the provider for us, less what went back and its fees |
 * | outside_cash | paid to us in another way than through the provider |
 * | revenue, discounts, refunds, compensation, write_off, fees | what a day brought and cost, until it is closed |
 * | operator_payable | owed to the operators for closed days (credit) |
 */
export interface LedgerLine {
  readonly account: LedgerAccount
  readonly amountFen: number
}
export interface EntryShape {
  readonly kind: EntryKind
  readonly lines: readonly LedgerLine[]
}

function entry(kind: EntryKind, ...lines: Array<[LedgerAccount, number]>): EntryShape {
  return {
    kind,
    lines: lines
      .filter(([, amountFen]) => amountFen !== 0)
      .map(([account, amountFen]) => ({ account, amountFen })),
  }
}

export interface SaleAmounts {
  /** Goods at their prices. */
  readonly grossFen: number
  /** Promotions, and coupons that were given out to sell more. */
  readonly discountFen: number
  /** Coupons and points that make good for something. */
  readonly compensationFen: number
}
/** The money is asked for. */
export function saleEntry({ grossFen, discountFen, compensationFen }: SaleAmounts): EntryShape {
  return entry(
    'sale',
    ['consumer_receivable', grossFen - discountFen - compensationFen],
    ['discounts', discountFen],
    ['compensation', compensationFen],
    ['revenue', -grossFen],
  )
}
/** Less is asked for than before, because less was owed; nothing was paid yet. */
export function loweredEntry(byFen: number): EntryShape {
  return entry('sale_lowered', ['refunds', byFen], ['consumer_receivable', -byFen])
}
/** The provider's order ended without money: nothing was sold after all. @param openFen  still receivable */
export function reversedEntry(openFen: number): EntryShape {
  return entry('sale_reversed', ['refunds', openFen], ['consumer_receivable', -openFen])
}
export function paymentEntry(amountFen: number, isSecond: boolean): EntryShape {
  return entry(
    isSecond ? 'second_payment' : 'payment',
    ['provider_clearing', amountFen],
    [isSecond ? 'consumer_credit' : 'consumer_receivable', -amountFen],
  )
}
export function paidElsewhereEntry(amountFen: number): EntryShape {
  return entry('paid_elsewhere', ['outside_cash', amountFen], ['consumer_receivable', -amountFen])
}
/** Confirmed by the provider. A second payment that goes back was never a sale. */
export function refundEntry(amountFen: number, isOfSecondPayment: boolean): EntryShape {
  return entry(
    isOfSecondPayment ? 'second_payment_refund' : 'refund',
    [isOfSecondPayment ? 'consumer_credit' : 'refunds', amountFen],
    ['provider_clearing', -amountFen],
  )
}
export function writtenOffEntry(amountFen: number): EntryShape {
  return entry('written_off', ['write_off', amountFen], ['consumer_receivable', -amountFen])
}
/** By the bill. @param feeFen  negative when a refund brings a part of the fee back */
export function feeEntry(feeFen: number): EntryShape {
  return entry('fee', ['fees', feeFen], ['provider_clearing', -feeFen])
}

/** What a day brought and cost; closing empties them into what the operator gets. */
export const RESULT_ACCOUNTS = [
  'revenue',
  'discounts',
  'refunds',
  'compensation',
  'write_off',
  'fees',
] as const satisfies readonly LedgerAccount[]

/** @param balances  of the result accounts of one operator and day */
export function closingEntry(balances: Readonly<Partial<Record<LedgerAccount, number>>>): EntryShape {
  const lines = RESULT_ACCOUNTS.map((account): [LedgerAccount, number] => [
    account,
    -(balances[account] ?? 0),
  ])
  const resultFen = -lines.reduce((sum, [, amountFen]) => sum + amountFen, 0)
  return entry('day_closed', ...lines, ['operator_payable', resultFen])
}
