import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** One incident whose orders get their money back together. Always two people; what was asked for is never asked again. */
export const refundCaseMachine = machine({
  name: 'refundCase',
  initial: 'awaiting_approval',
  terminal: ['done', 'refused'],
  states: {
    awaiting_approval: { approved: 'running', refused: 'refused' },
    running: { stopped: 'stopped', finished: 'done' },
    stopped: { resumed: 'running' },
    done: {},
    refused: {},
  },
})
export type RefundCaseState = StateOf<typeof refundCaseMachine>
export type RefundCaseInput = InputOf<typeof refundCaseMachine>

/** One order of the case. */
export const refundCaseItemMachine = machine({
  name: 'refundCaseItem',
  initial: 'waiting',
  terminal: ['arrived', 'skipped', 'failed'],
  states: {
    waiting: { asked: 'asked', skipped: 'skipped' },
    asked: { arrived: 'arrived', failed: 'failed' },
    arrived: {},
    skipped: {},
    failed: {},
  },
})
export type RefundCaseItemInput = InputOf<typeof refundCaseItemMachine>
