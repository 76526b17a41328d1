import { statfsSync } from 'node:fs'
import { type Clock, every, type Timer } from '#protocol/base/clock.ts'

export interface DiskWatch {
  start(): void
  /** Little room is left: what is under way is recorded, nothing new is begun. */
  isLow(): boolean
  freeBytes(): number
  stop(): void
}

const LOOK_MS = 5_000
/** Room comes back in pieces; it counts as back when there is a little more than at which it was gone. */
const BACK_AT_SHARE = 1.1

/** Looks at the room on the disk of a folder. `onChange` is told when little is left, and when there is room again. */
export function createDiskWatch(options: {
  folder: string
  reserveBytes: number
  clock: Clock
  onChange: (isLow: boolean, freeBytes: number) => void
}): DiskWatch {
  const { folder, reserveBytes, clock, onChange } = options
  let timer: Timer | undefined
  let isLow = false
  let freeBytes = Number.MAX_SAFE_INTEGER

  function look(): void {
    const { bavail, bsize } = statfsSync(folder)
    freeBytes = bavail * bsize
    const isLowNow = freeBytes < reserveBytes * (isLow ? BACK_AT_SHARE : 1)
    if (isLowNow === isLow) return
    isLow = isLowNow
    onChange(isLow, freeBytes)
  }
  return {
    start() {
      look()
      timer = every(clock, 'room on the disk', LOOK_MS, look)
    },
    isLow: () => isLow,
    freeBytes: () => freeBytes,
    stop: () => timer?.cancel(),
  }
}
