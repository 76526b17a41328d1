import type { Timer } from '#protocol/base/clock.ts'

/** One life of a process. What belongs to a dead one never runs again: its timers, its answers, its continuations. */
export interface Life {
  readonly name: string
  isAlive: boolean
}

interface Task {
  readonly atMs: number
  readonly order: number
  readonly owner: Life | undefined
  readonly name: string
  run: (() => void) | undefined
}

/**
 * Virtual time. Tasks run in the order of their time, and all that follows from one by itself (microtasks) has ended
 * before the next one begins, so that the order of everything comes from the seed and from nothing else.
 */
export interface Scheduler {
  /** True time since the start of the run, which no clock in the simulation knows exactly. */
  readonly nowMs: number
  /** How many tasks have run. */
  readonly count: number
  /** A number that two runs share only when they did the same at the same times. */
  readonly fingerprint: number
  at(owner: Life | undefined, name: string, afterMs: number, run: () => void): Timer
  /** Resolves after `waitMs`, never when its owner dies before. */
  pause(owner: Life | undefined, name: string, waitMs: number): Promise<void>
  /** Mixes something that happened into the fingerprint. */
  note(value: number): void
  runUntil(untilMs: number, isOver?: () => boolean): Promise<void>
}

/** The real event loop turns once in this many tasks, so that a promise that nothing will ever settle is noticed. */
const TASKS_PER_TURN = 500
const AT_ONCE_MOST = 20_000
const NOTHING: Timer = { cancel: () => undefined }

/** @param onCrash  an error that nobody caught: the process that it happened in would have ended */
export function createScheduler(
  onCrash: (owner: Life | undefined, error: unknown, name: string) => void,
): Scheduler {
  const heap: Task[] = []
  let nowMs = 0
  let order = 0
  let count = 0
  let fingerprint = 0x811c9dc5
  let lastMs = 0
  let atOnce = 0

  function note(value: number): void {
    fingerprint = Math.imul(fingerprint ^ (value | 0), 0x01000193) >>> 0
  }
  const isBefore = (a: Task, b: Task) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

  function push(task: Task): void {
    let index = heap.length
    heap.push(task)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as Task
      if (!isBefore(task, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = task
  }
  function pop(): Task | undefined {
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child++
      if (!isBefore(heap[child] as Task, last)) break
      heap[index] = heap[child] as Task
      index = child
    }
    heap[index] = last
    return first
  }

  function at(owner: Life | undefined, name: string, afterMs: number, run: () => void): Timer {
    if (owner !== undefined && !owner.isAlive) return NOTHING
    const task: Task = { atMs: nowMs + Math.max(0, Math.ceil(afterMs)), order: order++, owner, name, run }
    push(task)
    return {
      cancel() {
        task.run = undefined
      },
    }
  }

  function runNext(task: Task): void {
    const { run } = task
    if (run === undefined || task.owner?.isAlive === false) return
    count++
    atOnce = nowMs === lastMs ? atOnce + 1 : 0
    lastMs = nowMs
    // A process that looks again and again without a pause would let time stand still here.
    if (atOnce === AT_ONCE_MOST)
      onCrash(task.owner, new Error('time stands still: work without a pause'), task.name)
    note(nowMs)
    note(task.order)
    try {
      run()
    } catch (error) {
      onCrash(task.owner, error, task.name)
    }
  }

  return {
    get nowMs() {
      return nowMs
    },
    get count() {
      return count
    },
    get fingerprint() {
      return fingerprint
    },
    at,
    note,
    pause: (owner, name, waitMs) => new Promise((resolve) => void at(owner, name, waitMs, resolve)),
    runUntil(untilMs, isOver = () => false) {
      return new Promise((resolve) => {
        function step(): void {
          while (heap[0] !== undefined && heap[0].run === undefined) pop()
          const next = heap[0]
          if (next === undefined || next.atMs > untilMs || isOver()) {
            nowMs = Math.max(nowMs, Math.min(untilMs, next?.atMs ?? untilMs))
            setImmediate(resolve)
            return
          }
          pop()
          nowMs = next.atMs
          runNext(next)
          // A tick that is asked for from a microtask comes when all microtasks have run; that is the drain.
          if (count % TASKS_PER_TURN === 0) setImmediate(step)
          else queueMicrotask(askForTick)
        }
        function askForTick(): void {
          process.nextTick(step)
        }
        process.nextTick(step)
      })
    },
  }
}
