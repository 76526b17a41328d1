import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** The final outcome comes as a sequenced event; an immediate reply may come before or after it. */
export const commandMachine = machine({
  name: 'command',
  initial: 'created',
  states: {
    created: { sent: 'sent', unreachable: 'expired', unanswered: 'expired' },
    sent: {
      accepted: 'accepted',
      executing: 'executing',
      succeeded: 'succeeded',
      failed: 'failed',
      rejected: 'rejected',
      expired: 'expired',
      unanswered: 'unknown',
      unknown: 'unknown',
    },
    accepted: {
      executing: 'executing',
      succeeded: 'succeeded',
      failed: 'failed',
      rejected: 'rejected',
      expired: 'expired',
      unanswered: 'unknown',
      unknown: 'unknown',
    },
    executing: {
      succeeded: 'succeeded',
      failed: 'failed',
      rejected: 'rejected',
      unanswered: 'unknown',
      unknown: 'unknown',
    },
    // What we could not know, the cabinet may still tell; also that it does not know either.
    unknown: {
      unknown: 'unknown',
      succeeded: 'succeeded',
      failed: 'failed',
      rejected: 'rejected',
      expired: 'expired',
    },
    succeeded: {},
    failed: {},
    rejected: {},
    expired: {},
  },
  terminal: ['succeeded', 'failed', 'rejected', 'expired'],
})
export type CommandState = StateOf<typeof commandMachine>
export type CommandInput = InputOf<typeof commandMachine>
