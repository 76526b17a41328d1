import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/**
 * Plan, do, check, act. What the check finds without effect is planned again, in a next round; what had an effect ends when
 * somebody wrote down what became the rule from now on.
 */
export const improvementMachine = machine({
  name: 'improvement',
  initial: 'plan',
  terminal: ['closed', 'dropped'],
  states: {
    plan: { begin: 'do', drop: 'dropped' },
    do: { finish: 'check', drop: 'dropped' },
    check: { effective: 'act', again: 'plan' },
    act: { close: 'closed' },
    closed: {},
    dropped: {},
  },
})
export type ImprovementInput = InputOf<typeof improvementMachine>
export type ImprovementMachineState = StateOf<typeof improvementMachine>
