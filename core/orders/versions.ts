import type { Kysely } from 'kysely'
import type { Clock } from '#protocol/base/clock.ts'
import type { ConsumerIdentity } from '#core/platform/access.ts'
import { prepared } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'

/** Who asks, and the version of everything that a view of their order shows. */
export interface OwnOrder {
  readonly consumer: ConsumerIdentity
  /** Another text as soon as any fact of the order, of the catalogue or of the cabinets has changed; undefined: not theirs. */
  readonly version: string | undefined
}

/**
 * The versions are kept by the database itself, in the transaction that changes a fact (triggers of the migrations), so a
 * view that was made for the version of this moment is as true as one made anew, whichever program wrote. Who is signed in
 * is asked in the same question: signing out and erasing hold at once, and the database is locked for reading once.
 * @returns undefined when nobody is signed in with this token
 */
export function createOwnOrders(
  read: Kysely<Tables>,
  clock: Pick<Clock, 'now'>,
): (tokenSha256: string, orderId: string) => Promise<OwnOrder | undefined> {
  const find = prepared(read, (tokenSha256, orderId) =>
    read
      .selectFrom('consumerSession')
      .select(['consumerId', 'expiresAtMs'])
      .select((eb) => [
        eb
          .selectFrom('consumer')
          .select('language')
          .whereRef('consumer.consumerId', '=', 'consumerSession.consumerId')
          .as('language'),
        eb.selectFrom('order').select('consumerId').where('orderId', '=', orderId).as('ownerId'),
        eb.selectFrom('viewVersion').select('version').where('subject', '=', orderId).as('ownVersion'),
        eb.selectFrom('viewVersion').select('version').where('subject', '=', 'product').as('productVersion'),
        eb.selectFrom('viewVersion').select('version').where('subject', '=', 'cabinet').as('cabinetVersion'),
      ])
      .where('tokenSha256', '=', tokenSha256)
      .where('revokedAtMs', 'is', null),
  )
  return async (tokenSha256, orderId) => {
    const [row] = await find(tokenSha256, orderId)
    if (row === undefined || row.language === null || row.expiresAtMs <= clock.now()) return undefined
    return {
      consumer: { consumerId: row.consumerId, language: row.language },
      version:
        row.ownerId === row.consumerId
          ? `${row.ownVersion}.${row.productVersion}.${row.cabinetVersion}`
          : undefined,
    }
  }
}
