import { describe, expect, it } from 'vitest'
import { decideRecurrence, subjectsOf } from '#core/improvement/decide-recurrence.ts'
import { improvementMachine } from '#core/improvement/machine.ts'

const rule = { cases: 3, days: 14 }

describe('a cause that comes back', () => {
  it.each([
    { hasOpenItem: false, casesInWindow: 1, so: 'wait' },
    { hasOpenItem: false, casesInWindow: 2, so: 'wait' },
    { hasOpenItem: false, casesInWindow: 3, so: 'open' },
    { hasOpenItem: false, casesInWindow: 9, so: 'open' },
    { hasOpenItem: true, casesInWindow: 1, so: 'count' },
    { hasOpenItem: true, casesInWindow: 3, so: 'count' },
  ])('with $casesInWindow cases and an open item: $hasOpenItem, leads to $so', ({ so, ...seen }) => {
    expect(decideRecurrence(rule, seen)).toBe(so)
  })
  it('is counted on the cabinet and each product once', () => {
    expect(
      subjectsOf({ rootCause: 'weighing', cabinetId: 'cab-001', skus: ['cola', 'tea', 'cola'] }),
    ).toEqual([
      { kind: 'cabinet', id: 'cab-001' },
      { kind: 'product', id: 'cola' },
      { kind: 'product', id: 'tea' },
    ])
  })
  it('is counted on the cabinet only when whatever was bought has nothing to do with it', () => {
    expect(subjectsOf({ rootCause: 'network', cabinetId: 'cab-001', skus: ['cola'] })).toEqual([
      { kind: 'cabinet', id: 'cab-001' },
    ])
  })
  it('is not counted when nobody found it out, or the consumer did it', () => {
    for (const rootCause of ['unknown', 'consumer'])
      expect(subjectsOf({ rootCause, cabinetId: 'cab-001', skus: ['cola'] })).toEqual([])
  })
})

describe('plan, do, check, act', () => {
  it('lets every state take its own steps only', () => {
    const table = ['plan', 'do', 'check', 'act', 'closed', 'dropped'] as const
    const steps = ['begin', 'finish', 'effective', 'again', 'close', 'drop'] as const
    expect(table.map((state) => steps.map((step) => improvementMachine.next(state, step) ?? '-'))).toEqual([
      ['do', '-', '-', '-', '-', 'dropped'],
      ['-', 'check', '-', '-', '-', 'dropped'],
      ['-', '-', 'act', 'plan', '-', '-'],
      ['-', '-', '-', '-', 'closed', '-'],
      ['-', '-', '-', '-', '-', '-'],
      ['-', '-', '-', '-', '-', '-'],
    ])
  })
})
