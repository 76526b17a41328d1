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

/** Where the money of an order is written, and what of it counts. */
export const MONEY: Readonly<Record<string, string>> = {
  order: 'state, totalFen, paidFen, refundedFen',
  orderLine: 'amountFen, refundedFen, refundedQuantity',
  charge: 'state, amountFen',
  payment: 'amountFen, reservedFen, refundedFen, isDuplicate',
  refund: 'state, amountFen, approvedBy',
  ledgerEntry: 'lineCount',
}

/**
 * Teaches a connection to write down each change of a state, for `watchMachines`, and the orders whose money was touched,
 * for `watchMoney`. It outlives a run, and so does this.
 */
export function teachTouching(sqlite: Sqlite.Database): void {
  sqlite.exec(
    'CREATE TEMP TABLE touchedMoney (orderId TEXT, tableName TEXT, PRIMARY KEY (orderId, tableName)) WITHOUT ROWID',
  )
  for (const [table, columns] of Object.entries(MONEY))
    for (const [name, event] of [
      ['added', 'INSERT'],
      ['changed', `UPDATE OF ${columns}`],
    ] as const)
      sqlite.exec(`CREATE TEMP TRIGGER money_${table}_${name} AFTER ${event} ON main."${table}"
        BEGIN INSERT OR IGNORE INTO touchedMoney SELECT NEW.orderId, '${table}' WHERE NEW.orderId IS NOT NULL; END`)
  sqlite.exec('CREATE TEMP TABLE touched (kind TEXT, id TEXT, was TEXT, now TEXT)')
  for (const [kind, { table, id }] of Object.entries(MACHINES))
    sqlite.exec(`CREATE TEMP TRIGGER touch_${kind} AFTER UPDATE OF state ON main.${table} WHEN OLD.state <> NEW.state
      BEGIN INSERT INTO touched VALUES ('${kind}', NEW.${id}, OLD.state, NEW.state); END`)
}
