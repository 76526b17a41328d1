import type { Clock } from '#protocol/base/clock.ts'

/** Time that a test moves. Timers run in order of time, then of setting. */
export function createManualClock(startMs = 1_760_000_000_000) {
  let monoMs = 0
  let nextId = 0
  const timers = new Map<number, { atMs: number; run: () => void }>()
  const clock: Clock = {
    now: () => startMs + monoMs,
    monoMs: () => monoMs,
    setTimer(_name, afterMs, run) {
      const id = nextId++
      timers.set(id, { atMs: monoMs + Math.max(0, afterMs), run })
      return { cancel: () => void timers.delete(id) }
    },
  }
  return {
    clock,
    /** Lets time pass; promises that hang on a timer are settled before the next one runs. */
    async pass(ms: number) {
      const untilMs = monoMs + ms
      for (;;) {
        const due = [...timers]
          .filter(([, timer]) => timer.atMs <= untilMs)
          .toSorted((a, b) => a[1].atMs - b[1].atMs)[0]
        if (due === undefined) break
        timers.delete(due[0])
        monoMs = Math.max(monoMs, due[1].atMs)
        due[1].run()
        await settle()
      }
      monoMs = untilMs
      await settle()
    },
  }
}

/** Lets everything that is ready run. */
async function settle() {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
