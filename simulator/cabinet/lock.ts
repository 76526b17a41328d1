/**
 * Door, lock and bolt as three things, because boards report three: the lock's motor, the bolt in its hole, the door's
 * magnet. Closed is not locked. Timing and habits follow a published controller firmware (docs/reference/hardware.md).
 */
export type LockState = 'locked' | 'unlocked' | 'fault'
/**
 * none     works
 * jammed   the bolt does not move, whatever the motor does
 * refuses  the board takes the command and does nothing
 * undone   the board releases the lock and takes it back a second later
 */
export type LockFault = 'none' | 'jammed' | 'refuses' | 'undone'

export const LOCK_TIMES = {
  /** The motor needs this long to move the bolt. */
  travelMs: 300,
  /** The board compares motor and bolt this long after a command, and gives up when they disagree. */
  verifyMs: 980,
  /** After the door has closed the board locks by itself, so that a dead computer leaves no open cabinet. */
  autoRelockMs: 500,
  /** Released, and nobody opened: the board locks again. The computer's own limit is 15 s. */
  unusedRelockMs: 30_000,
  /** A sprung latch needs this long to fall into its hole. */
  latchMs: 150,
  /** The manual key holds the lock for this long after it is taken out. */
  keyHoldMs: 5000,
} as const

export interface LockSnapshot {
  readonly lock: LockState
  readonly isBoltSeated: boolean
  readonly isDoorOpen: boolean
  readonly isKeyTurned: boolean
  readonly fault: LockFault
  /** The last command of the bus: 0 none, 1 release, 2 engage. */
  readonly lastCommand: 0 | 1 | 2
}

export interface Lock extends LockSnapshot {
  /** A command from the bus. @returns 'busy' while the manual key holds the lock */
  command(action: 'release' | 'engage'): 'accepted' | 'busy'
  /** @returns false when the bolt holds the door */
  openDoor(): boolean
  closeDoor(): void
  /** Somebody breaks it open. */
  forceDoor(): void
  turnKey(): void
  removeKey(): void
  setFault(fault: LockFault): void
  /** Closed, locked, mended, key out: at once, as after a repair. */
  reset(): void
}

/** @param schedule  runs something later in the cabinet's own time */
export function createLock(schedule: (afterMs: number, run: () => void) => void): Lock {
  let lock: LockState = 'locked'
  let wanted: 'locked' | 'unlocked' = 'locked'
  let isBoltSeated = true
  let isDoorOpen = false
  let isKeyTurned = false
  let isForced = false
  let fault: LockFault = 'none'
  let lastCommand: 0 | 1 | 2 = 0
  /** Each movement makes earlier timers void. */
  let movement = 0

  function later(afterMs: number, run: () => void) {
    const mine = movement
    schedule(afterMs, () => {
      if (mine === movement) run()
    })
  }
  function seatWhenPossible() {
    if (lock === 'locked' && !isDoorOpen && fault !== 'jammed') isBoltSeated = true
  }
  function release() {
    movement++
    wanted = 'unlocked'
    later(LOCK_TIMES.travelMs, () => {
      lock = 'unlocked'
      if (fault !== 'jammed') isBoltSeated = false
      later(LOCK_TIMES.verifyMs - LOCK_TIMES.travelMs, () => {
        // The bolt is still in its hole, or the board changes its mind: take it back.
        if (isBoltSeated || fault === 'undone') engage()
        else if (!isDoorOpen && !isKeyTurned) {
          later(LOCK_TIMES.unusedRelockMs, () => {
            if (!isDoorOpen && !isKeyTurned) engage()
          })
        }
      })
    })
  }
  function engage() {
    movement++
    wanted = 'locked'
    later(LOCK_TIMES.travelMs, () => {
      lock = 'locked'
      seatWhenPossible()
      if (isDoorOpen) return
      later(LOCK_TIMES.verifyMs - LOCK_TIMES.travelMs, () => {
        if (!isBoltSeated && !isDoorOpen) lock = 'fault'
      })
    })
  }
  return {
    get lock() {
      return lock
    },
    get isBoltSeated() {
      return isBoltSeated
    },
    get isDoorOpen() {
      return isDoorOpen
    },
    get isKeyTurned() {
      return isKeyTurned
    },
    get fault() {
      return fault
    },
    get lastCommand() {
      return lastCommand
    },
    command(action) {
      if (isKeyTurned) return 'busy'
      lastCommand = action === 'release' ? 1 : 2
      if (fault === 'refuses') return 'accepted'
      if (action === 'release') release()
      else engage()
      return 'accepted'
    },
    openDoor() {
      if (isDoorOpen) return true
      if (isBoltSeated) return false
      isDoorOpen = true
      return true
    },
    closeDoor() {
      if (!isDoorOpen) return
      isDoorOpen = false
      isForced = false
      if (wanted === 'locked') {
        // The latch is sprung: a lock that was engaged with the door open takes the bolt as the door comes home.
        // One that is still on its way seats the bolt by itself when it arrives.
        if (lock !== 'locked') return
        movement++
        later(LOCK_TIMES.latchMs, seatWhenPossible)
        later(LOCK_TIMES.verifyMs, () => {
          if (!isBoltSeated && !isDoorOpen) lock = 'fault'
        })
      } else if (!isKeyTurned) {
        movement++
        later(LOCK_TIMES.autoRelockMs, () => {
          if (!isDoorOpen && !isKeyTurned) engage()
        })
      }
    },
    forceDoor() {
      if (isDoorOpen) return
      isForced = true
      isBoltSeated = false
      isDoorOpen = true
    },
    turnKey() {
      isKeyTurned = true
      release()
    },
    removeKey() {
      if (!isKeyTurned) return
      schedule(LOCK_TIMES.keyHoldMs, () => {
        if (!isKeyTurned) return
        isKeyTurned = false
        if (!isDoorOpen) engage()
      })
    },
    reset() {
      movement++
      lock = 'locked'
      wanted = 'locked'
      isBoltSeated = true
      isDoorOpen = false
      isKeyTurned = false
      isForced = false
      fault = 'none'
      lastCommand = 0
    },
    setFault(next) {
      const was = fault
      fault = next
      // Freeing a jammed bolt lets the spring finish what the motor had asked for.
      if (was === 'jammed' && next !== 'jammed') {
        if (wanted === 'unlocked' && lock === 'unlocked') isBoltSeated = false
        else if (!isForced) {
          if (lock === 'fault') lock = 'locked'
          seatWhenPossible()
        }
      }
    },
  }
}

export function lockSnapshot(of: Lock): LockSnapshot {
  const { lock, isBoltSeated, isDoorOpen, isKeyTurned, fault, lastCommand } = of
  return { lock, isBoltSeated, isDoorOpen, isKeyTurned, fault, lastCommand }
}
