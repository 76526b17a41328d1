/** A timer that was set; cancelling twice is harmless. */
export interface Timer {
  cancel(): void
}

/**
 * Time as the system sees it. Passed in everywhere, so that a simulation or a test owns it;
 * only `main.ts` files and scripts use the real one (`protocol/base/system-clock.ts`).
 */
export interface Clock {
  /** Wall clock, integer milliseconds since 1970 UTC. For the record; it may jump. */
  now(): number
  /** Monotonic milliseconds since an arbitrary start of this process. For waiting and for lives; never jumps. */
  monoMs(): number
  /** Runs `run` once after `afterMs`. The name appears in diagnostics: what is this process waiting for? */
  setTimer(name: string, afterMs: number, run: () => void): Timer
}

/**
 * Resolves after `waitMs`, or at once when `signal` aborts.
 * @returns true when the whole time passed, false when it was cut short
 */
export function wait(clock: Clock, name: string, waitMs: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve(false)
      return
    }
    const timer = clock.setTimer(name, waitMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve(true)
    })
    function onAbort() {
      timer.cancel()
      resolve(false)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** A repeated timer: the next run is set when the last one has finished, so runs never overlap. */
export function every(clock: Clock, name: string, periodMs: number, run: () => void | Promise<void>): Timer {
  let stopped = false
  let timer = clock.setTimer(name, periodMs, tick)
  function tick() {
    void Promise.resolve(run()).finally(() => {
      if (!stopped) timer = clock.setTimer(name, periodMs, tick)
    })
  }
  return {
    cancel() {
      stopped = true
      timer.cancel()
    },
  }
}
