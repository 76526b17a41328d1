import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** A closed case that is looked at again. A failed one may be objected to once; somebody else than the checker decides. */
export const recheckMachine = machine({
  name: 'recheck',
  initial: 'waiting',
  terminal: ['passed', 'confirmed', 'lifted', 'dropped'],
  states: {
    waiting: { passed: 'passed', failed: 'failed', reopened: 'dropped' },
    passed: {},
    failed: { objected: 'objected' },
    objected: { confirm: 'confirmed', lift: 'lifted' },
    confirmed: {},
    lifted: {},
    dropped: {},
  },
})
export type RecheckInput = InputOf<typeof recheckMachine>
export type RecheckMachineState = StateOf<typeof recheckMachine>
