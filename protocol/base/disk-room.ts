import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { type Clock, every, type Timer } from './clock.ts'
import { storageTroubleOf } from './storage-errors.ts'

/**
 * Room on the disk. When little is left nothing new is begun. A file of ballast is laid by while there is plenty, and given
 * up when a write of ours finds no room, so that what is under way can be recorded to its end; given up sooner it would be
 * taken by whatever fills the disk.
 */
export interface DiskRoom {
  start(): void
  /** Nothing new may begin. */
  isLow(): boolean
  freeBytes(): number
  /** A write failed for want of room: the ballast goes at once. */
  noteFull(): void
  stop(): void
}

const LOOK_MS = 2_000
const BALLAST_NAME = 'ballast'
/** A visit writes some ten kilobytes, and its pictures a few hundred; this is enough for what is under way anywhere. */
const BALLAST_BYTES_MOST = 16 * 1024 * 1024
const PIECE_BYTES = 1024 * 1024

/**
 * @param reserveBytes  with less room than this, beside the ballast, nothing new is begun
 * @param onChange  told when little is left, and when there is room again; it may not be able to write
 */
export function createDiskRoom(options: {
  folder: string
  reserveBytes: number
  clock: Clock
  onChange: (isLow: boolean, freeBytes: number) => void
}): DiskRoom {
  const { folder, reserveBytes, clock, onChange } = options
  const ballastBytes = Math.min(BALLAST_BYTES_MOST, Math.floor(reserveBytes / 4))
  const ballast = path.join(folder, BALLAST_NAME)
  let timer: Timer | undefined
  let isLow = false
  let freeBytes = Number.MAX_SAFE_INTEGER

  function hasBallast(): boolean {
    return existsSync(ballast) && statSync(ballast).size >= ballastBytes
  }

  /** Written, not only made long: a file of holes keeps no room. */
  function layBallast(): void {
    const draft = openSync(ballast, 'w', 0o600)
    try {
      const piece = Buffer.alloc(Math.min(PIECE_BYTES, ballastBytes), 0x5a)
      for (let written = 0; written < ballastBytes; ) {
        const rest = Math.min(piece.length, ballastBytes - written)
        written += writeSync(draft, piece, 0, rest)
      }
      fsyncSync(draft)
    } catch (error) {
      if (storageTroubleOf(error) !== 'full') throw error
      rmSync(ballast, { force: true })
    } finally {
      closeSync(draft)
    }
  }

  function set(isLowNow: boolean): void {
    if (isLowNow === isLow) return
    isLow = isLowNow
    onChange(isLow, freeBytes)
  }

  function measure(): void {
    const { bavail, bsize } = statfsSync(folder)
    freeBytes = bavail * bsize
  }

  function look(): void {
    measure()
    // There is room again only when the ballast fits beside what must stay free; without that difference it would come and go.
    const isPlenty = freeBytes >= reserveBytes + ballastBytes
    if (hasBallast()) return set(isLow ? !isPlenty : freeBytes < reserveBytes)
    if (!isPlenty) return set(true)
    layBallast()
    measure()
    set(!hasBallast())
  }

  return {
    start() {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      look()
      timer = every(clock, 'room on the disk', LOOK_MS, look)
    },
    isLow: () => isLow,
    freeBytes: () => freeBytes,
    noteFull() {
      rmSync(ballast, { force: true })
      measure()
      set(true)
    },
    stop: () => timer?.cancel(),
  }
}
