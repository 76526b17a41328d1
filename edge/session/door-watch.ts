import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { DomainEvent } from '#protocol/messages/index.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { createTeller } from '../delivery/teller.ts'
import { type DoorHardware, readingOfDoor } from '../hardware/door-view.ts'
import { type BoardReading, isLocked, type ScaleSweep } from '../hardware/ports.ts'
import { LOCK_FAILED_AFTER_MS } from './decide.ts'
import { createUnattendedWatch } from './unattended.ts'

/** The door outside of sessions: nobody was let in, so an open door is a forced one, and an unlocked one is locked again. */
export interface IdleDoor {
  /** Since when it has been open without a session. */
  readonly openSinceMonoMs: number | null
  readonly lastPowerOn: boolean | null
  readonly powerLostMonoMs: number | null
  readonly unlockedSinceMonoMs: number | null
  /** Closed and not locked for so long that it was told. */
  readonly isLockFailureReported: boolean
  /** The key is in use, or was until just now: boards hold the lock for some seconds after it is taken out. */
  readonly keyUntilMonoMs: number | null
}
export const initialIdleDoor: IdleDoor = {
  openSinceMonoMs: null,
  lastPowerOn: null,
  powerLostMonoMs: null,
  unlockedSinceMonoMs: null,
  isLockFailureReported: false,
  keyUntilMonoMs: null,
}

/** An unlocked door without a session is locked after this long, so that a key in use is not fought with. */
const RELOCK_AFTER_MS = 2000
/** Firmware in the field holds the lock for 5 s after the key is taken out; who opens until then used the key. */
const KEY_HOLD_MS = 8000

export function decideIdleDoor(
  door: IdleDoor,
  reading: BoardReading,
  hasSession: boolean,
): { door: IdleDoor; events: DomainEvent[]; shouldLock: boolean } {
  const events: DomainEvent[] = []
  const at = reading.atMonoMs
  let { openSinceMonoMs, powerLostMonoMs, unlockedSinceMonoMs, isLockFailureReported, keyUntilMonoMs } = door
  const wasKeyInUse = keyUntilMonoMs !== null
  if (reading.isKeyTurned === true) keyUntilMonoMs = at + KEY_HOLD_MS
  else if (keyUntilMonoMs !== null && at >= keyUntilMonoMs) keyUntilMonoMs = null
  const isKeyInUse = keyUntilMonoMs !== null
  if (isKeyInUse && !wasKeyInUse) events.push({ type: 'door.unlocked', data: { by: 'manual-key' } })
  if (hasSession) {
    openSinceMonoMs = null
    unlockedSinceMonoMs = null
  } else if (reading.isDoorOpen === true && openSinceMonoMs === null) {
    openSinceMonoMs = at
    events.push({ type: isKeyInUse ? 'door.opened' : 'door.forced', data: {} })
  } else if (reading.isDoorOpen === false && openSinceMonoMs !== null) {
    events.push({ type: 'door.closed', data: { openMs: Math.round(at - openSinceMonoMs) } })
    openSinceMonoMs = null
  }
  if (reading.isMainsOn === false && door.lastPowerOn !== false) {
    powerLostMonoMs = at
    events.push({ type: 'power.lost', data: {} })
  } else if (reading.isMainsOn === true && door.lastPowerOn === false) {
    events.push({
      type: 'power.restored',
      data: powerLostMonoMs === null ? {} : { outageMs: Math.round(at - powerLostMonoMs) },
    })
    powerLostMonoMs = null
  }
  const isUnlockedAndClosed =
    !hasSession && !isKeyInUse && reading.isDoorOpen === false && isLocked(reading) === false
  if (!isUnlockedAndClosed) {
    if (
      unlockedSinceMonoMs !== null &&
      !hasSession &&
      isLocked(reading) === true &&
      reading.isDoorOpen === false
    ) {
      events.push({ type: 'door.lock-confirmed', data: {} })
    }
    unlockedSinceMonoMs = null
    if (hasSession || isLocked(reading) === true) isLockFailureReported = false
  } else {
    unlockedSinceMonoMs ??= at
    // Anybody can pull it open: people must know, whatever was tried before.
    if (!isLockFailureReported && at - unlockedSinceMonoMs >= RELOCK_AFTER_MS + LOCK_FAILED_AFTER_MS) {
      isLockFailureReported = true
      events.push({ type: 'door.lock-failed', data: { reason: 'not_engaged' } })
    }
  }
  return {
    door: {
      openSinceMonoMs,
      lastPowerOn: reading.isMainsOn ?? door.lastPowerOn,
      powerLostMonoMs,
      unlockedSinceMonoMs,
      isLockFailureReported,
      keyUntilMonoMs,
    },
    events,
    shouldLock: unlockedSinceMonoMs !== null && at - unlockedSinceMonoMs >= RELOCK_AFTER_MS,
  }
}

export interface DoorWatchOptions {
  db: EdgeDatabase
  outbox: Outbox
  hardware: Pick<DoorHardware, 'lock' | 'sensors'>
  /** From 0; the mains are told of by the first. */
  door?: number
  clock: Clock
  log: Logger
  hasSession: () => boolean
  lockRetryMs: number
}

export interface DoorWatch {
  onBoard(reading: BoardReading): void
  onScales(sweep: ScaleSweep): void
}

export function createDoorWatch(options: DoorWatchOptions): DoorWatch {
  const { hardware, clock, log } = options
  const teller = createTeller(options)
  const number = options.door ?? 0
  let door = initialIdleDoor
  const unattended = createUnattendedWatch(hardware.sensors)
  let isLocking = false
  let lockAskedMonoMs = Number.NEGATIVE_INFINITY

  /** A cabinet with one door need not say which. */
  function ofThisDoor(event: DomainEvent): DomainEvent {
    const isOfDoor = event.type.startsWith('door.') && number > 0
    return isOfDoor ? ({ ...event, data: { ...event.data, door: number } } as DomainEvent) : event
  }
  async function lock(): Promise<void> {
    isLocking = true
    lockAskedMonoMs = clock.monoMs()
    try {
      await hardware.lock.lock()
    } catch (error) {
      log.warn(`the lock could not be commanded: ${messageOf(error)}`)
    } finally {
      isLocking = false
    }
  }
  return {
    onBoard(board) {
      const own = readingOfDoor(board, number)
      const reading = number === 0 ? own : { ...own, isMainsOn: null }
      const decision = decideIdleDoor(door, reading, options.hasSession())
      door = decision.door
      if (options.hasSession()) unattended.onSession()
      else
        unattended.onDoor(
          reading.isDoorOpen,
          door.keyUntilMonoMs === null ? 'forced' : 'manual-key',
          reading.atMonoMs,
        )
      if (decision.events.length > 0) {
        teller.tell(decision.events.map(ofThisDoor))
        log.warn(
          { events: decision.events.map((event) => event.type) },
          'door or power changed without a session',
        )
      }
      if (decision.shouldLock && !isLocking && clock.monoMs() - lockAskedMonoMs >= 5 * options.lockRetryMs)
        void lock()
    },
    onScales(sweep) {
      if (options.hasSession()) return
      const found = unattended.onScales(sweep)
      if (found === undefined) return
      const { cause, changes } = found
      teller.tell([
        {
          type: 'stock.unattended',
          data: {
            ...(number === 0 ? {} : { door: number }),
            cause,
            changes: changes.map((one) => ({ ...one })),
          },
        },
      ])
      log.warn({ cause, changes }, 'shelves changed although nobody was let in')
    },
  }
}
