import { describe, expect, it } from 'vitest'
import type { SensorFaultKind } from '#protocol/weighing/types.ts'
import { hasWord } from '#console/words/staff.ts'

/** What the engine finds, and what the edge says of a scale that is silent. */
const kinds: Record<SensorFaultKind | 'stale', true> = {
  absent: true,
  stuck: true,
  overload: true,
  bit_slips: true,
  drift: true,
  gain: true,
  stale: true,
}

describe('a scale that does not work', () => {
  it.each(Object.keys(kinds))('%s is told in a sentence of its own, not as a code', (kind) => {
    expect(hasWord(`scaleFault.${kind}`)).toBe(true)
  })
})
