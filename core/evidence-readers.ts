import type { FastifyRequest } from 'fastify'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { operatorOf } from '#core/cabinets/registry.ts'
import { mustKnowCallerToRead } from '#core/callers/must-be-known.ts'
import { orderOfSession } from '#core/orders/store.ts'
import type { CoreDeps } from '#core/platform/deps.ts'

/**
 * Who may look at what a visit left: whose visit it was, and staff who may, each of whose looks is audited.
 * @throws not_found for everybody else
 */
export function createEvidenceReaders({ db, clock }: Pick<CoreDeps, 'db' | 'clock'>) {
  return async (
    request: FastifyRequest,
    sessionId: string,
    sha256: string,
  ): Promise<'consumer' | 'staff'> => {
    const session = await db.read
      .selectFrom('session')
      .select(['consumerId', 'cabinetId'])
      .where('sessionId', '=', sessionId)
      .executeTakeFirst()
    if (session !== undefined && request.consumer?.consumerId === session.consumerId) return 'consumer'
    const { staff } = request
    const isTheirs =
      staff?.operator === null ||
      staff?.operator === (session && (await operatorOf(db.read, session.cabinetId)))
    if (staff === null || !staff.permissions.has('evidence.read') || !isTheirs)
      throw new CabinetError('not_found')
    const order = await orderOfSession(db.read, sessionId)
    if (order !== undefined) await mustKnowCallerToRead(db.read, order.orderId, clock.now())
    await db.write('audit a view of evidence', (tx) =>
      appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: 'evidence.viewed',
        subject: `session:${sessionId}`,
        detail: { sha256 },
      }),
    )
    return 'staff'
  }
}
