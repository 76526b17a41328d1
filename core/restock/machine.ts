import { type InputOf, machine } from '#protocol/base/machine.ts'

/**
 * A visit of staff. `weighed`: the door is shut and the scales have spoken; a person says what was done and confirms it, and
 * only then stock changes. `ended`: it was never opened, or was given up.
 */
export const visitMachine = machine({
  name: 'visit of staff',
  initial: 'opening',
  states: {
    opening: {
      opened: 'open',
      refused: 'ended',
      notOpened: 'ended',
      reconciled: 'weighed',
      abandoned: 'weighed',
    },
    // A cabinet that cannot say any more what happened does not keep people from saying it.
    open: { reconciled: 'weighed', abandoned: 'weighed' },
    weighed: { confirm: 'confirmed', giveUp: 'ended' },
    confirmed: {},
    ended: {},
  },
  terminal: ['confirmed', 'ended'],
})
export type VisitInput = InputOf<typeof visitMachine>
