import { describe, expect, it } from 'vitest'
import type { BoardReading } from '#edge/hardware/ports.ts'
import { decideIdleDoor, initialIdleDoor } from '#edge/session/door-watch.ts'

const shut: BoardReading = {
  atMonoMs: 0,
  isDoorOpen: false,
  isUnlocked: false,
  isBoltSeated: true,
  isKeyTurned: false,
  isMainsOn: true,
}

/** Shows the door as given, second after second. @returns what was told, with the second */
function watch(readings: ReadonlyArray<Partial<BoardReading> & { hasSession?: boolean }>) {
  let door = initialIdleDoor
  const told: string[] = []
  for (const [second, { hasSession = false, ...changes }] of readings.entries()) {
    const decision = decideIdleDoor(door, { ...shut, atMonoMs: second * 1000, ...changes }, hasSession)
    door = decision.door
    for (const event of decision.events) told.push(`${second}: ${event.type}`)
    if (decision.shouldLock) told.push(`${second}: lock`)
  }
  return told
}
const open = { isDoorOpen: true, isBoltSeated: false }
const unlocked = { isUnlocked: true, isBoltSeated: false }
/** The board says that its lock is faulty, which is neither locked nor unlocked. */
const faulty = { isUnlocked: null, isBoltSeated: false }
const key = { ...unlocked, isKeyTurned: true }

describe('the door while nobody shops', () => {
  it.each([
    ['stays shut and quiet', [{}, {}, {}], []],
    ['opened without leave is forced, once', [{}, open, open, {}], ['1: door.forced', '3: door.closed']],
    ['opened in a session is not', [{}, { ...open, hasSession: true }, {}], []],
    [
      'unlocked for no reason is locked again',
      [unlocked, unlocked, unlocked, {}],
      ['2: lock', '3: door.lock-confirmed'],
    ],
    [
      'opened with the key is no alarm',
      [{}, key, { ...key, ...open }, { ...open, ...unlocked }],
      ['1: door.unlocked', '2: door.opened'],
    ],
    ['is not locked against the key', [key, key, key, key], ['0: door.unlocked']],
    [
      'whose bolt stays out is told after five seconds, once, and it is tried again and again',
      [faulty, faulty, faulty, faulty, faulty, faulty, faulty, {}],
      [
        '2: lock',
        '3: lock',
        '4: lock',
        '5: door.lock-failed',
        '5: lock',
        '6: lock',
        '7: door.lock-confirmed',
      ],
    ],
    [
      'that the bus says nothing about is left alone',
      [{ isDoorOpen: null, isUnlocked: null, isBoltSeated: null }],
      [],
    ],
    [
      'a power cut is told with its length',
      [{}, { isMainsOn: false }, { isMainsOn: false }, {}],
      ['1: power.lost', '3: power.restored'],
    ],
  ])('%s', (_what, readings, told) => {
    expect(watch(readings)).toEqual(told)
  })
})
