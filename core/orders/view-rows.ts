import type { Kysely, Selectable } from 'kysely'
import { prepared } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'

type Row<T extends keyof Tables> = Selectable<Tables[T]>
/** Everything that a view of an order is told from, apart from its files and the catalogue. */
export interface OrderRows {
  readonly lines: ReadonlyArray<Row<'orderLine'>>
  readonly session: Row<'session'>
  readonly cabinet: Pick<Row<'cabinet'>, 'nameZh' | 'nameEn' | 'siteZh' | 'siteEn'>
  readonly charge: Row<'charge'> | undefined
  readonly payments: ReadonlyArray<Row<'payment'>>
  readonly refunds: ReadonlyArray<Row<'refund'>>
  /** The latest dispute about it. */
  readonly ticket: Pick<Row<'ticket'>, 'ticketId'> | undefined
  readonly discounts: ReadonlyArray<Row<'orderDiscount'>>
  readonly arrears: Row<'arrears'> | undefined
  /** Asked for less before it was taken. */
  readonly lowered: ReadonlyArray<Row<'chargeLowering'>>
  /** Coupons and points that make good for it. */
  readonly compensations: ReadonlyArray<Row<'compensation'>>
}

/** Reads an order with what belongs to it. What is read here must move its version: see order-versions of the migrations. */
export function createOrderRows(read: Kysely<Tables>) {
  const order = prepared(read, (id) => read.selectFrom('order').selectAll().where('orderId', '=', id))
  const lines = prepared(read, (id) => read.selectFrom('orderLine').selectAll().where('orderId', '=', id))
  const session = prepared(read, (id) => read.selectFrom('session').selectAll().where('sessionId', '=', id))
  const cabinet = prepared(read, (id) =>
    read.selectFrom('cabinet').select(['nameZh', 'nameEn', 'siteZh', 'siteEn']).where('cabinetId', '=', id),
  )
  const charges = prepared(read, (id) => read.selectFrom('charge').selectAll().where('orderId', '=', id))
  const payments = prepared(read, (id) => read.selectFrom('payment').selectAll().where('orderId', '=', id))
  const refunds = prepared(read, (id) => read.selectFrom('refund').selectAll().where('orderId', '=', id))
  const tickets = prepared(read, (id) =>
    read
      .selectFrom('ticket')
      .select(['ticketId', 'openedAtMs'])
      .where('orderId', '=', id)
      .where('origin', '=', 'dispute'),
  )
  const discounts = prepared(read, (id) =>
    read.selectFrom('orderDiscount').selectAll().where('orderId', '=', id),
  )
  const arrears = prepared(read, (id) => read.selectFrom('arrears').selectAll().where('orderId', '=', id))
  const lowered = prepared(read, (id) =>
    read.selectFrom('chargeLowering').selectAll().where('orderId', '=', id).where('state', '=', 'lowered'),
  )
  const compensations = prepared(read, (id) =>
    read.selectFrom('compensation').selectAll().where('orderId', '=', id).where('state', '=', 'given'),
  )
  const refundsOf = async (orderId: string) => inOrder(await refunds(orderId), (one) => one.requestedAtMs)

  return {
    async order(orderId: string): Promise<Row<'order'> | undefined> {
      return (await order(orderId))[0]
    },
    refundsOf,
    async of({ orderId, sessionId, cabinetId }: Row<'order'>): Promise<OrderRows> {
      const [ownLines, ownSession, ownCabinet, charge, paid, refunded, ticket, given, owed, less, gifts] =
        await Promise.all([
          lines(orderId),
          session(sessionId),
          cabinet(cabinetId),
          charges(orderId),
          payments(orderId),
          refundsOf(orderId),
          tickets(orderId),
          discounts(orderId),
          arrears(orderId),
          lowered(orderId),
          compensations(orderId),
        ])
      const [itsSession] = ownSession
      const [itsCabinet] = ownCabinet
      if (itsSession === undefined || itsCabinet === undefined)
        throw new Error(`assertion failed: order ${orderId} has no session or no cabinet`)
      return {
        lines: inOrder(ownLines, (line) => line.position),
        session: itsSession,
        cabinet: itsCabinet,
        charge: charge[0],
        payments: inOrder(paid, (payment) => payment.paidAtMs),
        refunds: refunded,
        ticket: inOrder(ticket, ({ openedAtMs }) => openedAtMs).at(-1),
        discounts: inOrder(given, (discount) => discount.position),
        arrears: owed[0],
        lowered: less,
        compensations: gifts,
      }
    },
  }
}

/** Sorting a handful of rows here takes less than having SQLite set up a sorter for them. */
function inOrder<T>(rows: readonly T[], by: (row: T) => number): T[] {
  return rows.toSorted((a, b) => by(a) - by(b))
}
