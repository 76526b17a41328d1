import type { Kysely } from 'kysely'
import { prepared } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'

/** Whose order it is, and the version of everything that a view of it shows. */
export interface OrderVersion {
  readonly consumerId: string
  readonly cabinetId: string
  /** Another text as soon as any fact of the order, of the catalogue or of the cabinets has changed. */
  readonly version: string
}

/**
 * The versions are kept by the database itself, in the transaction that changes a fact (triggers of the migrations), so a
 * view that was made for the version of this moment is as true as one made anew, whichever program wrote.
 * @returns undefined when there is no such order
 */
export function createOrderVersions(
  read: Kysely<Tables>,
): (orderId: string) => Promise<OrderVersion | undefined> {
  const find = prepared(read, (id) =>
    read
      .selectFrom('order')
      .select(['consumerId', 'cabinetId'])
      .select((eb) => [
        eb
          .selectFrom('viewVersion')
          .select('version')
          .whereRef('subject', '=', 'order.orderId')
          .as('ownVersion'),
        eb.selectFrom('viewVersion').select('version').where('subject', '=', 'product').as('productVersion'),
        eb.selectFrom('viewVersion').select('version').where('subject', '=', 'cabinet').as('cabinetVersion'),
      ])
      .where('orderId', '=', id),
  )
  return async (orderId) => {
    const [row] = await find(orderId)
    if (row === undefined) return undefined
    return {
      consumerId: row.consumerId,
      cabinetId: row.cabinetId,
      version: [row.ownVersion, row.productVersion, row.cabinetVersion].join('.'),
    }
  }
}
