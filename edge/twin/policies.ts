import type { Twin } from '#protocol/messages/frames.ts'
import type { Settings } from '../config.ts'
import type { DesiredDocument } from './desired-document.ts'

/** What the cabinet goes by: the core's wish, or the machine's own settings as long as the core has none. */
export interface Policies {
  readonly lockout: () => Twin['lockout']
  readonly session: () => Twin['sessionPolicy']
}

export function createPolicies(desired: Pick<DesiredDocument, 'current'>, settings: Settings): Policies {
  return {
    lockout: () =>
      desired.current?.lockout ?? {
        isEnabled: true,
        limitDeciCelsius: settings.lockoutLimitDeciCelsius,
        afterMs: settings.lockoutAfterMs,
        afterDoorCloseMs: settings.lockoutAfterDoorCloseMs,
        afterDefrostMs: settings.lockoutAfterDefrostMs,
      },
    session: () =>
      desired.current?.sessionPolicy ?? {
        notOpenedMs: settings.notOpenedMs,
        leftOpenWarningMs: settings.leftOpenWarningMs,
        leftOpenAlarmMs: settings.leftOpenAlarmMs,
        reopenGraceMs: settings.reopenGraceMs,
      },
  }
}
