import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** Something about an order that must be decided. A person's decision takes the same way as a rule's. */
export const anomalyMachine = machine({
  name: 'anomaly',
  initial: 'detected',
  terminal: ['explained'],
  states: {
    detected: { ruleDecided: 'decided_by_policy', personNeeded: 'in_review' },
    decided_by_policy: { carriedOut: 'carried_out' },
    in_review: { personDecided: 'decided' },
    decided: { carriedOut: 'carried_out' },
    carried_out: { told: 'explained' },
    explained: {},
  },
})
export type AnomalyMachineState = StateOf<typeof anomalyMachine>
export type AnomalyInput = InputOf<typeof anomalyMachine>
