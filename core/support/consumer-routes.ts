import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { Id } from '#protocol/api/common.ts'
import {
  CabinetForConsumer,
  DisputeRequest,
  DisputeView,
  MessageRequest,
  OpenRequest,
  OrderList,
  OrderView,
  RatingRequest,
  RecommendationRequest,
  ReopenRequest,
  SessionView,
} from '#protocol/api/consumer.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import type { Consent } from '#core/consumers/consent.ts'
import type { Consumers } from '#core/consumers/consumers.ts'
import type { OrderQueries } from '#core/orders/queries.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Opening } from '#core/sessions/opening.ts'
import { cabinetForConsumer, sessionView } from '#core/sessions/queries.ts'
import { findSession } from '#core/sessions/store.ts'
import type { Disputes } from './disputes.ts'

const PUBLIC = { config: { access: { kind: 'public' as const } } }
const SIGNED_IN = { config: { access: { kind: 'consumer' as const } } }
/** A phone that asks to open more often than this is not a shopper. */
const OPENINGS_A_MINUTE = { max: 30, timeWindow: '1 minute' }
const DISPUTES_A_MINUTE = { max: 20, timeWindow: '1 minute' }

/** The consumer's interface, `protocol/api/consumer.ts`. What is somebody else's does not exist. */
export function registerConsumerRoutes(
  app: HttpApp,
  deps: CoreDeps & {
    presence: PresenceBook
    consumers: Consumers
    consent: Consent
    opening: Opening
    orders: OrderQueries
    disputes: Disputes
  },
): void {
  const { db, opening, consumers, consent, orders, disputes } = deps
  const own = (request: FastifyRequest): string => {
    if (request.consumer === null) throw new CabinetError('not_signed_in')
    return request.consumer.consumerId
  }

  app.get(
    '/api/consumer/cabinets/:cabinetId',
    {
      ...PUBLIC,
      schema: {
        params: Type.Object({ cabinetId: Type.String({ maxLength: 64 }) }),
        response: { 200: CabinetForConsumer },
      },
    },
    (request) => cabinetForConsumer(deps, request.params.cabinetId, request.consumer?.consumerId),
  )

  app.post(
    '/api/consumer/sessions',
    {
      config: { ...PUBLIC.config, rateLimit: OPENINGS_A_MINUTE },
      schema: { body: OpenRequest, response: { 201: SessionView } },
    },
    async (request, reply) => {
      const { cabinetId, requestId, door } = request.body
      const askConsent = async () => {
        const consentUrl = await consent.begin(request, reply, cabinetId)
        throw new CabinetError('consent_required', undefined, { context: { consentUrl } })
      }
      if (request.consumer === null) {
        // The cabinet's own refusals come first: nobody should sign in for a door that stays shut.
        await opening.checkCabinet(cabinetId, door)
        return askConsent()
      }
      const { consumerId } = request.consumer
      const consumer = await db.read
        .selectFrom('consumer')
        .select('permissionLostAtMs')
        .where('consumerId', '=', consumerId)
        .executeTakeFirst()
      if (consumer?.permissionLostAtMs != null) return askConsent()
      try {
        const session = await opening.open({ consumerId, requestId, cabinetId, door })
        return await reply.code(201).send(await sessionView(deps, session))
      } catch (error) {
        if (!(error instanceof CabinetError) || error.code !== 'consent_required') throw error
        const openid = await consumers.openidOf(db.read, consumerId)
        await db.write('a permission was taken back', (tx) => consumers.setPermission(tx, openid, false))
        return askConsent()
      }
    },
  )

  app.get(
    '/api/consumer/sessions/:sessionId',
    { ...SIGNED_IN, schema: { params: Type.Object({ sessionId: Id }), response: { 200: SessionView } } },
    async (request) => {
      const session = await findSession(db.read, request.params.sessionId)
      if (session === undefined || session.consumerId !== own(request)) throw new CabinetError('not_found')
      return sessionView(deps, session)
    },
  )

  app.get(
    '/api/consumer/orders',
    {
      ...SIGNED_IN,
      schema: {
        querystring: Type.Object({ before: Type.Optional(Id) }, { additionalProperties: false }),
        response: { 200: OrderList },
      },
    },
    (request) => orders.ordersOf(own(request), request.query.before),
  )
  app.get(
    '/api/consumer/orders/:orderId',
    { ...SIGNED_IN, schema: { params: Type.Object({ orderId: Id }), response: { 200: OrderView } } },
    (request) => orders.orderForConsumer(own(request), request.params.orderId),
  )

  app.post(
    '/api/consumer/orders/:orderId/disputes',
    {
      config: { ...SIGNED_IN.config, rateLimit: DISPUTES_A_MINUTE },
      schema: {
        params: Type.Object({ orderId: Id }),
        body: DisputeRequest,
        response: { 201: DisputeView },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await disputes.raise(own(request), request.params.orderId, request.body)),
  )
  const params = Type.Object({ disputeId: Id })
  const response = { 200: DisputeView }
  app.get('/api/consumer/disputes/:disputeId', { ...SIGNED_IN, schema: { params, response } }, (request) =>
    disputes.view(own(request), request.params.disputeId),
  )
  app.post(
    '/api/consumer/disputes/:disputeId/messages',
    { ...SIGNED_IN, schema: { params, body: MessageRequest, response } },
    (request) => disputes.write(own(request), request.params.disputeId, request.body),
  )
  app.post(
    '/api/consumer/disputes/:disputeId/reopen',
    { ...SIGNED_IN, schema: { params, body: ReopenRequest, response } },
    (request) => disputes.reopen(own(request), request.params.disputeId, request.body),
  )
  app.post(
    '/api/consumer/disputes/:disputeId/rating',
    { ...SIGNED_IN, schema: { params, body: RatingRequest, response } },
    (request) => disputes.rate(own(request), request.params.disputeId, request.body),
  )
  app.post(
    '/api/consumer/disputes/:disputeId/recommendation',
    { ...SIGNED_IN, schema: { params, body: RecommendationRequest, response } },
    (request) => disputes.recommend(own(request), request.params.disputeId, request.body.score),
  )
}
