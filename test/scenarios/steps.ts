import { readFileSync } from 'node:fs'
import type { OrderView, SessionView } from '#protocol/api/consumer.ts'
import { DEMO_SEED } from '#scripts/system.ts'
import { expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Consumer, ProviderBooks, VisitStep, VisitTruth, World } from './world.ts'

const seed = JSON.parse(readFileSync(DEMO_SEED, 'utf8')) as {
  products: Array<{ sku: string; priceFen: number }>
}

/** What these goods cost together, in fen, by the price list of the seed. */
export function priceOf(taken: Record<string, number>): number {
  return Object.entries(taken).reduce((sum, [sku, quantity]) => {
    const product = seed.products.find((one) => one.sku === sku)
    expectThat(product, `the seed has no product ${sku}`)
    return sum + quantity * product.priceFen
  }, 0)
}

export const arrive: VisitStep[] = [{ do: 'wait-unlocked', timeoutMs: 10_000 }, { do: 'open' }]
export const leave: VisitStep[] = [{ do: 'close' }, { do: 'wait-locked', timeoutMs: 10_000 }]
export const take = (shelf: string, sku: string, more: Record<string, unknown> = {}): VisitStep => ({
  do: 'take',
  shelf,
  sku,
  ...more,
})
export const putBack = (shelf: string, sku: string): VisitStep => ({ do: 'put-back', shelf, sku })

/** A whole visit: scan, consent, open, what the shopper does, close. */
export async function shop(
  world: World,
  consumer: Consumer,
  between: VisitStep[],
): Promise<{ session: SessionView; truth: VisitTruth }> {
  const session = await consumer.open()
  const truth = await world.workshop.visit([...arrive, ...between, ...leave])
  return { session, truth }
}

/** As the charge stands at the provider: the payments of this consumer, oldest first. */
export function paymentsOf(books: ProviderBooks, consumer: Consumer): ProviderBooks['transactions'] {
  const orders = new Set(
    books.serviceOrders
      .filter(({ openid }) => openid === consumer.openid)
      .map(({ outOrderNo }) => outOrderNo),
  )
  return books.transactions.filter(({ outOrderNo }) => orders.has(outOrderNo))
}
export function refundsOf(books: ProviderBooks, consumer: Consumer): ProviderBooks['refunds'] {
  const transactions = new Set(paymentsOf(books, consumer).map(({ transactionId }) => transactionId))
  return books.refunds.filter(({ transactionId }) => transactions.has(transactionId))
}

/** The order charges what was really taken, and the provider took exactly that, once. */
export async function expectChargedOnce(
  world: World,
  consumer: Consumer,
  order: OrderView,
  taken: Record<string, number>,
): Promise<void> {
  const lines = Object.fromEntries(order.lines.map(({ sku, quantity }) => [sku, quantity]))
  expectEqual(lines, taken, 'the lines of the order')
  expectEqual(order.totalFen, priceOf(taken), 'the amount of the order')
  expectEqual(order.paidFen, priceOf(taken), 'what the order says was paid')
  const payments = paymentsOf(await world.provider.books(), consumer)
  expectEqual(
    payments.map(({ amountFen }) => amountFen),
    [priceOf(taken)],
    "the payments in the provider's books",
  )
}
