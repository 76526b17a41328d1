import { spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import type { Served } from './server.ts'

export interface RouteFigures {
  requests: number
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
}
export interface ApiFigures {
  connections: number
  orders: number
  /** A bare fastify route that reads the row of the order, in the same process and run. */
  bareRow: RouteFigures
  orderPage: RouteFigures
  /** Asked again with the tag of the page that is shown, as an open page does. */
  orderPageAgain: RouteFigures
  orderJson: RouteFigures
  dispute: RouteFigures
  refund: RouteFigures
  orderPageToBareRow: number
  orderPageAgainToBareRow: number
}

const clock = createSystemClock()
const CONNECTIONS = 16
const ORDERS = 800
/** So many orders are disputed, and so many others refunded. */
const CHANGED = 300
const WARM_UP_MS = 1000
const MEASURED_MS = 3000

interface Call {
  url: string
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
}

/** Starts a core in a process of its own and asks it over HTTP, as phones and the console do. */
export async function runApiBench({ say }: { say: (line: string) => void }): Promise<ApiFigures> {
  const server = spawn(process.execPath, [path.join(import.meta.dirname, 'server.ts'), String(ORDERS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    const served = await firstLine(server)
    const { coreUrl, bareUrl, orders } = served
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
    const order = (index: number) => orders[index % orders.length] as Served['orders'][number]
    const consumer = (index: number) => ({
      cookie: served.consumerCookie,
      'accept-encoding': 'gzip',
      'x-forwarded-for': addressOf(index),
    })
    const staff = (index: number) => ({
      cookie: served.agentCookie,
      origin: coreUrl,
      'x-forwarded-for': addressOf(index),
    })
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
    const page = (index: number) => get(`${coreUrl}/o/${order(index).orderId}?lang=en`, consumer(index))

    say('A bare route that reads the row …')
    const bareRow = await forSeconds(agent, (index) => get(`${bareUrl}/order/${order(index).orderId}`))
    say('The order page …')
    const orderPage = await forSeconds(agent, page)
    say('The order page, asked again …')
    const tag = (await send(agent, page(0))).etag
    const orderPageAgain = await forSeconds(agent, (index) => {
      const call = { ...page(0), headers: consumer(index) }
      return { ...call, headers: { ...call.headers, ...(tag === undefined ? {} : { 'if-none-match': tag }) } }
    })
    const orderJson = await forSeconds(agent, (index) =>
      get(`${coreUrl}/api/consumer/orders/${order(index).orderId}`, consumer(index)),
    )
    say('Disputes …')
    const dispute = await forEach(agent, CHANGED, (index) => {
      const { orderId, lineId } = order(index)
      return post(`${coreUrl}/api/consumer/orders/${orderId}/disputes`, consumer(index), {
        requestId: `bench-${String(index).padStart(6, '0')}`,
        reason: 'other',
        lines: [{ lineId, quantity: 1 }],
      })
    })
    say('Refunds …')
    const refund = await forEach(agent, CHANGED, (index) => {
      const { orderId, lineId } = order(ORDERS - 1 - index)
      return post(`${coreUrl}/api/staff/orders/${orderId}/refunds`, staff(index), {
        refundId: `rfbench${String(index).padStart(6, '0')}`,
        lines: [{ lineId, quantity: 1 }],
        reason: 'quality',
        stock: 'not_returned',
        tellConsumer: false,
      })
    })
    agent.destroy()
    return {
      connections: CONNECTIONS,
      orders: ORDERS,
      bareRow,
      orderPage,
      orderPageAgain,
      orderJson,
      dispute,
      refund,
      orderPageToBareRow: orderPage.requestsPerSecond / bareRow.requestsPerSecond,
      orderPageAgainToBareRow: orderPageAgain.requestsPerSecond / bareRow.requestsPerSecond,
    }
  } finally {
    server.stdin.end()
    server.kill()
  }
}

/** Limits count by address; nobody asks as often as a benchmark. */
function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
}

function firstLine(server: ReturnType<typeof spawn>): Promise<Served> {
  return new Promise((resolve, reject) => {
    if (server.stdout === null) throw new Error('assertion failed: the server has no standard output')
    createInterface({ input: server.stdout }).once('line', (line) => resolve(JSON.parse(line) as Served))
    server.once('exit', (code) => reject(new Error(`the server of the benchmark ended with ${code}`)))
  })
}

function send(agent: Agent, call: Call): Promise<{ etag: string | undefined }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(call.url, { method: call.method, headers: call.headers, agent }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => {
        const { statusCode = 0 } = answer
        if (statusCode >= 400)
          reject(
            new Error(
              `${call.method} ${call.url} was answered with ${statusCode}: ${Buffer.concat(pieces).toString('utf8').slice(0, 300)}`,
            ),
          )
        else resolve({ etag: answer.headers.etag })
      })
      answer.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(call.body)
  })
}

async function forSeconds(agent: Agent, callOf: (index: number) => Call): Promise<RouteFigures> {
  await load(agent, callOf, (_index, sinceMs) => sinceMs < WARM_UP_MS)
  return load(agent, callOf, (_index, sinceMs) => sinceMs < MEASURED_MS)
}
function forEach(agent: Agent, count: number, callOf: (index: number) => Call): Promise<RouteFigures> {
  return load(agent, callOf, (index) => index < count)
}

/** Every connection asks again as soon as it was answered. */
async function load(
  agent: Agent,
  callOf: (index: number) => Call,
  goesOn: (index: number, sinceMs: number) => boolean,
): Promise<RouteFigures> {
  const took: number[] = []
  const startedMs = clock.monoMs()
  let index = 0
  async function connection(): Promise<void> {
    while (goesOn(index, clock.monoMs() - startedMs)) {
      const call = callOf(index++)
      const sentMs = clock.monoMs()
      await send(agent, call)
      took.push(clock.monoMs() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  const seconds = (clock.monoMs() - startedMs) / 1000
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return {
    requests: took.length,
    requestsPerSecond: took.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}
