import { describe, expect, it } from 'vitest'
import { type ColdState, decideDefrost } from '#edge/commands/cold.ts'

const closed = { hasSession: false, isDoorOpen: false }
const cold: ColdState = {
  airDeciCelsius: 30,
  isDefrosting: false,
  limitDeciCelsius: 50,
  sinceLastDefrostMs: undefined,
}
const PAUSE_MS = 7_200_000

describe('a defrost', () => {
  const cases: Array<[string, Partial<typeof closed>, Partial<ColdState>, string | undefined]> = [
    ['may begin when it is cold and nobody is there', {}, {}, undefined],
    ['may begin at exactly a degree below the limit', {}, { airDeciCelsius: 40 }, undefined],
    ['waits while somebody shops', { hasSession: true }, {}, 'cabinet_busy'],
    ['waits for the door to be closed', { isDoorOpen: true }, {}, 'door_open'],
    ['is refused when it is nearly too warm already', {}, { airDeciCelsius: 41 }, 'too_warm'],
    [
      'may begin at any temperature where nothing spoils',
      {},
      { airDeciCelsius: 150, limitDeciCelsius: undefined },
      undefined,
    ],
    ['is refused without a valid temperature', {}, { airDeciCelsius: null }, 'bus_timeout'],
    ['is refused while one is under way', {}, { isDefrosting: true }, 'defrost_too_soon'],
    ['is refused shortly after the last one', {}, { sinceLastDefrostMs: PAUSE_MS - 1 }, 'defrost_too_soon'],
    ['may begin when the pause is over', {}, { sinceLastDefrostMs: PAUSE_MS }, undefined],
  ]
  it.each(cases)('%s', (_what, cabinet, state, reason) => {
    expect(decideDefrost({ ...closed, ...cabinet }, { ...cold, ...state }, PAUSE_MS)?.reason).toBe(reason)
  })
})
