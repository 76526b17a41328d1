import type { DeciCelsius, Grams, MonoMs } from '#protocol/base/units.ts'

/** null everywhere means stale: the device did not answer, or said that it has no valid reading. Never the last value. */
export interface DoorReading {
  readonly isDoorOpen: boolean | null
  readonly isUnlocked: boolean | null
  readonly isBoltSeated: boolean | null
  /** A mechanical key holds the lock open. null also when the profile knows no such contact. */
  readonly isKeyTurned: boolean | null
}
/** The first door in its own fields, and those behind it where a cabinet has more. */
export interface BoardReading extends DoorReading {
  readonly atMonoMs: MonoMs
  readonly furtherDoors?: readonly DoorReading[]
  /** null also when the profile knows no such contact. */
  readonly isMainsOn: boolean | null
}
export interface ClimateSample {
  readonly atMonoMs: MonoMs
  readonly airDeciCelsius: DeciCelsius | null
  /** Of a second air probe. Absent when the board has only one. */
  readonly secondAirDeciCelsius?: DeciCelsius | null
  readonly evaporatorDeciCelsius: DeciCelsius | null
  readonly setpointDeciCelsius: DeciCelsius | null
  readonly isCompressorOn: boolean | null
  readonly isDefrosting: boolean | null
}
/** One sweep over all scales. */
export interface ScaleSweep {
  readonly atMonoMs: MonoMs
  /** Net grams by sensor. */
  readonly grams: Readonly<Record<string, Grams | null>>
}

/**
 * Closed is not locked: the lock engaged and the bolt seated, both read back. Either of them known to be out is enough to
 * say no, such as a bolt that is stuck halfway while the board calls its lock faulty. null when that cannot be said.
 */
export function isLocked(reading: Pick<BoardReading, 'isUnlocked' | 'isBoltSeated'>): boolean | null {
  if (reading.isUnlocked === true || reading.isBoltSeated === false) return false
  if (reading.isUnlocked === null || reading.isBoltSeated === null) return null
  return true
}

const STALE_DOOR: DoorReading = {
  isDoorOpen: null,
  isUnlocked: null,
  isBoltSeated: null,
  isKeyTurned: null,
}
/** @param door  from 0 @returns everything null for a door that the reading knows nothing of */
export function doorReading(board: BoardReading, door: number): DoorReading {
  return door === 0 ? board : (board.furtherDoors?.[door - 1] ?? STALE_DOOR)
}

export interface Lock {
  /** @returns true when the lock reads back as released within the board's time. @throws a bus fault */
  unlock(): Promise<boolean>
  /** @returns true when the lock reads back as engaged and the bolt as seated. @throws a bus fault */
  lock(): Promise<boolean>
}

export type SetpointWrite = { status: 'written'; readBack: DeciCelsius | null } | { status: 'refused' }

export interface Thermostat {
  /** Writes the register and reads it back. @throws a bus fault; a refusal of the board is a value */
  writeSetpoint(setpoint: DeciCelsius): Promise<SetpointWrite>
}

export type Pace = 'idle' | 'session'

export interface HardwareListener {
  onBoard(reading: BoardReading): void
  onClimate(sample: ClimateSample): void
  onScales(sweep: ScaleSweep): void
  onBusFault(fault: { phase: 'began' | 'ended'; reason: string; detail?: string }): void
}

/** Lock, door, scales and climate of one cabinet, as the agent sees them. */
export interface CabinetHardware {
  readonly lock: Lock
  /** Of the doors behind the first one. */
  readonly furtherLocks?: readonly Lock[]
  readonly thermostat: Thermostat
  /** `door`: the one that the shelf is behind, from 0; the first when absent. */
  readonly sensors: ReadonlyArray<{ shelf: string; sensor: string; door?: number }>
  /** The newest reading; everything null before the first, or when it became stale. */
  board(): BoardReading
  climate(): ClimateSample
  scales(): ScaleSweep
  /**
   * By sensor: takes the present weight as zero inside the transmitter. A sensor without one keeps its zero at the agent.
   * @returns false when the transmitter refused. @throws a bus fault
   */
  readonly tares?: Readonly<Record<string, () => Promise<boolean>>>
  /** Absent when the board knows no defrost command. @returns true when it reads back as defrosting. @throws a bus fault */
  readonly startDefrost?: () => Promise<boolean>
  /** Absent without a display. Shows four digits, or the board's own reading again. @throws a bus fault or a refusal */
  readonly showDigits?: (number: number | null) => Promise<void>
  setPace(pace: Pace): void
  start(listener: HardwareListener): void
  stop(): Promise<void>
}

export interface Snapshot {
  readonly bytes: Uint8Array
}
export interface Camera {
  readonly id: string
  /** @throws camera_unreachable, with the reason */
  takeSnapshot(): Promise<Snapshot>
}
