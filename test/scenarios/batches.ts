import type { BatchBlockList, SuspectBatches } from '#protocol/api/batch-blocks.ts'
import type { CabinetForConsumer } from '#protocol/api/consumer.ts'
import type { VisitDetail, VisitLine } from '#protocol/api/restock.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { dayIn } from '#protocol/base/zone-days.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, leave, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

const clock = createSystemClock()
const IN_A_WEEK_MS = 7 * 24 * 3_600_000

const statusOf = async (world: World, consumer: Consumer) =>
  (
    (await consumer.visitor.get(`/api/consumer/cabinets/${world.system.cabinetId}`))
      .body as CabinetForConsumer
  ).status

/** A visit with these hands, until the shelves are weighed. */
async function visit(
  world: World,
  staff: Staff,
  hands: Parameters<World['workshop']['visit']>[0],
): Promise<string> {
  const visitId = world.ids.next('session')
  await staff.send('POST', `cabinets/${world.system.cabinetId}/visits`, {
    visitId,
    kind: 'restock',
    reason: 'scenario',
  })
  await world.workshop.visit([...arrive, ...hands, ...leave])
  await eventually(
    'the shelves being weighed',
    async () => ((await staff.get(`visits/${visitId}`)) as VisitDetail).state === 'weighed',
    { withinMs: 30_000 },
  )
  return visitId
}
const save = (staff: Staff, visitId: string, line: VisitLine) =>
  staff.trySend('PUT', `visits/${visitId}/lines`, { lines: [line] })
async function book(staff: Staff, visitId: string, line: VisitLine): Promise<void> {
  expectEqual((await save(staff, visitId, line)).status, 200, 'the answer to the lines of a visit')
  await staff.send('POST', `visits/${visitId}/confirm`, { note: 'counted twice' })
}

/** Buys a bottle of juice and says that it was off. @returns the ticket */
async function complains(world: World, consumer: Consumer): Promise<string> {
  const { session } = await shop(world, consumer, [take('s4', 'juice-orange')])
  const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
  const { disputeId } = await consumer.dispute(order.orderId, {
    reason: 'quality',
    lines: [],
    note: 'The juice tastes of vinegar.',
  })
  return disputeId
}

const alarm = async (staff: Staff): Promise<CabinetDetail['alarms'][number] | undefined> =>
  (await staff.cabinet()).alarms.find(({ kind, state }) => kind === 'goods_blocked' && state !== 'cleared')

/** Two bottles of a batch are put in, and two consumers who bought one each say that it was off. */
export async function badJuice(world: World): Promise<{
  operator: Staff
  consumers: readonly [Consumer, Consumer]
  juice: VisitLine
  tickets: readonly [string, string]
}> {
  const operator = await world.staff('operator')
  const consumers = [await world.consumer(), await world.consumer('王芳')] as const
  const { timeZone } = await operator.cabinet()
  const juice: VisitLine = {
    shelf: 's4',
    sku: 'juice-orange',
    action: 'put_in',
    quantity: 2,
    batch: 'J-0711',
    expiresOn: dayIn(clock.now() + IN_A_WEEK_MS, timeZone),
  }
  const twoMore = [
    { do: 'restock' as const, shelf: 's4', sku: 'juice-orange', quantity: 2 },
    { do: 'wait' as const, ms: 1000 },
  ]
  await book(operator, await visit(world, operator, twoMore), juice)
  const tickets = [await complains(world, consumers[0]), await complains(world, consumers[1])] as const
  return { operator, consumers, juice, tickets }
}

export const supportBatchBlock: Scenario = {
  name: 'support-batch-block',
  shows:
    'two consumers say that a juice was off: the batch is proposed, one decision stops its sale everywhere, nobody puts it in any more, and the cabinet sells again when it was taken out',
  async run(world) {
    const [lead, agent] = [await world.staff('lead'), await world.staff('agent')]
    const {
      operator,
      consumers: [first],
      juice,
      tickets,
    } = await badJuice(world)
    const suspects = (await agent.get(`tickets/${tickets[1]}/batches`)) as SuspectBatches
    const [suspect] = suspects.batches
    expectThat(suspect !== undefined, 'no batch is named beside the complaint')
    expectEqual(
      [suspect.sku, suspect.batch, suspect.isProposed, suspect.ticketIds.toSorted()],
      ['juice-orange', 'J-0711', true, tickets.toSorted()],
      'the batch that is proposed',
    )
    const wish = {
      blockId: world.ids.next('batchBlock'),
      sku: suspect.sku,
      batch: suspect.batch,
      expiresOn: null,
      reason: 'Two consumers found it sour',
      ticketId: tickets[1],
    }
    expectEqual((await agent.trySend('POST', 'batch-blocks', wish)).status, 403, 'an agent blocking a batch')
    const { blocks } = (await lead.send('POST', 'batch-blocks', wish)) as BatchBlockList
    expectEqual(
      blocks.map(({ state, places }) => [state, places.map(({ cabinetId }) => cabinetId)]),
      [['blocked', [world.system.cabinetId]]],
      'where the blocked batch may lie',
    )
    await eventually('the alarm that says what to take out', async () => alarm(operator))
    expectEqual(await statusOf(world, first), 'goods_blocked', 'what the page of the cabinet says')
    const refused = await first.tryOpen()
    expectThat('refusal' in refused && refused.refusal.code === 'goods_blocked', 'the cabinet still opens')

    const put = await visit(world, operator, [{ do: 'wait', ms: 500 }])
    const again = await save(operator, put, juice)
    expectEqual(again.status, 400, 'the answer to putting in more of it')
    expectThat(JSON.stringify(again.body).includes('blocked'), 'the answer does not say that it is blocked')
    await operator.send('POST', `visits/${put}/give-up`, { note: 'nothing was put in' })

    const left = blocks[0]?.places[0]?.pieces ?? 0
    const out = await visit(world, operator, [
      ...Array.from({ length: left }, () => take('s4', 'juice-orange')),
      { do: 'empty-hand' },
    ])
    await book(operator, out, { ...juice, action: 'taken_out', quantity: left, reason: 'recalled' })
    await eventually('the end of the alarm', async () => (await alarm(operator)) === undefined)
    await eventually('the page being open again', async () => (await statusOf(world, first)) === 'open', {
      withinMs: 30_000,
    })
    const sold = await shop(world, first, [take('s4', 'water-550')])
    await first.orderIn(sold.session.sessionId, ['paid'], 40_000)
    const lifted = (await lead.send('POST', `batch-blocks/${wish.blockId}/lift`, {
      reason: 'The maker says that only this pallet was bad',
    })) as BatchBlockList
    expectEqual(
      lifted.blocks.map(({ state }) => state),
      ['lifted'],
      'the block',
    )
  },
}
