import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayAfter, dayBefore, dayOf, startOfDay } from '#core/ledger/day.ts'
import {
  closingEntry,
  feeEntry,
  loweredEntry,
  paidElsewhereEntry,
  paymentEntry,
  refundEntry,
  RESULT_ACCOUNTS,
  reversedEntry,
  saleEntry,
  writtenOffEntry,
} from '#core/ledger/entries.ts'

const fen = fc.integer({ min: 0, max: 1_000_000 })
const sumOf = (lines: ReadonlyArray<{ amountFen: number }>) =>
  lines.reduce((sum, line) => sum + line.amountFen, 0)

describe('every entry of the journal', () => {
  it('sums to 0 and has no empty line, whatever happened', () => {
    fc.assert(
      fc.property(fen, fen, fen, fc.boolean(), (a, b, c, isSecond) => {
        const grossFen = a + b + c
        for (const { lines } of [
          saleEntry({ grossFen, discountFen: b, compensationFen: c }),
          loweredEntry(a),
          reversedEntry(a),
          paymentEntry(a, isSecond),
          paidElsewhereEntry(a),
          refundEntry(a, isSecond),
          writtenOffEntry(a),
          feeEntry(a - b),
          closingEntry({ revenue: -grossFen, discounts: b, compensation: c, fees: a }),
        ]) {
          expect(sumOf(lines)).toBe(0)
          expect(lines.every((line) => line.amountFen !== 0)).toBe(true)
        }
      }),
    )
  })

  it('of a closed day leaves nothing in the accounts of the day and all of it with the operator', () => {
    const balances = { revenue: -10_000, discounts: 500, refunds: 1200, compensation: 300, fees: 57 }
    const { lines } = closingEntry(balances)
    for (const account of RESULT_ACCOUNTS) {
      const closed = lines.find((line) => line.account === account)?.amountFen ?? 0
      expect(closed + ((balances as Partial<Record<string, number>>)[account] ?? 0)).toBe(0)
    }
    expect(lines.find((line) => line.account === 'operator_payable')?.amountFen).toBe(
      -(10_000 - 500 - 1200 - 300 - 57),
    )
  })
})

describe('a day of the books', () => {
  it('is a Beijing day, whatever the zone of this computer', () => {
    expect(dayOf(Date.parse('2026-03-01T15:59:59.999Z'))).toBe('2026-03-01')
    expect(dayOf(Date.parse('2026-03-01T16:00:00Z'))).toBe('2026-03-02')
    expect(startOfDay('2026-03-02')).toBe(Date.parse('2026-03-01T16:00:00Z'))
    expect([dayBefore('2026-03-01'), dayAfter('2024-02-28')]).toEqual(['2026-02-28', '2024-02-29'])
  })
  it.each(['2026-02-30', '2026-13-01', 'yesterday', '2026-3-1'])('is not %s', (text) => {
    expect(startOfDay(text)).toBeUndefined()
  })
})
