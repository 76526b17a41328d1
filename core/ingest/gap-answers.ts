import type { Clock } from '#protocol/base/clock.ts'

/** A cabinet that heard the answer goes back at once; one that did not sends again much later than this. */
const PAUSE_MS = 1000
/** Beyond it the oldest is forgotten, which costs at most an answer too many. */
const CABINETS_MOST = 10_000

/**
 * Which frames beyond a gap are answered. Everything that was under way when one frame was lost is beyond the gap, and a
 * cabinet that runs ahead on purpose could have an answer for every frame: one place in a stream is named once in a while.
 */
export interface GapAnswers {
  isDue(cabinetId: string, epoch: string, lastSeq: number): boolean
  /** After the commit of the batch that answers. */
  answered(cabinetId: string, epoch: string, lastSeq: number): void
}

export function createGapAnswers(clock: Pick<Clock, 'monoMs'>): GapAnswers {
  const last = new Map<string, { epoch: string; lastSeq: number; atMs: number }>()
  return {
    isDue(cabinetId, epoch, lastSeq) {
      const before = last.get(cabinetId)
      if (before === undefined || before.epoch !== epoch || before.lastSeq !== lastSeq) return true
      return clock.monoMs() - before.atMs >= PAUSE_MS
    },
    answered(cabinetId, epoch, lastSeq) {
      // Set anew, so that the first in the map is the oldest.
      last.delete(cabinetId)
      if (last.size >= CABINETS_MOST)
        for (const oldest of last.keys()) {
          last.delete(oldest)
          break
        }
      last.set(cabinetId, { epoch, lastSeq, atMs: clock.monoMs() })
    },
  }
}
