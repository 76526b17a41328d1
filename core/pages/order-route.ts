import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OrderView } from '#protocol/api/consumer.ts'
import type { Language } from '#protocol/words/words.ts'
import type { OwnOrder } from '#core/orders/versions.ts'
import type { PageContext } from './context.ts'
import { compressPage, type KeptPage, KeptPages, textOf } from './kept-pages.ts'
import { isUnsettled, orderPage } from './views/order.ts'

/** What the page of an order is asked of. */
export interface OwnOrders {
  /** @returns undefined when nobody is signed in */
  find(request: FastifyRequest, orderId: string): Promise<OwnOrder | undefined>
  orderForConsumer(consumerId: string, orderId: string): Promise<OrderView>
  /** Limits that decide what a page says, as text: another text when one was changed. */
  limits(): string
}

/** Clocks strike midnight, and years begin, on a quarter of an hour in every zone. */
const QUARTER_MS = 15 * 60_000

/**
 * The page of an order, looked at again and again while somebody waits for money: drawn once for each version of its facts.
 * Who may see it is asked of the database every time, and `request.consumer` is who that is.
 * @returns false when this consumer has no such order, or nobody is signed in; nothing was sent then
 */
export function createOrderRoute(
  orders: OwnOrders,
  contextFor: (request: FastifyRequest, language: Language, cabinetId: string) => Promise<PageContext>,
  nowMs: () => number,
) {
  const kept = new KeptPages()

  return async (
    request: FastifyRequest,
    reply: FastifyReply,
    { orderId, language }: { orderId: string; language: Language },
  ): Promise<boolean> => {
    const own = await orders.find(request, orderId)
    request.consumer = own?.consumer ?? null
    if (own?.version === undefined) return false
    const key = `${orderId} ${language}`
    const mark = `${own.version} ${orders.limits()} ${Math.floor(nowMs() / QUARTER_MS)}`
    let page = kept.find(key, mark)
    if (page === undefined) {
      const order = await orders.orderForConsumer(own.consumer.consumerId, orderId)
      const context = await contextFor(request, language, order.cabinetId)
      page = compressPage(orderPage(context, order).text)
      if (staysTheSame(order)) kept.keep(key, mark, page)
    }
    sendKept(request, reply, page)
    return true
  }
}

/** Nothing on it counts minutes: it changes only with a fact. */
function staysTheSame(order: OrderView): boolean {
  return (
    (order.chargedAtMs !== null || order.state === 'void') &&
    order.deferral?.toMs !== null &&
    !isUnsettled(order)
  )
}

function sendKept(request: FastifyRequest, reply: FastifyReply, page: KeptPage): void {
  void reply.header('vary', 'cookie, accept-language, accept-encoding').header('etag', page.tag)
  if (request.headers['if-none-match'] === page.tag) {
    void reply.code(304).send()
    return
  }
  void reply.type('text/html; charset=utf-8')
  if (request.headers['accept-encoding']?.includes('gzip') === true)
    void reply.header('content-encoding', 'gzip').send(page.compressed)
  else void reply.send(textOf(page))
}
