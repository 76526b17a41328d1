import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/**
 * A debt that is let go. The provider stops collecting first; only then is it entered into the journal. Money that comes
 * in between wins: the write-off is overtaken.
 */
export const writeOffMachine = machine({
  name: 'writeOff',
  initial: 'requested',
  terminal: ['done', 'refused', 'overtaken'],
  states: {
    requested: { approvalNeeded: 'awaiting_approval', approved: 'approved', ended: 'overtaken' },
    awaiting_approval: { approved: 'approved', refused: 'refused', ended: 'overtaken' },
    approved: { letGo: 'done', ended: 'overtaken' },
    done: {},
    refused: {},
    overtaken: {},
  },
})
export type WriteOffState = StateOf<typeof writeOffMachine>
export type WriteOffInput = InputOf<typeof writeOffMachine>
