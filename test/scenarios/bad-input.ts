import mqtt from 'mqtt'
import type { ErrorBody } from '#protocol/api/common.ts'
import type { DeadLetterList } from '#protocol/api/delivery.ts'
import { upTopic } from '#protocol/topics.ts'
import { readDeviceIdentity } from '#test/support/device-identity.ts'
import { eventually, expectEqual, expectThat, never } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, paymentsOf, shop, take } from './steps.ts'
import type { World } from './world.ts'

async function isUnlocked(world: World): Promise<boolean> {
  return ((await world.workshop.state()) as unknown as { lock: { isUnlocked: boolean } }).lock.isUnlocked
}

export const busTrouble: Scenario = {
  name: 'bus-trouble',
  shows:
    'serial line unplugged: an alarm, no opening, back by itself; corrupted frames in a session: charged right or held, never wrong',
  async run(world) {
    const operator = await world.staff('operator')
    const hasBusAlarm = async () =>
      (await operator.cabinet()).alarms.some(({ kind, state }) => kind.includes('bus') && state !== 'cleared')
    await world.workshop.control('serial', { mode: 'unplugged' })
    await eventually('the alarm of the bus', hasBusAlarm, { withinMs: 30_000 })
    const consumer = await world.consumer()
    const refused = await consumer.tryOpen()
    if ('session' in refused) await consumer.sessionIn(refused.session.sessionId, ['denied', 'not_opened'])
    await never('the door unlocked although its board is gone', () => isUnlocked(world), 1000)
    await world.workshop.control('serial', { mode: 'ok' })
    await eventually('the alarm being cleared', async () => !(await hasBusAlarm()), { withinMs: 30_000 })

    const session = await consumer.open()
    const first = await world.workshop.visit([...arrive, take('s3', 'cola-330')])
    await world.workshop.control('serial', { mode: 'bad-crc' })
    await world.workshop.visit([{ do: 'wait', ms: 3000 }])
    await world.workshop.control('serial', { mode: 'ok' })
    const second = await world.workshop.visit([take('s4', 'juice-orange'), ...leave])
    expectThat(first !== undefined && second !== undefined, 'the visit was not played')
    const order = await consumer.orderIn(session.sessionId, ['paid', 'held'], 40_000)
    if (order.state === 'paid')
      await expectChargedOnce(world, consumer, order, { 'cola-330': 1, 'juice-orange': 1 })
    else
      expectEqual(
        paymentsOf(await world.provider.books(), consumer).length,
        0,
        'payments while the order is held',
      )
  },
}

export const wrongSignature: Scenario = {
  name: 'wrong-signature',
  shows:
    'answers and callbacks with a wrong signature change nothing; the truth is found by asking, and is charged once',
  async run(world) {
    const consumer = await world.consumer()
    await world.provider.fault({ kind: 'bad_response_signature', match: { path: '/complete' } })
    await world.provider.fault({ kind: 'bad_callback_signature', match: { openid: consumer.openid } })
    const { session, truth } = await shop(world, consumer, [take('s4', 'juice-orange')])
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, truth.taken)
  },
}

export const malformedInput: Scenario = {
  name: 'malformed-input',
  shows: 'malformed HTTP and MQTT get a clear error or a quarantined record, and the rest keeps working',
  async run(world) {
    const consumer = await world.consumer()
    const cases: Array<[string, unknown, number, string]> = [
      ['/api/consumer/sessions', { requestId: 'request-1', cabinetId: 'cab-999' }, 404, 'unknown_cabinet'],
      ['/api/consumer/sessions', { requestId: 'x' }, 400, 'bad_request'],
      [
        '/api/consumer/sessions',
        { requestId: 'request-1', cabinetId: 'cab-001', isFree: true },
        400,
        'bad_request',
      ],
      [
        '/api/consumer/sessions',
        { requestId: 'request-1', cabinetId: 'c'.repeat(3_000_000) },
        413,
        'payload_too_large',
      ],
    ]
    for (const [address, body, status, code] of cases) {
      const answer = await consumer.visitor.send('POST', address, body)
      expectEqual(
        [answer.status, (answer.body as ErrorBody).code],
        [status, code],
        `the answer to ${JSON.stringify(body).slice(0, 60)}`,
      )
    }
    const broken = await fetch(new URL('/api/consumer/sessions', world.system.core.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: world.system.core.url },
      body: '{"requestId":',
    })
    expectEqual(
      [broken.status, ((await broken.json()) as ErrorBody).code],
      [400, 'bad_request'],
      'the answer to half a JSON document',
    )

    const { cabinetId, partition, options } = readDeviceIdentity(world.system.dataDir)
    const client = await mqtt.connectAsync(`mqtts://127.0.0.1:${world.system.core.mqttPort}`, options)
    const topic = upTopic(partition, cabinetId, 'ev')
    for (const payload of ['not json', '{"v":1}', Buffer.from([0xff, 0xfe, 0x00]), '{"v":2,"epoch":"e"}'])
      await client.publishAsync(topic, payload, { qos: 1 })
    await client.endAsync(true)
    const lead = await world.staff('admin')
    await eventually(
      'the frames being kept as dead letters',
      async () => ((await lead.get('dead-letters')) as DeadLetterList).deadLetters.length >= 4,
    )

    await eventually(
      'the cabinet being heard again',
      async () => (await lead.cabinet()).cabinet.presence === 'online',
      { withinMs: 60_000 },
    )
    const { session, truth } = await shop(world, consumer, [take('s4', 'juice-orange')])
    await expectChargedOnce(world, consumer, await consumer.orderIn(session.sessionId, ['paid']), truth.taken)
  },
}
