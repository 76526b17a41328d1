import type { Clock } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { ClimateKeeper } from '../climate/climate-keeper.ts'
import type { LockoutPolicy } from '../climate/lockout.ts'
import type { EdgeDatabase } from '../database.ts'
import type { CabinetHardware } from '../hardware/ports.ts'
import { type CabinetState, type Refusal, refusal } from './decide.ts'
import type { OnSiteProof } from './on-site.ts'
import type { Operations } from './operation.ts'

/** A defrost warms the air by some degrees; it begins only with this much room below the limit. */
const DEFROST_MARGIN = 10
const DOCUMENT = 'defrost'

/** What a defrost needs to know. Temperatures in tenths of a degree; null: stale. */
export interface ColdState {
  readonly airDeciCelsius: number | null
  readonly isDefrosting: boolean | null
  readonly limitDeciCelsius: number | undefined
  /** undefined: never, or the clock cannot say. */
  readonly sinceLastDefrostMs: number | undefined
}

/** Every defrost warms the goods: not while somebody shops, not when it is warm already, not too often. */
export function decideDefrost(
  cabinet: Pick<CabinetState, 'hasSession' | 'isDoorOpen'>,
  cold: ColdState,
  pauseMs: number,
): Refusal | undefined {
  if (cabinet.hasSession) return refusal('cabinet_busy', 'a session is in progress')
  if (cabinet.isDoorOpen !== false) {
    return cabinet.isDoorOpen === null
      ? refusal('bus_timeout', 'lock and door do not answer on the bus')
      : refusal('door_open', 'the door is open')
  }
  if (cold.airDeciCelsius === null || cold.isDefrosting === null)
    return refusal('bus_timeout', 'the thermostat does not answer')
  if (cold.isDefrosting) return refusal('defrost_too_soon', 'it is defrosting already')
  const { limitDeciCelsius, sinceLastDefrostMs } = cold
  if (limitDeciCelsius !== undefined && cold.airDeciCelsius > limitDeciCelsius - DEFROST_MARGIN) {
    return refusal(
      'too_warm',
      `the air has ${celsius(cold.airDeciCelsius)}; a defrost begins at most at ${celsius(limitDeciCelsius - DEFROST_MARGIN)}`,
      { airDeciCelsius: cold.airDeciCelsius, mostDeciCelsius: limitDeciCelsius - DEFROST_MARGIN },
    )
  }
  if (sinceLastDefrostMs !== undefined && sinceLastDefrostMs < pauseMs)
    return refusal('defrost_too_soon', `wait ${Math.ceil((pauseMs - sinceLastDefrostMs) / 60_000)} min`, {
      waitMs: pauseMs - sinceLastDefrostMs,
    })
  return undefined
}

export function createColdOperations(options: {
  db: EdgeDatabase
  hardware: CabinetHardware
  climate: Pick<ClimateKeeper, 'isLockedOut' | 'airDeciCelsius' | 'clearOnSite'>
  onSite: Pick<OnSiteProof, 'check' | 'look'>
  clock: Clock
  lockoutPolicy: () => LockoutPolicy
  defrostPauseMs: number
}): Pick<Operations, 'climate.defrost' | 'lockout.clear'> {
  const { db, hardware, climate, onSite, clock } = options

  function coldState(): ColdState {
    const { airDeciCelsius } = climate
    const { isDefrosting } = hardware.climate()
    const policy = options.lockoutPolicy()
    const startedAtMs = db.readDocument<{ startedAtMs: number }>(DOCUMENT)?.startedAtMs
    const sinceMs = startedAtMs === undefined ? undefined : clock.now() - startedAtMs
    return {
      airDeciCelsius,
      isDefrosting,
      limitDeciCelsius: policy.isEnabled ? policy.limitDeciCelsius : undefined,
      sinceLastDefrostMs: sinceMs === undefined || sinceMs < 0 ? undefined : sinceMs,
    }
  }

  return {
    'climate.defrost': {
      check: (_args, _expects, cabinet) =>
        hardware.startDefrost === undefined
          ? refusal('not_supported', 'the board knows no defrost command')
          : decideDefrost(cabinet, coldState(), options.defrostPauseMs),
      async run({ conclude }) {
        const { airDeciCelsius } = climate
        // Written first: a defrost of which nobody knows whether it began counts as one.
        db.transact(() => db.saveDocument(DOCUMENT, { startedAtMs: clock.now() }))
        let isStarted: boolean
        try {
          isStarted = (await hardware.startDefrost?.()) ?? false
        } catch (error) {
          return conclude({ status: 'unknown', reason: 'bus_timeout', detail: messageOf(error) })
        }
        conclude(
          isStarted
            ? { status: 'succeeded', result: { airDeciCelsius } }
            : {
                status: 'failed',
                reason: 'readback_mismatch',
                detail: 'the board did not read back as defrosting',
              },
        )
      },
      afterCrash: () => ({
        status: 'unknown',
        reason: 'unknown_after_crash',
        result: { isDefrosting: hardware.climate().isDefrosting },
      }),
    },
    'lockout.clear': {
      check(_args, _expects, cabinet) {
        if (!climate.isLockedOut) return refusal('not_locked_out', 'there is no lockout to clear')
        if (cabinet.hasSession) return refusal('cabinet_busy', 'a session is in progress')
        if (cabinet.isDoorOpen === true) return refusal('door_open', 'the door is open')
        const { airDeciCelsius } = climate
        const { limitDeciCelsius } = options.lockoutPolicy()
        if (airDeciCelsius === null) return refusal('bus_timeout', 'there is no valid air temperature')
        if (airDeciCelsius > limitDeciCelsius)
          return refusal(
            'too_warm',
            `the air has ${celsius(airDeciCelsius)}; safe is at most ${celsius(limitDeciCelsius)}`,
            { airDeciCelsius, mostDeciCelsius: limitDeciCelsius },
          )
        return undefined
      },
      async run({ command, args: { code, goods, by, reason }, conclude }) {
        const refused = onSite.check(code)
        if (refused) return conclude({ status: 'rejected', ...refused })
        db.transact(() => {
          climate.clearOnSite(by, reason, { goods, commandId: command.id })
          conclude({ status: 'succeeded', result: { goods } })
        })
        onSite.look()
      },
      afterCrash: () => ({ status: 'failed', reason: 'agent_restarted' }),
    },
  }
}

function celsius(deci: number): string {
  return `${(deci / 10).toFixed(1)} °C`
}
