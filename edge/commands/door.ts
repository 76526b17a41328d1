import { messageOf } from '#protocol/base/errors.ts'
import type { DoorUnlockArgs } from '#protocol/messages/commands.ts'
import type { Command, Twin } from '#protocol/messages/frames.ts'
import type { EdgeDatabase } from '../database.ts'
import { doorCount, doorView } from '../hardware/door-view.ts'
import { type CabinetHardware, isLocked } from '../hardware/ports.ts'
import type { SessionPolicy } from '../session/record.ts'
import type { DoorSessions } from '../session/door-sessions.ts'
import { bindPlanogram } from '../weighing/bound-planogram.ts'
import { readLearned } from '../weighing/learned-store.ts'
import { decideLock, decideUnlock } from './decide.ts'
import type { Operations, Outcome } from './operation.ts'

const MINUTE_MS = 60_000
/** Somebody who repairs, fills or cleans stands at the open door for as long as it takes; an hour is forgotten. */
const SERVICE_TIMES = {
  notOpenedMs: MINUTE_MS,
  leftOpenWarningMs: 20 * MINUTE_MS,
  leftOpenAlarmMs: 60 * MINUTE_MS,
}

/** The lock. It is the one thing here that lets somebody in, so it moves only for a token that is seconds old. */
export function createDoorOperations(options: {
  db: EdgeDatabase
  sessions: Pick<DoorSessions, 'at'>
  hardware: CabinetHardware
  planogram: () => Twin['planogram']
  sessionPolicy: () => SessionPolicy
  onPrepared: () => void
}): Pick<Operations, 'door.unlock' | 'door.lock'> {
  const { db, sessions, hardware } = options

  function begin(command: Command, args: DoorUnlockArgs): void {
    // A cabinet without a planogram can be served, not sold from: nothing is expected on its shelves.
    const planogram = options.planogram() ?? { version: args.planogramVersion, shelves: [] }
    const policy = options.sessionPolicy()
    const { sensors } = doorView(hardware, args.door)
    const own = doorCount(hardware) === 1 ? planogram : behindDoor(planogram, sensors)
    sessions.at(args.door).begin(
      {
        sessionId: args.sessionId,
        commandId: command.id,
        kind: args.kind,
        door: args.door,
        planogramVersion: args.planogramVersion,
        policy: args.kind === 'sale' ? policy : { ...policy, ...SERVICE_TIMES },
      },
      bindPlanogram(own, args.stock, sensors, readLearned(db)),
    )
  }

  return {
    'door.unlock': {
      check: decideUnlock,
      onPrepared: options.onPrepared,
      begin,
      async run({ args, conclude }) {
        const { lock } = doorView(hardware, args.door)
        const own = sessions.at(args.door)
        let isUnlocked: boolean
        try {
          isUnlocked = await lock.unlock()
          // It did not open within its time; it must not open later either.
          if (!isUnlocked && own.current?.phase === 'unlocking') await lock.lock()
        } catch (error) {
          own.leaveUnlockToHardware()
          conclude({ status: 'unknown', reason: 'bus_timeout', detail: messageOf(error) })
          return
        }
        own.concludeUnlock(isUnlocked, (isFree) =>
          conclude(
            isFree
              ? { status: 'succeeded' }
              : {
                  status: 'failed',
                  reason: 'unlock_failed',
                  detail: 'the lock did not read back as released',
                },
          ),
        )
      },
      afterCrash: ({ args }) => asFound(hardware, args),
    },
    'door.lock': {
      check: decideLock,
      async run({ args, conclude }) {
        let isDone: boolean
        try {
          isDone = await doorView(hardware, args.door ?? 0).lock.lock()
        } catch (error) {
          conclude({ status: 'unknown', reason: 'bus_timeout', detail: messageOf(error) })
          return
        }
        conclude(
          isDone
            ? { status: 'succeeded' }
            : {
                status: 'failed',
                reason: 'lock_failed',
                detail: 'lock and bolt did not read back as engaged',
              },
        )
      },
      afterCrash: ({ args }) => asFound(hardware, args),
    },
  }
}

/** The shelves that somebody can reach through one door. */
function behindDoor(
  planogram: NonNullable<Twin['planogram']>,
  sensors: ReadonlyArray<{ shelf: string }>,
): NonNullable<Twin['planogram']> {
  const own = new Set(sensors.map(({ shelf }) => shelf))
  return { ...planogram, shelves: planogram.shelves.filter(({ id }) => own.has(id)) }
}

/** Nobody knows whether the relay moved; the sensors say where it is now. */
function asFound(hardware: CabinetHardware, { door }: { door?: unknown }): Outcome {
  const board = doorView(hardware, typeof door === 'number' ? door : 0).board()
  return {
    status: 'unknown',
    reason: 'unknown_after_crash',
    result: { isLocked: isLocked(board), isDoorOpen: board.isDoorOpen },
  }
}
