import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { type DoorHardware, doorCount, doorView, readingOfDoor } from './hardware/door-view.ts'
import type { CabinetHardware } from './hardware/ports.ts'
import { decideIdleDoor, initialIdleDoor } from './session/door-watch.ts'

/**
 * Looks after a cabinet whose disk takes nothing, not even the number of this start: doors that are shut are locked, nobody
 * is let in, and the thermostat keeps the setpoint that it has. It remembers nothing; what happened meanwhile is read from
 * the journal and the hardware by the agent that follows it.
 */
export function createCaretaker(options: {
  hardware: CabinetHardware
  clock: Clock
  log: Logger
  lockRetryMs: number
}): { start(): void; stop(): Promise<void> } {
  const { hardware, clock, log, lockRetryMs } = options
  const doors = Array.from({ length: doorCount(hardware) }, (_, index) => ({
    index,
    hardware: doorView(hardware, index),
    idle: initialIdleDoor,
    isLocking: false,
    askedMonoMs: Number.NEGATIVE_INFINITY,
  }))

  async function lock(door: {
    hardware: DoorHardware
    isLocking: boolean
    askedMonoMs: number
  }): Promise<void> {
    door.isLocking = true
    door.askedMonoMs = clock.monoMs()
    try {
      await door.hardware.lock.lock()
    } catch (error) {
      log.warn(`the lock could not be commanded: ${messageOf(error)}`)
    } finally {
      door.isLocking = false
    }
  }

  return {
    start() {
      hardware.start({
        onBoard(board) {
          for (const door of doors) {
            const decision = decideIdleDoor(door.idle, readingOfDoor(board, door.index), false)
            door.idle = decision.door
            if (decision.events.length > 0)
              log.warn(
                { door: door.index, events: decision.events.map(({ type }) => type) },
                'a door changed while nothing can be written',
              )
            if (decision.shouldLock && !door.isLocking && clock.monoMs() - door.askedMonoMs >= lockRetryMs)
              void lock(door)
          }
        },
        onClimate: () => undefined,
        onScales: () => undefined,
        onBusFault: ({ phase, reason }) => log.warn({ phase, reason }, 'bus fault'),
      })
    },
    stop: () => hardware.stop(),
  }
}
