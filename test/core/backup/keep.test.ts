import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAILY_KEPT, decideKept, HOURLY_KEPT, nameOfBackup, timeOfBackup } from '#core/backup/keep.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 0, 1)

describe('which backups are kept', () => {
  it('24 hourly and 35 daily ones of a year of backups', () => {
    const times = Array.from({ length: 365 * 24 }, (_, hour) => START_MS + hour * HOUR_MS)
    const kept = decideKept(times)
    const newest = Math.max(...times)
    expect(kept.has(newest)).toBe(true)
    // The newest of today is hourly and daily at once.
    expect(kept.size).toBe(HOURLY_KEPT + DAILY_KEPT - 1)
    expect(Math.min(...kept)).toBeGreaterThan(newest - 36 * 24 * HOUR_MS)
  })
  it('always the newest, and never one that was not there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: START_MS, max: START_MS + 1e11 }), { minLength: 1 }),
        (times) => {
          const kept = decideKept(times)
          expect(kept.has(Math.max(...times))).toBe(true)
          expect([...kept].every((time) => times.includes(time))).toBe(true)
          expect(decideKept([...kept])).toEqual(kept)
        },
      ),
    )
  })
  it('by a name that says when', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (atMs) => timeOfBackup(nameOfBackup(atMs)) === atMs),
    )
    expect(timeOfBackup('core.sqlite')).toBeUndefined()
  })
})
