import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { Id } from '#protocol/api/common.ts'
import { DisputeView } from '#protocol/api/consumer.ts'
import { PICTURE_BYTES_MOST, PictureQuery } from '#protocol/api/pictures.ts'
import { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Disputes } from '../disputes.ts'
import type { SupportQueries } from '../queries.ts'
import type { TicketPictures } from './pictures.ts'

const ADDED_A_MINUTE = { max: 20, timeWindow: '1 minute' }

/** Pictures of a question: added one a request, looked at by its consumer and, in the audit log, by staff. */
export async function registerPictureRoutes(
  app: HttpApp,
  deps: CoreDeps & { pictures: TicketPictures; disputes: Disputes; support: SupportQueries },
): Promise<void> {
  const { db, pictures, disputes, support } = deps
  const ofDispute = Type.Object({ disputeId: Id })
  const ofTicket = Type.Object({ ticketId: Id })

  await app.register(async (scope) => {
    // Whatever it calls itself: what it is is found out when it is taken apart.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: PICTURE_BYTES_MOST },
      (_request, body, done) => done(null, body),
    )
    scope.post<{ Params: { disputeId: string }; Querystring: { requestId: string } }>(
      '/api/consumer/disputes/:disputeId/pictures',
      {
        config: { access: { kind: 'consumer' }, rateLimit: ADDED_A_MINUTE },
        bodyLimit: PICTURE_BYTES_MOST,
        schema: { params: ofDispute, querystring: PictureQuery, response: { 201: DisputeView } },
      },
      async (request, reply) => {
        const consumerId = request.consumer?.consumerId ?? ''
        const { disputeId: ticketId } = await disputes.view(consumerId, request.params.disputeId)
        await pictures.add(ticketId, {
          requestId: request.query.requestId,
          bytes: bytesOf(request.body),
          staffId: null,
        })
        return reply.code(201).send(await disputes.view(consumerId, ticketId))
      },
    )
    scope.post<{ Params: { ticketId: string }; Querystring: { requestId: string } }>(
      '/api/staff/tickets/:ticketId/pictures',
      {
        config: { access: { kind: 'staff', permission: 'ticket.work' }, rateLimit: ADDED_A_MINUTE },
        bodyLimit: PICTURE_BYTES_MOST,
        schema: { params: ofTicket, querystring: PictureQuery, response: { 201: TicketDetail } },
      },
      async (request, reply) => {
        const { staff } = request
        if (staff === null) throw new CabinetError('not_signed_in')
        const { ticketId } = request.params
        await support.seen(staff, ticketId)
        await pictures.add(ticketId, {
          requestId: request.query.requestId,
          bytes: bytesOf(request.body),
          staffId: staff.staffId,
        })
        return reply.code(201).send(await support.ticket(staff, ticketId))
      },
    )
  })

  app.get<{ Params: { disputeId: string; pictureId: string } }>(
    '/api/consumer/disputes/:disputeId/pictures/:pictureId',
    {
      config: { access: { kind: 'consumer' } },
      schema: { params: Type.Object({ disputeId: Id, pictureId: Id }) },
    },
    async (request, reply) => {
      const own = await disputes.view(request.consumer?.consumerId ?? '', request.params.disputeId)
      return sendPicture(
        reply,
        await pictures.read(own.disputeId, request.params.pictureId),
        'private, max-age=3600',
      )
    },
  )
  app.get<{ Params: { ticketId: string; pictureId: string } }>(
    '/api/staff/tickets/:ticketId/pictures/:pictureId',
    {
      config: { access: { kind: 'staff', permission: 'evidence.read' } },
      schema: { params: Type.Object({ ticketId: Id, pictureId: Id }) },
    },
    async (request, reply) => {
      const { staff } = request
      if (staff === null) throw new CabinetError('not_signed_in')
      const { ticketId, pictureId } = request.params
      await support.seen(staff, ticketId)
      const bytes = await pictures.read(ticketId, pictureId)
      await db.write('audit a view of a picture', (tx) =>
        appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'evidence.viewed',
          subject: `ticket:${ticketId}`,
          detail: { pictureId },
        }),
      )
      // Each look is asked for anew: what a browser kept would be seen without an entry, also after signing out.
      return sendPicture(reply, bytes, 'no-store')
    },
  )
}

function bytesOf(body: unknown): Uint8Array {
  if (!(body instanceof Uint8Array) || body.byteLength === 0) throw new CabinetError('bad_picture')
  return body
}

function sendPicture(reply: FastifyReply, bytes: Buffer, kept: string): FastifyReply {
  return reply
    .type('image/jpeg')
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('cache-control', kept)
    .send(bytes)
}
