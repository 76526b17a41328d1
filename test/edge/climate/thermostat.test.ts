import { describe, expect, it } from 'vitest'
import {
  decideBoardRefusal,
  decideThermostat,
  evolveWanted,
  initialThermostat,
  type ThermostatState,
} from '#edge/climate/thermostat.ts'
import type { Twin } from '#protocol/messages/frames.ts'

const twin = (version: number, setpointDeciCelsius: number) =>
  ({
    twinEpoch: 'core-1',
    version,
    setpointDeciCelsius,
    setpointRange: { lowest: 0, highest: 80 },
    lockout: { isEnabled: false, limitDeciCelsius: 50 },
  }) as Twin
/** The same where food spoils above 5 °C. */
const perishable = (setpoint: number) =>
  evolveWanted(initialThermostat, {
    ...twin(2, setpoint),
    lockout: { isEnabled: true, limitDeciCelsius: 50 } as Twin['lockout'],
  })
const wanting = (setpoint: number) => evolveWanted(initialThermostat, twin(2, setpoint))

function answered(state: ThermostatState, register: number | null, mayWrite = true) {
  const step = decideThermostat(state, register, mayWrite)
  return step.type === 'answer' ? step : expect.fail(`no answer but ${step.type}`)
}

describe('a setpoint that would let food spoil', () => {
  it('is brought down by the hysteresis of the thermostat, and the answer says why', () => {
    expect(decideThermostat(perishable(50), 30, true)).toEqual({ type: 'write', setpoint: 40 })
    expect(answered(perishable(50), 40).answer).toMatchObject({
      status: 'overridden',
      value: 40,
      reason: 'limit_unsafe',
    })
  })
  it('is kept as it is when it leaves that room', () => {
    expect(answered(perishable(40), 40).answer).toMatchObject({ status: 'applied', value: 40 })
  })
})

describe('a setpoint that the core asks for', () => {
  it('is written when the register differs', () => {
    expect(decideThermostat(wanting(30), 40, true)).toEqual({ type: 'write', setpoint: 30 })
  })
  it('is answered as applied only when it is read back', () => {
    expect(answered(wanting(30), 30).answer).toEqual({
      twinEpoch: 'core-1',
      version: 2,
      status: 'applied',
      value: 30,
    })
  })
  it('out of range is rejected without touching the register', () => {
    expect(answered(wanting(150), 40).answer).toMatchObject({
      status: 'rejected',
      reason: 'setpoint_out_of_range',
      value: 40,
    })
  })
  it('waits while the pause since the last change lasts, and while the bus is silent', () => {
    expect(decideThermostat(wanting(30), 40, false).type).toBe('nothing')
    expect(decideThermostat(wanting(30), null, true).type).toBe('nothing')
  })
  it('that is refused by the board is rejected', () => {
    expect(decideBoardRefusal(wanting(30), 40)).toMatchObject({ answer: { status: 'rejected' } })
  })
  it('that never reads back is overridden, after three tries', () => {
    expect(answered({ ...wanting(30), tries: 3 }, 40).answer).toMatchObject({
      status: 'overridden',
      value: 40,
      reason: 'readback_mismatch',
    })
  })
  it('replaced by a newer one before it was written is never written', () => {
    expect(decideThermostat(evolveWanted(wanting(30), twin(3, 20)), 40, true)).toEqual({
      type: 'write',
      setpoint: 20,
    })
  })
})

describe('a setpoint that somebody changes at the controls', () => {
  const settled = answered(wanting(30), 30).state
  it('is told once, and holds until the next document', () => {
    const changed = answered(settled, 55)
    expect(changed.answer).toMatchObject({ status: 'overridden', value: 55, reason: 'local_change' })
    expect(decideThermostat(changed.state, 55, true).type).toBe('nothing')
    expect(decideThermostat(evolveWanted(changed.state, twin(3, 30)), 55, true)).toEqual({
      type: 'write',
      setpoint: 30,
    })
  })
})
