import { describe, expect, it } from 'vitest'
import {
  type ClimateView,
  decideCleared,
  decideLockout,
  evolveLockoutAfterStop,
  initialLockout,
  lockoutMachine,
  type LockoutState,
} from '#edge/climate/lockout.ts'

const MINUTE = 60_000
const policy = {
  isEnabled: true,
  limitDeciCelsius: 50,
  afterMs: 15 * MINUTE,
  afterDoorCloseMs: 30 * MINUTE,
  afterDefrostMs: 30 * MINUTE,
}
const cold: ClimateView = { airDeciCelsius: 40, isDoorOpen: false, isDefrosting: false }
const warm: ClimateView = { ...cold, airDeciCelsius: 51 }

/** Lives through the given minutes, looking once a minute. @returns the state and the minute in which it latched */
function live(state: LockoutState, minutes: number, viewAt: (minute: number) => ClimateView) {
  let now = state
  let latchedAt: number | undefined
  let cause: string | undefined
  for (let minute = 1; minute <= minutes; minute++) {
    const decision = decideLockout(now, viewAt(minute), MINUTE, minute * MINUTE, policy)
    now = decision.state
    if (decision.latched) {
      latchedAt = minute
      cause = decision.latched.cause
    }
  }
  return { state: now, latchedAt, cause }
}
const start = initialLockout(0)

describe('the lockout table', () => {
  it('only a person on site leads out of latched', () => {
    expect(lockoutMachine.inputsOf('latched')).toEqual(['clearedOnSite'])
    expect(lockoutMachine.inputsOf('armed')).toEqual(['warm'])
    expect(lockoutMachine.inputsOf('warming').sort()).toEqual(['coldAgain', 'timeUp'])
  })
})

describe('a cabinet above 5 °C', () => {
  it('at exactly 5 °C is safe', () => {
    expect(live(start, 100, () => ({ ...cold, airDeciCelsius: 50 })).latchedAt).toBeUndefined()
  })
  it('latches after 15 minutes', () => {
    expect(live(start, 40, () => warm)).toMatchObject({ latchedAt: 16, cause: 'too_warm' })
  })
  it('starts anew when it was cold in between', () => {
    expect(live(start, 29, (minute) => (minute === 14 ? cold : warm)).latchedAt).toBeUndefined()
  })
  it('has 30 minutes after the door closed', () => {
    const view = (minute: number) => (minute <= 5 ? { ...warm, isDoorOpen: true } : warm)
    expect(live(start, 60, view)).toMatchObject({ latchedAt: 35, cause: 'too_warm_after_door' })
  })
  it('gets no more time from door openings than an hour in all', () => {
    expect(live(start, 100, (minute) => ({ ...warm, isDoorOpen: minute % 10 === 0 })).latchedAt).toBe(61)
  })
  it('has 30 minutes after a defrost', () => {
    const view = (minute: number) => (minute <= 10 ? { ...warm, isDefrosting: true } : warm)
    expect(live(start, 60, view)).toMatchObject({ latchedAt: 40, cause: 'too_warm_after_defrost' })
  })
  it('with a broken or silent probe counts as warm', () => {
    expect(live(start, 40, () => ({ ...cold, airDeciCelsius: null }))).toMatchObject({
      latchedAt: 16,
      cause: 'probe_fault',
    })
  })
  it('does not latch where nothing perishable is sold', () => {
    const decision = decideLockout(start, warm, 1e9, 0, { ...policy, isEnabled: false })
    expect(decision.state.phase).toBe('armed')
  })
})

describe('a latched cabinet', () => {
  const latched = live(start, 20, () => warm).state
  it('stays latched when it is cold again, over a restart, and when the policy is switched off', () => {
    expect(live(latched, 100, () => cold).state.phase).toBe('latched')
    expect(evolveLockoutAfterStop(latched, 1e9, policy).phase).toBe('latched')
    expect(decideLockout(latched, cold, MINUTE, 0, { ...policy, isEnabled: false }).state.phase).toBe(
      'latched',
    )
  })
  it('is cleared by a person on site, once', () => {
    const cleared = decideCleared(latched)
    expect(cleared?.phase).toBe('armed')
    expect(cleared && decideCleared(cleared)).toBeUndefined()
  })
})

describe('a power cut', () => {
  const before = live(start, 10, () => cold).state
  it('counts as warm time when the cabinet is warm afterwards', () => {
    const after = evolveLockoutAfterStop(before, 10 * MINUTE + 20 * MINUTE, policy)
    expect(decideLockout(after, warm, 1000, 30 * MINUTE, policy)).toMatchObject({
      latched: { cause: 'power_loss' },
    })
  })
  it('is forgotten when the cabinet is still cold afterwards', () => {
    const after = evolveLockoutAfterStop(before, 40 * MINUTE, policy)
    expect(live(after, 5, () => cold).state).toMatchObject({ phase: 'armed', isWarmFromGap: false })
  })
  it('with a clock that went backwards is assumed to have been long', () => {
    const after = evolveLockoutAfterStop(before, 0, policy)
    expect(decideLockout(after, warm, 1000, 0, policy).latched).toBeDefined()
  })
})
