import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTimeAxis } from '#console/data/staff-time-axis.ts'

const START_MS = Date.UTC(2026, 10, 23, 2)
const HOUR_MS = 3_600_000

describe('a session of thirty seconds, a charge 45 minutes later and a refund the next day', () => {
  const times = [START_MS, START_MS + 30_000, START_MS + 0.75 * HOUR_MS, START_MS + 24 * HOUR_MS]
  const axis = createTimeAxis(times, 600)

  it('are three stretches with breaks between, so that the session stays readable', () => {
    expect(axis.segments).toHaveLength(3)
    expect(axis.x(START_MS + 30_000) - axis.x(START_MS)).toBeGreaterThan(150)
  })
  it('fit the width', () => {
    expect(axis.segments.at(-1)?.toX).toBeCloseTo(600)
  })
  it('give the moment back from its place', () => {
    for (const atMs of times) expect(Math.abs(axis.at(axis.x(atMs)) - atMs)).toBeLessThan(50)
  })
})

describe('any moments', () => {
  it('keep their order on the axis', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 90 * 24 * HOUR_MS }), { minLength: 1, maxLength: 40 }),
        (offsets) => {
          const times = offsets.map((offset) => START_MS + offset).sort((a, b) => a - b)
          const axis = createTimeAxis(times, 900)
          const places = times.map((atMs) => axis.x(atMs))
          expect(places.every((x, index) => index === 0 || x >= (places[index - 1] ?? 0))).toBe(true)
        },
      ),
      { numRuns: 100 },
    )
  })
})
