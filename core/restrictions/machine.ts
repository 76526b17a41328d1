import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** What a consumer may not do for a while. It always has an end; lifting it needs a person with a reason. */
export const restrictionMachine = machine({
  name: 'restriction',
  initial: 'active',
  terminal: ['expired', 'lifted', 'replaced'],
  states: {
    active: { timePassed: 'expired', lifted: 'lifted', madeStricter: 'replaced' },
    expired: {},
    lifted: {},
    replaced: {},
  },
})
export type RestrictionState = StateOf<typeof restrictionMachine>
export type RestrictionInput = InputOf<typeof restrictionMachine>
