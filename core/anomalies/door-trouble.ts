import type { AnomalyFinding } from './decide.ts'

export const DOOR_RULE = 'door-trouble-1'

/** What the cabinet tells of its door. It has stopped selling by itself where it must; here it is put before people. */
export interface DoorInputs {
  readonly event: 'left_open' | 'forced' | 'lock_failed'
  /** For how long it was open; null when that is not the trouble. */
  readonly openMs: number | null
  /** A visit was going on. */
  readonly isDuringVisit: boolean
}

/**
 * A door that was only left open is told; one that was forced, or does not lock, may have let goods out, so a person looks.
 * Nobody is charged for it by a rule. Pure.
 */
export function decideDoorTrouble(inputs: DoorInputs): AnomalyFinding {
  const isTold = inputs.event === 'left_open'
  return {
    kind: 'door_trouble',
    rule: DOOR_RULE,
    inputs: { ...inputs },
    reasonKey: `anomaly.door_trouble.${inputs.event}`,
    reasonValues: { minutes: Math.max(1, Math.round((inputs.openMs ?? 0) / 60_000)) },
    outcome: isTold ? 'explained' : null,
  }
}
