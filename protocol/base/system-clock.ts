import type { Clock, Timer } from './clock.ts'

/** setTimeout silently fires at once above this. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** The real clock. Constructed in `main.ts` files and scripts only. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monoMs: () => Math.floor(performance.now()),
    setTimer(_name, afterMs, run): Timer {
      const handle = setTimeout(run, Math.min(Math.max(0, afterMs), LONGEST_TIMEOUT_MS))
      return { cancel: () => clearTimeout(handle) }
    },
  }
}
