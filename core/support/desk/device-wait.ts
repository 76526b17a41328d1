import type { TicketSetpoint } from '#protocol/api/tickets.ts'
import type { TwinStatus } from '#protocol/base/twin-parts.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Twins } from '#core/cabinets/twins.ts'
import type { EventHandlers } from '#core/ingest/handlers.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { ticketMachine } from '../machine.ts'
import { getTicket, getUnchanged, saveTicket, type TicketRow } from '../ticket-store.ts'
import type { Tickets } from '../tickets.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const waitingFor = preparedFor((db, cabinetId: string, version: number) =>
  db
    .selectFrom('ticket')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .where('deviceVersion', 'is not', null)
    .where('deviceVersion', '<=', version),
)

const KIND = 'ticket.device'

export interface DeviceWait {
  /** Changes the setpoint and lets the ticket wait. @throws conflict, setpoint_out_of_range, too_many_requests */
  setSetpoint(ticketId: string, by: StaffIdentity, wish: TicketSetpoint): Promise<void>
  /** Beside the projections: the answer of a cabinet reaches the tickets that wait for it, in its transaction. */
  readonly handlers: EventHandlers
}

/** R15: the temperature is adjusted inside the ticket, which waits for what the cabinet says and shows it. */
export function createDeviceWait(
  deps: CoreDeps & { due: DueWork; tickets: Tickets; twins: Pick<Twins, 'changeSetpoint'> },
): DeviceWait {
  const { db, policy, due, tickets } = deps
  due.on(KIND, ({ subjectId, payload }) =>
    db.write('a cabinet does not answer a ticket', async (tx) => {
      const ticket = await getTicket(tx, subjectId)
      if (ticket.deviceVersion !== null && ticket.deviceVersion === payload['version'])
        await tell(tx, ticket, 'message.device_silent')
    }),
  )

  async function tell(tx: Tx, ticket: TicketRow, key: string): Promise<void> {
    await tickets.say(tx, ticket.ticketId, {
      requestId: `device/${ticket.deviceVersion}/${key}`,
      sender: 'system',
      key,
      values: { wanted: celsius(ticket.deviceSetpoint ?? 0) },
    })
    const isFinal = key !== 'message.device_silent'
    const change = isFinal ? { deviceVersion: null } : {}
    const happening = { what: 'deviceAnswered', values: { key } }
    // Somebody answered meanwhile, or it was silent before: then it waits for something else, and no longer for the cabinet.
    if ((await tickets.advance(tx, ticket.ticketId, 'answered', change, happening)) === undefined)
      await saveTicket(tx, ticket, change, happening)
    if (isFinal) await due.cancel(tx, KIND, ticket.ticketId)
  }

  return {
    async setSetpoint(ticketId, by, { version, expectedVersion, setpointDeciCelsius, reason }) {
      const ticket = await db.write('look at a ticket', (tx) => getUnchanged(tx, ticketId, version))
      const { cabinetId } = ticket
      // Before the cabinet is told: a setpoint that was changed is not taken back by a refusal.
      if (ticketMachine.next(ticket.state, 'deviceAsked') === undefined)
        throw new CabinetError('conflict', 'The ticket cannot wait for a cabinet in its present state.')
      if (cabinetId === null)
        throw new CabinetError('conflict', 'This ticket names no cabinet whose temperature could be set.')
      await deps.twins.changeSetpoint({ cabinetId, expectedVersion, setpointDeciCelsius, reason, by })
      await db.write('a ticket waits for a cabinet', async (tx) => {
        const twin = await tx
          .selectFrom('twin')
          .select(['setpointVersion', 'answeredVersion', 'answeredStatus'])
          .where('cabinetId', '=', cabinetId)
          .executeTakeFirstOrThrow()
        const waiting = await tickets.advance(
          tx,
          ticketId,
          'deviceAsked',
          {
            deviceVersion: twin.setpointVersion,
            deviceAskedAtMs: nowOf(tx),
            deviceSetpoint: setpointDeciCelsius,
          },
          { what: 'deviceAsked', by, values: { wanted: celsius(setpointDeciCelsius) } },
        )
        if (waiting === undefined)
          throw new CabinetError('conflict', 'The ticket cannot wait for a cabinet in its present state.')
        await due.schedule(tx, {
          kind: KIND,
          subjectId: ticketId,
          dueAtMs: nowOf(tx) + policy.deviceAnswerMs,
          payload: { version: twin.setpointVersion },
        })
        // A fast cabinet may have answered before the ticket began to wait.
        if (twin.answeredVersion >= twin.setpointVersion && twin.answeredStatus !== null)
          await answer(tx, waiting, twin.answeredVersion, twin.answeredStatus)
      })
    },
    handlers: {
      'climate.setpoint-applied': async (tx, { cabinetId }, { version, status }) => {
        const waiting = await waitingFor(tx, cabinetId, version)
        for (const ticket of waiting) await answer(tx, ticket, version, status)
      },
    },
  }

  async function answer(tx: Tx, ticket: TicketRow, version: number, status: TwinStatus): Promise<void> {
    return tell(tx, ticket, ticket.deviceVersion === version ? ANSWERS[status] : 'message.device_superseded')
  }
}
const ANSWERS: Record<TwinStatus, string> = {
  applied: 'message.device_applied',
  rejected: 'message.device_refused',
  overridden: 'message.device_overridden',
}

function celsius(deci: number): string {
  return (deci / 10).toFixed(1)
}
