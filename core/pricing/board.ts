import type { PriceBoard, PriceListView, PromotionView } from '#protocol/api/prices.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import type { Database } from '#core/platform/database.ts'
import { describePromotion } from './describe.ts'
import { listOf, offerOf } from './store.ts'

const SHOWN_MOST = 200
interface Period {
  startsAtMs: number
  endsAtMs: number | null
  stoppedAtMs: number | null
}
function stateOf(row: Period, nowMs: number): PromotionView['state'] {
  if (row.stoppedAtMs !== null) return 'stopped'
  if (row.endsAtMs !== null && row.endsAtMs <= nowMs) return 'ended'
  return row.startsAtMs > nowMs ? 'planned' : 'running'
}

/** Everything about prices that one screen shows. @param operator  only theirs; null: all */
export async function priceBoard(
  db: Database['read'],
  operator: string | null,
  nowMs: number,
  mayChange: boolean,
): Promise<PriceBoard> {
  const own = <T extends { operator: string }>(rows: T[]) =>
    operator === null ? rows : rows.filter((row) => row.operator === operator)
  const products = await productsBySku(db)
  const promotions = own(
    await db.selectFrom('promotion').selectAll().orderBy('createdAtMs', 'desc').limit(SHOWN_MOST).execute(),
  )
  const given = await db
    .selectFrom('orderDiscount as d')
    .innerJoin('order as o', 'o.orderId', 'd.orderId')
    .select((eb) => [
      'd.sourceId',
      eb.fn.sum<number>('d.amountFen').as('fen'),
      eb.fn.countAll<number>().as('count'),
    ])
    .where('d.kind', 'in', ['timed', 'threshold'])
    .where('o.state', 'not in', ['open', 'void'])
    .groupBy('d.sourceId')
    .execute()
  const lists = own(
    await db.selectFrom('priceList').selectAll().orderBy('createdAtMs', 'desc').limit(SHOWN_MOST).execute(),
  )
  const items = await db.selectFrom('priceListItem').selectAll().execute()
  const places = await db.selectFrom('priceListCabinet').selectAll().execute()
  const cabinets = own(
    await db
      .selectFrom('cabinet')
      .select(['cabinetId', 'nameZh', 'nameEn', 'operator'])
      .orderBy('cabinetId')
      .execute(),
  )
  return {
    promotions: promotions.map((row): PromotionView => {
      const { name, text } = describePromotion({ ...offerOf(row), endsAtMs: row.endsAtMs }, products)
      const taken = given.find((one) => one.sourceId === row.promotionId)
      return {
        promotionId: row.promotionId,
        operator: row.operator,
        kind: row.kind,
        name,
        text,
        state: stateOf(row, nowMs),
        cabinets: listOf(row.cabinets),
        startsAtMs: row.startsAtMs,
        endsAtMs: row.stoppedAtMs ?? row.endsAtMs,
        fromMinute: row.fromMinute,
        toMinute: row.toMinute,
        weekdays: row.weekdays,
        isExclusive: row.isExclusive === 1,
        createdAtMs: row.createdAtMs,
        createdBy: row.createdBy,
        orderCount: Number(taken?.count ?? 0),
        givenFen: Number(taken?.fen ?? 0),
      }
    }),
    priceLists: lists.map(
      (row): PriceListView => ({
        priceListId: row.priceListId,
        operator: row.operator,
        name: { zh: row.nameZh, en: row.nameEn },
        state: stateOf(row, nowMs),
        cabinets: places.filter((one) => one.priceListId === row.priceListId).map((one) => one.cabinetId),
        prices: items
          .filter((one) => one.priceListId === row.priceListId)
          .map(({ sku, priceFen }) => ({
            sku,
            name: { ...(products.get(sku)?.name ?? { zh: sku, en: sku }) },
            priceFen,
            usualFen: products.get(sku)?.priceFen ?? 0,
          })),
        startsAtMs: row.startsAtMs,
        endsAtMs: row.stoppedAtMs ?? row.endsAtMs,
        createdAtMs: row.createdAtMs,
        createdBy: row.createdBy,
      }),
    ),
    cabinets: cabinets.map((row) => ({
      cabinetId: row.cabinetId,
      name: { zh: row.nameZh, en: row.nameEn },
      operator: row.operator,
    })),
    products: [...products.values()].map(({ sku, name, priceFen }) => ({ sku, name: { ...name }, priceFen })),
    mayChange,
    nowMs,
  }
}
