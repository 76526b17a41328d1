import type { OrderView } from '#protocol/api/consumer.ts'
import { SOON, unpaidVisit } from '#test/scenarios/arrears.ts'
import { arrive, leave, putBack, shop, take } from '#test/scenarios/steps.ts'
import { type Consumer, createWorkshop, type VisitStep, type World } from '#test/scenarios/world.ts'
import { eventually } from '#test/support/eventually.ts'

/** Policies under which one short day at the cabinet leaves an order in every state that a consumer can meet. */
export const STORY_POLICY = {
  ...SOON,
  cameraCoveredLimited: 2,
  cameraCoveredBlocked: 2,
}

/** What happened at the cabinet before the pages are looked at, each on the phone of who it happened to. */
export interface Stories {
  /** Has the orders below, and owes nothing. */
  readonly buyer: Consumer
  /** Latte and two colas, paid. */
  readonly plain: OrderView
  /** Charged after the cabinet had been offline. */
  readonly late: OrderView
  /** Two waters, one of which was refunded. */
  readonly refunded: OrderView
  /** Juice, about which nobody has asked anything yet. */
  readonly quiet: OrderView
  /** Waits for a person, because the weights were not clear. */
  readonly held: OrderView
  /** Has no money: an order is unpaid. */
  readonly debtor: Consumer
  readonly unpaid: OrderView
  /** Covered the camera: no door opens for a while. */
  readonly blocked: Consumer
  readonly covered: OrderView
}

const covered: VisitStep = { do: 'camera', mode: 'covered' }
const clear: VisitStep = { do: 'camera', mode: 'clear' }
/** Long enough for the watch to see several covered frames. */
const aWhile: VisitStep = { do: 'wait', ms: 8000 }

/** A cola comes back, which the trace shows; what else happened while nobody could see is not clear. */
const doubtful: VisitStep[] = [
  covered,
  aWhile,
  take('s3', 'cola-330'),
  putBack('s3', 'cola-330'),
  take('s5', 'crisps-sea-salt'),
  { do: 'foreign', shelf: 's5', grams: 61 },
  aWhile,
  clear,
]

/** @param world  a system of two cabinets: what takes longest goes on beside the rest, at the second one */
export async function playStories(world: World): Promise<Stories> {
  const [first, second] = await Promise.all([playBuyer(world), playOthers(world)])
  return { ...first, ...second }
}

async function playBuyer(
  world: World,
): Promise<Pick<Stories, 'buyer' | 'plain' | 'late' | 'refunded' | 'quiet' | 'held'>> {
  const buyer = await world.consumer('李伟')
  const plain = await bought(world, buyer, [
    take('s3', 'coffee-latte'),
    take('s3', 'cola-330'),
    take('s3', 'cola-330'),
  ])
  const late = await boughtOffline(world, buyer)
  const refunded = await refundOne(
    world,
    buyer,
    await bought(world, buyer, [take('s4', 'water-550'), take('s4', 'water-550')]),
  )
  const quiet = await bought(world, buyer, [take('s4', 'juice-orange')])
  const { session } = await shop(world, buyer, doubtful)
  const held = await buyer.orderIn(session.sessionId, ['held'])
  return { buyer, plain, late, refunded, quiet, held }
}

async function playOthers(world: World): Promise<Pick<Stories, 'debtor' | 'unpaid' | 'blocked' | 'covered'>> {
  const cabinet = world.system.cabinets[1]
  if (cabinet === undefined) throw new Error('these stories need a second cabinet')
  const there: World = { ...world, workshop: createWorkshop(cabinet.simulator.controlUrl) }
  const debtor = await world.consumer('赵敏', cabinet.cabinetId)
  const unpaid = await unpaidVisit(there, debtor)
  const blocked = await world.consumer('王芳', cabinet.cabinetId)
  await coveredVisit(there, blocked)
  const last = await coveredVisit(there, blocked)
  await eventually('the restriction', async () =>
    (await blocked.page('/restriction?lang=en')).includes(last.orderId),
  )
  return { debtor, unpaid, blocked, covered: last }
}

async function bought(world: World, consumer: Consumer, steps: VisitStep[]): Promise<OrderView> {
  const { session } = await shop(world, consumer, steps)
  return consumer.orderIn(session.sessionId, ['paid'])
}

async function boughtOffline(world: World, consumer: Consumer): Promise<OrderView> {
  const session = await consumer.open()
  await world.workshop.visit([
    ...arrive,
    take('s3', 'cola-330'),
    { do: 'network', mode: 'cut' },
    take('s3', 'coffee-latte'),
    ...leave,
  ])
  await world.workshop.control('network', { mode: 'ok' })
  return consumer.orderIn(session.sessionId, ['paid'], 40_000)
}

async function refundOne(world: World, consumer: Consumer, order: OrderView): Promise<OrderView> {
  const agent = await world.staff('agent')
  await agent.send('POST', `orders/${order.orderId}/refunds`, {
    refundId: world.ids.next('refund'),
    lines: order.lines.slice(0, 1).map(({ lineId }) => ({ lineId, quantity: 1 })),
    reason: 'quality',
    stock: 'not_returned',
    tellConsumer: false,
  })
  return eventually('the refund', async () => {
    const view = await consumer.order(order.orderId)
    return view.refunds.some(({ state }) => state === 'succeeded') && view
  })
}

function coveredVisit(world: World, consumer: Consumer): Promise<OrderView> {
  return bought(world, consumer, [covered, aWhile, take('s4', 'tea-oolong'), aWhile, clear])
}

/** Something that came back and was charged all the same, because a person decided wrongly. */
export async function chargedThoughPutBack(world: World, consumer: Consumer): Promise<OrderView> {
  const { session } = await shop(world, consumer, doubtful)
  const held = await consumer.orderIn(session.sessionId, ['held'])
  const agent = await world.staff('agent')
  const doubt = await eventually('the question for a person', async () =>
    (await agent.order(held.orderId)).anomalies.find(({ state }) => state === 'in_review'),
  )
  await agent.send('POST', `anomalies/${doubt.anomalyId}/decide`, {
    decision: 'charge_corrected',
    lines: [{ sku: 'cola-330', quantity: 1 }],
  })
  return consumer.orderIn(session.sessionId, ['paid'])
}
