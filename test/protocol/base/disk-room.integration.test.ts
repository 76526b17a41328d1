import { existsSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDiskRoom, type DiskRoom } from '#protocol/base/disk-room.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const MIB = 1024 * 1024
/** A quarter of it is the most that is laid by. */
const PLENTY_BYTES = 64 * MIB

let folder: string
let rooms: DiskRoom[]
let told: boolean[]
let time: ReturnType<typeof createManualClock>
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'disk-room-'))
  rooms = []
  told = []
  time = createManualClock()
})
afterEach(() => {
  for (const room of rooms) room.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** More than this disk has left, so that by its reserve it is short of room. */
const moreThanThereIs = () => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize + 1024 * MIB
}
function watch(reserveBytes: number): DiskRoom {
  const room = createDiskRoom({
    folder,
    reserveBytes,
    clock: time.clock,
    onChange: (isLow) => void told.push(isLow),
  })
  rooms.push(room)
  room.start()
  return room
}
const ballastBytes = () => {
  const file = path.join(folder, 'ballast')
  return existsSync(file) ? statSync(file).blocks * 512 : 0
}

describe('room on the disk', () => {
  it('lays a quarter of the reserve by, really written, while there is plenty', () => {
    expect(watch(PLENTY_BYTES).isLow()).toBe(false)
    expect(ballastBytes()).toBe(PLENTY_BYTES / 4)
    expect(told).toEqual([])
  })

  it('begins nothing new when little is left, and keeps the ballast from whatever fills the disk', () => {
    watch(PLENTY_BYTES).stop()
    const before = ballastBytes()
    const room = watch(moreThanThereIs())
    expect(room.isLow()).toBe(true)
    expect(ballastBytes()).toBe(before)
    expect(told).toEqual([true])
  })

  it('gives the ballast up when a write of ours finds no room', () => {
    const room = watch(PLENTY_BYTES)
    room.noteFull()
    expect(ballastBytes()).toBe(0)
    expect([room.isLow(), told]).toEqual([true, [true]])
  })

  it('lays it by again, and begins new things, when there is plenty', async () => {
    const room = watch(PLENTY_BYTES)
    room.noteFull()
    await time.pass(2_000)
    expect([room.isLow(), ballastBytes()]).toEqual([false, PLENTY_BYTES / 4])
    expect(told).toEqual([true, false])
  })
})
