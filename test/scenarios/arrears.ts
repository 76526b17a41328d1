import type { OrderView } from '#protocol/api/consumer.ts'
import type { WriteOffList } from '#protocol/api/arrears.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { createVisitor } from '#test/support/browserless.ts'
import { expectSoundBooks, told } from './money-steps.ts'
import type { Scenario } from './scenario.ts'
import { paymentsOf, shop, take } from './steps.ts'
import type { Consumer, World } from './world.ts'

/** Unpaid after a moment, reminded soon. */
export const SOON = { chargePendingMs: 800, arrearsReminderFirstMs: 2000, arrearsReminderLongestMs: 2000 }

/** A visit whose money the provider cannot collect, up to the moment at which it counts as unpaid. */
export async function unpaidVisit(world: World, consumer: Consumer): Promise<OrderView> {
  await world.provider.setBalance(consumer.openid, 0)
  const { session } = await shop(world, consumer, [take('s4', 'tea-oolong')])
  return consumer.orderIn(session.sessionId, ['arrears'])
}
export async function expectBlocked(consumer: Consumer, isBlocked: boolean): Promise<void> {
  const answer = await consumer.tryOpen()
  const code = 'refusal' in answer ? answer.refusal.code : undefined
  expectEqual(code, isBlocked ? 'consumer_in_arrears' : undefined, 'the refusal at the door')
}

export const deferredInsufficient: Scenario = {
  name: 'deferred-insufficient',
  shows:
    'not enough money: said at once and again, every cabinet stays shut; paid by the link on the order page, and all open at once',
  policy: SOON,
  async run(world) {
    const consumer = await world.consumer()
    const unpaid = await unpaidVisit(world, consumer)
    await told(world, 'unpaid')
    await expectBlocked(consumer, true)
    await told(world, 'unpaid_again')
    const view = await consumer.order(unpaid.orderId)
    expectThat(view.actions.includes('pay') && view.payUrl !== null, 'the order page offers no way to pay')
    expectEqual(view.deferral?.cause, 'insufficient_balance', 'the cause')
    const page = await consumer.page(`/o/${unpaid.orderId}?lang=en`)
    expectThat(
      page.includes(view.payUrl) && /not enough money/.test(page),
      'the page does not explain or link',
    )
    await world.provider.setBalance(consumer.openid, 100_000)
    const link = new URL(view.payUrl)
    await createVisitor(link.origin).send('POST', `${link.pathname}/pay`, {})
    await eventually(
      'the order being paid',
      async () => (await consumer.order(unpaid.orderId)).state === 'paid',
    )
    expectEqual(paymentsOf(await world.provider.books(), consumer).length, 1, 'payments')
    await told(world, 'unpaid_settled')
    await expectBlocked(consumer, false)
    await expectSoundBooks(world)
  },
}

export const deferredWriteOff: Scenario = {
  name: 'deferred-write-off',
  shows:
    'a debt is let go by two people: who asked cannot approve, the provider stops collecting, the journal says so, the door opens',
  policy: SOON,
  async run(world) {
    const consumer = await world.consumer()
    const [agent, lead] = [await world.staff('agent'), await world.staff('lead')]
    const { orderId } = await unpaidVisit(world, consumer)
    await agent.send('POST', `orders/${orderId}/write-off`, {
      writeOffId: world.ids.next('writeOff'),
      reason: 'hardship',
      note: 'lost the phone and the card',
    })
    const [waiting] = ((await agent.get('write-offs')) as WriteOffList).writeOffs
    expectThat(waiting !== undefined && !waiting.mayDecide, 'who asked may decide')
    const path = `write-offs/${waiting.writeOffId}/approve`
    expectEqual((await agent.trySend('POST', path, { reason: 'mine' })).status, 403, 'the agent approving')
    await lead.send('POST', path, { reason: 'small, and believable' })
    await eventually(
      'the order being let go',
      async () => (await consumer.order(orderId)).state === 'written_off',
      { withinMs: 20_000 },
    )
    await told(world, 'written_off')
    expectEqual(paymentsOf(await world.provider.books(), consumer).length, 0, 'payments')
    await world.provider.setBalance(consumer.openid, 100_000)
    await eventually('the door opening again', async () => !('refusal' in (await consumer.tryOpen())))
    await expectSoundBooks(world)
  },
}

export const deferredPaidElsewhere: Scenario = {
  name: 'deferred-paid-elsewhere',
  shows: 'the consumer paid in another way: a lead records it, the provider stops collecting, the door opens',
  policy: SOON,
  async run(world) {
    const consumer = await world.consumer()
    const [agent, lead] = [await world.staff('agent'), await world.staff('lead')]
    const { orderId } = await unpaidVisit(world, consumer)
    const body = { paidAtMs: world.clock.now() - 1000, reference: 'cash desk 2026-114' }
    const path = `orders/${orderId}/paid-elsewhere`
    expectEqual((await agent.trySend('POST', path, body)).status, 403, 'an agent recording it')
    await lead.send('POST', path, body)
    await eventually(
      'the order being settled',
      async () => (await consumer.order(orderId)).state === 'paid_elsewhere',
      { withinMs: 20_000 },
    )
    expectEqual(paymentsOf(await world.provider.books(), consumer).length, 0, 'payments')
    await told(world, 'unpaid_settled')
    await world.provider.setBalance(consumer.openid, 100_000)
    await eventually('the door opening again', async () => !('refusal' in (await consumer.tryOpen())))
    await expectSoundBooks(world)
  },
}
