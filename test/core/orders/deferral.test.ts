import { describe, expect, it } from 'vitest'
import { decideDeferral, type DeferralFacts } from '#core/orders/deferral.ts'
import { blindSeconds } from '#core/orders/story.ts'

const MINUTE = 60_000
const limits = { chargeUsualMs: 1500, delayedChargeMs: 10 * MINUTE }
/** A visit at 10:00 (0) whose door closed after one minute and which was charged at once. */
const facts = (change: Partial<DeferralFacts> = {}): DeferralFacts => ({
  startedAtMs: 0,
  closedAtMs: MINUTE,
  reconciledAtMs: MINUTE + 1000,
  offline: [],
  heldAtMs: null,
  releasedAtMs: null,
  submittedAtMs: MINUTE + 1200,
  pendingAtMs: MINUTE + 1300,
  arrearsAtMs: null,
  chargedAtMs: MINUTE + 1600,
  nowMs: 60 * MINUTE,
  ...change,
})

describe('a charge', () => {
  it('right after the visit was not late', () => {
    expect(decideDeferral(facts(), limits)).toBeNull()
  })
  it('of a cabinet that was offline when the door closed names the cut and when it was over', () => {
    const late = facts({
      offline: [{ fromMs: 30_000, toMs: 2 * MINUTE }],
      reconciledAtMs: 46 * MINUTE,
      chargedAtMs: 46 * MINUTE,
    })
    expect(decideDeferral(late, limits)).toEqual({
      cause: 'offline',
      fromMs: 30_000,
      toMs: 46 * MINUTE,
      lateMinutes: 45,
    })
  })
  it('is not late for a cut that was over before the door closed', () => {
    expect(decideDeferral(facts({ offline: [{ fromMs: 1000, toMs: 20_000 }] }), limits)).toBeNull()
  })
  it('that the provider collects slowly says so, also while it lasts', () => {
    expect(decideDeferral(facts({ chargedAtMs: 31 * MINUTE }), limits)).toMatchObject({
      cause: 'provider_pending',
      lateMinutes: 30,
    })
    expect(decideDeferral(facts({ chargedAtMs: null }), limits)).toMatchObject({
      cause: 'provider_pending',
      toMs: null,
    })
  })
  it('that a person looked at first says so', () => {
    const held = facts({
      heldAtMs: MINUTE + 1000,
      releasedAtMs: 20 * MINUTE,
      chargedAtMs: 20 * MINUTE + 1000,
    })
    expect(decideDeferral(held, limits)).toMatchObject({ cause: 'review', toMs: 20 * MINUTE })
  })
  it('late for no reason outside is our own fault', () => {
    const late = facts({ pendingAtMs: null, chargedAtMs: 31 * MINUTE })
    expect(decideDeferral(late, limits)).toMatchObject({ cause: 'system', lateMinutes: 30 })
  })
})

describe('how long a camera could not see', () => {
  it('counts overlapping times once', () => {
    expect(
      blindSeconds([
        { fromMs: 0, toMs: 5000 },
        { fromMs: 3000, toMs: 9000 },
      ]),
    ).toBe(9)
  })
})
