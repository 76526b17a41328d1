import type { DeciCelsius } from '#protocol/base/units.ts'
import type { ClimateSetpointApplied } from '#protocol/messages/climate.ts'
import type { Twin } from '#protocol/messages/frames.ts'

/** The setpoint half of the desired document, and what became of it. Persisted whole. */
export interface ThermostatState {
  /** The newest document that asks for something; answered exactly once. */
  readonly wanted:
    | {
        twinEpoch: string
        version: number
        setpoint: DeciCelsius
        range: Twin['setpointRange']
        /** A thermostat that regulates to a warmer value would let the food become unsafe; absent: nothing spoils here. */
        safest?: DeciCelsius
      }
    | undefined
  readonly isAnswered: boolean
  /** What we last saw confirmed in the register; a different value later is somebody at the controls. */
  readonly confirmed: DeciCelsius | undefined
  readonly isOverridden: boolean
  readonly tries: number
}
export const initialThermostat: ThermostatState = {
  wanted: undefined,
  isAnswered: true,
  confirmed: undefined,
  isOverridden: false,
  tries: 0,
}

/** Cooling starts this far above the setpoint, so that the setpoint must stay as far below the limit of the food. */
const HYSTERESIS = 10

export function evolveWanted(state: ThermostatState, twin: Twin): ThermostatState {
  return {
    ...state,
    wanted: {
      twinEpoch: twin.twinEpoch,
      version: twin.version,
      setpoint: twin.setpointDeciCelsius,
      range: twin.setpointRange,
      ...(twin.lockout.isEnabled ? { safest: twin.lockout.limitDeciCelsius - HYSTERESIS } : {}),
    },
    isAnswered: false,
    tries: 0,
  }
}

export type ThermostatStep =
  | { type: 'nothing' }
  | { type: 'answer'; answer: ClimateSetpointApplied; state: ThermostatState }
  | { type: 'write'; setpoint: DeciCelsius }

/** Written and read back differently this often: the board has its own mind. */
const TRIES_MOST = 3

/**
 * What to do about the setpoint now.
 * @param register  what the board says, null when stale
 * @param mayWrite  the pause since the last change has passed
 */
export function decideThermostat(
  state: ThermostatState,
  register: DeciCelsius | null,
  mayWrite: boolean,
): ThermostatStep {
  const { wanted } = state
  if (wanted === undefined) return { type: 'nothing' }
  if (state.isAnswered) return register === null ? { type: 'nothing' } : decideOverride(state, register)
  const { lowest, highest } = wanted.range
  if (wanted.setpoint < lowest || wanted.setpoint > highest) {
    return answer(
      state,
      'rejected',
      register ?? undefined,
      'setpoint_out_of_range',
      `allowed are ${lowest} to ${highest}`,
    )
  }
  if (register === null) return { type: 'nothing' }
  const target = Math.min(wanted.setpoint, wanted.safest ?? wanted.setpoint)
  if (register === target) {
    if (target === wanted.setpoint) return answer(state, 'applied', register)
    return answer(state, 'overridden', register, 'limit_unsafe', `the food needs at most ${target}`)
  }
  if (state.tries >= TRIES_MOST) return answer(state, 'overridden', register, 'readback_mismatch')
  return mayWrite ? { type: 'write', setpoint: target } : { type: 'nothing' }
}

/** The board said no to the value. */
export function decideBoardRefusal(state: ThermostatState, register: DeciCelsius | null): ThermostatStep {
  return answer(
    state,
    'rejected',
    register ?? undefined,
    'setpoint_out_of_range',
    'the board refused the value',
  )
}

function decideOverride(state: ThermostatState, register: DeciCelsius): ThermostatStep {
  if (state.confirmed === undefined || register === state.confirmed) return { type: 'nothing' }
  // Changed at the controls: the local value holds until the next document, and the core is told.
  return answer(state, 'overridden', register, 'local_change')
}

function answer(
  state: ThermostatState,
  status: ClimateSetpointApplied['status'],
  value: DeciCelsius | undefined,
  reason?: string,
  detail?: string,
): ThermostatStep {
  const wanted = state.wanted
  if (wanted === undefined) return { type: 'nothing' }
  return {
    type: 'answer',
    answer: {
      twinEpoch: wanted.twinEpoch,
      version: wanted.version,
      status,
      ...(value === undefined ? {} : { value }),
      ...(reason === undefined ? {} : { reason }),
      ...(detail === undefined ? {} : { detail }),
    },
    state: {
      ...state,
      isAnswered: true,
      confirmed: value ?? state.confirmed,
      isOverridden: status === 'overridden',
      tries: 0,
    },
  }
}
