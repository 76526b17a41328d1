import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/**
 * Money back on a payment. A call whose answer was lost keeps its number; a refund that the provider closed needs a new
 * one. HTTP 200 is acceptance only.
 */
export const refundMachine = machine({
  name: 'refund',
  initial: 'requested',
  terminal: ['succeeded', 'rejected'],
  states: {
    requested: { approvalNeeded: 'awaiting_approval', approved: 'approved', rejected: 'rejected' },
    awaiting_approval: { approved: 'approved', rejected: 'rejected' },
    approved: { sent: 'submitted' },
    submitted: {
      processing: 'processing',
      succeeded: 'succeeded',
      abnormal: 'abnormal',
      closed: 'closed',
      answerLost: 'unknown',
      putOff: 'approved',
      refused: 'rejected',
    },
    unknown: {
      processing: 'processing',
      succeeded: 'succeeded',
      abnormal: 'abnormal',
      closed: 'closed',
      foundAbsent: 'approved',
    },
    processing: { succeeded: 'succeeded', abnormal: 'abnormal', closed: 'closed' },
    abnormal: { processing: 'processing', succeeded: 'succeeded', closed: 'closed' },
    closed: { renumbered: 'approved' },
    succeeded: {},
    rejected: {},
  },
})
export type RefundMachineState = StateOf<typeof refundMachine>
export type RefundInput = InputOf<typeof refundMachine>
