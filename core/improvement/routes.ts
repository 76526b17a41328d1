import Type from 'typebox'
import {
  IMPROVEMENT_STEPS,
  IMPROVEMENT_VIEWS,
  ImprovementCreate,
  ImprovementEdit,
  ImprovementItem,
  ImprovementList,
  ImprovementStepRequest,
} from '#protocol/api/improvements.ts'
import { Id, oneOf } from '#protocol/api/common.ts'
import type { Access, StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Improvements } from './improvements.ts'
import { itemFor, listItems } from './queries.ts'

const allow = (permission: 'improvement.read' | 'improvement.work') => ({
  config: { access: { kind: 'staff', permission } satisfies Access },
})
const closed = { additionalProperties: false } as const
const Params = Type.Object({ itemId: Id }, closed)

/** `protocol/api/improvements.ts`. */
export function registerImprovementRoutes(
  app: HttpApp,
  deps: CoreDeps & { improvements: Improvements },
): void {
  const { db, clock, policy, improvements } = deps
  const me = (request: { staff: StaffIdentity | null }) => request.staff as StaffIdentity
  const item = (staff: StaffIdentity, itemId: string) => itemFor(db.read, staff, itemId, clock.now())

  app.get(
    '/api/staff/improvements',
    {
      ...allow('improvement.read'),
      schema: {
        querystring: Type.Object({ view: Type.Optional(oneOf(IMPROVEMENT_VIEWS)) }, closed),
        response: { 200: ImprovementList },
      },
    },
    (request) => listItems(db.read, me(request), request.query.view ?? 'open', policy, clock.now()),
  )
  app.get(
    '/api/staff/improvements/:itemId',
    { ...allow('improvement.read'), schema: { params: Params, response: { 200: ImprovementItem } } },
    (request) => item(me(request), request.params.itemId),
  )
  app.post(
    '/api/staff/improvements',
    { ...allow('improvement.work'), schema: { body: ImprovementCreate, response: { 201: ImprovementItem } } },
    async (request, reply) => {
      const itemId = await improvements.create(me(request), request.body)
      return reply.code(201).send(await item(me(request), itemId))
    },
  )
  app.put(
    '/api/staff/improvements/:itemId',
    {
      ...allow('improvement.work'),
      schema: { params: Params, body: ImprovementEdit, response: { 200: ImprovementItem } },
    },
    async (request) => {
      await improvements.edit(me(request), request.params.itemId, request.body)
      return item(me(request), request.params.itemId)
    },
  )
  for (const step of IMPROVEMENT_STEPS)
    app.post(
      `/api/staff/improvements/:itemId/${step}`,
      {
        ...allow('improvement.work'),
        schema: { params: Params, body: ImprovementStepRequest, response: { 200: ImprovementItem } },
      },
      async (request) => {
        await improvements.step(me(request), request.params.itemId, step, request.body)
        return item(me(request), request.params.itemId)
      },
    )
}
