import type { Sessions } from './sessions.ts'

/** The sessions of a cabinet with several doors: each door has its own, and several may be open at once. */
export interface DoorSessions extends Omit<Sessions, 'begin' | 'concludeUnlock' | 'leaveUnlockToHardware'> {
  /** All that are in progress, by door. */
  readonly running: ReadonlyArray<NonNullable<Sessions['current']>>
  /** @param door  from 0 @throws RangeError for one that the cabinet has not */
  at(door: number): Sessions
}

/** @param doors  in their order; what is told to the whole reaches each */
export function createDoorSessions(doors: readonly Sessions[]): DoorSessions {
  const each = (run: (one: Sessions) => void) => {
    for (const one of doors) run(one)
  }
  const running = () => doors.flatMap(({ current }) => (current === undefined ? [] : [current]))
  return {
    get running() {
      return running()
    },
    get current() {
      return running()[0]
    },
    at(door) {
      const one = doors[door]
      if (one === undefined) throw new RangeError(`there is no door ${door}`)
      return one
    },
    onBoard: (reading) => each((one) => one.onBoard(reading)),
    onScales: (sweep) => each((one) => one.onScales(sweep)),
    forgetBaseline: () => each((one) => one.forgetBaseline()),
    onReachable: (isReachable) => each((one) => one.onReachable(isReachable)),
    onCameraFrame: () => each((one) => one.onCameraFrame()),
    onCameraTrouble: (camera, kind, sinceMonoMs) =>
      each((one) => one.onCameraTrouble(camera, kind, sinceMonoMs)),
    resume: () => doors.map((one) => one.resume()).find((sessionId) => sessionId !== undefined),
    onEnded: (run) => each((one) => one.onEnded(run)),
    stop: () => each((one) => one.stop()),
  }
}
