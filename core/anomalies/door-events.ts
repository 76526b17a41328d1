import type { EventContext, EventHandlers } from '#core/ingest/handlers.ts'
import { orderOfSession } from '#core/orders/store.ts'
import type { Tx } from '#core/platform/database.ts'
import type { Anomalies } from './anomalies.ts'
import { decideDoorTrouble, type DoorInputs } from './door-trouble.ts'

/** Trouble with a door is put before people with the visit that it happened in. The cabinet itself stops selling. */
export function createDoorEvents(deps: { anomalies: Anomalies }): { handlers: EventHandlers } {
  const { anomalies } = deps

  async function note(
    tx: Tx,
    context: EventContext,
    sessionId: string | undefined,
    trouble: Omit<DoorInputs, 'isDuringVisit'>,
  ): Promise<void> {
    const order = sessionId === undefined ? undefined : await orderOfSession(tx, sessionId)
    const anomaly = await anomalies.open(
      tx,
      decideDoorTrouble({ ...trouble, isDuringVisit: order !== undefined }),
      {
        // The same trouble of one visit is one; outside of visits each time is its own.
        subjectId: `${order?.sessionId ?? `${context.cabinetId}/${context.occurredAtMs}`}/${trouble.event}`,
        orderId: order?.orderId ?? null,
        sessionId: order?.sessionId ?? null,
        cabinetId: context.cabinetId,
        consumerId: order?.consumerId ?? null,
      },
    )
    if (anomaly.state === 'decided_by_policy') await anomalies.markCarriedOut(tx, anomaly.anomalyId)
  }

  return {
    handlers: {
      'door.left-open': async (tx, context, { sessionId, openMs, level }) => {
        if (level === 'alarm') await note(tx, context, sessionId, { event: 'left_open', openMs })
      },
      'door.forced': (tx, context, { sessionId }) =>
        note(tx, context, sessionId, { event: 'forced', openMs: null }),
      'door.lock-failed': (tx, context, { sessionId }) =>
        note(tx, context, sessionId, { event: 'lock_failed', openMs: null }),
    },
  }
}
