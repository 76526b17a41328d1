import { describe, expect, it } from 'vitest'
import {
  type ClimateView,
  decideCleared,
  decideLockout,
  decideUnseen,
  evolveLockoutAfterStop,
  evolveLongerStop,
  initialLockout,
  lockoutMachine,
  type LockoutState,
} from '#edge/climate/lockout.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const policy = {
  isEnabled: true,
  limitDeciCelsius: 50,
  afterMs: 15 * MINUTE,
  afterDoorCloseMs: 30 * MINUTE,
  afterDefrostMs: 30 * MINUTE,
}
const cold: ClimateView = { airDeciCelsius: 40, isDoorOpen: false, isDefrosting: false }
const warm: ClimateView = { ...cold, airDeciCelsius: 51 }
const blind: ClimateView = { ...cold, airDeciCelsius: null }

/** Lives through the given minutes, looking once a minute. @returns the state and the minute in which it latched */
function live(state: LockoutState, minutes: number, viewAt: (minute: number) => ClimateView) {
  let now = state
  let latchedAt: number | undefined
  let cause: string | undefined
  for (let minute = 1; minute <= minutes; minute++) {
    const decision = decideLockout(now, viewAt(minute), MINUTE, policy)
    now = decision.state
    if (decision.latched) {
      latchedAt = minute
      cause = decision.latched.cause
    }
  }
  return { state: now, latchedAt, cause }
}
const start = initialLockout()

describe('the lockout table', () => {
  it('only a person on site leads out of latched', () => {
    expect(lockoutMachine.inputsOf('latched')).toEqual(['clearedOnSite'])
    expect(lockoutMachine.inputsOf('armed').toSorted()).toEqual(['unseen', 'warm'])
    expect(lockoutMachine.inputsOf('warming').toSorted()).toEqual(['coldAgain', 'timeUp', 'unseen'])
  })
})

describe('a cabinet above 5 °C', () => {
  it('at exactly 5 °C is safe', () => {
    expect(live(start, 100, () => ({ ...cold, airDeciCelsius: 50 })).latchedAt).toBeUndefined()
  })
  it('latches after 15 minutes and says how warm it became', () => {
    expect(live(start, 40, () => warm)).toMatchObject({ latchedAt: 16, cause: 'too_warm' })
    const before = live(start, 15, (minute) => ({ ...warm, airDeciCelsius: minute === 7 ? 83 : 60 })).state
    expect(decideLockout(before, warm, MINUTE, policy).latched).toMatchObject({
      sinceMs: 15 * MINUTE,
      peakDeciCelsius: 83,
    })
  })
  it('starts anew when it was cold in between', () => {
    expect(live(start, 29, (minute) => (minute === 14 ? cold : warm)).latchedAt).toBeUndefined()
  })
  it('has 30 minutes after the door closed', () => {
    const view = (minute: number) => (minute <= 5 ? { ...warm, isDoorOpen: true } : warm)
    expect(live(start, 60, view)).toMatchObject({ latchedAt: 35, cause: 'too_warm_after_door' })
  })
  it('has 30 minutes after a defrost', () => {
    const view = (minute: number) => (minute <= 10 ? { ...warm, isDefrosting: true } : warm)
    expect(live(start, 60, view)).toMatchObject({ latchedAt: 40, cause: 'too_warm_after_defrost' })
  })
  it('gets no more time from door openings than an hour in all', () => {
    const view = (minute: number) => ({ ...warm, isDoorOpen: minute % 10 === 0 })
    expect(live(start, 100, view)).toMatchObject({ latchedAt: 61, cause: 'too_warm_in_total' })
  })
  it('gets no more from a cold minute now and then: an hour in any two is too much', () => {
    const flicker = (minute: number) => (minute % 12 === 0 ? cold : warm)
    expect(live(start, 200, flicker)).toMatchObject({ cause: 'too_warm_in_total' })
    const seldom = (minute: number) => (minute % 12 < 5 ? warm : cold)
    expect(live(start, 600, seldom).latchedAt).toBeUndefined()
  })
  it('remembers a bounded number of warm times, and never fewer minutes than there were', () => {
    const { state } = live(start, 119, (minute) => (minute % 2 === 0 ? warm : cold))
    expect(state.warmSpans.length).toBeLessThanOrEqual(40)
  })
  it('with a broken or silent probe counts as warm', () => {
    expect(live(start, 40, () => blind)).toMatchObject({ latchedAt: 16, cause: 'probe_fault' })
  })
  it('does not latch where nothing perishable is sold', () => {
    const decision = decideLockout(start, warm, 1e9, { ...policy, isEnabled: false })
    expect(decision.state.phase).toBe('armed')
    expect(decideUnseen(start, 1e12, { ...policy, isEnabled: false }).latched).toBeUndefined()
  })
})

describe('a latched cabinet', () => {
  const latched = live(start, 20, () => warm).state
  it('stays latched when it is cold again, over a restart, and when the policy is switched off', () => {
    expect(live(latched, 100, () => cold).state.phase).toBe('latched')
    expect(evolveLockoutAfterStop(latched, 1e9).phase).toBe('latched')
    expect(decideLockout(latched, cold, MINUTE, { ...policy, isEnabled: false }).state.phase).toBe('latched')
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
    const after = evolveLockoutAfterStop(before, 20 * MINUTE)
    expect(decideLockout(after, warm, 1000, policy)).toMatchObject({ latched: { cause: 'power_loss' } })
  })
  it('is forgotten when it was short and the cabinet is still cold afterwards', () => {
    const after = evolveLockoutAfterStop(before, 40 * MINUTE)
    expect(live(after, 5, () => cold).state).toMatchObject({ phase: 'armed', gapMs: 0 })
  })
  it('of four hours cannot be excused by cold air: nobody saw what the goods went through', () => {
    const after = evolveLockoutAfterStop(before, 4 * HOUR + MINUTE)
    expect(decideLockout(after, cold, 1000, policy)).toMatchObject({ latched: { cause: 'unseen' } })
  })
  it('that was short does not take the blame for air that had long been warm', () => {
    const warming = live(start, 10, () => warm).state
    const after = evolveLockoutAfterStop(warming, 3000)
    expect(live(after, 20, () => warm)).toMatchObject({ cause: 'too_warm' })
  })
  it('that turns out longer than the clock said moves what came after it, and latches', () => {
    const resumed = evolveLockoutAfterStop(before, 0)
    const { state } = live(resumed, 3, () => warm)
    expect(state.phase).toBe('warming')
    const longer = evolveLongerStop(state, resumed.ageMs, 50 * MINUTE)
    expect(longer.ageMs - state.ageMs).toBe(50 * MINUTE)
    expect(decideLockout(longer, warm, 1000, policy).latched).toMatchObject({
      cause: 'power_loss',
    })
  })
})
