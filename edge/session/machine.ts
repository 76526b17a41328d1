import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/**
 * The cabinet's part of a session, from the relay to the receipt. What is not in a row does nothing in that state.
 * `foundLocked`: the lock is engaged again although the door was never seen open (the board undid the command, or the
 * agent was away); the weights then say whether anything happened. So they do when the time for opening is over, because
 * nobody may have looked while somebody opened.
 */
export const sessionMachine = machine({
  name: 'edge session',
  initial: 'unlocking',
  states: {
    unlocking: {
      unlockConfirmed: 'unlocked',
      unlockFailed: 'failed',
      doorOpened: 'open',
      foundLocked: 'closing',
      journalLost: 'abandoned',
    },
    unlocked: {
      doorOpened: 'open',
      notOpenedDue: 'relocking',
      foundLocked: 'closing',
      journalLost: 'abandoned',
    },
    relocking: {
      doorOpened: 'open',
      lockConfirmed: 'closing',
      graceOver: 'closing',
      journalLost: 'abandoned',
    },
    open: { doorClosed: 'closing', journalLost: 'abandoned' },
    closing: {
      doorOpened: 'open',
      settled: 'reconciled',
      nothingHappened: 'notOpened',
      journalLost: 'abandoned',
    },
    reconciled: {},
    notOpened: {},
    failed: {},
    abandoned: {},
  },
  terminal: ['reconciled', 'notOpened', 'failed', 'abandoned'],
})
export type SessionPhase = StateOf<typeof sessionMachine>
export type SessionInput = InputOf<typeof sessionMachine>
