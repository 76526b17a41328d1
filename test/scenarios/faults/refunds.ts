import type { ErrorBody } from '#protocol/api/common.ts'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import { createSeededRandom, integerBelow, type Random } from '#protocol/base/random.ts'
import { createVisitor } from '#test/support/browserless.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { arrive, leave, paymentsOf, refundsOf, shop, take } from '../steps.ts'
import type { Consumer, World } from '../world.ts'
import type { FaultCount } from './fault-count.ts'
import { withSystem } from './with-system.ts'

/** A tenth of the order each: a few fit, all the others must be refused. */
const PART = 10

export const refunds: FaultCount = {
  name: 'refunds',
  shows:
    'fifty refunds of one order at the same moment: what is given back is never above what was paid, on both sides',
  counts: { test: 20, all: 50, full: 50 },
  run: ({ count, dataDir, seed }) =>
    withSystem({ dataDir, seed }, async (world) => {
      const consumer = await world.consumer()
      const { session } = await shop(world, consumer, [take('s3', 'cola-330'), take('s4', 'juice-orange')])
      const order = await consumer.orderIn(session.sessionId, ['paid'])
      const amountFen = Math.ceil(order.paidFen / PART)
      const lead = await world.staff('lead')
      const answers = await Promise.all(
        Array.from({ length: count }, () =>
          lead.trySend('POST', `orders/${order.orderId}/refunds`, {
            refundId: world.ids.next('refund'),
            lines: [],
            amountFen,
            reason: 'goodwill',
            stock: 'not_returned',
            tellConsumer: false,
          }),
        ),
      )
      const accepted = answers.filter(({ status }) => status < 300).length
      const refusals = answers
        .filter(({ status }) => status >= 300)
        .map(({ body }) => (body as ErrorBody).code)
      // Fewer than fit are all taken: nothing is refused that could be given back.
      expectEqual(
        accepted,
        Math.min(count, Math.floor(order.paidFen / amountFen)),
        'how many of them were taken',
      )
      const wishedFen = accepted * amountFen
      const after = await eventually('the refunds being through', async () => {
        const seen = ((await lead.order(order.orderId)) satisfies StaffOrder).order
        return seen.refundedFen === wishedFen && seen
      })
      const back = refundsOf(await world.provider.books(), consumer)
      const backFen = back.reduce((sum, one) => sum + one.amountFen, 0)
      expectEqual(backFen, wishedFen, 'what the provider gave back')
      expectThat(backFen <= order.paidFen, `${backFen} fen were given back of ${order.paidFen}`)
      return `${count} refunds of ${amountFen} fen at once on ${order.paidFen} fen: ${accepted} taken, ${refusals.length} refused${refusals.length === 0 ? '' : ` (${[...new Set(refusals)].join(', ')})`}, ${after.refundedFen} fen given back`
    }),
}

const VISITS = 2
const MOST_TIMES = 20

export const callbacks: FaultCount = {
  name: 'callbacks',
  shows:
    "the provider's callbacks come again one to twenty times, in any order, some at once: the books stay as they are",
  counts: { test: 1, all: 2, full: 5 },
  run: ({ count, dataDir, seed }) =>
    withSystem({ dataDir, seed }, async (world) => {
      const random = createSeededRandom(seed)
      const consumer = await world.consumer()
      await world.provider.setBalance(consumer.openid, 1_000_000)
      const lead = await world.staff('lead')
      let sent = 0
      for (let round = 0; round < count; round++) {
        const before = await buyAndGiveBack(world, consumer)
        sent += await sendAgain(world, random)
        expectEqual(await sumsOf(world, consumer), before, 'the payments and refunds after the callbacks')
        const seen = await lead.order(before.orderId)
        expectEqual(
          [seen.order.paidFen, seen.order.refundedFen, seen.order.state],
          [before.paidFen, before.refundedFen, before.state],
          'the order after the callbacks',
        )
      }
      return `${sent} callbacks sent again over ${count} rounds: nothing was paid, given back or changed by them`
    }),
}

interface Sums {
  orderId: string
  state: string
  paidFen: number
  refundedFen: number
  payments: number
  refunds: number
}
let lastOrderId = ''

/** Some visits, and one piece of the last one given back. */
async function buyAndGiveBack(world: World, consumer: Consumer): Promise<Sums> {
  const lead = await world.staff('lead')
  for (let visit = 0; visit < VISITS; visit++) {
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330'), ...leave])
    lastOrderId = (await consumer.orderIn(session.sessionId, ['paid'], 30_000)).orderId
  }
  const line = (await lead.order(lastOrderId)).order.lines[0]
  expectThat(line, 'the order has a line')
  await lead.send('POST', `orders/${lastOrderId}/refunds`, {
    refundId: world.ids.next('refund'),
    lines: [{ lineId: line.lineId, quantity: 1 }],
    reason: 'quality',
    stock: 'written_off',
    tellConsumer: false,
  })
  await eventually(
    'the refund being through',
    async () => (await lead.order(lastOrderId)).order.state === 'refunded',
  )
  return sumsOf(world, consumer)
}

async function sumsOf(world: World, consumer: Consumer): Promise<Sums> {
  const books = await world.provider.books()
  const { order } = await (await world.staff('lead')).order(lastOrderId)
  return {
    orderId: lastOrderId,
    state: order.state,
    paidFen: order.paidFen,
    refundedFen: order.refundedFen,
    payments: paymentsOf(books, consumer).length,
    refunds: refundsOf(books, consumer).length,
  }
}

/** Every callback that there ever was, one to twenty times, shuffled, eight on their way at a time. */
async function sendAgain(world: World, random: Random): Promise<number> {
  const provider = createVisitor(world.system.simulator.providerUrl)
  const { callbacks: known } = (await provider.get('/control/books')).body as {
    callbacks: Array<{ callbackId: string }>
  }
  expectThat(known.length > 0, 'the provider has sent callbacks')
  const again = known.flatMap(({ callbackId }) =>
    Array.from({ length: 1 + integerBelow(random, MOST_TIMES) }, () => ({ callbackId, at: random.next() })),
  )
  again.sort((a, b) => a.at - b.at)
  const sendOne = async (): Promise<void> => {
    for (let next = again.pop(); next !== undefined; next = again.pop()) {
      const answer = await provider.send('POST', `/control/callbacks/${next.callbackId}/send`, {})
      expectThat(
        answer.status < 300,
        `the provider could not send a callback: ${JSON.stringify(answer.body)}`,
      )
    }
  }
  const total = again.length
  await Promise.all(Array.from({ length: 8 }, sendOne))
  return total
}
