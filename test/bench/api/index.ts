import { Agent } from 'node:http'
import path from 'node:path'
import {
  addressOf,
  type Call,
  CONNECTIONS,
  figuresOf,
  forEach,
  forMs,
  nothingTaken,
  type RouteFigures,
  send,
} from './load.ts'
import { type LargeFigures, measureLarge } from './large.ts'
import { servedBy } from './process.ts'
import type { Served } from './server.ts'

export interface ApiFigures {
  connections: number
  orders: number
  /** A bare fastify route that reads the row of the order, in the same process and run. */
  bareRow: RouteFigures
  /** Looked at again and again by those who wait. */
  orderPage: RouteFigures
  /** Asked with the tag of the page that is shown, as an open page does. */
  orderPageAgain: RouteFigures
  /** Each order for the first time: its facts are read and its page is drawn. */
  orderPageFirst: RouteFigures
  orderJson: RouteFigures
  dispute: RouteFigures
  refund: RouteFigures
  orderPageToBareRow: number
  orderPageAgainToBareRow: number
  orderPageFirstToBareRow: number
}

const ORDERS = 1500
const LARGE_ORDERS = 1_000_000
/** So many orders are disputed, and so many others refunded. */
const CHANGED = 300
const WARM_UP_MS = 1000
/** Turns of a second each, so that a neighbour who takes the processor for a while slows all of them alike. */
const TURNS = 4
const TURN_MS = 750

/**
 * Starts a core in a process of its own and asks it over HTTP, as phones and the console do; then another one on a folder of
 * two years.
 * @param data  such a folder; without it one is seeded and kept in the folder for temporary files
 */
export async function runApiBench(options: {
  say: (line: string) => void
  data?: string
  orders?: number
}): Promise<ApiFigures & { large?: LargeFigures }> {
  const figures = await measureRoutes(options.say)
  const { orders = LARGE_ORDERS, data } = options
  if (orders === 0) return figures
  options.say('A business of two years …')
  const wish = { orders, tickets: Math.ceil(orders / 100), ...(data === undefined ? {} : { data }) }
  return { ...figures, large: await measureLarge(wish, options.say) }
}

async function measureRoutes(say: (line: string) => void): Promise<ApiFigures> {
  const server = servedBy<Served>(path.join(import.meta.dirname, 'server.ts'), String(ORDERS))
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  try {
    const served = await server.served
    const calls = callsOf(served)
    const { bare, page, again, json } = calls
    const tag = (await send(agent, page('en')(0))).etag
    const taken = {
      bareRow: nothingTaken(),
      orderPage: nothingTaken(),
      orderPageAgain: nothingTaken(),
      orderPageFirst: nothingTaken(),
      orderJson: nothingTaken(),
      dispute: nothingTaken(),
      refund: nothingTaken(),
    }
    say('The order page beside a bare route that reads the row …')
    for (const call of [bare, page('en'), again(tag), json])
      await forMs(agent, WARM_UP_MS, nothingTaken(), call)
    for (let turn = 0; turn < TURNS; turn++) {
      await forMs(agent, TURN_MS, taken.bareRow, bare)
      await forMs(agent, TURN_MS, taken.orderPage, page('en'))
      await forMs(agent, TURN_MS, taken.orderPageAgain, again(tag))
      await forMs(agent, TURN_MS, taken.orderJson, json)
    }
    // In the other language no page was drawn yet.
    await forEach(agent, ORDERS, taken.orderPageFirst, page('zh'))
    say('Disputes and refunds …')
    await forEach(agent, CHANGED, taken.dispute, calls.dispute)
    await forEach(agent, CHANGED, taken.refund, calls.refund)
    const bareRow = figuresOf(taken.bareRow)
    const orderPage = figuresOf(taken.orderPage)
    const orderPageAgain = figuresOf(taken.orderPageAgain)
    const orderPageFirst = figuresOf(taken.orderPageFirst)
    return {
      connections: CONNECTIONS,
      orders: ORDERS,
      bareRow,
      orderPage,
      orderPageAgain,
      orderPageFirst,
      orderJson: figuresOf(taken.orderJson),
      dispute: figuresOf(taken.dispute),
      refund: figuresOf(taken.refund),
      orderPageToBareRow: orderPage.requestsPerSecond / bareRow.requestsPerSecond,
      orderPageAgainToBareRow: orderPageAgain.requestsPerSecond / bareRow.requestsPerSecond,
      orderPageFirstToBareRow: orderPageFirst.requestsPerSecond / bareRow.requestsPerSecond,
    }
  } finally {
    agent.destroy()
    server.stop()
  }
}

function callsOf({ coreUrl, bareUrl, orders, consumerCookie, agentCookie }: Served) {
  const order = (index: number) => orders[index % orders.length] as Served['orders'][number]
  /** Limits count by address; nobody asks as often as a benchmark. */
  const from = (index: number) => ({ 'accept-encoding': 'gzip', 'x-forwarded-for': addressOf(index) })
  const get = (url: string, headers: Record<string, string> = {}): Call => ({ url, method: 'GET', headers })
  const post = (url: string, headers: Record<string, string>, body: object): Call => ({
    url,
    method: 'POST',
    headers: {
      ...headers,
      origin: coreUrl,
      'content-type': 'application/json',
      'x-requested-with': 'fetch',
    },
    body: JSON.stringify(body),
  })
  const consumer = (index: number) => ({ cookie: consumerCookie, ...from(index) })
  return {
    bare: (index: number) => get(`${bareUrl}/order/${order(index).orderId}`),
    page: (language: 'zh' | 'en') => (index: number) =>
      get(`${coreUrl}/o/${order(index).orderId}`, {
        ...consumer(index),
        cookie: `${consumerCookie}; lang=${language}`,
      }),
    again: (tag: string | undefined) => (index: number) =>
      get(`${coreUrl}/o/${order(0).orderId}`, {
        ...consumer(index),
        cookie: `${consumerCookie}; lang=en`,
        ...(tag === undefined ? {} : { 'if-none-match': tag }),
      }),
    json: (index: number) => get(`${coreUrl}/api/consumer/orders/${order(index).orderId}`, consumer(index)),
    dispute: (index: number) => {
      const { orderId, lineId } = order(index)
      return post(`${coreUrl}/api/consumer/orders/${orderId}/disputes`, consumer(index), {
        requestId: `bench-${String(index).padStart(6, '0')}`,
        reason: 'other',
        lines: [{ lineId, quantity: 1 }],
      })
    },
    refund: (index: number) => {
      const { orderId, lineId } = order(orders.length - 1 - index)
      return post(
        `${coreUrl}/api/staff/orders/${orderId}/refunds`,
        { cookie: agentCookie, ...from(index) },
        {
          refundId: `rfbench${String(index).padStart(6, '0')}`,
          lines: [{ lineId, quantity: 1 }],
          reason: 'quality',
          stock: 'not_returned',
          tellConsumer: false,
        },
      )
    },
  }
}
