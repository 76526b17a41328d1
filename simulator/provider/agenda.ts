import type { Clock, Timer } from '#protocol/base/clock.ts'

/** What is to be done later, by name. Setting a name again replaces what stood there; the books say what to set after a restart. */
export interface Agenda {
  at(name: string, atMs: number, run: () => void): void
  clear(name: string): void
  stop(): void
}

export function createAgenda(clock: Clock): Agenda {
  const timers = new Map<string, Timer>()
  let isStopped = false
  return {
    at(name, atMs, run) {
      timers.get(name)?.cancel()
      if (isStopped) return
      const timer = clock.setTimer(name, Math.max(0, atMs - clock.now()), () => {
        timers.delete(name)
        run()
      })
      timers.set(name, timer)
    },
    clear(name) {
      timers.get(name)?.cancel()
      timers.delete(name)
    },
    stop() {
      isStopped = true
      for (const timer of timers.values()) timer.cancel()
      timers.clear()
    },
  }
}
