import { describe, expect, it } from 'vitest'
import { machine } from '#protocol/base/machine.ts'

const lamp = () =>
  machine({
    name: 'lamp',
    initial: 'off',
    states: { off: { press: 'on' }, on: { press: 'off', burnOut: 'dead' }, dead: {} },
    terminal: ['dead'],
  })

describe('a machine that is drawn correctly', () => {
  const cases = [
    ['off', 'press', 'on'],
    ['off', 'burnOut', undefined],
    ['on', 'press', 'off'],
    ['on', 'burnOut', 'dead'],
    ['dead', 'press', undefined],
    ['dead', 'burnOut', undefined],
  ] as const
  it.for(cases)('from %s, %s leads to %s', ([state, input, target]) => {
    expect(lamp().next(state, input)).toBe(target)
  })

  it('says what its reader may do now', () => {
    expect(lamp().inputsOf('on')).toEqual(['press', 'burnOut'])
    expect(lamp().isTerminal('dead')).toBe(true)
  })
})

describe('a machine that is drawn wrongly', () => {
  it('names a target that is no state', () => {
    expect(() => machine({ name: 'm', initial: 'a', states: { a: { go: 'b' } }, terminal: [] })).toThrow(
      'a --go--> b, which is not a state',
    )
  })
  it('names a state that nothing reaches', () => {
    expect(() =>
      machine({ name: 'm', initial: 'a', states: { a: {}, b: { go: 'a' } }, terminal: ['a'] }),
    ).toThrow('never reached: b')
  })
  it('names a dead end that nobody meant', () => {
    expect(() => machine({ name: 'm', initial: 'a', states: { a: {} }, terminal: [] })).toThrow('no way out')
  })
})
