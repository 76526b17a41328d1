import type { ReceiptView } from '#protocol/api/consumer.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import type { Product } from '#core/catalog/queries.ts'

/** Rarer than this is noise, not an explanation that anybody should weigh. */
const SHOWN_FROM = 0.005
type Lines = ReadonlyArray<{ readonly sku: string; readonly quantity: number }>

/**
 * What the weights say about the lines of an order: how likely exactly these are, and what else it could have been,
 * the likeliest first, each priced like the order. Pure. When the cheapest of several mixes was charged, the likeliest
 * one is among the others.
 * @param lines  as they stand on the order
 */
export function readingsOf(
  receipt: SessionReconciled['receipt'],
  lines: Lines,
  prices: Readonly<Record<string, number>>,
  products: ReadonlyMap<string, Product>,
): ReceiptView {
  const mixes = [
    { lines: receipt.lines as Lines, probability: receipt.probability },
    ...receipt.alternatives.map((one) => ({ lines: one.lines as Lines, probability: one.probability })),
  ]
  const own = keyOf(lines)
  const others = mixes.filter((mix) => keyOf(mix.lines) !== own)
  return {
    probability: mixes
      .filter((mix) => !others.includes(mix))
      .reduce((sum, mix) => Math.min(1, sum + mix.probability), 0),
    alternatives: others
      .filter(({ probability }) => probability >= SHOWN_FROM)
      .sort((a, b) => b.probability - a.probability)
      .map((mix) => {
        const taken = mix.lines.filter(({ quantity }) => quantity > 0)
        return {
          probability: mix.probability,
          totalFen: taken.reduce((sum, { sku, quantity }) => sum + quantity * (prices[sku] ?? 0), 0),
          lines: taken.map(({ sku, quantity }) => ({
            sku,
            name: products.get(sku)?.name ?? { zh: sku, en: sku },
            quantity,
          })),
        }
      }),
  }
}

/** What only came in is on no bill: two mixes that differ in that alone are one. */
function keyOf(lines: Lines): string {
  const counts = new Map<string, number>()
  for (const { sku, quantity } of lines) counts.set(sku, (counts.get(sku) ?? 0) + quantity)
  return [...counts]
    .filter(([, quantity]) => quantity > 0)
    .map(([sku, quantity]) => `${sku}×${quantity}`)
    .sort()
    .join()
}
