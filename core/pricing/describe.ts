import { yuanText } from '#protocol/base/units.ts'
import { type Offers, timedUnitFen } from './best-price.ts'
import type { PriceBook } from './store.ts'

interface Bilingual {
  zh: string
  en: string
}
type Names = ReadonlyMap<string, { readonly name: Readonly<Bilingual> }>
/** More goods than this are counted instead of named. */
const NAMED_MOST = 3

/** What a shopper reads beside a product: the price now and, when a timed price holds, the one before. */
export function shownPrice(book: PriceBook, sku: string): { priceFen: number; beforeFen?: number } {
  const beforeFen = book.prices.get(sku) ?? 0
  const priceFen = book.promotions.reduce(
    (least, one) =>
      one.kind === 'timed' && (one.skus === null || one.skus.includes(sku))
        ? Math.min(least, timedUnitFen(one, beforeFen))
        : least,
    beforeFen,
  )
  return priceFen < beforeFen ? { priceFen, beforeFen } : { priceFen }
}

/** A promotion in a sentence. */
export function describePromotion(
  offer: Offers['promotions'][number] & { readonly endsAtMs: number },
  products: Names,
): { name: Bilingual; text: Bilingual; endsAtMs: number } {
  const { zh, en } = scopeOf(offer.skus, products)
  const text =
    offer.kind === 'threshold'
      ? {
          zh: `${zh}${offer.timesMost > 1 ? '每' : ''}满 ¥${yuanText(offer.thresholdFen)} 减 ¥${yuanText(offer.offFen)}${offer.timesMost > 1 ? `，最多 ${offer.timesMost} 次` : ''}`,
          en: `¥${yuanText(offer.offFen)} off ${offer.timesMost > 1 ? 'each' : 'from'} ¥${yuanText(offer.thresholdFen)} of ${en}${offer.timesMost > 1 ? `, ${offer.timesMost} times at most` : ''}`,
        }
      : offer.priceFen === null
        ? { zh: `${zh} 减 ${offer.percentOff ?? 0}%`, en: `${offer.percentOff ?? 0} % off ${en}` }
        : { zh: `${zh} 每件 ¥${yuanText(offer.priceFen)}`, en: `${en} ¥${yuanText(offer.priceFen)} each` }
  const only = offer.isExclusive
    ? { zh: '，不与其他活动同享', en: ', not with other promotions' }
    : { zh: '', en: '' }
  return {
    name: { ...offer.name },
    text: { zh: `${text.zh}${only.zh}`, en: `${text.en}${only.en}` },
    endsAtMs: offer.endsAtMs,
  }
}

function scopeOf(skus: readonly string[] | null, products: Names): Bilingual {
  if (skus === null) return { zh: '全场', en: 'everything' }
  if (skus.length > NAMED_MOST) return { zh: `指定的 ${skus.length} 种商品`, en: `${skus.length} products` }
  const names = skus.map((sku) => products.get(sku)?.name ?? { zh: sku, en: sku })
  return { zh: names.map((one) => one.zh).join('、'), en: names.map((one) => one.en).join(', ') }
}
