import { PRODUCTS } from '../world/cast.ts'
import type { World } from '../world/world.ts'

const PRICES = new Map<string, number>(PRODUCTS.map(({ sku, priceFen }) => [sku, priceFen]))

interface OrderRow {
  orderId: string
  state: string
  totalFen: number
  decision: string | null
}

/**
 * What people really took beside what they were asked for (I14): a clear receipt of honest scales is right to the piece,
 * and goods that left never end as nothing unless somebody knows of it.
 */
export function checkTruth(world: World): void {
  const hasScaleFaults = Object.keys(world.counts).some((kind) => kind.startsWith('scale') || kind === 'bus dead')
  for (const { sessionId, taken, plan, openedAtMs } of world.visits) {
    if (openedAtMs === undefined) continue
    let worthFen = 0
    for (const [sku, quantity] of taken) worthFen += (PRICES.get(sku) ?? 0) * quantity
    const order = world.core.sqlite
      .prepare('SELECT orderId, state, totalFen, decision FROM "order" WHERE sessionId = ?')
      .get(sessionId) as OrderRow | undefined
    if (order === undefined) {
      world.violate('I14', `${plan.consumerId} was let in as ${sessionId}, and there is no order`)
      continue
    }
    const isNoticed =
      world.core.sqlite
        .prepare('SELECT 1 FROM anomaly WHERE orderId = ? UNION ALL SELECT 1 FROM incident WHERE subject = ?')
        .get(order.orderId, sessionId) !== undefined
    if (isNoticed) continue
    if (worthFen > 0 && order.totalFen === 0 && !hasScaleFaults)
      world.violate('I14', `goods for ${worthFen} left with ${sessionId}, order ${order.orderId} is ${order.state} at 0`)
    else if (order.totalFen !== worthFen && !hasScaleFaults && order.state !== 'open')
      world.violate(
        'I14',
        `${sessionId} took goods for ${worthFen}, order ${order.orderId} (${order.state}) says ${order.totalFen} and nobody was asked`,
      )
  }
}
