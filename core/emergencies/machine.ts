import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** From the discovery to the summary. What comes back during the recovery is answered again. */
export const emergencyMachine = machine({
  name: 'emergency',
  initial: 'discovered',
  terminal: ['closed', 'false_alarm'],
  states: {
    discovered: { analyse: 'analysis', call_off: 'false_alarm' },
    analysis: { respond: 'response', call_off: 'false_alarm' },
    response: { recover: 'recovery' },
    recovery: { relapse: 'response', summarise: 'summary' },
    summary: { close: 'closed' },
    closed: {},
    false_alarm: {},
  },
})
export type EmergencyInput = InputOf<typeof emergencyMachine>
export type EmergencyMachineState = StateOf<typeof emergencyMachine>

/** One text to everybody whom it concerns: asked for, approved by a second person, sent once to each. */
export const emergencyNoticeMachine = machine({
  name: 'emergencyNotice',
  initial: 'awaiting_approval',
  terminal: ['done', 'refused'],
  states: {
    awaiting_approval: { approve: 'running', refuse: 'refused' },
    running: { stop: 'stopped', finished: 'done' },
    stopped: { resume: 'running', refuse: 'refused' },
    done: {},
    refused: {},
  },
})
export type EmergencyNoticeInput = InputOf<typeof emergencyNoticeMachine>
export type EmergencyNoticeMachineState = StateOf<typeof emergencyNoticeMachine>
