import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decideRestriction,
  isStricter,
  type RestrictionInputs,
  type Signal,
} from '#core/restrictions/decide.ts'

const DAY = 86_400_000
const NOW = 1_800_000_000_000
const limits = {
  restrictionWindowDays: 30,
  cameraCoveredLimited: 3,
  cameraCoveredBlocked: 5,
  unpaidLimited: 2,
  unpaidBlocked: 3,
  restrictedSessionFen: 5000,
  restrictionDays: 14,
}
/** A clear case, as many days ago as it is told. */
const covered = (daysAgo: number, change: Partial<Signal> = {}): Signal => ({
  kind: 'camera_covered',
  orderId: `or${daysAgo}`,
  atMs: NOW - daysAgo * DAY,
  othersBlind: 0,
  receiptProbability: 0.99,
  isConfirmed: false,
  ...change,
})
const unpaid = (daysAgo: number, change: Partial<Signal> = {}) =>
  covered(daysAgo, { kind: 'unpaid', ...change })
function decide(signals: Signal[], change: Partial<RestrictionInputs> = {}) {
  return decideRestriction({ atMs: NOW, signals, forgivenAtMs: null, ...change }, limits)
}

describe('a camera that one consumer covers again and again', () => {
  it('once or twice is nothing', () => {
    expect(decide([covered(0), covered(1)]).outcome).toBe('none')
  })
  it('a pattern limits what a visit may cost, for two weeks', () => {
    expect(decide([covered(0), covered(1), covered(2)])).toMatchObject({
      outcome: 'limited',
      kind: 'camera_covered',
      counted: 3,
      capFen: 5000,
      expiresAtMs: NOW + 14 * DAY,
      orderIds: ['or0', 'or1', 'or2'],
    })
  })
  it('a longer pattern stops opening', () => {
    expect(decide([0, 1, 2, 3, 4].map((day) => covered(day)))).toMatchObject({
      outcome: 'blocked',
      capFen: null,
    })
  })
  it('counts no visit in which others were blind at the same cabinet: then it is the camera', () => {
    expect(decide([covered(0), covered(1), covered(2, { othersBlind: 1 })]).outcome).toBe('none')
  })
  it('counts no visit before the window', () => {
    expect(decide([covered(0), covered(1), covered(31)]).outcome).toBe('none')
  })
})

describe('purchases that stay unpaid', () => {
  it('two clear ones limit, three stop opening', () => {
    expect(decide([unpaid(0), unpaid(1)]).outcome).toBe('limited')
    expect(decide([unpaid(0), unpaid(1), unpaid(2)]).outcome).toBe('blocked')
  })
  it('an unclear bill is no reason, because it may be wrong', () => {
    expect(decide([unpaid(0), unpaid(1, { receiptProbability: 0.9 })]).outcome).toBe('none')
  })
})

describe('what holds already, and what was forgiven', () => {
  it('the same again changes nothing, and a block is not softened by a later case', () => {
    expect(isStricter('limited', 'limited')).toBe(false)
    expect(isStricter('limited', 'blocked')).toBe(false)
    expect(isStricter('none', 'none')).toBe(false)
  })
  it('a limited visit becomes a block when the pattern goes on', () => {
    expect(isStricter('limited', 'none')).toBe(true)
    expect(isStricter('blocked', 'limited')).toBe(true)
  })
  it('what was before a person lifted a restriction does not count', () => {
    expect(decide([unpaid(0), unpaid(1), unpaid(2)], { forgivenAtMs: NOW - 1.5 * DAY }).outcome).toBe(
      'limited',
    )
    expect(decide([unpaid(0), unpaid(2)], { forgivenAtMs: NOW - DAY }).outcome).toBe('none')
  })
})

const signal: fc.Arbitrary<Signal> = fc.record({
  kind: fc.constantFrom('camera_covered' as const, 'unpaid' as const),
  orderId: fc.string({ minLength: 1, maxLength: 4 }),
  atMs: fc.integer({ min: NOW - 400 * DAY, max: NOW }),
  othersBlind: fc.integer({ min: 0, max: 2 }),
  receiptProbability: fc.double({ min: 0, max: 1, noNaN: true }),
  isConfirmed: fc.boolean(),
})
/** An order is doubted once for each kind: the database holds that. */
const signals = fc.uniqueArray(signal, {
  maxLength: 12,
  selector: ({ kind, orderId }) => `${kind} ${orderId}`,
})
const anyLimits = fc.record({
  restrictionWindowDays: fc.integer({ min: 1, max: 365 }),
  cameraCoveredLimited: fc.integer({ min: 0, max: 6 }),
  cameraCoveredBlocked: fc.integer({ min: 0, max: 6 }),
  unpaidLimited: fc.integer({ min: 0, max: 6 }),
  unpaidBlocked: fc.integer({ min: 0, max: 6 }),
  restrictedSessionFen: fc.integer({ min: 100, max: 10_000 }),
  restrictionDays: fc.integer({ min: 1, max: 365 }),
})

describe('whatever the cases and whatever the limits', () => {
  it('one case never restricts, a restriction always ends, and rests on clear cases of one kind', () => {
    fc.assert(
      fc.property(signals, anyLimits, (all, set) => {
        const decision = decideRestriction({ atMs: NOW, signals: all, forgivenAtMs: null }, set)
        if (decision.outcome === 'none') return
        expect(new Set(decision.orderIds).size).toBeGreaterThanOrEqual(2)
        expect(decision.expiresAtMs).toBeGreaterThan(NOW)
        const clear = all.filter(
          (one) =>
            one.kind === decision.kind &&
            (one.isConfirmed ||
              (one.kind === 'unpaid' ? one.receiptProbability >= 0.97 : one.othersBlind === 0)) &&
            one.atMs > NOW - set.restrictionWindowDays * DAY,
        )
        expect(clear.length).toBeGreaterThanOrEqual(decision.orderIds.length)
      }),
    )
  })
})
