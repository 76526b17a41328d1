import { machine } from '#protocol/base/machine.ts'

/** A wish to ask for less that is above the authority of who has it. Money that goes another way first overtakes it. */
export const loweringRequestMachine = machine({
  name: 'loweringRequest',
  initial: 'awaiting_approval',
  terminal: ['approved', 'refused', 'overtaken'],
  states: {
    awaiting_approval: { approved: 'approved', refused: 'refused', ended: 'overtaken' },
    approved: {},
    refused: {},
    overtaken: {},
  },
})
