import { commandMachine } from '#core/cabinets/command-machine.ts'
import { anomalyMachine } from '#core/anomalies/machine.ts'
import { orderMachine } from '#core/orders/machine.ts'
import { chargeMachine } from '#core/payments/machine.ts'
import { refundMachine } from '#core/refunds/machine.ts'
import { sessionMachine } from '#core/sessions/machine.ts'
import { ticketMachine } from '#core/support/machine.ts'
import type { World } from '../world/world.ts'

interface Machine {
  readonly states: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly initial: string
}
const MACHINES: Readonly<Record<string, Machine & { table: string; id: string }>> = {
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

/**
 * Every single change of a state, also the ones that a transaction passes through, is compared with the machines (I12);
 * after each commit doors and consumers have one live session each (I13). Temporary triggers write down what was touched.
 */
export function watchMachines(world: World): void {
  const { sqlite } = world.core
  // The connection outlives a run, and so do they.
  sqlite.exec(
    'CREATE TEMP TABLE IF NOT EXISTS touched (kind TEXT, id TEXT, was TEXT, now TEXT); DELETE FROM touched',
  )
  for (const [kind, { table, id }] of Object.entries(MACHINES))
    sqlite.exec(`CREATE TEMP TRIGGER IF NOT EXISTS touch_${kind} AFTER UPDATE OF state ON main.${table} WHEN OLD.state <> NEW.state
      BEGIN INSERT INTO touched VALUES ('${kind}', NEW.${id}, OLD.state, NEW.state); END`)
  const read = sqlite.prepare<[], { kind: string; id: string; was: string; now: string }>(
    'SELECT * FROM touched',
  )
  const clear = sqlite.prepare('DELETE FROM touched')
  const crowded = sqlite.prepare<[], { subject: string }>(
    `SELECT 'door ' || door || ' of ' || cabinetId AS subject FROM session
       WHERE state IN ('requested','authorised','unlocking','opened','closed','overdue') GROUP BY cabinetId, door HAVING count(*) > 1
     UNION ALL SELECT 'consumer ' || consumerId FROM session
       WHERE state IN ('requested','authorised','unlocking','opened','closed','overdue') GROUP BY consumerId HAVING count(*) > 1`,
  )
  const before = world.core.onCommit
  world.core.onCommit = () => {
    before()
    const rows = read.all()
    if (rows.length === 0) return
    clear.run()
    let hasSession = false
    for (const { kind, id, was, now } of rows) {
      hasSession ||= kind === 'session'
      world.scheduler.note(now.length)
      const ways = Object.values(MACHINES[kind]?.states[was] ?? {})
      if (!ways.includes(now)) world.violate('I12', `${kind} ${id} went from ${was} to ${now}`)
    }
    if (hasSession)
      for (const { subject } of crowded.all()) world.violate('I13', `the ${subject} has two live sessions`)
  }
}
