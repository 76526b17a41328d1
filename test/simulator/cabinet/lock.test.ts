import { describe, expect, it } from 'vitest'
import { LOCK_TIMES, lockSnapshot } from '#simulator/cabinet/lock.ts'
import { aCabinet, pass } from '../a-cabinet.ts'

describe('a lock that works', () => {
  it('needs its time to release: the bolt is free only when the motor has travelled', () => {
    const cabinet = aCabinet()
    cabinet.lock.command('release')
    pass(cabinet, LOCK_TIMES.travelMs - 10)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ lock: 'locked', isBoltSeated: true })
    pass(cabinet, 20)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ lock: 'unlocked', isBoltSeated: false })
  })
  it('keeps the door shut while the bolt is seated', () => {
    expect(() => aCabinet().openDoor()).toThrow(/locked/)
  })
  it('is not locked just because the door is closed', () => {
    const cabinet = aCabinet()
    cabinet.lock.command('release')
    pass(cabinet, 400)
    cabinet.openDoor()
    pass(cabinet, 1000)
    cabinet.closeDoor()
    pass(cabinet, LOCK_TIMES.autoRelockMs - 10)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({
      isDoorOpen: false,
      lock: 'unlocked',
      isBoltSeated: false,
    })
  })
  it('locks itself a moment after the door has closed', () => {
    const cabinet = aCabinet()
    cabinet.lock.command('release')
    pass(cabinet, 400)
    cabinet.openDoor()
    cabinet.closeDoor()
    pass(cabinet, LOCK_TIMES.autoRelockMs + LOCK_TIMES.travelMs)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ lock: 'locked', isBoltSeated: true })
  })
  it('takes the bolt as the door comes home when it was engaged with the door open', () => {
    const cabinet = aCabinet()
    cabinet.lock.command('release')
    pass(cabinet, 400)
    cabinet.openDoor()
    cabinet.lock.command('engage')
    pass(cabinet, 400)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ lock: 'locked', isBoltSeated: false })
    cabinet.closeDoor()
    pass(cabinet, LOCK_TIMES.latchMs)
    expect(cabinet.lock.isBoltSeated).toBe(true)
  })
  it('locks again by itself when nobody opened', () => {
    const cabinet = aCabinet()
    cabinet.lock.command('release')
    pass(cabinet, LOCK_TIMES.verifyMs + LOCK_TIMES.unusedRelockMs + LOCK_TIMES.travelMs)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ lock: 'locked', isBoltSeated: true })
  })
})

describe('a jammed bolt', () => {
  it('stays seated, and the board takes the release back', () => {
    const cabinet = aCabinet()
    cabinet.lock.setFault('jammed')
    cabinet.lock.command('release')
    pass(cabinet, LOCK_TIMES.verifyMs + LOCK_TIMES.travelMs)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ lock: 'locked', isBoltSeated: true })
  })
  it('that cannot seat is reported as a fault with the door closed', () => {
    const cabinet = aCabinet()
    cabinet.lock.command('release')
    pass(cabinet, 400)
    cabinet.openDoor()
    cabinet.lock.setFault('jammed')
    cabinet.closeDoor()
    pass(cabinet, LOCK_TIMES.autoRelockMs + LOCK_TIMES.verifyMs)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({
      lock: 'fault',
      isBoltSeated: false,
      isDoorOpen: false,
    })
  })
  it('seats when it is freed', () => {
    const cabinet = aCabinet()
    cabinet.lock.command('release')
    pass(cabinet, 400)
    cabinet.openDoor()
    cabinet.lock.setFault('jammed')
    cabinet.closeDoor()
    pass(cabinet, 2000)
    cabinet.lock.setFault('none')
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ lock: 'locked', isBoltSeated: true })
  })
})

describe('a board with a mind of its own', () => {
  it('undoes a release within a second', () => {
    const cabinet = aCabinet()
    cabinet.lock.setFault('undone')
    cabinet.lock.command('release')
    pass(cabinet, 500)
    expect(cabinet.lock.lock).toBe('unlocked')
    pass(cabinet, LOCK_TIMES.verifyMs)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ lock: 'locked', isBoltSeated: true })
  })
  it('answers a command and does nothing', () => {
    const cabinet = aCabinet()
    cabinet.lock.setFault('refuses')
    expect(cabinet.lock.command('release')).toBe('accepted')
    pass(cabinet, 2000)
    expect(cabinet.lock.isBoltSeated).toBe(true)
  })
})

describe('the manual key', () => {
  it('opens, and makes the board refuse commands of the bus until 5 s after it is taken out', () => {
    const cabinet = aCabinet()
    cabinet.lock.turnKey()
    pass(cabinet, 400)
    expect(cabinet.lock.isBoltSeated).toBe(false)
    expect(cabinet.lock.command('engage')).toBe('busy')
    cabinet.lock.removeKey()
    pass(cabinet, LOCK_TIMES.keyHoldMs - 10)
    expect(cabinet.lock.isKeyTurned).toBe(true)
    pass(cabinet, 20 + LOCK_TIMES.travelMs)
    expect(lockSnapshot(cabinet.lock)).toMatchObject({ isKeyTurned: false, isBoltSeated: true })
  })
})

describe('a forced door', () => {
  it('is open while the lock still says locked', () => {
    const cabinet = aCabinet()
    cabinet.forceDoor()
    expect(lockSnapshot(cabinet.lock)).toMatchObject({
      lock: 'locked',
      isDoorOpen: true,
      isBoltSeated: false,
    })
  })
})
