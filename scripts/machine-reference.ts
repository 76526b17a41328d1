import { anomalyMachine } from '#core/anomalies/machine.ts'
import { alarmMachine } from '#core/cabinets/alarms.ts'
import { commandMachine } from '#core/cabinets/command-machine.ts'
import { callerCheckMachine } from '#core/callers/machine.ts'
import { callBackMachine } from '#core/follow-up/machine.ts'
import { improvementMachine } from '#core/improvement/machine.ts'
import { orderMachine } from '#core/orders/machine.ts'
import { chargeMachine } from '#core/payments/machine.ts'
import { writeOffMachine } from '#core/arrears/machine.ts'
import { compensationMachine } from '#core/compensation/machine.ts'
import { refundCaseItemMachine, refundCaseMachine } from '#core/refund-cases/machine.ts'
import { restrictionMachine } from '#core/restrictions/machine.ts'
import { refundMachine } from '#core/refunds/machine.ts'
import { visitMachine } from '#core/restock/machine.ts'
import { sessionMachine } from '#core/sessions/machine.ts'
import { loweringRequestMachine } from '#core/support/lowering-machine.ts'
import { ticketMachine } from '#core/support/machine.ts'
import { lockoutMachine } from '#edge/climate/lockout.ts'
import { sessionMachine as edgeSessionMachine } from '#edge/session/machine.ts'
import type { Machine } from '#protocol/base/machine.ts'

interface Entry {
  title: string
  file: string
  machine: Machine<string, string>
}
function entry<S extends string, I extends string>(title: string, file: string, drawn: Machine<S, I>): Entry {
  return { title, file, machine: drawn as unknown as Machine<string, string> }
}

const MACHINES: readonly Entry[] = [
  entry('Session, as the core sees it', 'core/sessions/machine.ts', sessionMachine),
  entry('Session, inside the cabinet', 'edge/session/machine.ts', edgeSessionMachine),
  entry('Visit of staff', 'core/restock/machine.ts', visitMachine),
  entry('Order', 'core/orders/machine.ts', orderMachine),
  entry('Charge', 'core/payments/machine.ts', chargeMachine),
  entry('Refund', 'core/refunds/machine.ts', refundMachine),
  entry('Wish to collect less', 'core/support/lowering-machine.ts', loweringRequestMachine),
  entry('Write-off', 'core/arrears/machine.ts', writeOffMachine),
  entry('Compensation', 'core/compensation/machine.ts', compensationMachine),
  entry('Refund case', 'core/refund-cases/machine.ts', refundCaseMachine),
  entry('One order of a refund case', 'core/refund-cases/machine.ts', refundCaseItemMachine),
  entry('Anomaly', 'core/anomalies/machine.ts', anomalyMachine),
  entry('Restriction', 'core/restrictions/machine.ts', restrictionMachine),
  entry('Ticket', 'core/support/machine.ts', ticketMachine),
  entry('Caller check', 'core/callers/machine.ts', callerCheckMachine),
  entry('Call-back', 'core/follow-up/machine.ts', callBackMachine),
  entry('Improvement item', 'core/improvement/machine.ts', improvementMachine),
  entry('Command', 'core/cabinets/command-machine.ts', commandMachine),
  entry('Alarm', 'core/cabinets/alarms.ts', alarmMachine),
  entry('Food-safety lockout', 'edge/climate/lockout.ts', lockoutMachine),
]

/** docs/reference/state-machines.md: one picture a machine, drawn from the table that runs. */
export function machineReference(): string {
  const parts = [
    '# State machines',
    '',
    'Drawn from the tables that run, by `npm run docs`; do not edit. What has no arrow does not happen.',
    '',
  ]
  for (const { title, file, machine } of MACHINES) {
    parts.push(
      `## ${title}`,
      '',
      `\`${file}\``,
      '',
      '```mermaid',
      'stateDiagram-v2',
      `  [*] --> ${machine.initial}`,
    )
    for (const state of machine.states) {
      for (const input of machine.inputsOf(state))
        parts.push(`  ${state} --> ${machine.next(state, input)}: ${input}`)
      if (machine.isTerminal(state)) parts.push(`  ${state} --> [*]`)
    }
    parts.push('```', '')
  }
  return parts.join('\n')
}
