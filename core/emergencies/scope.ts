import { type Kysely, sql } from 'kysely'
import type { EmergencyAffected, EmergencyAudience, EmergencyScope } from '#protocol/api/emergencies.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Tables } from '#core/platform/tables/index.ts'

const DAY_MS = 86_400_000
const DAYS_MOST = 366

/** @throws bad_request that says what to mend */
export function checkScope(scope: EmergencyScope): void {
  if (scope.toMs <= scope.fromMs)
    throw new CabinetError('bad_request', 'The time that is concerned must end after it began.')
  if (scope.toMs - scope.fromMs > DAYS_MOST * DAY_MS)
    throw new CabinetError('bad_request', 'At most a year is looked at; narrow the time.')
}

/** Orders of visits in this time at these cabinets, with these goods in them. */
function ordersIn(db: Kysely<Tables>, { cabinetIds, sku, fromMs, toMs }: EmergencyScope) {
  let rows = db
    .selectFrom('order as o')
    .innerJoin('session as s', 's.sessionId', 'o.sessionId')
    .innerJoin('cabinet as c', 'c.cabinetId', 'o.cabinetId')
    .where('s.openedAtMs', '>=', fromMs)
    .where('s.openedAtMs', '<=', toMs)
    .where('o.state', 'not in', ['open', 'void'])
  if (cabinetIds.length > 0) rows = rows.where('o.cabinetId', 'in', cabinetIds)
  if (sku !== null)
    rows = rows.where((eb) =>
      eb(
        'o.orderId',
        'in',
        eb.selectFrom('orderLine').select('orderLine.orderId').where('orderLine.sku', '=', sku),
      ),
    )
  return rows
}

export async function affectedBy(db: Kysely<Tables>, scope: EmergencyScope): Promise<EmergencyAffected> {
  const row = await ordersIn(db, scope)
    .select([
      sql<number>`count(*)`.as('orders'),
      sql<number>`count(distinct o."consumerId")`.as('consumers'),
      sql<number>`count(distinct o."cabinetId")`.as('cabinets'),
      sql<number>`count(distinct c.operator)`.as('operators'),
      sql<number>`coalesce(sum(o."paidFen"), 0)`.as('paidFen'),
      sql<number>`coalesce(sum(o."refundedFen"), 0)`.as('refundedFen'),
    ])
    .executeTakeFirstOrThrow()
  return row
}

/**
 * Everybody whom a notice reaches, each once, in a fixed order.
 * @returns ids of consumers, or names of operators; with a language for consumers
 */
export async function recipientsOf(
  db: Kysely<Tables>,
  scope: EmergencyScope,
  audience: EmergencyAudience,
  most: number,
): Promise<Array<{ recipientId: string; language: string | null }>> {
  if (audience === 'consumers')
    return ordersIn(db, scope)
      .innerJoin('consumer as k', 'k.consumerId', 'o.consumerId')
      .select(['o.consumerId as recipientId', 'k.language as language'])
      .distinct()
      .orderBy('o.consumerId')
      .limit(most)
      .execute()
  // An operator is concerned by their cabinets, also when nobody has bought yet.
  let rows = db.selectFrom('cabinet').select('operator as recipientId').distinct()
  if (scope.cabinetIds.length > 0) rows = rows.where('cabinetId', 'in', scope.cabinetIds)
  const found = await rows.orderBy('operator').limit(most).execute()
  return found.map(({ recipientId }) => ({ recipientId, language: null }))
}
