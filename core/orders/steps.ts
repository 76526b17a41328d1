import type { Bilingual } from '#protocol/api/common.ts'
import type { Product } from '#core/catalog/queries.ts'

/** The sentences of the weighing engine (protocol/weighing/explain.ts) in Chinese; `{goods}` are the counted products. */
const SENTENCES: ReadonlyArray<readonly [RegExp, string]> = [
  [/^Nothing left or came/, '没有商品进出'],
  [/^A hand or an object rested/, '有手或物品短暂停留，不计入'],
  [/^Taken: /, '取走 {goods}'],
  [/^Put back on another shelf: /, '放回到另一层 {goods}'],
  [/^Put back: /, '放回 {goods}'],
  [/^Put back .* and took /, '一次调换 {goods}'],
  [/^Something that is not sold here/, '放入了不属于货柜的物品'],
  [/^What did not belong here/, '不属于货柜的物品已拿走'],
  [/^Weight left that no product explains/, '有重量减少，但不符合任何商品'],
  [/came back lighter than it left/, '{goods} 放回时变轻，可能已拆封'],
  [/was put in that was not taken/, '放入 {goods}，并非本次取走'],
]

/** A step for people, in both languages, with the names of the goods instead of their codes. */
export function explainStep(
  step: { grams: number; explanation: string },
  products: ReadonlyMap<string, Product>,
): Bilingual {
  const counted = [...step.explanation.matchAll(/(\d+) × ([a-z0-9-]+)/g)].map(([, count, sku]) => ({
    count,
    product: products.get(sku ?? ''),
    sku: sku ?? '',
  }))
  const goods = counted.map(({ count, product, sku }) => `${product?.name.zh ?? sku} × ${count}`).join('、')
  const sentence = SENTENCES.find(([start]) => start.test(step.explanation))?.[1]
  const grams = `${step.grams < 0 ? '−' : '+'}${Math.abs(Math.round(step.grams))} 克`
  const zh = `${sentence?.replace('{goods}', goods) ?? '重量变化'}（${grams}）。`
  const en = step.explanation.replace(
    /(\d+) × ([a-z0-9-]+)/g,
    (_whole, count: string, sku: string) => `${count} × ${products.get(sku)?.name.en ?? sku}`,
  )
  return { zh, en }
}
