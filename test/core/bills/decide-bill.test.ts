import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideReconciliation, type OurPayment, type OurRefund } from '#core/bills/decide.ts'
import { parseYuan, readFundFlow, readTradeBill } from '#core/payments/payscore/bill-reading.ts'
import type { BilledRow } from '#core/payments/provider.ts'

const VECTORS = path.resolve(import.meta.dirname, '../../../protocol/vectors/payscore')
const vector = (name: string) => readFileSync(path.join(VECTORS, name), 'utf8')

describe('the published trade bill', () => {
  it('is read with our order numbers, wherever they stand, and in fen', () => {
    const bill = readTradeBill(vector('trade-bill.csv'))
    expect(bill.isSummaryRight).toBe(true)
    expect(
      bill.rows.map(({ kind, outOrderNo, outRefundNo, amountFen, feeFen }) => [
        kind,
        outOrderNo,
        outRefundNo,
        amountFen,
        feeFen,
      ]),
    ).toEqual([
      ['payment', '1234323JKHDFE1243252', undefined, 950, 6],
      ['payment', 'S20210128153505214586', undefined, 350, 2],
      ['refund', '1234323JKHDFE1243252', 'S20210201135356381941', 350, -2],
    ])
    expect(bill.rows[0]).toMatchObject({
      atMs: Date.parse('2021-01-28T17:07:11+08:00'),
      transactionId: '4200000925202101284997714292',
      deviceId: 'HG123456',
    })
  })

  it.each([
    ['cut short', (text: string) => text.slice(0, text.indexOf('总交易单数'))],
    ['without a column', (text: string) => text.replace('商户数据包,', '')],
    ['with a shifted row', (text: string) => text.replace('`CNY,', '')],
    ['with an amount that is none', (text: string) => text.replaceAll('`9.50', '`nine')],
    ['with a time that is none', (text: string) => text.replace('2021-01-28 17:07:11', 'today')],
  ])('is not believed %s', (_what, spoil) => {
    expect(() => readTradeBill(spoil(vector('trade-bill.csv')))).toThrow(/bill cannot be read/)
  })

  it('shows when its rows do not add up to its own summary', () => {
    const text = vector('trade-bill.csv').replace('`3,`13.00', '`3,`14.00')
    expect(readTradeBill(text.replace(/`13\.00,`3\.50\r?\n$/, '`14.00,`3.50\r\n')).isSummaryRight).toBe(false)
  })
})

describe('the published fund-flow bill', () => {
  it('is read as what came in and what went out', () => {
    expect(readFundFlow(vector('fund-flow-bill.csv'))).toEqual({ inFen: 23, outFen: 1, isSummaryRight: true })
  })
})

describe('an amount in yuan', () => {
  it.each([
    ['0.01', 1],
    ['12.3', 1230],
    ['-0.06000', -6],
    ['0.05700', 6],
    ['999999999999', 99_999_999_999_900],
  ])('%s is %i fen', (text, fen) => expect(parseYuan(text)).toBe(fen))
  it.each(['', '1,000.00', '1e3', '0.000001', '--1'])('is not "%s"', (text) => {
    expect(() => parseYuan(text)).toThrow()
  })
})

const payment = (transactionId: string, outOrderNo: string, amountFen: number): BilledRow => ({
  kind: 'payment',
  atMs: 0,
  transactionId,
  outOrderNo,
  deviceId: 'cab-001',
  amountFen,
  feeFen: 1,
})
const refund = (outRefundNo: string, amountFen: number, refundStatus = 'SUCCESS'): BilledRow => ({
  ...payment('t1', 'or1', amountFen),
  kind: 'refund',
  outRefundNo,
  refundStatus,
  feeFen: -1,
})
const ours = (payments: OurPayment[], refunds: OurRefund[] = [], known: string[] = ['or1', 'or2']) => ({
  payments,
  refunds,
  orderOf: (outOrderNo: string) =>
    known.includes(outOrderNo)
      ? { orderId: outOrderNo, isPaid: payments.some((one) => one.orderId === outOrderNo) }
      : undefined,
  refundOf: (outRefundNo: string) => refunds.find((one) => one.outRefundNo === outRefundNo),
})
const our = (transactionId: string, orderId: string, amountFen: number): OurPayment => ({
  transactionId,
  orderId,
  amountFen,
  isDuplicate: false,
})

describe('a bill beside our books', () => {
  it.each([
    ['paid and known', [payment('t1', 'or1', 500)], ours([our('t1', 'or1', 500)]), []],
    [
      'paid twice',
      [payment('t1', 'or1', 500), payment('t2', 'or1', 500)],
      ours([our('t1', 'or1', 500)]),
      ['paid_twice t2'],
    ],
    [
      'paid twice, and neither was heard',
      [payment('t1', 'or1', 500), payment('t2', 'or1', 500)],
      ours([]),
      ['paid_unheard t1', 'paid_twice t2'],
    ],
    ['paid and not heard', [payment('t1', 'or1', 500)], ours([]), ['paid_unheard t1']],
    ['paid and unknown to us', [payment('t9', 'elsewhere', 500)], ours([]), ['paid_unknown t9']],
    ['known and unpaid', [], ours([our('t1', 'or1', 500)]), ['known_unpaid t1']],
    ['another amount', [payment('t1', 'or1', 600)], ours([our('t1', 'or1', 500)]), ['amount_differs t1']],
    [
      'a refund missing',
      [payment('t1', 'or1', 500)],
      ours(
        [our('t1', 'or1', 500)],
        [{ outRefundNo: 'rf1', refundId: 'rf1', orderId: 'or1', amountFen: 500 }],
      ),
      ['refund_missing rf1'],
    ],
    [
      'a refund that is not ours',
      [payment('t1', 'or1', 500), refund('rf9', 100)],
      ours([our('t1', 'or1', 500)]),
      ['refund_unknown rf9'],
    ],
    [
      'a refund of another amount',
      [payment('t1', 'or1', 500), refund('rf1', 400)],
      ours(
        [our('t1', 'or1', 500)],
        [{ outRefundNo: 'rf1', refundId: 'rf1', orderId: 'or1', amountFen: 500 }],
      ),
      ['refund_amount_differs rf1'],
    ],
    [
      'a refund that the provider closed',
      [payment('t1', 'or1', 500), refund('rf1', 500, 'FAIL')],
      ours([our('t1', 'or1', 500)]),
      [],
    ],
  ])('shows %s', (_what, rows, books, expected) => {
    const { differences, report } = decideReconciliation(rows, books)
    expect(differences.map((one) => `${one.kind} ${one.subjectId}`)).toEqual(expected)
    expect(report.isBalanced).toBe(true)
  })

  it('balances to the fen whatever is on either side, and names every fen that differs', () => {
    const row = fc.record({
      tx: fc.integer({ min: 1, max: 12 }),
      order: fc.integer({ min: 1, max: 6 }),
      fen: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(row, { selector: (one) => one.tx, maxLength: 10 }),
        fc.uniqueArray(row, { selector: (one) => one.tx, maxLength: 10 }),
        (billed, own) => {
          const { report, differences } = decideReconciliation(
            billed.map((one) => payment(`t${one.tx}`, `or${one.order}`, one.fen)),
            ours(
              own.map((one) => our(`t${one.tx}`, `or${one.order}`, one.fen)),
              [],
              ['or1', 'or2', 'or3'],
            ),
          )
          expect(report.isBalanced).toBe(true)
          const billFen = billed.reduce((sum, one) => sum + one.fen, 0)
          const ourFen = own.reduce((sum, one) => sum + one.fen, 0)
          const namedFen = differences.reduce((sum, one) => sum + (one.billFen ?? 0) - (one.ourFen ?? 0), 0)
          expect(billFen - ourFen).toBe(namedFen)
        },
      ),
    )
  })
})
