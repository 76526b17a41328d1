import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** A coupon or points that make good for something. What was given stays given: the consumer was told. */
export const compensationMachine = machine({
  name: 'compensation',
  initial: 'requested',
  terminal: ['given', 'refused'],
  states: {
    requested: { approvalNeeded: 'awaiting_approval', given: 'given' },
    awaiting_approval: { given: 'given', refused: 'refused' },
    given: {},
    refused: {},
  },
})
export type CompensationState = StateOf<typeof compensationMachine>
export type CompensationInput = InputOf<typeof compensationMachine>
