import type { Arrived } from './receiver.ts'

/** Frames that wait; beyond this they are dropped, and the cabinets send them again. */
const FRAMES_WAITING_MOST = 20_000
const BYTES_WAITING_MOST = 64 * 1024 * 1024
/** A frame of more than a few events is history: a backlog that is being made up for. */
const LIVE_BYTES_MOST = 4 * 1024
const LIVE_FRAMES_PER_BATCH = 1000
/** What history may take of a batch, so that nobody waits long for its commit … */
const HISTORY_BYTES_PER_BATCH = 384 * 1024

/**
 * What waits to be committed, in two lanes: cabinets that come back after a week, a hundred at once, do not hold up a
 * sale that goes on now. Both lanes move in every batch, and the frames of one cabinet stay in their order.
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

  return {
    add(message) {
      const { cabinetId, payload } = message
      if (live.length + history.length >= FRAMES_WAITING_MOST) return false
      if (bytesWaiting + payload.length > BYTES_WAITING_MOST) return false
      bytesWaiting += payload.length
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
      for (const { payload } of batch) bytesWaiting -= payload.length
      return batch
    },
    get waiting() {
      return live.length + history.length
    },
  }
}
