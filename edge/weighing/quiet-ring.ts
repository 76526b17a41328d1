import type { ScaleSweep } from '../hardware/ports.ts'

/** The last seconds of weighings with the door closed: the baseline of the next session. */
export interface QuietRing {
  push(sweep: ScaleSweep): void
  clear(): void
  /** Oldest first. */
  sweeps(): readonly ScaleSweep[]
}

const SWEEPS_MOST = 500

export function createQuietRing(keepMs: number): QuietRing {
  let kept: ScaleSweep[] = []
  return {
    push(sweep) {
      const oldestMs = sweep.atMonoMs - keepMs
      kept = [...kept.filter((one) => one.atMonoMs >= oldestMs), sweep].slice(-SWEEPS_MOST)
    },
    clear() {
      kept = []
    },
    sweeps: () => kept,
  }
}
