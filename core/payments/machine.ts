import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/**
 * A charge is settled at most once. Money going back is a refund: a new record, never an edit.
 * `unknown` means that an answer was lost: it is resolved by asking, never by trying again under a new number.
 * Picture: docs/reference/state-machines.md
 */
export const chargeMachine = machine({
  name: 'charge',
  initial: 'prepared',
  terminal: ['paid', 'failed', 'cancelled'],
  states: {
    prepared: { sent: 'submitted', cancelled: 'cancelled' },
    submitted: {
      accepted: 'pending',
      paid: 'paid',
      free: 'cancelled',
      refused: 'failed',
      answerLost: 'unknown',
    },
    unknown: {
      foundPending: 'pending',
      foundPaid: 'paid',
      foundFree: 'cancelled',
      foundAbsent: 'prepared',
      foundRevoked: 'cancelled',
    },
    pending: { paid: 'paid', lowered: 'pending', cancelled: 'cancelled' },
    paid: {},
    failed: {},
    cancelled: {},
  },
})
export type ChargeState = StateOf<typeof chargeMachine>
export type ChargeInput = InputOf<typeof chargeMachine>
