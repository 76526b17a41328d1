import type { Kysely } from 'kysely'
import type { CabinetCourse } from '#protocol/api/staff/cabinet-course.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { mustKnowCallerToRead, unreadableAmong } from '#core/callers/must-be-known.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { TicketRow } from '../ticket-store.ts'

/** Whoever asks at a cabinet speaks of today, and what follows in the first hour belongs to it. */
const BEFORE_MS = 24 * 3_600_000
const AFTER_MS = 3_600_000
const SHOWN_MOST = 20

/** What happened at the cabinet of a ticket around the time when it was asked. @throws not_found where there is no cabinet, caller_not_verified */
export async function cabinetCourse(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  ticket: Pick<TicketRow, 'cabinetId' | 'consumerId' | 'orderId' | 'openedAtMs'>,
  nowMs: number,
): Promise<CabinetCourse> {
  const { cabinetId, consumerId, openedAtMs } = ticket
  if (cabinetId === null) throw new CabinetError('not_found', 'This ticket is about no cabinet.')
  const maySeeOrders = staff.permissions.has('order.read')
  // The purchase that somebody calls about is among these visits.
  if (maySeeOrders && ticket.orderId !== null) await mustKnowCallerToRead(db, ticket.orderId, nowMs)
  const [fromMs, untilMs] = [openedAtMs - BEFORE_MS, Math.min(nowMs, openedAtMs + AFTER_MS)]
  const [visits, alarms] = await Promise.all([
    db
      .selectFrom('session as s')
      .leftJoin('order as o', 'o.sessionId', 's.sessionId')
      .select(['s.sessionId', 's.kind', 's.state', 's.deniedReason', 's.consumerId'])
      .select([
        's.requestedAtMs',
        's.openedAtMs',
        's.closedAtMs',
        'o.orderId',
        'o.totalFen',
        'o.consumerId as buyerId',
      ])
      .where('s.cabinetId', '=', cabinetId)
      .where('s.requestedAtMs', '>=', fromMs)
      .where('s.requestedAtMs', '<=', untilMs)
      .orderBy('s.requestedAtMs', 'desc')
      .limit(SHOWN_MOST)
      .execute(),
    db
      .selectFrom('alarm')
      .select(['alarmId', 'kind', 'state', 'raisedAtMs', 'clearedAtMs', 'key', 'sentenceValues'])
      .where('cabinetId', '=', cabinetId)
      .where('raisedAtMs', '<=', untilMs)
      // Also what had begun before and was not over.
      .where((eb) => eb.or([eb('clearedAtMs', 'is', null), eb('clearedAtMs', '>=', fromMs)]))
      .orderBy('raisedAtMs', 'desc')
      .limit(SHOWN_MOST)
      .execute(),
  ])
  // Nor is it said of any other of these purchases, while somebody unknown calls about it.
  const hidden = await unreadableAmong(
    db,
    staff,
    visits.flatMap(({ orderId, buyerId }) =>
      maySeeOrders && orderId !== null && buyerId !== null ? [{ orderId, consumerId: buyerId }] : [],
    ),
    nowMs,
  )
  return {
    fromMs,
    untilMs,
    askedAtMs: openedAtMs,
    visits: visits.map((row) => ({
      sessionId: row.sessionId,
      kind: row.kind,
      state: row.state,
      deniedReason: row.deniedReason,
      requestedAtMs: row.requestedAtMs,
      openedAtMs: row.openedAtMs,
      closedAtMs: row.closedAtMs,
      order:
        maySeeOrders && row.orderId !== null && row.totalFen !== null
          ? { orderId: row.orderId, totalFen: hidden.has(row.orderId) ? null : row.totalFen }
          : null,
      isOfAsker: consumerId !== null && row.consumerId === consumerId,
    })),
    alarms: alarms.map(({ sentenceValues, state, ...alarm }) => ({
      ...alarm,
      state: state as CabinetCourse['alarms'][number]['state'],
      values: JSON.parse(sentenceValues) as Record<string, string | number>,
    })),
  }
}
