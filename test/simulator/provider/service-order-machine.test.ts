import { describe, expect, it } from 'vitest'
import { serviceOrderMachine } from '#simulator/provider/service-order-machine.ts'
import { orderTriple } from '#simulator/provider/service-order-view.ts'

/** What the merchant sees of each state, and what may be done in it: the provider's published table. */
const TABLE = [
  // state, state_description, collection.state: what leads on
  ['created', 'CREATED', undefined, undefined, ['cancelled', 'expired']],
  ['inProgress', 'DOING', 'USER_CONFIRM', undefined, ['completed', 'completedFree', 'cancelled']],
  ['paying', 'DOING', 'MCH_COMPLETE', 'USER_PAYING', ['collected', 'lowered', 'paidElsewhere', 'cancelled']],
  ['paid', 'DONE', undefined, 'USER_PAID', []],
  ['settledElsewhere', 'DONE', undefined, 'USER_PAID', []],
  ['free', 'DONE', undefined, undefined, []],
  ['revoked', 'REVOKED', undefined, undefined, []],
  ['expired', 'EXPIRED', undefined, undefined, []],
] as const

describe('a service order', () => {
  it.each(TABLE)('%s is shown as %s / %s / %s', (state, shown, description, collection, inputs) => {
    const triple = orderTriple(state)
    expect([triple.state, triple.stateDescription, triple.collection]).toEqual([
      shown,
      description,
      collection,
    ])
    expect(serviceOrderMachine.inputsOf(state)).toEqual(inputs)
  })

  it('has no other state than the one before it was begun', () => {
    expect(serviceOrderMachine.states.filter((state) => !TABLE.some(([known]) => known === state))).toEqual([
      'asked',
    ])
  })
})
