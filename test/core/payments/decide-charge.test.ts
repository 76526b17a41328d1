import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideObserved, decidePayments, decideQueryPause } from '#core/payments/decide.ts'
import { type ChargeState, chargeMachine } from '#core/payments/machine.ts'
import type { ProviderOrder } from '#core/payments/provider.ts'

const STATES = ['open', 'unconfirmed', 'collecting', 'paid', 'free', 'revoked', 'expired', 'unknown'] as const
const order = (state: ProviderOrder['state']): ProviderOrder => ({
  outOrderNo: 'or1',
  providerOrderId: 'wx1',
  state,
  totalFen: 350,
  payments: [],
  isPaidElsewhere: false,
})

describe('what the provider shows', () => {
  it.each([
    ['submitted', 'paid', 'paid'],
    ['submitted', 'collecting', 'accepted'],
    ['submitted', 'free', 'free'],
    ['unknown', 'open', 'foundAbsent'],
    ['unknown', 'paid', 'foundPaid'],
    ['unknown', 'collecting', 'foundPending'],
    ['pending', 'paid', 'paid'],
    ['pending', 'collecting', undefined],
    ['paid', 'paid', undefined],
    ['pending', 'unknown', undefined],
    ['cancelled', 'paid', undefined],
  ] as const)('%s and the provider says %s: %s', (state, seen, input) => {
    expect(decideObserved(state, order(seen))).toBe(input)
  })
  it('never asks the machine for something it does not know', () => {
    for (const state of chargeMachine.states as ChargeState[])
      for (const seen of STATES) {
        const input = decideObserved(state, order(seen))
        if (input !== undefined) expect(chargeMachine.next(state, input)).toBeDefined()
      }
  })
})

describe('payments under one charge', () => {
  const paid = (transactionId: string, paidAtMs: number) => ({ transactionId, amountFen: 350, paidAtMs })
  it('the earliest counts and the later is a duplicate', () => {
    expect(decidePayments([], [paid('b', 2000), paid('a', 1000)])).toEqual([
      { ...paid('a', 1000), isDuplicate: false },
      { ...paid('b', 2000), isDuplicate: true },
    ])
  })
  it('whatever comes after one that counts is a duplicate, and what is known is not found again', () => {
    expect(decidePayments(['a'], [paid('a', 1000), paid('c', 500)])).toEqual([
      { ...paid('c', 500), isDuplicate: true },
    ])
  })
  it('exactly one counts, in whatever order and however often they are seen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 }), { minLength: 1 }),
        (looks) => {
          const known: Array<{ transactionId: string; isDuplicate: boolean }> = []
          for (const look of looks)
            known.push(
              ...decidePayments(
                known.map((one) => one.transactionId),
                look.map((id) => paid(id, id.charCodeAt(0))),
              ),
            )
          expect(known.filter((one) => !one.isDuplicate)).toHaveLength(1)
          expect(new Set(known.map((one) => one.transactionId)).size).toBe(known.length)
        },
      ),
    )
  })
})

describe('asking again', () => {
  it('grows from the first pause to the longest and stays there', () => {
    const pauses = [0, 1, 2, 50, 1000].map((asked) => decideQueryPause(asked, 1000, 60_000))
    expect(pauses).toEqual([1000, 1500, 2250, 60_000, 60_000])
  })
})
