import type { Arrived } from './receiver.ts'

/** Frames that wait; beyond this they are dropped, and the cabinets send them again. */
const FRAMES_WAITING_MOST = 20_000
const BYTES_WAITING_MOST = 64 * 1024 * 1024
/**
 * What one cabinet may have waiting, well beyond the events that its window lets it have under way. A cabinet that floods
 * the core loses frames of its own, which come again, and no hello of another.
 */
const FRAMES_OF_ONE_MOST = 1000
const BYTES_OF_ONE_MOST = 4 * 1024 * 1024
/** The last quarter of the room is for cabinets with no more than this waiting: many that flood together do not fill it. */
const FEW_FRAMES = 8
const FEW_BYTES = 64 * 1024
const SHARED_PART = 0.75
/** A frame of more than a few events is history: a backlog that is being made up for. */
const LIVE_BYTES_MOST = 4 * 1024
const LIVE_FRAMES_PER_BATCH = 1000
/** What history may take of a batch, so that nobody waits long for its commit … */
const HISTORY_BYTES_PER_BATCH = 384 * 1024

/**
 * What waits to be committed, in two lanes: cabinets that come back after a week, a hundred at once, do not hold up a
 * sale that goes on now. Both lanes move in every batch, and the frames of one cabinet stay in their order. What one
 * cabinet may have waiting is bounded, so that there is room for the others.
 */
export interface Lanes {
  /** @returns false when there is no room */
  add(message: Arrived): boolean
  /** The next batch; empty when nothing waits. */
  take(): Arrived[]
  readonly waiting: number
}

export function createLanes(): Lanes {
  const live: Arrived[] = []
  let history: Arrived[] = []
  /** Of history, by cabinet: what comes after it waits behind it. */
  const behind = new Map<string, number>()
  let bytesWaiting = 0
  /** By cabinet; those with nothing waiting are not in it. */
  const shares = new Map<string, { frames: number; bytes: number }>()

  function hasRoom({ cabinetId, payload }: Arrived): boolean {
    const { frames, bytes } = shares.get(cabinetId) ?? { frames: 0, bytes: 0 }
    if (frames >= FRAMES_OF_ONE_MOST || bytes + payload.length > BYTES_OF_ONE_MOST) return false
    const part = frames < FEW_FRAMES && bytes + payload.length <= FEW_BYTES ? 1 : SHARED_PART
    return (
      live.length + history.length < FRAMES_WAITING_MOST * part &&
      bytesWaiting + payload.length <= BYTES_WAITING_MOST * part
    )
  }
  function note({ cabinetId, payload }: Arrived, sign: 1 | -1): void {
    bytesWaiting += sign * payload.length
    const before = shares.get(cabinetId) ?? { frames: 0, bytes: 0 }
    const frames = before.frames + sign
    if (frames === 0) shares.delete(cabinetId)
    else shares.set(cabinetId, { frames, bytes: before.bytes + sign * payload.length })
  }

  return {
    add(message) {
      const { cabinetId, payload } = message
      if (!hasRoom(message)) return false
      note(message, 1)
      const before = behind.get(cabinetId) ?? 0
      if (before === 0 && payload.length <= LIVE_BYTES_MOST) live.push(message)
      else {
        history.push(message)
        behind.set(cabinetId, before + 1)
      }
      return true
    },
    take() {
      const batch = live.splice(0, LIVE_FRAMES_PER_BATCH)
      let historyBytes = 0
      let count = 0
      // Live frames of a cabinet were there before its history, so those that are left hold its history back.
      const held = new Set(live.map(({ cabinetId }) => cabinetId))
      const left: Arrived[] = []
      for (const message of history) {
        if (historyBytes >= HISTORY_BYTES_PER_BATCH) break
        count++
        if (held.has(message.cabinetId)) {
          left.push(message)
          continue
        }
        historyBytes += message.payload.length
        batch.push(message)
        const after = (behind.get(message.cabinetId) ?? 1) - 1
        if (after === 0) behind.delete(message.cabinetId)
        else behind.set(message.cabinetId, after)
      }
      history = [...left, ...history.slice(count)]
      for (const message of batch) note(message, -1)
      return batch
    },
    get waiting() {
      return live.length + history.length
    },
  }
}
