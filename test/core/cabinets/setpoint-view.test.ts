import { describe, expect, it } from 'vitest'
import { type SetpointFacts, setpointView } from '#core/cabinets/setpoint-view.ts'

const NOW = 10_000_000
const facts = (changes: Partial<SetpointFacts> = {}): SetpointFacts => ({
  desired: 30,
  setpointVersion: 4,
  setpointBy: 'Zhou',
  setpointAtMs: NOW - 2000,
  isSent: true,
  lowest: 0,
  highest: 50,
  answeredVersion: 3,
  answeredStatus: 'applied',
  answeredReason: null,
  answeredAtMs: NOW - 1000,
  heldVersion: 3,
  reported: 40,
  reportedAtMs: NOW - 60_000,
  ...changes,
})

describe('what a person sees of a setpoint', () => {
  it.each([
    ['it was just changed and the cabinet can be heard', facts(), 'online', 'sending'],
    ['it was just changed and the cabinet cannot be heard', facts(), 'offline', 'queued_offline'],
    ['this core has not heard the cabinet since it started', facts(), 'unknown', 'queued_offline'],
    ['the cabinet greeted with the new document', facts({ heldVersion: 4 }), 'online', 'delivered'],
    [
      'the register was read back a second ago',
      facts({ answeredVersion: 4, reported: 30 }),
      'online',
      'applied',
    ],
    [
      'the register was read back long ago',
      facts({ answeredVersion: 4, reported: 30, answeredAtMs: NOW - 600_000 }),
      'online',
      'in_sync',
    ],
    [
      'it holds although the cabinet cannot be heard now',
      facts({ answeredVersion: 4, reported: 30, answeredAtMs: NOW - 600_000 }),
      'offline',
      'in_sync',
    ],
    [
      'the board refused it',
      facts({ answeredVersion: 4, answeredStatus: 'rejected', answeredReason: 'setpoint_out_of_range' }),
      'online',
      'rejected',
    ],
    [
      'somebody turned the knob',
      facts({ answeredVersion: 4, answeredStatus: 'overridden', reported: 45 }),
      'online',
      'drift',
    ],
    [
      'an online cabinet has not answered for minutes',
      facts({ setpointAtMs: NOW - 600_000 }),
      'online',
      'timed_out',
    ],
  ] as const)('%s → %s', (_name, given, presence, state) => {
    expect(setpointView(given, presence, NOW).state).toBe(state)
  })
  it('gives the reason of a refusal, and none otherwise', () => {
    const refused = facts({
      answeredVersion: 4,
      answeredStatus: 'rejected',
      answeredReason: 'setpoint_out_of_range',
    })
    expect(setpointView(refused, 'online', NOW).rejectReason).toBe('setpoint_out_of_range')
    expect(setpointView(facts({ answeredReason: 'old' }), 'online', NOW).rejectReason).toBeNull()
    const turned = facts({ answeredVersion: 4, answeredStatus: 'overridden', answeredReason: 'local_change' })
    expect(setpointView(turned, 'online', NOW)).toMatchObject({
      state: 'drift',
      rejectReason: 'local_change',
    })
  })
})
