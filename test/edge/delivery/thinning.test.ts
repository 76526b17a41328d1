import { describe, expect, it } from 'vitest'
import { decideReadingWindowMs } from '#edge/delivery/thinning.ts'

const FIVE_MINUTES = 300_000
const HOUR = 3_600_000

describe('temperature gives way first', () => {
  it.each([
    ['as usual while the core is near', 'normal', 0, FIVE_MINUTES],
    ['in longer windows after an hour alone', 'normal', HOUR, 3 * FIVE_MINUTES],
    ['once an hour after a day alone', 'normal', 24 * HOUR, HOUR],
    ['once an hour in an outbox that is nearly full', 'high', 0, HOUR],
    ['not at all in one that is full: the window grows', 'full', 0, Number.POSITIVE_INFINITY],
  ] as const)('%s', (_when, level, silentMs, windowMs) => {
    expect(decideReadingWindowMs(FIVE_MINUTES, { level, silentMs })).toBe(windowMs)
  })
  it('so that a week alone leaves some two hundred readings, not two thousand', () => {
    let readings = 0
    for (let silentMs = 0; silentMs < 7 * 24 * HOUR; readings++)
      silentMs += decideReadingWindowMs(FIVE_MINUTES, { level: 'normal', silentMs })
    expect(readings).toBeLessThan(300)
  })
})
