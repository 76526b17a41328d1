import { EXCEPTION, type ExceptionCode, word16, words32 } from '#protocol/wire/modbus.ts'
import {
  BOARD,
  BOARD_IDENTITY,
  BOARD_UNIT,
  DISPLAY_TEMPERATURE,
  LOCK_ENGAGE,
  LOCK_RELEASE,
  SCALE,
  SCALE_FAULT,
  SCALE_OVERLOAD,
  SCALE_TAKE_PRESENT,
  SCALE_UNITS,
  SCALE_UNLOCK_KEY,
  TEMPERATURE_FAULT,
} from '#protocol/wire/reference-profile.ts'
import type { Cabinet } from '#simulator/cabinet/cabinet-types.ts'
import { FRIDGE } from '#simulator/cabinet/fridge.ts'
import type { Lock } from '#simulator/cabinet/lock.ts'

/** The registers of one unit as the bus sees them. Values are 16 bits, unsigned. */
export interface RegisterBank {
  /** @returns the value, or undefined outside the map (exception 2) */
  read(register: number): number | undefined
  /** Writes `values` from `start` on, all or nothing. @returns the exception, or undefined when it was done */
  write(start: number, values: readonly number[]): ExceptionCode | undefined
}

const BOARD_LAST = 39
const SCALE_LAST = 99
const FIRMWARE = 0x0103
const SCALE_UNLOCK_MS = 10_000
const MOST_DIGITS = 9999
const MAXIMUM_GRAMS = 30_000

/** All units of the reference board over one cabinet: docs/reference/hardware.md. */
export function createBanks(cabinet: Cabinet): ReadonlyMap<number, RegisterBank> {
  const banks = new Map<number, RegisterBank>([[BOARD_UNIT, createBoardBank(cabinet)]])
  for (const [index, shelfId] of cabinet.shelfIds.entries()) {
    // The reference board has five transmitters; a taller cabinet goes on counting.
    const unit = SCALE_UNITS[0] + index
    banks.set(unit, createScaleBank(cabinet, shelfId, unit))
  }
  return banks
}

/** Command, state, bolt, door and key of one door, in this order; a door that is not there reads 0. */
function doorReaders(first: number, lock: Lock | undefined): Record<number, () => number> {
  if (lock === undefined) return {}
  const values: Array<() => number> = [
    () => lock.lastCommand,
    () => ({ locked: 0, unlocked: 1, fault: 2 })[lock.lock],
    () => Number(lock.isBoltSeated),
    () => Number(lock.isDoorOpen),
    () => Number(lock.isKeyTurned),
  ]
  return Object.fromEntries(values.map((value, index) => [first + index, value]))
}
interface Writer {
  check: (value: number) => ExceptionCode | undefined
  apply: (value: number) => void
}
/** A door that is not there takes no value at all. */
function lockWriter(lock: Lock | undefined): Writer {
  return {
    check(value) {
      if (lock === undefined || (value !== LOCK_RELEASE && value !== LOCK_ENGAGE))
        return EXCEPTION.illegalValue
      return lock.isKeyTurned ? EXCEPTION.deviceBusy : undefined
    },
    apply: (value) => void lock?.command(value === LOCK_RELEASE ? 'release' : 'engage'),
  }
}

function createBoardBank(cabinet: Cabinet): RegisterBank {
  const startMs = cabinet.nowMs
  const { lock, fridge } = cabinet

  function temperature(deciCelsius: number | undefined): number {
    return deciCelsius === undefined ? TEMPERATURE_FAULT : word16(Math.round(deciCelsius))
  }
  /** An open wire is the plug of all probes; of the other faults the second probe knows nothing. */
  function secondAir(): number | undefined {
    return fridge.probe === 'fault' ? undefined : fridge.airDeciCelsius
  }
  function uptime(): [number, number] {
    return words32(Math.floor((cabinet.nowMs - startMs) / 1000))
  }
  const readers: Record<number, () => number> = {
    [BOARD.identity]: () => BOARD_IDENTITY,
    [BOARD.mapVersion]: () => 1,
    [BOARD.firmware]: () => FIRMWARE,
    [BOARD.doorCount]: () => cabinet.doors.length,
    ...doorReaders(BOARD.lockCommand, lock),
    ...doorReaders(BOARD.secondLockCommand, cabinet.doors[1]),
    [BOARD.airTemperature]: () => temperature(fridge.readProbe()),
    [BOARD.secondAirTemperature]: () => temperature(secondAir()),
    [BOARD.evaporatorTemperature]: () =>
      temperature(fridge.probe === 'fault' ? undefined : fridge.evaporatorDeciCelsius),
    [BOARD.setpoint]: () => word16(fridge.setpointDeciCelsius),
    [BOARD.setpointLowest]: () => word16(FRIDGE.setpointLowestDeciCelsius),
    [BOARD.setpointHighest]: () => word16(FRIDGE.setpointHighestDeciCelsius),
    [BOARD.compressorOn]: () => Number(fridge.isCompressorOn),
    [BOARD.defrost]: () => Number(fridge.isDefrosting),
    [BOARD.mainsOn]: () => Number(cabinet.isMainsOn),
    [BOARD.uptimeSeconds]: () => uptime()[0],
    [BOARD.uptimeSeconds + 1]: () => uptime()[1],
    [BOARD.display]: () => cabinet.digits ?? DISPLAY_TEMPERATURE,
  }
  /** Whether the value would be taken, and what taking it does. */
  const writers: Record<number, Writer> = {
    [BOARD.lockCommand]: lockWriter(lock),
    [BOARD.secondLockCommand]: lockWriter(cabinet.doors[1]),
    [BOARD.setpoint]: {
      check(value) {
        const deciCelsius = signed16(value)
        const isInRange =
          deciCelsius >= FRIDGE.setpointLowestDeciCelsius && deciCelsius <= FRIDGE.setpointHighestDeciCelsius
        return isInRange ? undefined : EXCEPTION.illegalValue
      },
      apply: (value) => void cabinet.setSetpoint(signed16(value)),
    },
    [BOARD.defrost]: {
      check: (value) => (value > 1 ? EXCEPTION.illegalValue : undefined),
      apply: (value) => (value === 1 ? fridge.startDefrost() : fridge.stopDefrost()),
    },
    [BOARD.display]: {
      check: (value) =>
        value <= MOST_DIGITS || value === DISPLAY_TEMPERATURE ? undefined : EXCEPTION.illegalValue,
      apply: (value) => cabinet.showDigits(value === DISPLAY_TEMPERATURE ? null : value),
    },
  }
  return {
    // Numbers between the defined ones read as 0, so that a block may be fetched whole.
    read: (register) => (register > BOARD_LAST ? undefined : (readers[register]?.() ?? 0)),
    write(start, values) {
      for (const [offset, value] of values.entries()) {
        const writer = writers[start + offset]
        if (writer === undefined) return EXCEPTION.illegalAddress
        const exception = writer.check(value)
        if (exception !== undefined) return exception
      }
      for (const [offset, value] of values.entries()) writers[start + offset]?.apply(value)
      return undefined
    },
  }
}

function createScaleBank(cabinet: Cabinet, shelfId: string, unit: number): RegisterBank {
  let writableUntilMs = -1
  /** The high half of a tare that is written in two requests. */
  let tareHigh: number | undefined

  function decigrams(of: 'gross' | 'net'): number {
    const { status, grossGrams, tareGrams } = cabinet.scale(shelfId)
    if (status === 'fault') return SCALE_FAULT
    if (status === 'overload') return SCALE_OVERLOAD
    return Math.round((of === 'gross' ? grossGrams : grossGrams - tareGrams) * 10)
  }
  function pair(first: number, value: () => number): Record<number, () => number> {
    return { [first]: () => words32(value())[0], [first + 1]: () => words32(value())[1] }
  }
  const readers: Record<number, () => number> = {
    [SCALE.address]: () => unit,
    [SCALE.firmware]: () => FIRMWARE,
    ...pair(SCALE.gross, () => decigrams('gross')),
    ...pair(SCALE.net, () => decigrams('net')),
    ...pair(SCALE.tare, () => Math.round(cabinet.scale(shelfId).tareGrams * 10)),
    [SCALE.maximum]: () => MAXIMUM_GRAMS,
  }
  function setTare(high: number, low: number) {
    const value = (high << 16) | low | 0
    if (value === SCALE_TAKE_PRESENT) cabinet.tare(shelfId)
    else cabinet.tare(shelfId, value / 10)
  }
  return {
    read: (register) => (register > SCALE_LAST ? undefined : (readers[register]?.() ?? 0)),
    write(start, values) {
      const [first = 0, second] = values
      if (start === SCALE.unlock && values.length === 1) {
        if (first !== SCALE_UNLOCK_KEY) return EXCEPTION.illegalValue
        writableUntilMs = cabinet.nowMs + SCALE_UNLOCK_MS
        return undefined
      }
      const isTare = start === SCALE.tare || (start === SCALE.tare + 1 && values.length === 1)
      if (!isTare || values.length > 2) return EXCEPTION.illegalAddress
      if (cabinet.nowMs > writableUntilMs) return EXCEPTION.illegalAddress
      if (second !== undefined) setTare(first, second)
      else if (start === SCALE.tare) tareHigh = first
      else setTare(tareHigh ?? 0, first)
      return undefined
    },
  }
}

function signed16(value: number): number {
  return (value << 16) >> 16
}
