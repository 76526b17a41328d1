import { describe, expect, it } from 'vitest'
import { decideExcursion, type ExcursionState, initialExcursion } from '#edge/climate/excursion.ts'
import { decideLockout, initialLockout } from '#edge/climate/lockout.ts'

const MINUTE = 60_000
const policy = {
  isEnabled: true,
  limitDeciCelsius: 50,
  afterMs: 15 * MINUTE,
  afterDoorCloseMs: 30 * MINUTE,
  afterDefrostMs: 30 * MINUTE,
}

/** One look a minute. @returns what was told, with its minute */
function live(
  minutes: number,
  at: (minute: number) => { air: number; isDoorOpen?: boolean; isDefrosting?: boolean },
) {
  let lockout = initialLockout()
  let state: ExcursionState = initialExcursion
  const told: Array<{ minute: number; phase: string; warmMs: number | undefined; peak: number | undefined }> =
    []
  for (let minute = 1; minute <= minutes; minute++) {
    const { air, isDoorOpen = false, isDefrosting = false } = at(minute)
    lockout = decideLockout(lockout, { airDeciCelsius: air, isDoorOpen, isDefrosting }, MINUTE, policy).state
    const decision = decideExcursion(state, air, lockout, isDoorOpen, policy, 5 * MINUTE)
    state = decision.state
    const { event } = decision
    if (event) told.push({ minute, phase: event.phase, warmMs: event.warmMs, peak: event.peakDeciCelsius })
  }
  return told
}

describe('air above the limit', () => {
  it('is told after five minutes, and at its end with its length and its warmest', () => {
    expect(live(20, (minute) => ({ air: minute < 12 ? 55 + minute : 45 }))).toEqual([
      { minute: 6, phase: 'began', warmMs: 5 * MINUTE, peak: 61 },
      { minute: 12, phase: 'ended', warmMs: 11 * MINUTE, peak: 66 },
    ])
  })
  it('after a visit is nothing while it goes down within a quarter of an hour', () => {
    const visit = (minute: number) => ({ air: minute < 14 ? 90 - 3 * minute : 45, isDoorOpen: minute <= 2 })
    expect(live(30, visit)).toEqual([])
  })
  it('after a visit is told when half of the time to the lockout is gone', () => {
    expect(live(25, (minute) => ({ air: 70, isDoorOpen: minute <= 2 }))).toMatchObject([
      { minute: 17, phase: 'began' },
    ])
  })
  it('after a defrost is nothing while it goes down', () => {
    expect(live(30, (minute) => ({ air: minute < 20 ? 60 : 40, isDefrosting: minute <= 8 }))).toEqual([])
  })
  it('with a door that opens again and again is told before the hour is over', () => {
    expect(live(40, (minute) => ({ air: 70, isDoorOpen: minute % 5 === 0 }))).toMatchObject([
      { minute: 31, phase: 'began' },
    ])
  })
})
