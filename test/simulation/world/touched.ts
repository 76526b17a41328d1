import type Sqlite from 'better-sqlite3'
import { commandMachine } from '#core/cabinets/command-machine.ts'
import { anomalyMachine } from '#core/anomalies/machine.ts'
import { orderMachine } from '#core/orders/machine.ts'
import { chargeMachine } from '#core/payments/machine.ts'
import { refundMachine } from '#core/refunds/machine.ts'
import { sessionMachine } from '#core/sessions/machine.ts'
import { ticketMachine } from '#core/support/machine.ts'

interface Machine {
  readonly states: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly initial: string
}
export const MACHINES: Readonly<Record<string, Machine & { table: string; id: string }>> = {
  session: { ...tableOf(sessionMachine), table: 'session', id: 'sessionId' },
  order: { ...tableOf(orderMachine), table: '"order"', id: 'orderId' },
  charge: { ...tableOf(chargeMachine), table: 'charge', id: 'chargeId' },
  refund: { ...tableOf(refundMachine), table: 'refund', id: 'refundId' },
  command: { ...tableOf(commandMachine), table: 'command', id: 'commandId' },
  anomaly: { ...tableOf(anomalyMachine), table: 'anomaly', id: 'anomalyId' },
  ticket: { ...tableOf(ticketMachine), table: 'ticket', id: 'ticketId' },
}

function tableOf(machine: { table: unknown; initial: string }): Machine {
  return { states: machine.table as Machine['states'], initial: machine.initial }
}

/** Teaches a connection to write down each change of a state, for `watchMachines`. It outlives a run, and so does this. */
export function teachMachines(sqlite: Sqlite.Database): void {
  sqlite.exec('CREATE TEMP TABLE touched (kind TEXT, id TEXT, was TEXT, now TEXT)')
  for (const [kind, { table, id }] of Object.entries(MACHINES))
    sqlite.exec(`CREATE TEMP TRIGGER touch_${kind} AFTER UPDATE OF state ON main.${table} WHEN OLD.state <> NEW.state
      BEGIN INSERT INTO touched VALUES ('${kind}', NEW.${id}, OLD.state, NEW.state); END`)
}
