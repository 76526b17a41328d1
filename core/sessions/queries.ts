import type { SessionView } from '#protocol/api/consumer.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import type { Database } from '#core/platform/database.ts'
import type { SessionRow } from './store.ts'

/** In a running visit the cabinet speaks every second; this much silence is worth saying. */
const SILENT_MS = 8_000
const RUNNING = new Set(['unlocking', 'opened', 'closed', 'overdue'])

/** A session as its consumer sees it. */
export async function sessionView(
  deps: { db: Database; presence: PresenceBook; clock: { now(): number } },
  session: SessionRow,
): Promise<SessionView> {
  const order = await deps.db.read.selectFrom('order').select(['orderId', 'state']).where('sessionId', '=', session.sessionId).executeTakeFirst()
  const heard = deps.presence.nowOf(session.cabinetId)
  const isSilent = heard.lastHeardMs !== null && deps.clock.now() - heard.lastHeardMs > SILENT_MS
  return {
    sessionId: session.sessionId,
    cabinetId: session.cabinetId,
    state: session.state,
    ...(session.deniedReason === null ? {} : { deniedReason: session.deniedReason }),
    orderId: order?.orderId ?? null,
    ...(order === undefined ? {} : { orderState: order.state }),
    requestedAtMs: session.requestedAtMs,
    openedAtMs: session.openedAtMs,
    closedAtMs: session.closedAtMs,
    isCabinetOffline: heard.presence !== 'online' || (RUNNING.has(session.state) && isSilent),
  }
}
