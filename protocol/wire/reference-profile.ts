import type { Profile } from './profile.ts'

/**
 * The reference board: what the simulator's Modbus side answers, and what a new board can be built to.
 * Register tables for people: docs/reference/hardware.md (a test keeps the two equal).
 *
 * Unit 1 is the cabinet board (lock, door, cooling). Units 11 to 15 are one weight transmitter a shelf, laid out like
 * the published transmitter of a fridge in the field (net weight at 82, 32 bits, high word first), but in tenths of a gram.
 */
export const BOARD_UNIT = 1
export const SCALE_UNITS = [11, 12, 13, 14, 15] as const

/** Holding registers of the cabinet board, 0-based. R: read, W: write with function 6 or 16. */
export const BOARD = {
  /** R 0x5643 ("VC"). */
  identity: 0,
  /** R 1: the version of this map. */
  mapVersion: 1,
  /** R firmware, 0x0102 is 1.2. */
  firmware: 2,
  /** R how many doors. */
  doorCount: 3,
  /** W 1 releases the lock, 2 locks it; R the last command. */
  lockCommand: 10,
  /** R 0 locked, 1 unlocked, 2 fault. */
  lockState: 11,
  /** R 1 when the bolt is seated in its hole. Closed is not locked: both count. */
  boltSeated: 12,
  /** R 1 open, 0 closed. */
  doorOpen: 13,
  /** R 1 while the manual key holds the lock open; lock commands are then refused. */
  manualKey: 14,
  /** As 10 to 14, for the second door of a cabinet that has one; otherwise they read 0 and cannot be written. */
  secondLockCommand: 15,
  secondLockState: 16,
  secondBoltSeated: 17,
  secondDoorOpen: 18,
  secondManualKey: 19,
  /** R signed tenths of a degree Celsius, 0x7FFF probe fault. */
  airTemperature: 20,
  /** R signed tenths of a degree Celsius, 0x7FFF probe fault. */
  evaporatorTemperature: 21,
  /** RW signed tenths of a degree Celsius; a value outside 23…24 is refused with exception 3. */
  setpoint: 22,
  /** R lowest setpoint that the board accepts, signed tenths of a degree. */
  setpointLowest: 23,
  /** R highest setpoint that the board accepts, signed tenths of a degree. */
  setpointHighest: 24,
  /** R signed tenths of a degree Celsius at the warmest place of the cabinet, 0x7FFF probe fault or not fitted. */
  secondAirTemperature: 25,
  /** R 1 while the compressor runs. */
  compressorOn: 26,
  /** RW 1 while defrosting; writing 1 starts it. */
  defrost: 27,
  /** R 1 with mains power. */
  mainsOn: 30,
  /** R seconds since the board started, high word first. */
  uptimeSeconds: 31,
  /** RW 0 to 9999 is shown in four digits on the display; 0xFFFF shows the temperature again. */
  display: 33,
} as const
export const BOARD_IDENTITY = 0x5643
export const DISPLAY_TEMPERATURE = 0xffff
export const TEMPERATURE_FAULT = 0x7fff
export const LOCK_RELEASE = 1
export const LOCK_ENGAGE = 2

/** Holding registers of a weight transmitter, 0-based; 32-bit values high word first, signed, tenths of a gram. */
export const SCALE = {
  /** R its own address. */
  address: 0,
  /** W 0x5AA5 opens the registers below for writing, for 10 s. */
  unlock: 5,
  /** R firmware. */
  firmware: 6,
  gross: 80,
  net: 82,
  /** RW writing 0x7FFFFFFF takes the present weight as tare. */
  tare: 84,
  /** R full scale in grams. */
  maximum: 86,
} as const
/** Opens the tare for writing. */
export const SCALE_UNLOCK_KEY = 0x5aa5
/** Written to the tare: the present weight becomes zero. */
export const SCALE_TAKE_PRESENT = 0x7fffffff
/** What a transmitter answers when its cell is broken or overloaded. */
export const SCALE_FAULT = 0x7fffffff
export const SCALE_OVERLOAD = 0x7ffffffe

const temperature = {
  unit: BOARD_UNIT,
  width: 16 as const,
  isSigned: true,
  scale: 1,
  faultValues: [TEMPERATURE_FAULT],
}

export const referenceProfile: Profile = {
  name: 'reference',
  version: 1,
  serial: { baudRate: 115200, dataBits: 8, parity: 'none', stopBits: 1 },
  timeoutMs: 120,
  retries: 2,
  blocks: [{ unit: BOARD_UNIT, start: 10, count: 23 }],
  lock: {
    unlock: { unit: BOARD_UNIT, register: BOARD.lockCommand, value: LOCK_RELEASE },
    lock: { unit: BOARD_UNIT, register: BOARD.lockCommand, value: LOCK_ENGAGE },
    isUnlocked: { unit: BOARD_UNIT, register: BOARD.lockState, activeValue: 1, inactiveValue: 0 },
    isBoltSeated: { unit: BOARD_UNIT, register: BOARD.boltSeated, activeValue: 1, inactiveValue: 0 },
    isKeyTurned: { unit: BOARD_UNIT, register: BOARD.manualKey, activeValue: 1, inactiveValue: 0 },
    settleMs: 1000,
  },
  door: { isOpen: { unit: BOARD_UNIT, register: BOARD.doorOpen, activeValue: 1, inactiveValue: 0 } },
  scales: SCALE_UNITS.map((unit, index) => ({
    shelf: `s${index + 1}`,
    sensor: `s${index + 1}`,
    netGrams: {
      unit,
      register: SCALE.net,
      width: 32,
      isSigned: true,
      wordOrder: 'high-first',
      scale: 0.1,
      faultValues: [SCALE_FAULT, SCALE_OVERLOAD],
    },
    tare: [
      { unit, register: SCALE.unlock, value: SCALE_UNLOCK_KEY },
      { unit, register: SCALE.tare, value: SCALE_TAKE_PRESENT >>> 16 },
      { unit, register: SCALE.tare + 1, value: SCALE_TAKE_PRESENT & 0xffff },
    ],
  })),
  climate: {
    airDeciCelsius: { ...temperature, register: BOARD.airTemperature },
    secondAirDeciCelsius: { ...temperature, register: BOARD.secondAirTemperature },
    evaporatorDeciCelsius: { ...temperature, register: BOARD.evaporatorTemperature },
    setpointDeciCelsius: { ...temperature, register: BOARD.setpoint },
    isCompressorOn: { unit: BOARD_UNIT, register: BOARD.compressorOn, activeValue: 1, inactiveValue: 0 },
    isDefrosting: { unit: BOARD_UNIT, register: BOARD.defrost, activeValue: 1, inactiveValue: 0 },
    defrost: { unit: BOARD_UNIT, register: BOARD.defrost, value: 1 },
  },
  display: { unit: BOARD_UNIT, register: BOARD.display, blankValue: DISPLAY_TEMPERATURE },
  power: { isMainsOn: { unit: BOARD_UNIT, register: BOARD.mainsOn, activeValue: 1, inactiveValue: 0 } },
}
