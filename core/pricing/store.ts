import type { Kysely, Selectable } from 'kysely'
import { planogramOf } from '#core/catalog/queries.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type BestPrice, findBestPrice, type Goods, type Offers } from './best-price.ts'
import { isWithin, localTimeOf } from './local-time.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const zoneOf = preparedFor((db, cabinetId: string) =>
  db.selectFrom('cabinet').select(['operator', 'timeZone']).where('cabinetId', '=', cabinetId),
)
const promotionsAt = preparedFor((db, operator: string, atMs: number) =>
  db
    .selectFrom('promotion')
    .selectAll()
    .where('operator', '=', operator)
    .where('startsAtMs', '<=', atMs)
    .where('endsAtMs', '>', atMs)
    .where((eb) => eb.or([eb('stoppedAtMs', 'is', null), eb('stoppedAtMs', '>', atMs)]))
    .orderBy('promotionId'),
)

export type PromotionRow = Selectable<Tables['promotion']>
export type PriceListRow = Selectable<Tables['priceList']>
type Reader = Kysely<Tables>

/** What holds at a cabinet at a moment. Rows are never edited, so that any past moment can be priced again. */
export interface PriceBook {
  /** Fen by product: the planogram's, with the newest price list over it. */
  readonly prices: ReadonlyMap<string, number>
  readonly promotions: ReadonlyArray<Offers['promotions'][number] & { readonly endsAtMs: number }>
}

/**
 * @param place.planogramVersion  that the session was bound to; the latest when absent
 * @param atMs  when the door was asked for: what the consumer saw then is what holds
 */
export async function priceBookAt(
  db: Reader,
  place: { cabinetId: string; planogramVersion?: number },
  atMs: number,
): Promise<PriceBook> {
  const planogram = await planogramOf(db, place.cabinetId, place.planogramVersion)
  const prices = new Map<string, number>()
  for (const shelf of planogram?.shelves ?? [])
    for (const product of shelf.products) prices.set(product.sku, product.priceFen)
  const [cabinet] = await zoneOf(db, place.cabinetId)
  if (cabinet === undefined) return { prices, promotions: [] }
  for (const item of await listItemsAt(db, place.cabinetId, atMs))
    if (prices.has(item.sku)) prices.set(item.sku, item.priceFen)
  const rows = await promotionsAt(db, cabinet.operator, atMs)
  const now = localTimeOf(atMs, cabinet.timeZone)
  const promotions = rows
    .filter((row) => isWithin(row, now))
    .filter((row) => row.cabinets === null || listOf(row.cabinets)?.includes(place.cabinetId) === true)
    .map((row) => ({ ...offerOf(row), endsAtMs: row.endsAtMs }))
  return { prices, promotions }
}

/** Items of the lists that hold there, the older list first, so that the newer one stands. */
const listItemsAt = preparedFor((db, cabinetId: string, atMs: number) =>
  db
    .selectFrom('priceListCabinet as c')
    .innerJoin('priceList as l', 'l.priceListId', 'c.priceListId')
    .innerJoin('priceListItem as i', 'i.priceListId', 'l.priceListId')
    .select(['i.sku', 'i.priceFen'])
    .where('c.cabinetId', '=', cabinetId)
    .where('l.startsAtMs', '<=', atMs)
    .where((eb) => eb.or([eb('l.endsAtMs', 'is', null), eb('l.endsAtMs', '>', atMs)]))
    .where((eb) => eb.or([eb('l.stoppedAtMs', 'is', null), eb('l.stoppedAtMs', '>', atMs)]))
    .orderBy('l.startsAtMs')
    .orderBy('l.createdAtMs'),
)

export function listOf(json: string | null): string[] | null {
  return json === null ? null : (JSON.parse(json) as string[])
}
export function offerOf(row: PromotionRow): Offers['promotions'][number] {
  const about = {
    id: row.promotionId,
    name: { zh: row.nameZh, en: row.nameEn },
    skus: listOf(row.skus),
    isExclusive: row.isExclusive === 1,
  }
  return row.kind === 'timed'
    ? { ...about, kind: 'timed', percentOff: row.percentOff, priceFen: row.priceFen }
    : {
        ...about,
        kind: 'threshold',
        thresholdFen: row.thresholdFen ?? 1,
        offFen: row.offFen ?? 0,
        timesMost: row.timesMost ?? 1,
      }
}

/** What belongs to a consumer and can be spent now. */
export async function benefitsOf(
  db: Reader,
  consumerId: string,
  nowMs: number,
): Promise<Pick<Offers, 'coupons' | 'points'>> {
  const coupons = await db
    .selectFrom('coupon')
    .selectAll()
    .where('consumerId', '=', consumerId)
    .where('orderId', 'is', null)
    .where('revokedAtMs', 'is', null)
    .where('expiresAtMs', '>', nowMs)
    .orderBy('expiresAtMs')
    .orderBy('couponId')
    .execute()
  return {
    coupons: coupons.map((row) => ({
      id: row.couponId,
      offFen: row.offFen,
      minimumFen: row.minimumFen,
      isCompensation: row.source === 'compensation',
      expiresAtMs: row.expiresAtMs,
    })),
    points: await pointsOf(db, consumerId),
  }
}
export async function pointsOf(db: Reader, consumerId: string): Promise<number> {
  const row = await db
    .selectFrom('pointsMovement')
    .select((eb) => eb.fn.sum<number | null>('points').as('points'))
    .where('consumerId', '=', consumerId)
    .executeTakeFirst()
  return Number(row?.points ?? 0)
}

/** Prices goods for a session: what held when its door was asked for, and what its consumer has now. */
export interface Pricer {
  readonly prices: ReadonlyMap<string, number>
  /** Pure: the same goods cost the same however often they are asked about. */
  quote(goods: readonly Goods[]): BestPrice
}
export async function pricerFor(
  db: Reader,
  session: { cabinetId: string; planogramVersion: number; requestedAtMs: number; consumerId: string },
  nowMs: number,
): Promise<Pricer> {
  const { prices, promotions } = await priceBookAt(db, session, session.requestedAtMs)
  const offers = { promotions, ...(await benefitsOf(db, session.consumerId, nowMs)) }
  return { prices, quote: (goods) => findBestPrice(goods, offers) }
}
