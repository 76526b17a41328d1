import { type InputOf, machine } from '#protocol/base/machine.ts'

/** One try to find out whether a caller is who they say. What was found out holds for a while and ends with the ticket. */
export const callerCheckMachine = machine({
  name: 'callerCheck',
  initial: 'asked',
  terminal: ['failed', 'lapsed', 'withdrawn', 'ended'],
  states: {
    asked: { passed: 'passed', failed: 'failed', lapsed: 'lapsed', withdrawn: 'withdrawn' },
    passed: { ended: 'ended' },
    failed: {},
    lapsed: {},
    withdrawn: {},
    ended: {},
  },
})
export type CallerCheckInput = InputOf<typeof callerCheckMachine>
