import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DeliveryView } from '#protocol/api/delivery.ts'
import { hashEvent } from '#protocol/messages/event-hash.ts'
import type { Ack } from '#protocol/messages/frames.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'
import { eventually } from '#test/support/eventually.ts'
import { createHandCabinet, event, type HandCabinet } from './hand-cabinet.ts'

let bench: CoreBench
let cabinet: HandCabinet
let cookie: string

beforeAll(async () => {
  bench = await createCoreBench()
  const { mqttPort } = await bench.core.start()
  cabinet = await createHandCabinet(bench, mqttPort)
  cookie = await bench.cookieOf('technician')
})
afterAll(async () => {
  await cabinet.stop()
  await bench.close()
})
beforeEach(() => cabinet.forget())

const opened = (sessionId: string) => event('door.opened', { sessionId })
const staff = (method: 'GET' | 'POST', path: string, payload?: object) =>
  bench.core.http.inject({
    method,
    url: `/api/staff/cabinets/${CABINET}/delivery${path}`,
    headers: { cookie, origin: bench.core.addresses.url },
    ...(payload === undefined ? {} : { payload }),
  })
const view = async () => (await staff('GET', '')).json<DeliveryView>()
const inbox = (epoch: string) =>
  bench.core.db.read
    .selectFrom('inbox')
    .select(['seq', 'status', 'data'])
    .where('epoch', '=', epoch)
    .orderBy('seq')
    .execute()
const alarms = async () =>
  (await bench.core.db.read.selectFrom('alarm').select('kind').where('state', '<>', 'cleared').execute()).map(
    ({ kind }) => kind,
  )

describe('a card was copied, and both machines write under one identity', () => {
  it('each acknowledgement says whose event it means, so that the other one can tell', async () => {
    await cabinet.greet('ep-1')
    await cabinet.send('ep-1', 1, opened('a'), opened('b'))
    const ack = await cabinet.next<Ack>('ack', ({ ack: seq }) => seq === 2)
    expect(ack.hash).toBe(hashEvent(opened('b'), 1))
    await cabinet.greet('ep-1', { firstSeq: 1, lastSeq: 2 })
    expect(await cabinet.next<Ack>('ack', ({ rewindTo }) => rewindTo === 2)).toMatchObject({ hash: ack.hash })
  })
  it('the second one is refused, its frame is kept, and the console says what to look for', async () => {
    await cabinet.send('ep-1', 2, opened('copy-1'), opened('copy-2'))
    expect(await cabinet.next<Ack>('ack')).toMatchObject({ error: 'fork' })
    await cabinet.greet('ep-1', { firstSeq: 1, lastSeq: 3, halt: 'fork', boot: 7 })
    expect(await cabinet.next<Ack>('ack', ({ linkId }) => linkId === 'ln-3')).toMatchObject({ error: 'fork' })
    expect(await view()).toMatchObject({
      halt: { reason: 'fork', epoch: 'ep-1', seq: 2, boot: 7, lastSeq: 3, permittedBy: null },
      deadLetters: 1,
      mayGoOn: true,
    })
    expect(await alarms()).toContain('cloned_identity')
  })
  it('is let go on by a technician: a new epoch is allowed, on the link of the machine that asked', async () => {
    const wrong = await staff('POST', '/go-on', { epoch: 'ep-0', note: 'an old page' })
    expect(wrong.json()).toMatchObject({ code: 'outbox_not_refused' })
    expect(
      (await staff('POST', '/go-on', { epoch: 'ep-1', note: 'the copy is switched off' })).statusCode,
    ).toBe(200)
    const ack = await cabinet.next<Ack>('ack')
    expect(ack).toMatchObject({ linkId: 'ln-3', epoch: 'ep-1', renew: { after: 'ep-1' } })
    cabinet.forget()
    const linkId = await cabinet.greet('ep-1', { firstSeq: 1, lastSeq: 3, halt: 'fork' })
    expect(await cabinet.next<Ack>('ack')).toMatchObject({ linkId, renew: { after: 'ep-1' } })
  })
  it('goes on from where both agreed, and nothing counts twice', async () => {
    await cabinet.greet('ep-2', { firstSeq: 1, lastSeq: 3, continues: { epoch: 'ep-1', seq: 0 } })
    expect(await cabinet.next<Ack>('ack')).toMatchObject({ epoch: 'ep-2', ack: 0 })
    await cabinet.send('ep-2', 1, opened('a'), opened('copy-1'), opened('copy-2'))
    await cabinet.next<Ack>('ack', ({ ack }) => ack === 3)
    expect((await inbox('ep-2')).map(({ status }) => status)).toEqual(['repeated', 'projected', 'projected'])
    expect(await view()).toMatchObject({ halt: null, deadLetters: 0, epoch: 'ep-2', continuesEpoch: 'ep-1' })
    expect(await alarms()).not.toContain('cloned_identity')
  })
  it('the other one is refused from now on, until somebody says that it is gone', async () => {
    await cabinet.send('ep-1', 3, opened('first-3'))
    expect(await cabinet.next<Ack>('ack')).toMatchObject({ epoch: 'ep-1', error: 'stale_epoch' })
    expect(await view()).toMatchObject({ halt: { reason: 'stale_epoch', epoch: 'ep-1' } })
    await staff('POST', '/dismiss', { epoch: 'ep-1', note: 'it was a test bench' })
    expect(await view()).toMatchObject({ halt: null, deadLetters: 0 })
  })
})

describe('a database that was restored from an older copy of itself', () => {
  it('says so, is let go on, and its events follow those that the core has', async () => {
    await cabinet.greet('ep-2', { firstSeq: 1, lastSeq: 2, halt: 'ack_beyond_outbox' })
    expect(await cabinet.next<Ack>('ack')).toMatchObject({ ack: 3 })
    expect(await view()).toMatchObject({ halt: { reason: 'ack_beyond_outbox', lastSeq: 2 } })
    await staff('POST', '/go-on', { epoch: 'ep-2', note: 'the card was replaced' })
    await cabinet.greet('ep-3', { firstSeq: 1, lastSeq: 3, continues: { epoch: 'ep-2', seq: 2 } })
    await cabinet.next<Ack>('ack', ({ epoch, ack }) => epoch === 'ep-3' && ack === 2)
    await cabinet.send('ep-3', 3, opened('after'))
    await cabinet.next<Ack>('ack', ({ epoch, ack }) => epoch === 'ep-3' && ack === 3)
    expect(await inbox('ep-3')).toMatchObject([{ seq: 3, status: 'projected' }])
  })
})

describe('a cabinet that was enrolled again with a new code', () => {
  it('needs nobody at the console: the code was the permission', async () => {
    await bench.core.db.write('enrolled', async (tx) => {
      await tx
        .updateTable('cabinet')
        .set({ enrolledAtMs: Date.now() + 1000 })
        .execute()
    })
    const linkId = await cabinet.greet('ep-0', { firstSeq: 1, lastSeq: 4 })
    expect(await cabinet.next<Ack>('ack')).toMatchObject({ linkId, epoch: 'ep-0', renew: { after: 'ep-3' } })
  })
})

describe('a core that lost its tail', () => {
  it('asks again on the link that stands, without waiting for a hello', async () => {
    await bench.core.db.write('restored', async (tx) => {
      await tx.updateTable('receiver').set({ lastSeq: 2, lastHash: null }).execute()
      await tx.deleteFrom('inbox').where('epoch', '=', 'ep-3').execute()
    })
    await cabinet.send('ep-3', 4, opened('newest'))
    expect(await cabinet.next<Ack>('ack')).toMatchObject({ epoch: 'ep-3', ack: 2, rewindTo: 2 })
  })
  it('asks every cabinet to say hello', async () => {
    bench.core.ingest.askAllToGreet([CABINET])
    expect(await cabinet.next<Ack>('ack', ({ greet }) => greet === true)).toBeTruthy()
  })
  it('asks for a hello when it hears of an epoch that nobody announced', async () => {
    await cabinet.send('ep-9', 1, opened('early'))
    expect(await cabinet.next<Ack>('ack')).toMatchObject({ epoch: 'ep-9', greet: true })
    await eventually('nothing is taken', async () => (await inbox('ep-9')).length === 0)
  })
})
