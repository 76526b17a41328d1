import type { Kysely } from 'kysely'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { unreadableAmong } from './must-be-known.ts'

/** A wish about money that a second person decides. */
interface Wish {
  readonly orderId: string
  readonly amountFen: number
  /** What the first person wrote about it. */
  readonly note: string | null
  /** Whether the reader is that second person. */
  readonly mayDecide: boolean
}
type AsRead<T extends Wish> = Omit<T, 'amountFen' | 'note'> & {
  amountFen: number | null
  note: string | null
}

/**
 * The wishes as this reader may read them: amount and note are null while somebody unknown calls about the order. Whoever
 * decides reads what they decide, which was asked for when the caller was known.
 */
export async function readableWishes<T extends Wish>(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  wishes: readonly T[],
  nowMs: number,
): Promise<Array<AsRead<T>>> {
  if (wishes.length === 0) return []
  const orders = await db
    .selectFrom('order')
    .select(['orderId', 'consumerId'])
    .where(
      'orderId',
      'in',
      wishes.map(({ orderId }) => orderId),
    )
    .execute()
  const [forReaders, forDeciders] = [
    await unreadableAmong(db, staff, orders, nowMs),
    await unreadableAmong(db, staff, orders, nowMs, { isApproval: true }),
  ]
  return wishes.map((wish) =>
    (wish.mayDecide ? forDeciders : forReaders).has(wish.orderId)
      ? { ...wish, amountFen: null, note: null }
      : wish,
  )
}
