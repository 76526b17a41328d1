import { describe, expect, it } from 'vitest'
import { decideStopLength, type Moment, trueLengthMs } from '#edge/climate/stop-length.ts'

const MINUTE = 60_000
const LONGEST = 30 * MINUTE
const then: Moment = { wallMs: 1_000_000_000, knownMs: 1_000_000_000, machineBoot: 'a', uptimeMs: 500_000 }
const later = (ms: number, changes: Partial<Moment> = {}): Moment => ({
  wallMs: then.wallMs + ms,
  knownMs: null,
  machineBoot: 'b',
  uptimeMs: 20_000,
  ...changes,
})

describe('how long the agent was stopped', () => {
  it('is known from the uptime while the machine kept running, whatever the clock says', () => {
    const now = later(-9e8, { machineBoot: 'a', uptimeMs: 530_000 })
    expect(decideStopLength(then, now, LONGEST)).toEqual({ ms: 30_000, isCertain: true })
  })
  it('is what the wall clock says until the core tells the time', () => {
    expect(decideStopLength(then, later(7 * MINUTE), LONGEST)).toEqual({ ms: 7 * MINUTE, isCertain: false })
  })
  it('waits for the core when the clock went back, and is the longest when nothing can ever tell', () => {
    expect(decideStopLength(then, later(-1), LONGEST)).toEqual({ ms: 0, isCertain: false })
    expect(decideStopLength({ ...then, knownMs: null }, later(-1), LONGEST).ms).toBe(LONGEST)
  })
  it('is certain once the core has told the time', () => {
    const now = later(0, { knownMs: then.wallMs + 600 * MINUTE })
    expect(decideStopLength(then, now, LONGEST)).toEqual({ ms: 600 * MINUTE, isCertain: true })
    expect(trueLengthMs({ ...then, knownMs: null }, then.wallMs - 1, LONGEST)).toBe(LONGEST)
  })
})
