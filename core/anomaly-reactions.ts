import { yuanText } from '#protocol/base/units.ts'
import type { AnomalyReactions } from '#core/anomalies/anomalies.ts'
import { getOrder } from '#core/orders/store.ts'
import type { Tx } from '#core/platform/database.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { Reacting } from './domains.ts'
import { considerPattern } from './order-reactions.ts'
import { NO_CABINET } from './provider-reactions.ts'

/** What a person must decide becomes a ticket, and what was decided reaches the people who wait for it. */
export function createAnomalyReactions(parts: Reacting): AnomalyReactions {
  const { ids, domains, tell, learning } = parts

  const anomalies: AnomalyReactions = {
    async personNeeded(tx, anomaly) {
      const order = anomaly.orderId === null ? undefined : await getOrder(tx, anomaly.orderId)
      const consumer = await tx
        .selectFrom('consumer')
        .select('language')
        .where('consumerId', '=', anomaly.consumerId ?? '')
        .executeTakeFirst()
      await domains().tickets.open(tx, {
        requestId: anomaly.anomalyId,
        type: anomaly.kind,
        origin: 'anomaly',
        reason: null,
        priority: order?.state === 'held' ? 'high' : 'normal',
        orderId: anomaly.orderId,
        cabinetId: anomaly.cabinetId === NO_CABINET ? null : anomaly.cabinetId,
        consumerId: anomaly.consumerId,
        amountFen: order?.totalFen ?? null,
        lines: [],
        note: null,
        language: consumer?.language ?? 'zh',
        openedBy: `rule:${anomaly.rule}`,
      })
    },
    async carriedOut(tx, anomaly, order) {
      if (
        order !== undefined &&
        order.heldAtMs !== null &&
        anomaly.outcome !== 'explain' &&
        anomaly.outcome !== 'dismiss'
      ) {
        const isFree = order.totalFen === 0
        await tell(tx, order.orderId, isFree ? 'held_free' : 'held_charged', order.orderId, order.totalFen)
      }
      const ticket = await tx
        .selectFrom('ticket')
        .select('ticketId')
        .where('origin', '=', 'anomaly')
        .where('requestId', '=', anomaly.anomalyId)
        .executeTakeFirst()
      if (ticket === undefined) {
        await learning.anomalyExplained(tx, anomaly, ROOT_CAUSES[anomaly.kind])
        return
      }
      const outcome = ANOMALY_OUTCOMES[anomaly.outcome ?? ''] ?? 'no_action'
      await domains().tickets.settle(tx, ticket.ticketId, {
        outcome,
        key: `outcome.${outcome}`,
        values: { amount: yuanText(order?.totalFen ?? 0) },
        rootCause: ROOT_CAUSES[anomaly.kind] ?? 'unknown',
      })
      await raiseShelfCheck(tx, anomaly.kind, anomaly.cabinetId)
      await considerPattern(tx, domains(), anomaly)
    },
  }

  /** Something lies in the cabinet that does not belong there: the shelf must be looked at before it is sold from again. */
  async function raiseShelfCheck(tx: Tx, kind: string, cabinetId: string): Promise<void> {
    if (kind !== 'foreign_object') return
    await raiseIncident(tx, ids, {
      kind: 'shelf_check',
      subject: cabinetId,
      message:
        'Something was put into the cabinet that is not one of its goods; look at the shelf and remove it.',
    })
  }

  return anomalies
}

const ANOMALY_OUTCOMES: Readonly<Record<string, string>> = {
  charge_as_recognised: 'charged',
  charge_corrected: 'charged',
  void: 'no_action',
  refund: 'refunded',
  explain: 'explained',
  dismiss: 'no_action',
}
const ROOT_CAUSES: Readonly<Record<string, string>> = {
  camera_blocked: 'camera',
  ambiguous: 'weighing',
  item_returned: 'weighing',
  foreign_object: 'consumer',
  sensor_fault: 'hardware',
  stock_mismatch: 'weighing',
  door_trouble: 'hardware',
  quality: 'quality',
  delayed_charge: 'network',
  double_charge: 'provider',
  provider_mismatch: 'provider',
}
