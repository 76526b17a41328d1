import type { Clock } from '#protocol/base/clock.ts'

/**
 * A device that is slower than its profile says still answers requests that were given up, and an answer on a serial line
 * does not tell to which request it belongs: taken for the next one, it would be a reading from before, of another register
 * or of a door as it was before the lock moved. So this remembers, for each unit, what may still be answered.
 */
export interface LateAnswers {
  /** Nothing came in time. */
  givenUp(unit: number, sentAtMonoMs: number, timeoutMs: number): void
  /** The answer to a request that was given up. */
  heard(unit: number): void
  /** An answer in time. With nothing else due from this unit it is as quick again as it should be. */
  inTime(unit: number): void
  /** How long no new call may be sent to the unit, because an answer to an earlier one could be taken for its own; 0: at once. */
  pauseMs(unit: number): number
}

/** So much later than it should a device may be without having shown it before: adapters and gateways hold bytes back. */
const BEYOND_TIMEOUT_MS = 360
/** A device that was late before is given twice as long as it took, but no longer than this. */
const LONGEST_MS = 5000
/** More are not kept of one unit. */
const DUE_MOST = 16

export function createLateAnswers(clock: Pick<Clock, 'monoMs'>): LateAnswers {
  interface Due {
    readonly sentAtMonoMs: number
    readonly untilMonoMs: number
  }
  /** Oldest first: a device answers in the order in which it was asked. */
  const due = new Map<number, Due[]>()
  /** What units that were late have shown to need, from request to answer. */
  const needsMs = new Map<number, number>()

  function dueOf(unit: number): Due[] {
    const kept = (due.get(unit) ?? []).filter(({ untilMonoMs }) => clock.monoMs() < untilMonoMs)
    due.set(unit, kept)
    return kept
  }
  return {
    givenUp(unit, sentAtMonoMs, timeoutMs) {
      const patienceMs = Math.max(timeoutMs + BEYOND_TIMEOUT_MS, needsMs.get(unit) ?? 0)
      due.set(
        unit,
        [...dueOf(unit), { sentAtMonoMs, untilMonoMs: sentAtMonoMs + patienceMs }].slice(-DUE_MOST),
      )
    },
    heard(unit) {
      const first = dueOf(unit).shift()
      if (first === undefined) return
      needsMs.set(unit, Math.min(LONGEST_MS, 2 * (clock.monoMs() - first.sentAtMonoMs)))
    },
    inTime(unit) {
      if (dueOf(unit).length === 0) needsMs.delete(unit)
    },
    pauseMs: (unit) => Math.max(0, ...dueOf(unit).map(({ untilMonoMs }) => untilMonoMs - clock.monoMs())),
  }
}
