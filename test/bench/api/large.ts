import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LargeServed } from './large-server.ts'
import { addressOf, type Call, figuresOf, forEach, nothingTaken, type RouteFigures } from './load.ts'
import { servedBy } from './process.ts'

export interface LargeFigures {
  orders: number
  tickets: number
  consumers: number
  /** What the folder took to seed; undefined when it was there. */
  seedSeconds?: number
  /** Each with its first call apart, for which a core that has just begun reads the disk and makes what writes the answer. */
  routes: Record<string, RouteFigures & { firstMs: number }>
  /** The slowest of them. */
  p99MsMost: number
}

const ROOT = path.resolve(import.meta.dirname, '../../..')
const CALLS = 200
/** As many people as look at something in the same moment. */
const AT_ONCE = 4

/** The screens of a business of two years: queue, search, orders, each asked for often. */
export async function measureLarge(
  wish: { data?: string; orders: number; tickets: number },
  say: (line: string) => void,
): Promise<LargeFigures> {
  const { folder, seedSeconds } =
    wish.data === undefined ? await seededFolder(wish, say) : { folder: wish.data, seedSeconds: undefined }
  const server = servedBy<LargeServed>(path.join(import.meta.dirname, 'large-server.ts'), folder)
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  try {
    const served = await server.served
    const routes: LargeFigures['routes'] = {}
    for (const [name, callOf] of Object.entries(routesOf(served))) {
      say(`  ${name} …`)
      const first = nothingTaken()
      await forEach(agent, 1, first, callOf, 1)
      const taken = nothingTaken()
      await forEach(agent, CALLS, taken, callOf, AT_ONCE)
      routes[name] = { ...figuresOf(taken), firstMs: figuresOf(first).p50Ms }
    }
    return {
      ...served.counts,
      ...(seedSeconds === undefined ? {} : { seedSeconds }),
      routes,
      p99MsMost: Math.max(...Object.values(routes).map(({ p99Ms }) => p99Ms)),
    }
  } finally {
    agent.destroy()
    server.stop()
  }
}

function routesOf(served: LargeServed): Record<string, (index: number) => Call> {
  const { coreUrl, orders, tickets } = served
  const get = (address: string, cookie: string, index: number): Call => ({
    url: `${coreUrl}${address}`,
    method: 'GET',
    headers: { cookie, 'accept-encoding': 'gzip', 'x-forwarded-for': addressOf(index) },
  })
  const order = (index: number) => orders[index % orders.length] as LargeServed['orders'][number]
  const ticket = (index: number) => tickets[index % tickets.length] as LargeServed['tickets'][number]
  const lead = (address: (index: number) => string) => (index: number) =>
    get(address(index), served.leadCookie, index)
  const operator = (address: (index: number) => string) => (index: number) =>
    get(address(index), served.operatorCookie, index)
  const search = (where: string, text: (index: number) => string) =>
    lead((index) => `/api/staff/${where}query=${encodeURIComponent(text(index))}`)
  const words = ['酸奶', '扣了两次', 'invoice', 'returned', '发票', 'charged twice']
  return {
    orderPage: (index) => get(`/o/${order(index).orderId}`, order(index).cookie, index),
    ownOrders: (index) => get('/orders', order(index).cookie, index),
    home: lead(() => '/api/staff/home'),
    queueOpen: lead(() => '/api/staff/tickets?view=open'),
    queueMine: lead(() => '/api/staff/tickets?view=mine'),
    queueBreaching: lead(() => '/api/staff/tickets?view=breaching'),
    queueClosed: lead(() => '/api/staff/tickets?view=closed'),
    queueOfOperator: operator(() => '/api/staff/tickets?view=closed'),
    ticket: lead((index) => `/api/staff/tickets/${ticket(index).ticketId}`),
    ticketsByNumber: search('tickets?view=closed&', (index) => String(ticket(index).number)),
    ticketsByOrder: search('tickets?view=closed&', (index) => order(index).orderId),
    ticketsByConsumer: search('tickets?view=closed&', (index) => order(index).consumerId),
    ticketsByCabinet: search('tickets?view=closed&', (index) => order(index).cabinetId),
    ticketsByPhoneTail: search('tickets?view=closed&', (index) => String(1000 + (index % 9000))),
    ticketsByText: search('tickets?view=closed&', (index) => words[index % words.length] ?? ''),
    staffOrder: lead((index) => `/api/staff/orders/${order(index).orderId}`),
    orders: lead(() => '/api/staff/orders'),
    ordersById: search('orders?', (index) => order(index).orderId),
    ordersByConsumer: search('orders?', (index) => order(index).consumerId),
    ordersByCabinet: search('orders?', (index) => order(index).cabinetId),
    ordersByNothing: search('orders?', (index) => `nothing-${index}`),
    report: lead(() => '/api/staff/reports'),
    reportOfOperator: operator(() => '/api/staff/reports'),
    callBacks: lead(() => '/api/staff/call-backs'),
    improvements: lead(() => '/api/staff/improvements'),
  }
}

/** Kept between runs for as long as what seeds it stays the same. */
async function seededFolder(
  { orders, tickets }: { orders: number; tickets: number },
  say: (line: string) => void,
): Promise<{ folder: string; seedSeconds?: number }> {
  const mark = createHash('sha256')
  for (const folder of ['core/seed', 'core/platform/migrations'])
    for (const name of readdirSync(path.join(ROOT, folder)).sort())
      if (name.endsWith('.ts')) mark.update(readFileSync(path.join(ROOT, folder, name)))
  const folder = path.join(
    tmpdir(),
    `bench-api-seeded-${orders}-${tickets}-${mark.digest('hex').slice(0, 12)}`,
  )
  if (existsSync(folder)) return { folder }
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  say(`Seeding ${orders} orders once into ${folder} …`)
  const startedMs = performance.now()
  const seed = spawn(
    process.execPath,
    [
      path.join(ROOT, 'core/main.ts'),
      'seed',
      '--orders',
      String(orders),
      '--tickets',
      String(tickets),
      '--data',
      part,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const code = await new Promise<number | null>((resolve) => seed.once('exit', resolve))
  if (code !== 0) throw new Error(`the seed ended with ${code}`)
  renameSync(part, folder)
  return { folder, seedSeconds: (performance.now() - startedMs) / 1000 }
}
