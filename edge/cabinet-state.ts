import { isWithinHours } from '#protocol/base/selling-hours.ts'
import { PROTOCOL_MINOR } from '#protocol/messages/frames.ts'
import { FIRMWARE } from './agent-ports.ts'
import type { CameraWatch } from './camera/camera-watch.ts'
import type { ClimateKeeper } from './climate/climate-keeper.ts'
import type { CommandJournal } from './commands/command-journal.ts'
import type { CabinetState } from './commands/decide.ts'
import type { Delivery, HelloParts } from './delivery/delivery.ts'
import type { Outbox } from './delivery/outbox.ts'
import { type DoorHardware, readingOfAll } from './hardware/door-view.ts'
import { type CabinetHardware, isLocked } from './hardware/ports.ts'
import type { DoorSessions } from './session/door-sessions.ts'
import type { DesiredDocument } from './twin/desired-document.ts'

export interface CabinetStateOptions {
  hardware: Pick<CabinetHardware, 'board'>
  doors: readonly DoorHardware[]
  sessions: Pick<DoorSessions, 'at' | 'current'>
  climate: Pick<ClimateKeeper, 'isLockedOut' | 'reported'>
  cameras: Pick<CameraWatch, 'statuses'>
  desired: Pick<DesiredDocument, 'current'>
  outbox: Pick<Outbox, 'pressure'>
  delivery: Pick<Delivery, 'haltReason' | 'correctedNowMs'>
  journal: Pick<CommandJournal, 'tail'>
  hasRoom: () => boolean
}

/** What the cabinet is like now, from everything that knows a part of it. */
export function createCabinetState(options: CabinetStateOptions): {
  /** By which commands are taken or refused. */
  forCommands(): CabinetState
  /** What the hello tells beside the outbox and the clocks. */
  forGreeting(): HelloParts
} {
  const { hardware, doors, sessions, climate, cameras, desired, outbox, delivery, journal } = options
  const isSingle = doors.length === 1
  return {
    forCommands() {
      const board = readingOfAll(hardware.board())
      return {
        isDoorOpen: board.isDoorOpen,
        isLocked: isLocked(board),
        hasSession: sessions.current !== undefined,
        isLockedOut: climate.isLockedOut,
        isOutOfService: desired.current?.isOutOfService ?? false,
        planogramVersion: desired.current?.planogram?.version,
        isOutboxFull: outbox.pressure().level === 'full',
        hasRoom: options.hasRoom(),
        isOutboxRefused: delivery.haltReason !== undefined,
        doorCount: doors.length,
        ...(isSingle
          ? {}
          : {
              doors: doors.map((own, door) => ({
                isDoorOpen: own.board().isDoorOpen,
                isLocked: isLocked(own.board()),
                hasSession: sessions.at(door).current !== undefined,
              })),
            }),
        isSellingTime: isWithinHours(desired.current?.sellingHours, delivery.correctedNowMs()),
        isCameraReady:
          desired.current?.cameraPolicy?.isNeededForSale !== true ||
          Object.values(cameras.statuses).includes('clear'),
      }
    },
    forGreeting() {
      const { current } = sessions
      const board = readingOfAll(hardware.board())
      return {
        firmware: FIRMWARE,
        minor: PROTOCOL_MINOR,
        commands: journal.tail(),
        twin: climate.reported,
        ...(current === undefined
          ? {}
          : { session: { sessionId: current.sessionId, state: current.phase.toLowerCase() } }),
        hardware: {
          isDoorOpen: board.isDoorOpen,
          isLocked: isLocked(board),
          isLockedOut: climate.isLockedOut,
          isOutOfService: desired.current?.isOutOfService ?? false,
          ...(isSingle
            ? {}
            : {
                doors: doors.map(({ sensors }) => ({
                  shelves: [...new Set(sensors.map(({ shelf }) => shelf))],
                })),
              }),
        },
      }
    },
  }
}
