import { eventually, expectEqual } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, take } from './steps.ts'

export const edgeKilled: Scenario = {
  name: 'edge-killed',
  shows: 'SIGKILL of the edge in the middle of a sale loses and doubles nothing after the restart',
  async run(world) {
    const consumer = await world.consumer()
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330')])
    await world.system.kill('edge')
    // Goods leave the shelf while nobody is weighing; the baselines with the door closed are the judge.
    await world.workshop.visit([take('s4', 'juice-orange')])
    await world.system.restart('edge')
    await world.workshop.visit([take('s2', 'salad-chicken'), ...leave])
    const order = await consumer.orderIn(session.sessionId, ['paid', 'held'], 40_000)
    expectEqual(order.state, 'paid', `the state of the order (held because of ${order.heldReason})`)
    await expectChargedOnce(world, consumer, order, { 'cola-330': 1, 'juice-orange': 1, 'salad-chicken': 1 })
  },
}

export const coreKilled: Scenario = {
  name: 'core-killed',
  shows: 'SIGKILL of the core in the middle of a sale loses and doubles nothing after the restart',
  async run(world) {
    const consumer = await world.consumer()
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330')])
    await world.system.kill('core')
    await world.workshop.visit([take('s4', 'juice-orange')])
    await world.system.restart('core')
    await world.workshop.visit(leave)
    // Again, at a moment when the charge is likely to be under way.
    await eventually(
      'the door being heard closed',
      async () =>
        ['closed', 'reconciled', 'settled'].includes((await consumer.session(session.sessionId)).state),
      { withinMs: 30_000, everyMs: 20 },
    )
    await world.system.kill('core')
    await world.system.restart('core')
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, { 'cola-330': 1, 'juice-orange': 1 })
  },
}
