import type { AnomalyRow } from '#core/anomalies/anomalies.ts'
import { getOrder, type OrderRow } from '#core/orders/store.ts'
import type { Tx } from '#core/platform/database.ts'
import { advanceSession } from '#core/sessions/store.ts'
import type { Domains } from './domains.ts'

/** What the reactions of an order have in common. */
/** Whose case it is that an order is about. */
export function aboutOrder(order: OrderRow, subjectId = order.orderId) {
  return {
    subjectId,
    orderId: order.orderId,
    sessionId: order.sessionId,
    cabinetId: order.cabinetId,
    consumerId: order.consumerId,
  }
}

export async function chargeOf(tx: Tx, orderId: string) {
  return tx.selectFrom('charge').selectAll().where('orderId', '=', orderId).executeTakeFirstOrThrow()
}

export async function settleSession(tx: Tx, orderId: string): Promise<void> {
  const { sessionId } = await getOrder(tx, orderId)
  await advanceSession(tx, sessionId, 'settled')
}

/** A settled case may be one too many. */
export async function considerPattern(
  tx: Tx,
  { restrictions }: Pick<Domains, 'restrictions'>,
  anomaly: Pick<AnomalyRow, 'kind' | 'consumerId' | 'orderId' | 'sessionId' | 'cabinetId'>,
): Promise<void> {
  const { kind, consumerId, orderId, sessionId, cabinetId } = anomaly
  if ((kind !== 'camera_blocked' && kind !== 'unpaid') || consumerId === null || orderId === null) return
  await restrictions.consider(tx, consumerId, { orderId, sessionId, cabinetId })
}

/** What explained itself needs nobody any more. */
export async function settleTicketOf(
  tx: Tx,
  { tickets }: Pick<Domains, 'tickets'>,
  anomaly: { anomalyId: string } | undefined,
): Promise<void> {
  const ticket =
    anomaly === undefined
      ? undefined
      : await tx
          .selectFrom('ticket')
          .select('ticketId')
          .where('origin', '=', 'anomaly')
          .where('requestId', '=', anomaly.anomalyId)
          .executeTakeFirst()
  if (ticket === undefined) return
  await tickets.settle(tx, ticket.ticketId, {
    outcome: 'no_action',
    key: 'outcome.no_action',
    values: {},
    rootCause: 'provider',
  })
}
