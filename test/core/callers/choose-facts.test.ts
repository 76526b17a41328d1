import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CALLER_FACTS, type CallerFact } from '#protocol/api/callers.ts'
import { chooseFacts, toldFacts } from '#core/callers/choose-facts.ts'

const factsNamed = (names: readonly CallerFact[]) =>
  names.map((fact) => ({ fact, answer: { zh: fact, en: fact } }))
const random = (values: readonly number[]) => {
  let turn = 0
  return { next: () => values[turn++ % values.length] ?? 0, bytes: (count: number) => new Uint8Array(count) }
}
const someFacts = fc.subarray([...CALLER_FACTS])
const numbers = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 })

describe('the two facts that a caller is asked for', () => {
  it('are two, never told by the ticket, and never only a place', () => {
    fc.assert(
      fc.property(someFacts, someFacts, someFacts, numbers, (names, told, asked, chances) => {
        const chosen = chooseFacts(
          factsNamed(names),
          { told: new Set(told), asked: new Set(asked) },
          random(chances),
        )?.map(({ fact }) => fact)
        const left = names.filter((name) => !told.includes(name))
        const isEnough = left.length >= 2 && left.some((name) => name !== 'where')
        expect(chosen !== undefined).toBe(isEnough)
        if (chosen === undefined) return
        expect(new Set(chosen).size).toBe(2)
        expect(chosen.some((fact) => told.includes(fact))).toBe(false)
      }),
    )
  })
  it('are others than before while there are any', () => {
    const chosen = chooseFacts(
      factsNamed(['amount', 'when', 'goods', 'transaction']),
      { told: new Set(), asked: new Set(['amount', 'when']) },
      random([0]),
    )
    expect(chosen?.map(({ fact }) => fact).sort()).toEqual(['goods', 'transaction'])
  })
})

describe('what a ticket tells already', () => {
  const order = { skus: ['cola-330'], totalFen: 1650, transactionTail: '4711' }
  it('is read out of its answers and its words, because an agent may have read it out', () => {
    const told = toldFacts(
      {
        note: 'says that 16.50 were taken, number ends in 4711',
        intake: { sku: 'cola-330', atMs: 1_770_000_000_000, cabinetId: 'cab-001' },
      },
      order,
    )
    expect([...told].sort()).toEqual(['amount', 'goods', 'transaction', 'when', 'where'])
  })
  it('is nothing for other goods, a temperature and other words', () => {
    const intake = { sku: 'tea-500', wantedDeciCelsius: 40 }
    expect(toldFacts({ note: 'too much money taken', intake }, order).size).toBe(0)
  })
})
