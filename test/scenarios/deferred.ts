import { eventually, expectEqual, expectThat, never } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, paymentsOf, priceOf, shop, take } from './steps.ts'

export const deferredOffline: Scenario = {
  name: 'deferred-offline',
  shows:
    'network cut while the door is open: finished from the journal; on return charged late, marked deferred with times and cause, and the page explains it',
  async run(world) {
    const consumer = await world.consumer()
    const session = await consumer.open()
    const truth = await world.workshop.visit([
      ...arrive,
      take('s3', 'cola-330'),
      { do: 'network', mode: 'cut' },
      take('s2', 'salad-chicken'),
      ...leave,
    ])
    const waiting = await eventually('the page saying that the cabinet is offline', async () => {
      const view = await consumer.session(session.sessionId)
      return view.isCabinetOffline && view
    })
    expectThat(
      waiting.state === 'opened' || waiting.state === 'unlocking',
      `while the cabinet is offline the session is ${waiting.state}`,
    )
    expectEqual(
      paymentsOf(await world.provider.books(), consumer).length,
      0,
      'payments while nothing is known',
    )
    await world.workshop.control('network', { mode: 'ok' })
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, truth.taken)
    expectThat(order.deferral !== null, 'the order is not marked as charged late')
    expectEqual(order.deferral.cause, 'offline', 'the cause of the late charge')
    expectThat(
      order.closedAtMs !== null && order.chargedAtMs !== null && order.chargedAtMs > order.closedAtMs,
      'the order does not say when the door was closed and when it was charged',
    )
    expectThat(
      order.story.some(({ key }) => key.includes('offline')),
      'the story of the order does not name the cause',
    )
    const page = await consumer.page(`/o/${order.orderId}?lang=en`)
    expectThat(/offline/i.test(page), 'the page does not explain the late charge without JavaScript')
  },
}

export const deferredPending: Scenario = {
  name: 'deferred-pending',
  shows:
    'the deduction stays pending at the provider: shown as such, followed by query, paid later, no second charge',
  async run(world) {
    const consumer = await world.consumer()
    await world.provider.fault({
      kind: 'delayed_deduction',
      match: { openid: consumer.openid },
      delayMs: 600_000,
    })
    await world.provider.fault({ kind: 'lost_callback', times: null, match: { openid: consumer.openid } })
    const { session, truth } = await shop(world, consumer, [take('s4', 'tea-oolong')])
    const pending = await consumer.orderIn(session.sessionId, ['charging'])
    await eventually(
      'the pending deduction being shown',
      async () => (await consumer.order(pending.orderId)).chargeState === 'pending',
    )
    const running = await eventually('the page saying why it takes so long, while it does', async () => {
      const { deferral } = await consumer.order(pending.orderId)
      return deferral !== null && deferral
    })
    expectEqual([running.cause, running.toMs], ['provider_pending', null], 'the running delay')
    expectEqual(paymentsOf(await world.provider.books(), consumer), [], 'payments while it is pending')
    const refused = await consumer.tryOpen()
    expectThat('refusal' in refused, 'the cabinet opens again while a charge is unconfirmed')
    const own = (await world.provider.books()).serviceOrders.find(({ openid }) => openid === consumer.openid)
    await world.provider.deduct(own?.outOrderNo ?? '')
    const paid = await consumer.orderIn(session.sessionId, ['paid'], 30_000)
    await expectChargedOnce(world, consumer, paid, truth.taken)
    expectEqual(paid.deferral?.cause, 'provider_pending', 'the cause of the late charge')
    expectEqual(paid.paidFen, priceOf(truth.taken), 'what was paid in the end')
  },
}

export const deferredToldBefore: Scenario = {
  name: 'deferred-told-before',
  shows:
    'a charge that comes long after the visit: the message with cause and times is accepted before the money is taken, and the record is weighed again',
  policy: { lateChargeNoticeMs: 1000, delayedChargeMs: 1000 },
  async run(world) {
    const [consumer, lead] = [await world.consumer(), await world.staff('lead')]
    const session = await consumer.open()
    const truth = await world.workshop.visit([
      ...arrive,
      { do: 'network', mode: 'cut' },
      take('s2', 'salad-chicken'),
      ...leave,
    ])
    await never(
      'something was paid',
      async () => paymentsOf(await world.provider.books(), consumer).length > 0,
      1500,
    )
    await world.workshop.control('network', { mode: 'ok' })
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, truth.taken)
    const told = (await world.phone.messages()).find(({ template }) => template === 'late_charge')
    const [payment] = paymentsOf(await world.provider.books(), consumer)
    expectThat(told !== undefined && payment !== undefined, 'nothing was said, or nothing was paid')
    expectThat(told.acceptedAtMs <= payment.paidAtMs, 'the money moved before the message was accepted')
    expectThat(/断网|no connection/.test(told.text), `the message does not name the cause: ${told.text}`)
    await eventually('the late charge being weighed again', async () =>
      JSON.stringify(await lead.get('audit')).includes('charge.late_checked'),
    )
    const { anomalies } = await lead.order(order.orderId)
    expectEqual(
      anomalies.map(({ kind }) => kind),
      ['delayed_charge'],
      'what was found: late, and not wrong',
    )
  },
}
