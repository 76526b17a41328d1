import Fastify from 'fastify'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { CABINET, createCoreBench } from '#test/core/core-bench.ts'
import { seedOrders } from './served.ts'
import { startStandIns } from './stand-ins.ts'

/** What the load is told, as one line on standard output. */
export interface Served {
  coreUrl: string
  bareUrl: string
  consumerCookie: string
  agentCookie: string
  orders: Array<{ orderId: string; lineId: string }>
}

/**
 * A process of its own: a whole core without a broker, and beside it the least that fastify can do with the same row. What
 * is due is not carried out, so that the requests are measured and not what they start.
 */
async function serve(orderCount: number): Promise<void> {
  const clock = createSystemClock()
  const random = createSystemRandom()
  const ids = createIds(clock, random)
  const flags = await startStandIns({ clock, ids, random })
  const bench = await createCoreBench({}, () => flags)
  const { core } = bench
  const { commerce, db } = core
  if (commerce === undefined) throw new Error('the core of the benchmark sells nothing')
  const { consumerId, token } = await db.write('sign in', (tx) =>
    commerce.consumers.signIn(tx, 'oSim0anna', 'en'),
  )
  const orders = await seedOrders(db, ids, { consumerId, cabinetId: CABINET }, orderCount)
  const agentCookie = await bench.cookieOf('lead')
  const coreUrl = await core.http.listen({ host: '127.0.0.1', port: 0 })
  const bare = Fastify()
  bare.get<{ Params: { orderId: string } }>('/order/:orderId', (request) =>
    db.read.selectFrom('order').selectAll().where('orderId', '=', request.params.orderId).executeTakeFirst(),
  )
  const bareUrl = await bare.listen({ host: '127.0.0.1', port: 0 })
  const served: Served = { coreUrl, bareUrl, consumerCookie: `consumer=${token}`, agentCookie, orders }
  process.stdout.write(`${JSON.stringify(served)}\n`)
}

process.stdin.on('end', () => process.exit(0))
process.stdin.resume()
serve(Number(process.argv[2] ?? 500)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
})
