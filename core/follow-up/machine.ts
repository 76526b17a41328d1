import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** A call-back is tried until somebody was reached, did not want it, or could not be reached often enough. */
export const callBackMachine = machine({
  name: 'callBack',
  initial: 'planned',
  terminal: ['reached', 'refused', 'unreachable', 'reopened', 'cancelled'],
  states: {
    planned: {
      reached: 'reached',
      refused: 'refused',
      notReached: 'planned',
      gaveUp: 'unreachable',
      reopened: 'reopened',
      cancelled: 'cancelled',
    },
    reached: {},
    refused: {},
    unreachable: {},
    reopened: {},
    cancelled: {},
  },
})
export type CallBackInput = InputOf<typeof callBackMachine>
export type CallBackMachineState = StateOf<typeof callBackMachine>
