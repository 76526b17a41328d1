import { describe, expect, it } from 'vitest'
import { createFaultTeller, BOARD_SILENT_AFTER_MS } from '#edge/hardware/fault-teller.ts'
import { readingOfAll, readingOfDoor } from '#edge/hardware/door-view.ts'
import { type BoardReading, type DoorReading, isLocked } from '#edge/hardware/ports.ts'
import type { Clock } from '#protocol/base/clock.ts'

const shut: DoorReading = { isDoorOpen: false, isUnlocked: false, isBoltSeated: true, isKeyTurned: false }
const open: DoorReading = { isDoorOpen: true, isUnlocked: true, isBoltSeated: false, isKeyTurned: false }
const stale: DoorReading = { isDoorOpen: null, isUnlocked: null, isBoltSeated: null, isKeyTurned: null }
const board = (first: DoorReading, ...further: DoorReading[]): BoardReading => ({
  atMonoMs: 0,
  isMainsOn: true,
  ...first,
  ...(further.length === 0 ? {} : { furtherDoors: further }),
})

describe('several doors as one', () => {
  it.each<[string, BoardReading, boolean | null, boolean | null]>([
    ['all shut', board(shut, shut), false, true],
    ['one open', board(shut, open), true, false],
    ['one silent', board(shut, stale), null, null],
    ['one open, one silent: it is open, whatever the other is', board(open, stale), true, false],
    ['a single one is itself', board(open), true, false],
  ])('%s', (_what, reading, isDoorOpen, locked) => {
    const whole = readingOfAll(reading)
    expect([whole.isDoorOpen, isLocked(whole)]).toEqual([isDoorOpen, locked])
  })
  it('each by itself shows nothing of the others, and one that is not there nothing at all', () => {
    const reading = board(shut, open)
    expect(readingOfDoor(reading, 0)).toEqual(board(shut))
    expect(readingOfDoor(reading, 1)).toEqual(board(open))
    expect(readingOfDoor(reading, 2)).toEqual(board(stale))
  })
})

describe('whether a lock is locked', () => {
  it.each<[boolean | null, boolean | null, boolean | null]>([
    [false, true, true],
    [true, true, false],
    [true, false, false],
    [false, false, false],
    // The board calls its lock faulty, and the bolt is out: that is no "not known".
    [null, false, false],
    [true, null, false],
    [null, true, null],
    [false, null, null],
    [null, null, null],
  ])('released %s, bolt seated %s: %s', (isUnlocked, isBoltSeated, locked) => {
    expect(isLocked({ isUnlocked, isBoltSeated })).toBe(locked)
  })
})

describe('trouble on the line is told once', () => {
  function teller() {
    let nowMs = 0
    const told: string[] = []
    const clock = { monoMs: () => nowMs } as Clock
    const one = createFaultTeller(clock, ({ phase, reason }) => told.push(`${phase} ${reason}`))
    return { ...one, told, after: (ms: number) => (nowMs += ms) }
  }
  it('a board that is silent beside living scales, and comes back', () => {
    const line = teller()
    line.onBoard(false)
    line.after(BOARD_SILENT_AFTER_MS - 1)
    line.onBoard(false)
    expect(line.told).toEqual([])
    line.after(1)
    line.onBoard(false)
    line.onBoard(false)
    line.onBoard(true)
    line.onBoard(true)
    expect(line.told).toEqual(['began board_silent', 'ended answered'])
  })
  it('a whole line that is lost is told as that, and a board that stays silent afterwards anew', () => {
    const line = teller()
    line.onBoard(false)
    line.onLost('bus_timeout', '')
    line.after(BOARD_SILENT_AFTER_MS)
    line.onBoard(false)
    line.onRestored()
    line.onBoard(false)
    line.after(BOARD_SILENT_AFTER_MS)
    line.onBoard(false)
    expect(line.told).toEqual(['began bus_timeout', 'ended answered', 'began board_silent'])
  })
  it('a silent board whose line then fails as a whole is one trouble until somebody answers', () => {
    const line = teller()
    line.onBoard(false)
    line.after(BOARD_SILENT_AFTER_MS)
    line.onBoard(false)
    line.onLost('serial_open_failed', '')
    line.onRestored()
    expect(line.told).toEqual(['began board_silent', 'ended answered'])
  })
  it('a moment of silence is nothing', () => {
    const line = teller()
    for (let i = 0; i < 20; i++) {
      line.onBoard(i % 3 === 0)
      line.after(BOARD_SILENT_AFTER_MS / 2)
    }
    expect(line.told).toEqual([])
  })
})
