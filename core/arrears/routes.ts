import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { PaidElsewhere, WriteOffCreate, WriteOffDecision, WriteOffList } from '#protocol/api/arrears.ts'
import { closed, Id } from '#protocol/api/common.ts'
import { StaffOrder } from '#protocol/api/staff/orders.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { mustKnowCaller } from '#core/callers/must-be-known.ts'
import { readableWishes } from '#core/callers/waiting-for-second.ts'
import { requireProof, type StaffIdentity } from '#core/platform/access.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Permission } from '#core/staff/permissions.ts'
import type { SupportQueries } from '#core/support/queries.ts'
import type { Arrears } from './arrears.ts'

const orderParams = Type.Object({ orderId: Id }, closed)
const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })

/** What staff do about unpaid orders. `protocol/api/arrears.ts`. */
export function registerArrearsRoutes(
  app: HttpApp,
  { db, clock, arrears, support }: CoreDeps & { arrears: Arrears; support: SupportQueries },
): void {
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }
  /** Only what the reader may see may be worked on. */
  async function work(
    request: FastifyRequest,
    orderId: string,
    act: (tx: Tx, staff: StaffIdentity) => Promise<unknown>,
  ): Promise<StaffOrder> {
    const staff = me(request)
    await support.order(staff, orderId)
    await db.write('work on an unpaid order', async (tx) => {
      await mustKnowCaller(tx, { orderId })
      await act(tx, staff)
    })
    return support.order(staff, orderId)
  }
  const answer = { 200: StaffOrder }

  app.post(
    '/api/staff/orders/:orderId/collect',
    {
      ...allow('arrears.collect'),
      schema: { params: orderParams, body: Type.Object({}, closed), response: answer },
    },
    (request) =>
      work(request, request.params.orderId, (tx, staff) =>
        arrears.collect(tx, request.params.orderId, staff),
      ),
  )
  app.post(
    '/api/staff/orders/:orderId/paid-elsewhere',
    { ...allow('arrears.settle'), schema: { params: orderParams, body: PaidElsewhere, response: answer } },
    (request) =>
      work(request, request.params.orderId, (tx, staff) =>
        arrears.settleElsewhere(tx, request.params.orderId, staff, request.body),
      ),
  )
  app.post(
    '/api/staff/orders/:orderId/write-off',
    { ...allow('writeOff.request'), schema: { params: orderParams, body: WriteOffCreate, response: answer } },
    (request) =>
      work(request, request.params.orderId, (tx, staff) =>
        arrears.askWriteOff(tx, request.params.orderId, staff, request.body),
      ),
  )
  app.get(
    '/api/staff/write-offs',
    { ...allow('writeOff.request'), schema: { response: { 200: WriteOffList } } },
    async (request) => {
      const staff = me(request)
      const waiting = await arrears.viewsOf(db.read, staff)
      return { writeOffs: await readableWishes(db.read, staff, waiting, clock.now()) }
    },
  )
  for (const verdict of ['approve', 'refuse'] as const)
    app.post(
      `/api/staff/write-offs/:writeOffId/${verdict}`,
      {
        ...allow('writeOff.approve'),
        schema: { params: Type.Object({ writeOffId: Id }, closed), body: WriteOffDecision, response: answer },
      },
      async (request) => {
        const staff = me(request)
        if (verdict === 'approve') requireProof(staff)
        const { orderId } = await db.write('decide a write-off', async (tx) => {
          const row = await arrears.decideWriteOff(
            tx,
            request.params.writeOffId,
            staff,
            verdict,
            request.body.reason,
          )
          // Thrown here, nothing of it stays.
          if (verdict === 'approve') await mustKnowCaller(tx, { orderId: row.orderId, isApproval: true })
          return row
        })
        return support.order(staff, orderId)
      },
    )
}
