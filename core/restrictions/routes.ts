import type { FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import Type from 'typebox'
import { closed, Id } from '#protocol/api/common.ts'
import {
  AppealRequest,
  AppealResult,
  type OwnRestriction,
  OwnRestrictionAnswer,
  RestrictionCreate,
  RestrictionLift,
  RestrictionList,
  RestrictionView,
} from '#protocol/api/restrictions.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { consumerLabel } from '#core/privacy/seal.ts'
import type { Permission } from '#core/staff/permissions.ts'
import type { RestrictionRow, Restrictions } from './restrictions.ts'

const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })
const SIGNED_IN = { config: { access: { kind: 'consumer' as const } } }
const APPEALS_A_MINUTE = { max: 10, timeWindow: '1 minute' }
const LIST_LENGTH = 100
type Values = Record<string, string | number>

/** What a consumer sees of a restriction, and what leads do about one. `protocol/api/restrictions.ts`. */
export function registerRestrictionRoutes(
  app: HttpApp,
  deps: CoreDeps & { restrictions: Restrictions },
): void {
  const { db, clock, restrictions } = deps
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }
  const own = (request: FastifyRequest): { consumerId: string; language?: 'zh' | 'en' } => {
    if (request.consumer === null) throw new CabinetError('not_signed_in')
    return request.consumer
  }

  // --- consumers

  async function ownView(consumerId: string): Promise<OwnRestriction | null> {
    const row = await db.read
      .selectFrom('restriction')
      .selectAll()
      .where('consumerId', '=', consumerId)
      .where('state', '=', 'active')
      .where('expiresAtMs', '>', clock.now())
      .executeTakeFirst()
    if (row === undefined) return null
    return {
      restrictionId: row.restrictionId,
      level: row.level,
      capFen: row.capFen,
      reasonKey: row.reasonKey,
      reasonValues: JSON.parse(row.reasonValues) as Values,
      orderIds: await restrictions.orderIdsOf(db.read, row),
      createdAtMs: row.createdAtMs,
      expiresAtMs: row.expiresAtMs,
      appealId: row.appealTicketId,
      actions: row.appealTicketId === null ? ['appeal'] : [],
    }
  }
  app.get(
    '/api/consumer/restriction',
    { ...SIGNED_IN, schema: { response: { 200: OwnRestrictionAnswer } } },
    async (request) => ({ restriction: await ownView(own(request).consumerId) }),
  )
  app.post(
    '/api/consumer/restriction/appeal',
    {
      config: { ...SIGNED_IN.config, rateLimit: APPEALS_A_MINUTE },
      schema: { body: AppealRequest, response: { 201: AppealResult } },
    },
    async (request, reply) => {
      const { consumerId, language } = own(request)
      const { requestId, text = '' } = request.body
      const appealId = await db.write('object to a restriction', (tx) =>
        restrictions.appeal(tx, consumerId, {
          requestId,
          text,
          language: request.body.language ?? language ?? 'zh',
        }),
      )
      return reply.code(201).send({ appealId })
    },
  )

  // --- staff

  async function viewOf(
    reader: Kysely<Tables>,
    row: RestrictionRow,
    staff: StaffIdentity,
  ): Promise<RestrictionView> {
    const names = await reader
      .selectFrom('staff')
      .select(['staffId', 'displayName'])
      .where('staffId', 'in', [row.createdBy, row.endedBy ?? ''])
      .execute()
    const nameOf = (id: string | null) =>
      id === null || id.startsWith('rule:')
        ? null
        : (names.find((one) => one.staffId === id)?.displayName ?? id)
    return {
      restrictionId: row.restrictionId,
      consumerId: row.consumerId,
      consumerLabel: consumerLabel(row.consumerId),
      level: row.level,
      state: row.state,
      capFen: row.capFen,
      reasonKey: row.reasonKey,
      reasonValues: JSON.parse(row.reasonValues) as Values,
      note: row.note,
      createdBy: nameOf(row.createdBy),
      createdAtMs: row.createdAtMs,
      expiresAtMs: row.expiresAtMs,
      orderIds: await restrictions.orderIdsOf(reader, row),
      appealTicketId: row.appealTicketId,
      endedAtMs: row.endedAtMs,
      endedBy: nameOf(row.endedBy),
      endNote: row.endNote,
      actions: row.state === 'active' && staff.permissions.has('consumer.block') ? ['lift'] : [],
    }
  }
  app.get(
    '/api/staff/restrictions',
    {
      ...allow('restriction.read'),
      schema: {
        querystring: Type.Object({ consumer: Type.Optional(Id) }, closed),
        response: { 200: RestrictionList },
      },
    },
    async (request) => {
      const staff = me(request)
      let query = db.read.selectFrom('restriction').selectAll()
      const { consumer } = request.query
      if (consumer !== undefined) query = query.where('consumerId', '=', consumer)
      const rows = await query
        .orderBy((eb) => eb.case().when('state', '=', 'active').then(0).else(1).end())
        .orderBy('createdAtMs', 'desc')
        .limit(LIST_LENGTH)
        .execute()
      return { restrictions: await Promise.all(rows.map((row) => viewOf(db.read, row, staff))) }
    },
  )
  app.post(
    '/api/staff/restrictions',
    {
      ...allow('consumer.block'),
      schema: { body: RestrictionCreate, response: { 201: RestrictionView } },
    },
    async (request, reply) => {
      const staff = me(request)
      const row = await db.write('restrict a consumer', (tx) =>
        restrictions.create(tx, request.body, staff.staffId),
      )
      return reply.code(201).send(await viewOf(db.read, row, staff))
    },
  )
  app.post(
    '/api/staff/restrictions/:restrictionId/lift',
    {
      ...allow('consumer.block'),
      schema: {
        params: Type.Object({ restrictionId: Id }, closed),
        body: RestrictionLift,
        response: { 200: RestrictionView },
      },
    },
    async (request) => {
      const staff = me(request)
      const row = await db.write('lift a restriction', (tx) =>
        restrictions.lift(tx, request.params.restrictionId, staff.staffId, request.body.note),
      )
      return viewOf(db.read, row, staff)
    },
  )
}
