import Type from 'typebox'
import {
  BatchBlockCreate,
  BatchBlockLift,
  BatchBlockList,
  SuspectBatches,
} from '#protocol/api/batch-blocks.ts'
import { closed, Id } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { BatchBlocks } from './batch-blocks.ts'

const read = { access: { kind: 'staff', permission: 'batch.read' } } as const
const decide = { access: { kind: 'staff', permission: 'batch.block' } } as const
const BlockParams = Type.Object({ blockId: Id }, closed)

/** What an open question is about, as far as batches go. */
type TicketOf = (
  staff: StaffIdentity,
  ticketId: string,
) => Promise<{ ticketId: string; cabinetId: string | null; orderId: string | null; openedAtMs: number }>

/** Goods of a bad batch: who complained, where they lie, and one action that stops them everywhere. `protocol/api/batch-blocks.ts`. */
export function registerBatchBlockRoutes(
  app: HttpApp,
  { batchBlocks, ticketOf }: { batchBlocks: BatchBlocks; ticketOf: TicketOf },
): void {
  const me = (staff: StaffIdentity | null): StaffIdentity => {
    if (staff === null) throw new CabinetError('not_signed_in')
    return staff
  }
  app.get(
    '/api/staff/batch-blocks',
    { config: read, schema: { response: { 200: BatchBlockList } } },
    (request) => batchBlocks.list(me(request.staff)),
  )
  app.post(
    '/api/staff/batch-blocks',
    { config: decide, schema: { body: BatchBlockCreate, response: { 200: BatchBlockList } } },
    async (request) => {
      const staff = me(request.staff)
      const { ticketId } = request.body
      if (ticketId !== undefined) await ticketOf(staff, ticketId)
      await batchBlocks.block(staff, request.body)
      return batchBlocks.list(staff)
    },
  )
  app.post(
    '/api/staff/batch-blocks/:blockId/lift',
    {
      config: decide,
      schema: { params: BlockParams, body: BatchBlockLift, response: { 200: BatchBlockList } },
    },
    async (request) => {
      const staff = me(request.staff)
      await batchBlocks.lift(staff, request.params.blockId, request.body.reason)
      return batchBlocks.list(staff)
    },
  )
  app.get(
    '/api/staff/tickets/:ticketId/batches',
    {
      config: read,
      schema: { params: Type.Object({ ticketId: Id }, closed), response: { 200: SuspectBatches } },
    },
    async (request) => {
      const staff = me(request.staff)
      return batchBlocks.suspectedBy(staff, await ticketOf(staff, request.params.ticketId))
    },
  )
}
