import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '#protocol/api/common.ts'
import type { DeadLetterDetail, DeadLetterList } from '#protocol/api/delivery.ts'
import type { Ack } from '#protocol/messages/frames.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'
import { createHandCabinet, event, type HandCabinet } from './hand-cabinet.ts'

let bench: CoreBench
let cabinet: HandCabinet

beforeAll(async () => {
  bench = await createCoreBench()
  const { mqttPort } = await bench.core.start()
  cabinet = await createHandCabinet(bench, mqttPort)
  await cabinet.greet('ep-1')
})
afterAll(async () => {
  await cabinet.stop()
  await bench.close()
})
beforeEach(() => cabinet.forget())

const staff = async (role: Role, method: 'GET' | 'POST', path: string, payload?: object) =>
  bench.core.http.inject({
    method,
    url: `/api/staff/dead-letters${path}`,
    headers: { cookie: await bench.cookieOf(role), origin: bench.core.addresses.url },
    ...(payload === undefined ? {} : { payload }),
  })
const list = async () => (await staff('manager', 'GET', '')).json<DeadLetterList>()
const detail = async (id: number) => (await staff('manager', 'GET', `/${id}`)).json<DeadLetterDetail>()
const idOf = async (seq: number) =>
  (await list()).deadLetters.find((letter) => letter.seq === seq)?.id ??
  expect.fail(`event ${seq} is not dead`)
const tell = async (firstSeq: number, ...events: object[]) => {
  await cabinet.send('ep-1', firstSeq, ...events)
  await cabinet.next<Ack>('ack', ({ ack }) => ack === firstSeq + events.length - 1)
}
const statusOf = async (seq: number) =>
  (
    await bench.core.db.read
      .selectFrom('inbox')
      .select('status')
      .where('seq', '=', seq)
      .executeTakeFirstOrThrow()
  ).status
const report = () => bench.core.db.read.selectFrom('cabinetReport').selectAll().executeTakeFirstOrThrow()

describe('an event that makes no sense', () => {
  it('is listed with its reason and can be opened: what came, and what it should look like', async () => {
    await tell(
      1,
      event('door.opened', { sessionId: 42 }),
      event('door.closed', { openMs: 'long' }),
      event('door.lock-confirmed', {}),
    )
    expect(await list()).toMatchObject({ total: 2, mayResolve: true })
    const letter = await detail(await idOf(2))
    expect(letter).toMatchObject({
      letter: { kind: 'event', seq: 2, reason: expect.stringMatching(/openMs/) },
      event: { type: 'door.closed', data: { openMs: 'long' } },
      schema: { properties: { openMs: { type: 'integer' } } },
      earlierId: await idOf(1),
    })
  })
  it('is mended in order: the older one of a cabinet comes first', async () => {
    const body = { type: 'door.closed', data: { openMs: 100 }, note: 'typo of the firmware' }
    const answer = await staff('manager', 'POST', `/${await idOf(2)}/replay`, body)
    expect(answer.json()).toMatchObject({ code: 'dead_letter_order', details: { earlierId: await idOf(1) } })
  })
  it('is checked before it is taken, and refused with the field that is still wrong', async () => {
    const id = await idOf(1)
    const wrong = { type: 'door.opened', data: { sessionId: 7 } }
    expect((await staff('manager', 'POST', `/${id}/check`, wrong)).json()).toEqual({
      problem: expect.stringMatching(/sessionId/),
    })
    const answer = await staff('manager', 'POST', `/${id}/replay`, { ...wrong, note: 'a try' })
    expect(answer.json()).toMatchObject({
      code: 'dead_letter_unmended',
      message: expect.stringMatching(/sessionId/),
    })
    expect(await statusOf(1)).toBe('dead')
  })
  it('is taken when it is mended, writes history, and does not open a door that was closed since', async () => {
    const mended = { type: 'door.opened', data: { sessionId: 'se-1' }, note: 'the number was meant as text' }
    expect((await staff('manager', 'POST', `/${await idOf(1)}/replay`, mended)).statusCode).toBe(200)
    expect(await statusOf(1)).toBe('mended')
    expect(await bench.core.db.read.selectFrom('doorInterval').selectAll().execute()).toHaveLength(1)
    expect(await report()).toMatchObject({ isDoorOpen: 0, isLocked: 1 })
  })
  it('is discarded with a reason, and then nothing is left to do', async () => {
    const id = await idOf(2)
    expect(
      (await staff('manager', 'POST', `/${id}/discard`, { note: 'the lock says the same' })).statusCode,
    ).toBe(200)
    expect(await list()).toMatchObject({ total: 0 })
    expect(await detail(id)).toMatchObject({
      resolution: { how: 'discarded', by: 'bench-manager', note: 'the lock says the same' },
    })
    const active = await bench.core.db.read
      .selectFrom('alarm')
      .select('kind')
      .where('state', '<>', 'cleared')
      .execute()
    expect(active.map(({ kind }) => kind)).not.toContain('poisoned_event')
    expect((await staff('manager', 'POST', `/${id}/discard`, { note: 'again' })).json()).toMatchObject({
      code: 'dead_letter_settled',
    })
  })
  it('is mended only by who answers for money, and it is on the record who did', async () => {
    const refused = await staff('technician', 'POST', '/1/discard', { note: 'away with it' })
    expect(refused.statusCode).toBe(403)
    const audit = await bench.core.db.read.selectFrom('audit').select(['action', 'detail']).execute()
    expect(audit.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['dead_letter.replayed', 'dead_letter.discarded']),
    )
  })
})

describe('an event without the form of one, amid others', () => {
  it('is a dead letter under its own number; those around it are taken', async () => {
    await tell(4, event('door.forced', {}), { type: 'NO CODE', atMs: -1 }, event('door.lock-confirmed', {}))
    expect([await statusOf(4), await statusOf(5), await statusOf(6)]).toEqual([
      'projected',
      'dead',
      'projected',
    ])
    const id = await idOf(5)
    const mended = { type: 'door.closed', data: { openMs: 5 }, note: 'read from the raw text' }
    expect((await staff('manager', 'POST', `/${id}/replay`, mended)).statusCode).toBe(200)
  })
})

describe('an event of a type that only a newer version knows', () => {
  it('waits, and is taken in its order after the upgrade', async () => {
    await tell(7, event('teapot.boiled', { cups: 3 }))
    expect(await statusOf(7)).toBe('unprojected')
    // The upgrade: the same row is of a type that is known now.
    await bench.core.db.write('upgrade', async (tx) => {
      await tx
        .updateTable('inbox')
        .set({ type: 'climate.probe-fault', data: JSON.stringify({ phase: 'began', probe: 'air' }) })
        .where('seq', '=', 7)
        .execute()
    })
    expect(await bench.core.ingest.letters.projectWaiting()).toBe(1)
    expect(await statusOf(7)).toBe('projected')
    const active = await bench.core.db.read
      .selectFrom('alarm')
      .select('kind')
      .where('state', '<>', 'cleared')
      .execute()
    expect(active.map(({ kind }) => kind)).toContain('probe_fault')
  })
})
