import type { SessionReconciled } from '#protocol/messages/session.ts'
import { PRODUCTS } from '../world/cast.ts'
import type { World } from '../world/world.ts'

const PRICES = new Map<string, number>(PRODUCTS.map(({ sku, priceFen }) => [sku, priceFen]))

interface OrderRow {
  orderId: string
  state: string
  totalFen: number
}

/**
 * What people really took beside what they were asked for (I14). Nobody is asked for more than they took, and a receipt
 * that calls itself clear is right to the piece. Where the agent was away or scales were ill a receipt may know less than
 * was taken; it must say that it is in doubt, and goods must not leave for nothing without anybody knowing.
 */
export function checkTruth(world: World): void {
  const hasScaleFaults = Object.keys(world.counts).some(
    (kind) => kind.startsWith('scale') || kind === 'bus dead',
  )
  for (const { sessionId, taken, plan, openedAtMs } of world.visits) {
    if (openedAtMs === undefined) continue
    let worthFen = 0
    for (const [sku, quantity] of taken) worthFen += (PRICES.get(sku) ?? 0) * quantity
    const order = world.core.sqlite
      .prepare('SELECT orderId, state, totalFen FROM "order" WHERE sessionId = ?')
      .get(sessionId) as OrderRow | undefined
    const isUnopened = order === undefined || order.state === 'void'
    const isOnTwoDisks = world.core.wentBackAtMs !== undefined && world.cardTroubles.has(plan.cabinetId)
    if (isUnopened && isOnTwoDisks) {
      // Forgotten by the core, whole or from the unlock on, and then by the cabinet that would have told of it again.
      world.tally('visit that two disks forgot')
      continue
    }
    if (order === undefined) {
      world.violate('I14', `${plan.consumerId} was let in as ${sessionId}, and there is no order`)
      continue
    }
    if (isNoticed(world, order.orderId, sessionId) || order.state === 'open' || order.totalFen === worthFen)
      continue
    const said = `${sessionId} took goods for ${worthFen}, order ${order.orderId} (${order.state}) says ${order.totalFen} and nobody was asked`
    const isInDoubt = verdictOf(world, sessionId) !== 'clear'
    if (hasScaleFaults) world.tally('wrong amount by ill scales')
    else if (order.totalFen > worthFen || order.totalFen === 0 || !isInDoubt) world.violate('I14', said)
    else world.tally('less asked than taken, in doubt')
  }
}

function isNoticed(world: World, orderId: string, sessionId: string): boolean {
  const row = world.core.sqlite
    .prepare('SELECT 1 FROM anomaly WHERE orderId = ? UNION ALL SELECT 1 FROM incident WHERE subject = ?')
    .get(orderId, sessionId)
  return row !== undefined
}

function verdictOf(world: World, sessionId: string): string | undefined {
  const row = world.core.sqlite
    .prepare('SELECT reconciled FROM session WHERE sessionId = ?')
    .get(sessionId) as { reconciled: string | null } | undefined
  if (row?.reconciled === null || row === undefined) return undefined
  return (JSON.parse(row.reconciled) as { receipt: { verdict: string } }).receipt.verdict
}

/** A piece is lighter than nothing that is sold here; scales that are well are right to a fraction of it. */
const WEIGHED_OFF_GRAMS = 30
const GRAMS = new Map<string, number>(PRODUCTS.map(({ sku, unitGrams }) => [sku, unitGrams]))

/** What the scales say of a visit of staff beside what was really put in. */
export function checkStaffVisits(world: World): void {
  const isWeighedWell = !Object.keys(world.counts).some(
    (kind) => kind.startsWith('scale') || kind === 'bus dead',
  )
  if (!isWeighedWell) return
  for (const { visitId, lines } of world.staffVisits) {
    const row = world.core.sqlite
      .prepare('SELECT reconciled FROM staffVisit WHERE visitId = ?')
      .get(visitId) as { reconciled: string | null } | undefined
    if (row === undefined || row.reconciled === null) continue
    const { shelfDeltas } = JSON.parse(row.reconciled) as SessionReconciled
    for (const { shelf, deltaGrams } of shelfDeltas) {
      let addedGrams = 0
      for (const line of lines)
        if (line.shelf === shelf && line.action === 'put_in')
          addedGrams += line.quantity * (GRAMS.get(line.sku) ?? 0)
      if (deltaGrams !== null && Math.abs(deltaGrams - addedGrams) > WEIGHED_OFF_GRAMS)
        world.violate('visit', `${visitId} put ${addedGrams} g on ${shelf}, the scales say ${deltaGrams} g`)
    }
  }
}
