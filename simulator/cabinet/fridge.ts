/**
 * Air and goods as two heat stores, an evaporator, a compressor with a thermostat. Constants are round numbers of a
 * one-door cooler of 300 litres; thermostat habits from published firmware (docs/reference/hardware.md).
 */
export const FRIDGE = {
  airJoulePerKelvin: 12_000,
  goodsJoulePerKelvin: 110_000,
  /** Watt per kelvin. */
  wallConductance: 1.6,
  openDoorConductance: 22,
  goodsConductance: 22,
  coolingWatt: 260,
  defrostWatt: 120,
  evaporatorTauS: 60,
  /** Compressor starts above the setpoint by this, stops below it by this; tenths of a degree. */
  hysteresisDeciCelsius: 10,
  minOffMs: 5 * 60_000,
  powerOnDelayMs: 2 * 60_000,
  longestRunMs: 120 * 60_000,
  defrostMs: 20 * 60_000,
  setpointLowestDeciCelsius: 0,
  setpointHighestDeciCelsius: 120,
} as const

/**
 * fault     the wire of the probe is open: the board says that it has no reading
 * short     the wire is shorted: the board reads a value that no air has
 * stuck     the reading stays what it is
 * jumping   a loose contact: every other reading is far off
 * apart     the first probe has slipped out of its clip: it reads far too cold
 */
export const PROBE_MODES = ['ok', 'fault', 'short', 'stuck', 'jumping', 'apart'] as const
export type ProbeMode = (typeof PROBE_MODES)[number]

export interface FridgeSnapshot {
  /** Tenths of a degree Celsius, with decimals: the truth, not the probe. */
  readonly airDeciCelsius: number
  readonly goodsDeciCelsius: number
  readonly evaporatorDeciCelsius: number
  readonly ambientDeciCelsius: number
  readonly setpointDeciCelsius: number
  readonly isCompressorOn: boolean
  readonly isDefrosting: boolean
  readonly probe: ProbeMode
  /** Air is kept at a value by hand (a technician's test), not by physics. */
  readonly isHeld: boolean
}

export interface Fridge extends FridgeSnapshot {
  step(dtMs: number, conditions: { isDoorOpen: boolean; isMainsOn: boolean }): void
  /** @returns false when it is outside the range of the board */
  setSetpoint(deciCelsius: number): boolean
  startDefrost(): void
  stopDefrost(): void
  setAmbient(deciCelsius: number): void
  /** Brings air and goods to a temperature at once; with `hold` the air stays there until it is released. */
  setAir(deciCelsius: number, options?: { hold?: boolean }): void
  release(): void
  setProbe(probe: ProbeMode): void
  /** What the first probe reads, tenths of a degree; undefined when the board has no reading. */
  readProbe(): number | undefined
}

const LONGEST_STEP_MS = 1000
const SHORTED_DECI_CELSIUS = -550
const JUMP_DECI_CELSIUS = 260
const LOOSE_CONTACT_MS = 2500
const APART_DECI_CELSIUS = 90

export function createFridge(start: { setpointDeciCelsius: number; ambientDeciCelsius?: number }): Fridge {
  let air = start.setpointDeciCelsius
  let goods = start.setpointDeciCelsius
  let evaporator = start.setpointDeciCelsius - 20
  let ambient = start.ambientDeciCelsius ?? 250
  let setpoint = start.setpointDeciCelsius
  let isCompressorOn = false
  let isDefrosting = false
  let probe: ProbeMode = 'ok'
  let stuckDeciCelsius = 0
  let passedMs = 0
  let isHeld = false
  let restMs: number = FRIDGE.powerOnDelayMs
  let runMs = 0
  let defrostLeftMs = 0

  function thermostat(dtMs: number, isMainsOn: boolean) {
    restMs = Math.max(0, restMs - dtMs)
    if (!isMainsOn) {
      if (isCompressorOn) stop()
      restMs = Math.max(restMs, FRIDGE.powerOnDelayMs)
      return
    }
    if (isDefrosting) {
      defrostLeftMs -= dtMs
      if (defrostLeftMs <= 0) isDefrosting = false
    }
    if (isCompressorOn) {
      runMs += dtMs
      const isCold = air < setpoint - FRIDGE.hysteresisDeciCelsius
      if (isCold || isDefrosting || runMs >= FRIDGE.longestRunMs || probe === 'fault') stop()
    } else if (
      restMs === 0 &&
      !isDefrosting &&
      probe === 'ok' &&
      air > setpoint + FRIDGE.hysteresisDeciCelsius
    ) {
      isCompressorOn = true
      runMs = 0
    }
  }
  function stop() {
    isCompressorOn = false
    restMs = FRIDGE.minOffMs
  }
  function heat(dtS: number, isDoorOpen: boolean, isMainsOn: boolean) {
    const wall =
      (FRIDGE.wallConductance + (isDoorOpen ? FRIDGE.openDoorConductance : 0)) * ((ambient - air) / 10)
    const fromGoods = FRIDGE.goodsConductance * ((goods - air) / 10)
    const cooling = isCompressorOn ? FRIDGE.coolingWatt : 0
    const warming = isDefrosting && isMainsOn ? FRIDGE.defrostWatt : 0
    if (!isHeld) air += (10 * (wall + fromGoods + warming - cooling) * dtS) / FRIDGE.airJoulePerKelvin
    goods -= (10 * fromGoods * dtS) / FRIDGE.goodsJoulePerKelvin
    const coil = isCompressorOn ? air - 120 : isDefrosting ? 80 : air - 5
    evaporator += (coil - evaporator) * Math.min(1, dtS / FRIDGE.evaporatorTauS)
  }
  return {
    get airDeciCelsius() {
      return air
    },
    get goodsDeciCelsius() {
      return goods
    },
    get evaporatorDeciCelsius() {
      return evaporator
    },
    get ambientDeciCelsius() {
      return ambient
    },
    get setpointDeciCelsius() {
      return setpoint
    },
    get isCompressorOn() {
      return isCompressorOn
    },
    get isDefrosting() {
      return isDefrosting
    },
    get probe() {
      return probe
    },
    get isHeld() {
      return isHeld
    },
    step(dtMs, { isDoorOpen, isMainsOn }) {
      passedMs += dtMs
      for (let leftMs = dtMs; leftMs > 0; leftMs -= LONGEST_STEP_MS) {
        const stepMs = Math.min(leftMs, LONGEST_STEP_MS)
        thermostat(stepMs, isMainsOn)
        heat(stepMs / 1000, isDoorOpen, isMainsOn)
      }
    },
    setSetpoint(deciCelsius) {
      if (deciCelsius < FRIDGE.setpointLowestDeciCelsius || deciCelsius > FRIDGE.setpointHighestDeciCelsius)
        return false
      setpoint = deciCelsius
      return true
    },
    startDefrost() {
      isDefrosting = true
      defrostLeftMs = FRIDGE.defrostMs
    },
    stopDefrost() {
      isDefrosting = false
    },
    setAmbient(deciCelsius) {
      ambient = deciCelsius
    },
    setAir(deciCelsius, options = {}) {
      air = deciCelsius
      goods = deciCelsius
      isHeld = options.hold ?? false
    },
    release() {
      isHeld = false
    },
    setProbe(next) {
      if (next === 'stuck' && probe !== 'stuck') stuckDeciCelsius = air
      probe = next
    },
    readProbe() {
      switch (probe) {
        case 'fault':
          return undefined
        case 'short':
          return SHORTED_DECI_CELSIUS
        case 'stuck':
          return stuckDeciCelsius
        case 'jumping':
          return air + (Math.floor(passedMs / LOOSE_CONTACT_MS) % 2 === 0 ? 0 : JUMP_DECI_CELSIUS)
        default:
          return probe === 'apart' ? air - APART_DECI_CELSIUS : air
      }
    },
  }
}

export function fridgeSnapshot(of: Fridge): FridgeSnapshot {
  return {
    airDeciCelsius: of.airDeciCelsius,
    goodsDeciCelsius: of.goodsDeciCelsius,
    evaporatorDeciCelsius: of.evaporatorDeciCelsius,
    ambientDeciCelsius: of.ambientDeciCelsius,
    setpointDeciCelsius: of.setpointDeciCelsius,
    isCompressorOn: of.isCompressorOn,
    isDefrosting: of.isDefrosting,
    probe: of.probe,
    isHeld: of.isHeld,
  }
}
