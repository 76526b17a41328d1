import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { CallerAnswer, CallerAsk, CallerVouch } from '#protocol/api/callers.ts'
import { closed, Id } from '#protocol/api/common.ts'
import { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { checkCabinetOf } from '#core/cabinets/owner.ts'
import { getOrder } from '#core/orders/store.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { SupportQueries } from '#core/support/queries.ts'
import type { CallerChecks } from './caller-checks.ts'

const params = Type.Object({ ticketId: Id }, closed)
const response = { 200: TicketDetail }
const verify = { config: { access: { kind: 'staff' as const, permission: 'caller.verify' as const } } }
const vouch = { config: { access: { kind: 'staff' as const, permission: 'caller.vouch' as const } } }
const at = (step: string) => `/api/staff/tickets/:ticketId/caller/${step}`

/** Whether who speaks on a ticket is who they say. `protocol/api/callers.ts`. */
export function registerCallerRoutes(
  app: HttpApp,
  { db, callers, support }: CoreDeps & { callers: CallerChecks; support: SupportQueries },
): void {
  async function work(
    request: FastifyRequest<{ Params: { ticketId: string } }>,
    act: (tx: Tx, staff: StaffIdentity, ticketId: string) => Promise<void>,
  ): Promise<TicketDetail> {
    const { staff } = request
    if (staff === null) throw new CabinetError('not_signed_in')
    const { ticketId } = request.params
    await support.seen(staff, ticketId)
    await db.write('find out who a caller is', (tx) => act(tx, staff, ticketId))
    return support.ticket(staff, ticketId)
  }

  app.post(at('ask'), { ...verify, schema: { params, body: CallerAsk, response } }, (request) =>
    work(request, async (tx, staff, ticketId) => {
      const { orderId } = request.body
      if (orderId !== undefined) await checkCabinetOf(tx, staff, (await getOrder(tx, orderId)).cabinetId)
      await callers.ask(tx, staff, ticketId, request.body)
    }),
  )
  app.post(at('answer'), { ...verify, schema: { params, body: CallerAnswer, response } }, (request) =>
    work(request, (tx, staff, ticketId) => callers.answer(tx, staff, ticketId, request.body)),
  )
  app.post(at('vouch'), { ...vouch, schema: { params, body: CallerVouch, response } }, (request) =>
    work(request, (tx, staff, ticketId) => callers.vouch(tx, staff, ticketId, request.body.reason)),
  )
}
