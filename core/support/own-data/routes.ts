import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { ErasureResult, ErasureView } from '#protocol/api/own-data.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { OrderQueries } from '#core/orders/queries.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Seal } from '#core/privacy/seal.ts'
import { eraseConsumer, erasureView } from './erase.ts'
import { exportOwnData } from './export.ts'

const access = { kind: 'consumer' as const }
/** Reading everything of somebody is much work; nobody needs it often. */
const A_FEW = { max: 10, timeWindow: '1 minute' }

/** What a person may ask of us about themselves: a copy of everything, and to be forgotten. */
export function registerOwnDataRoutes(
  app: HttpApp,
  deps: CoreDeps & { seal: Seal; orders: OrderQueries; random: Random },
): void {
  const { db, clock, seal, orders } = deps
  const own = (request: FastifyRequest): string => {
    if (request.consumer === null) throw new CabinetError('not_signed_in')
    return request.consumer.consumerId
  }
  app.get(
    '/api/consumer/own-data',
    { config: { access, rateLimit: A_FEW }, schema: { response: { 200: Type.Unknown() } } },
    async (request, reply) => {
      const consumerId = own(request)
      const nowMs = clock.now()
      const data = await exportOwnData({ read: db.read, seal, orders, nowMs }, consumerId)
      await db.write('own data were taken along', (tx) =>
        appendAudit(tx, {
          actor: `consumer:${consumerId}`,
          action: 'consumer.exported',
          subject: `consumer:${consumerId}`,
        }),
      )
      const day = new Date(nowMs).toISOString().slice(0, 10)
      return reply
        .header('content-disposition', `attachment; filename="cabinet-own-data-${day}.json"`)
        .type('application/json; charset=utf-8')
        .send(`${JSON.stringify(data, null, 2)}\n`)
    },
  )
  app.get(
    '/api/consumer/own-data/erasure',
    { config: { access }, schema: { response: { 200: ErasureView } } },
    (request) => erasureView(db.read, own(request)),
  )
  app.post(
    '/api/consumer/own-data/erasure',
    { config: { access, rateLimit: A_FEW }, schema: { response: { 200: ErasureResult } } },
    async (request): Promise<ErasureResult> => {
      const openMatters = await db.write('forget a person', (tx) => eraseConsumer(tx, deps, own(request)))
      return { state: openMatters.length === 0 ? 'erased' : 'open_matters', openMatters }
    },
  )
}
