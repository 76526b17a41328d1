import { type BoardReading, type CabinetHardware, doorReading, type DoorReading, type Lock } from './ports.ts'

export function doorCount(hardware: Pick<CabinetHardware, 'furtherLocks'>): number {
  return 1 + (hardware.furtherLocks?.length ?? 0)
}

/** The reading as if there were one door only. @param door  from 0 */
export function readingOfDoor(reading: BoardReading, door: number): BoardReading {
  if (reading.furtherDoors === undefined) return reading
  const { furtherDoors: _others, ...board } = reading
  return door === 0 ? board : { ...board, ...doorReading(reading, door) }
}

/** All doors as one: open when any is, locked when all are. null when that cannot be said. */
export function readingOfAll(reading: BoardReading): BoardReading {
  const { furtherDoors, ...board } = reading
  if (furtherDoors === undefined) return reading
  const doors: readonly DoorReading[] = [reading, ...furtherDoors]
  const any = (of: (door: DoorReading) => boolean | null) => {
    const values = doors.map(of)
    return values.includes(true) ? true : values.includes(null) ? null : false
  }
  const isAnyOut = any(({ isBoltSeated }) => (isBoltSeated === null ? null : !isBoltSeated))
  return {
    ...board,
    isDoorOpen: any(({ isDoorOpen }) => isDoorOpen),
    isUnlocked: any(({ isUnlocked }) => isUnlocked),
    isBoltSeated: isAnyOut === null ? null : !isAnyOut,
    isKeyTurned: any(({ isKeyTurned }) => isKeyTurned),
  }
}

/** What a session or a watch of one door needs of the hardware: its own lock, its own shelves, its own reading. */
export interface DoorHardware extends Pick<CabinetHardware, 'board' | 'sensors'> {
  readonly lock: Lock
}

export function doorView(hardware: CabinetHardware, door: number): DoorHardware {
  const lock = door === 0 ? hardware.lock : hardware.furtherLocks?.[door - 1]
  if (lock === undefined) throw new RangeError(`there is no door ${door}`)
  const isSingle = doorCount(hardware) === 1
  return {
    lock,
    sensors: isSingle ? hardware.sensors : hardware.sensors.filter((one) => (one.door ?? 0) === door),
    board: () => readingOfDoor(hardware.board(), door),
  }
}
