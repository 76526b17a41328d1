import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { expectChargedOnce, paymentsOf, shop, take } from './steps.ts'

const cover = { do: 'camera', mode: 'covered' }
const uncover = { do: 'camera', mode: 'clear' }
/** Long enough for the watch to see several covered frames. */
const aWhile = { do: 'wait', ms: 8000 }

export const cameraBlocked: Scenario = {
  name: 'camera-blocked',
  shows:
    'covered during the session, seen in pixels: clear weight → charged with the note; unclear weight → held, agent decides on evidence, consumer told',
  async run(world) {
    const consumer = await world.consumer()
    const clear = await shop(world, consumer, [cover, aWhile, take('s4', 'water-550'), aWhile, uncover])
    const paid = await consumer.orderIn(clear.session.sessionId, ['paid'])
    await expectChargedOnce(world, consumer, paid, clear.truth.taken)
    const agent = await world.staff('agent')
    const seen = await agent.order(paid.orderId)
    const anomaly = seen.anomalies.find(({ kind }) => kind === 'camera_blocked')
    expectThat(
      anomaly,
      `the covered camera is no anomaly of the order: ${JSON.stringify(seen.anomalies.map(({ kind }) => kind))}`,
    )
    expectThat(anomaly.state !== 'in_review', 'a clear weight went to a person because of the camera')
    expectThat(
      seen.timeline.some(({ lane }) => lane === 'camera'),
      'the time axis does not show when the camera was covered',
    )
    expectThat(
      paid.story.some(({ key }) => key.includes('camera')),
      'the consumer is not told that the camera was covered and the weight decided',
    )

    const other = await world.consumer('王芳')
    const unclear = await shop(world, other, [
      cover,
      aWhile,
      take('s5', 'crisps-sea-salt'),
      { do: 'foreign', shelf: 's5', grams: 61 },
      aWhile,
      uncover,
    ])
    const held = await other.orderIn(unclear.session.sessionId, ['held'])
    expectEqual(paymentsOf(await world.provider.books(), other).length, 0, 'payments while the order is held')
    expectThat(held.heldReason !== undefined, 'the order is held without a reason for the consumer')
    const question = await eventually('a question for a person', async () =>
      (await agent.order(held.orderId)).anomalies.find(({ state }) => state === 'in_review'),
    )
    await agent.send('POST', `anomalies/${question.anomalyId}/decide`, {
      decision: 'charge_corrected',
      lines: [{ sku: 'crisps-sea-salt', quantity: 1 }],
      note: 'The pictures before and after show one bag less.',
    })
    const settled = await other.orderIn(unclear.session.sessionId, ['paid'])
    await expectChargedOnce(world, other, settled, { 'crisps-sea-salt': 1 })
    await eventually('the consumer being told of the decision', async () =>
      (await world.phone.messages()).some(({ text }) => text.includes('7.50')),
    )
  },
}
