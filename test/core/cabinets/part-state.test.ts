import { describe, expect, it } from 'vitest'
import { type PartFacts, partState } from '#core/cabinets/control-views.ts'

const NOW = 1_000_000
const applied: PartFacts = {
  changedVersion: 3,
  changedAtMs: NOW - 1000,
  answeredVersion: 3,
  status: 'applied',
}

describe('a part of what is wanted of a cabinet', () => {
  it.each([
    ['is in sync when its version was applied', applied, 'online', 'in_sync'],
    ['stays in sync while the cabinet is away', applied, 'offline', 'in_sync'],
    ['is under way until it is answered', { ...applied, answeredVersion: 2 }, 'online', 'sending'],
    [
      'is under way to a cabinet that is not heard just now',
      { ...applied, answeredVersion: 2 },
      'suspect',
      'sending',
    ],
    ['waits for a cabinet that is away', { ...applied, answeredVersion: 2 }, 'offline', 'queued_offline'],
    [
      'is not answered for too long',
      { ...applied, answeredVersion: 2, changedAtMs: NOW - 6 * 60_000 },
      'online',
      'timed_out',
    ],
    ['was refused', { ...applied, status: 'rejected' }, 'online', 'rejected'],
    ['was brought to a safe value', { ...applied, status: 'overridden' }, 'online', 'overridden'],
    [
      'was never reported',
      { changedVersion: 0, changedAtMs: null, answeredVersion: 0, status: null },
      'online',
      'sending',
    ],
  ] as const)('%s', (_what, facts, presence, state) => {
    expect(partState(facts, presence, NOW)).toBe(state)
  })
})
