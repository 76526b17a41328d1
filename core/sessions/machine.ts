import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/**
 * A session from the request to open until its money is settled. `overdue` means that no end was heard yet: the cabinet
 * is offline and goes on by itself, so whatever it reports later is still taken.
 */
export const sessionMachine = machine({
  name: 'session',
  initial: 'requested',
  terminal: ['settled', 'denied', 'not_opened', 'abandoned'],
  states: {
    requested: { authorised: 'authorised', refused: 'denied' },
    authorised: { unlockAsked: 'unlocking', refused: 'denied' },
    unlocking: {
      opened: 'opened',
      refused: 'denied',
      notOpened: 'not_opened',
      reconciled: 'reconciled',
      abandoned: 'abandoned',
      wentSilent: 'overdue',
    },
    opened: { closed: 'closed', reconciled: 'reconciled', abandoned: 'abandoned', wentSilent: 'overdue' },
    // Opened again within the grace time joins the session.
    closed: { opened: 'opened', reconciled: 'reconciled', abandoned: 'abandoned', wentSilent: 'overdue' },
    overdue: {
      opened: 'opened',
      closed: 'closed',
      reconciled: 'reconciled',
      notOpened: 'not_opened',
      refused: 'denied',
      abandoned: 'abandoned',
    },
    reconciled: { settled: 'settled' },
    settled: {},
    denied: {},
    not_opened: {},
    abandoned: {},
  },
})
export type SessionMachineState = StateOf<typeof sessionMachine>
export type SessionInput = InputOf<typeof sessionMachine>
export const LIVE_SESSION_STATES = [
  'requested',
  'authorised',
  'unlocking',
  'opened',
  'closed',
  'overdue',
] as const
