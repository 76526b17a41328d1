import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** A person's question and its handling. Only waiting for the consumer pauses the clock of the resolution. */
export const ticketMachine = machine({
  name: 'ticket',
  initial: 'new',
  terminal: ['merged'],
  states: {
    new: {
      claimed: 'open',
      replied: 'waiting_consumer',
      consumerWrote: 'new',
      passedOn: 'waiting_internal',
      deviceAsked: 'waiting_device',
      refundAsked: 'waiting_refund',
      resolved: 'resolved',
      merged: 'merged',
    },
    open: {
      claimed: 'open',
      replied: 'waiting_consumer',
      consumerWrote: 'open',
      passedOn: 'waiting_internal',
      deviceAsked: 'waiting_device',
      refundAsked: 'waiting_refund',
      resolved: 'resolved',
      merged: 'merged',
    },
    waiting_consumer: {
      claimed: 'waiting_consumer',
      replied: 'waiting_consumer',
      consumerWrote: 'open',
      passedOn: 'waiting_internal',
      deviceAsked: 'waiting_device',
      refundAsked: 'waiting_refund',
      resolved: 'resolved',
      merged: 'merged',
    },
    waiting_internal: {
      claimed: 'waiting_internal',
      replied: 'waiting_consumer',
      consumerWrote: 'open',
      passedOn: 'waiting_internal',
      deviceAsked: 'waiting_device',
      refundAsked: 'waiting_refund',
      answered: 'open',
      resolved: 'resolved',
      merged: 'merged',
    },
    waiting_device: {
      claimed: 'waiting_device',
      replied: 'waiting_consumer',
      consumerWrote: 'waiting_device',
      passedOn: 'waiting_internal',
      deviceAsked: 'waiting_device',
      answered: 'open',
      resolved: 'resolved',
    },
    waiting_refund: {
      claimed: 'waiting_refund',
      replied: 'waiting_refund',
      consumerWrote: 'open',
      refundDone: 'open',
      resolved: 'resolved',
    },
    // Clocks begin again with it, so that a message alone does not open it: `Tickets.write` does.
    resolved: { closed: 'closed', reopened: 'reopened' },
    closed: { reopened: 'reopened' },
    reopened: {
      claimed: 'open',
      replied: 'waiting_consumer',
      consumerWrote: 'reopened',
      passedOn: 'waiting_internal',
      deviceAsked: 'waiting_device',
      refundAsked: 'waiting_refund',
      resolved: 'resolved',
      merged: 'merged',
    },
    merged: {},
  },
})
export type TicketMachineState = StateOf<typeof ticketMachine>
export type TicketInput = InputOf<typeof ticketMachine>
/** Somebody has to do something. */
export const OPEN_TICKET_STATES = [
  'new',
  'open',
  'waiting_consumer',
  'waiting_internal',
  'waiting_device',
  'waiting_refund',
  'reopened',
] as const
