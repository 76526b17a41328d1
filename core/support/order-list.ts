import { type Kysely, sql, type SqlBool } from 'kysely'
import type { StaffOrderList } from '#protocol/api/staff/orders.ts'
import { unreadableAmong } from '#core/callers/must-be-known.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { consumerLabel } from '#core/privacy/seal.ts'

const LIST_LENGTH = 200
/** So much of the end of a number is indexed; people read the end aloud. */
const TAIL_LENGTH = 4
const CONSUMERS_MOST = 10

/**
 * Orders, newest first. A question is any number that somebody may read aloud: of the order, the visit, the cabinet, the
 * consumer, the payment, the refund, or the end of one (four characters at least). Each is looked up by an index of its own,
 * so that it takes as long after a million orders as after ten.
 */
export async function listOrders(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  query: string | undefined,
  nowMs: number,
): Promise<StaffOrderList> {
  const text = query?.trim() ?? ''
  let rows = read
    .selectFrom('order as o')
    .innerJoin('cabinet as c', 'c.cabinetId', 'o.cabinetId')
    .select([
      'o.orderId',
      'o.sessionId',
      'o.cabinetId',
      'o.consumerId',
      'o.createdAtMs',
      'o.state',
      'o.totalFen',
      'o.paidFen',
      'o.refundedFen',
      'c.nameZh',
      'c.nameEn',
    ])
  if (staff.operator !== null) rows = rows.where('c.operator', '=', staff.operator)
  if (text !== '') rows = rows.where('o.orderId', 'in', await ordersFor(read, staff, text))
  const found = await rows.orderBy('o.createdAtMs', 'desc').limit(LIST_LENGTH).execute()
  // Whoever speaks with callers reads what a purchase came to once it is known who calls, here as on its page.
  const hidden = await unreadableAmong(read, staff, found, nowMs)
  return {
    orders: found.map((row) => ({
      orderId: row.orderId,
      sessionId: row.sessionId,
      cabinetId: row.cabinetId,
      cabinetName: { zh: row.nameZh, en: row.nameEn },
      consumerLabel: consumerLabel(row.consumerId),
      atMs: row.createdAtMs,
      state: row.state,
      amounts: hidden.has(row.orderId)
        ? null
        : { totalFen: row.totalFen, paidFen: row.paidFen, refundedFen: row.refundedFen },
    })),
  }
}

async function ordersFor(read: Kysely<Tables>, staff: StaffIdentity, text: string): Promise<string[]> {
  const id = text.toLowerCase()
  const exact = await Promise.all([
    read.selectFrom('order').select('orderId').where('orderId', '=', id).execute(),
    read.selectFrom('order').select('orderId').where('sessionId', '=', id).execute(),
    read.selectFrom('payment').select('orderId').where('transactionId', '=', text).execute(),
    read.selectFrom('refund').select('orderId').where('refundId', '=', id).execute(),
    read.selectFrom('charge').select('orderId').where('providerOrderId', '=', text).execute(),
    newest(read, staff, (rows) => rows.where('o.cabinetId', '=', id)),
    newest(read, staff, (rows) => rows.where('o.consumerId', '=', id)),
    endsWith(read, staff, id.replace(/^c-/, '')),
  ])
  return [...new Set(exact.flat().map(({ orderId }) => orderId))]
}

/** What ends with this: the number of the order, or of its consumer. */
async function endsWith(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  end: string,
): Promise<Array<{ orderId: string }>> {
  if (end.length < TAIL_LENGTH || !/^[0-9a-z]+$/.test(end)) return []
  const tail = end.slice(-TAIL_LENGTH)
  // Written as in the indexes, or SQLite would look at every row.
  const hasTail = (column: string) =>
    sql<SqlBool>`substr(${sql.ref(column)}, -4) = ${tail} AND ${sql.ref(column)} LIKE ${`%${end}`}`
  const orders = await read
    .selectFrom('order')
    .select('orderId')
    .where(hasTail('orderId'))
    .limit(LIST_LENGTH)
    .execute()
  const consumers = await read
    .selectFrom('consumer')
    .select('consumerId')
    .where(hasTail('consumerId'))
    .limit(CONSUMERS_MOST)
    .execute()
  const theirs = await Promise.all(
    consumers.map(({ consumerId }) =>
      newest(read, staff, (rows) => rows.where('o.consumerId', '=', consumerId)),
    ),
  )
  return [...orders, ...theirs.flat()]
}

type Rows = ReturnType<typeof seen>
function seen(read: Kysely<Tables>) {
  return read
    .selectFrom('order as o')
    .innerJoin('cabinet as c', 'c.cabinetId', 'o.cabinetId')
    .select('o.orderId')
}
function newest(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  which: (rows: Rows) => Rows,
): Promise<Array<{ orderId: string }>> {
  const rows = which(seen(read))
  return (staff.operator === null ? rows : rows.where('c.operator', '=', staff.operator))
    .orderBy('o.createdAtMs', 'desc')
    .limit(LIST_LENGTH)
    .execute()
}
