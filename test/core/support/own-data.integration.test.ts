import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ErasureView } from '#protocol/api/own-data.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

let selling: SellingBench
beforeAll(async () => {
  selling = await createSellingBench(3)
})
afterAll(() => selling.close())

const ask = (method: 'GET' | 'POST', url: string, cookie = selling.cookie) =>
  selling.bench.core.http.inject({
    method,
    url,
    headers: { cookie },
    ...(method === 'POST' ? { payload: {} } : {}),
  })
const rows = (text: 'consumerSession' | 'notice') =>
  selling.bench.core.db.read
    .selectFrom(text)
    .selectAll()
    .where('consumerId', '=', selling.consumerId)
    .execute()

async function dispute(): Promise<string> {
  const [order] = selling.orders
  const sent = await selling.bench.core.http.inject({
    method: 'POST',
    url: `/api/consumer/orders/${order?.orderId}/disputes`,
    headers: { cookie: selling.cookie },
    payload: {
      requestId: 'own-data-1',
      reason: 'other',
      note: 'My name is Anna',
      lines: [{ lineId: order?.lineId, quantity: 1 }],
    },
  })
  expect(sent.statusCode, sent.body).toBe(201)
  return sent.json<{ disputeId: string }>().disputeId
}

describe('a consumer who asks what is known about them', () => {
  it('finds both ways on the privacy page, without a script', async () => {
    const { body } = await ask('GET', '/privacy')
    expect(body).toContain('href="/api/consumer/own-data" download')
    expect(body).toContain('href="/privacy/erase"')
    const stranger = await selling.bench.core.http.inject({ method: 'GET', url: '/privacy' })
    expect(stranger.body).not.toContain('/api/consumer/own-data')
  })

  it('takes along everything in one file, and the audit says so', async () => {
    await dispute()
    const answer = await ask('GET', '/api/consumer/own-data')
    expect(answer.statusCode, answer.body.slice(0, 300)).toBe(200)
    expect(answer.headers['content-disposition']).toMatch(
      /^attachment; filename="cabinet-own-data-.*\.json"$/,
    )
    const data = answer.json<Record<string, unknown[]> & { consumer: { nameAtTheProvider: string } }>()
    expect(data.consumer.nameAtTheProvider).toBe('oSim0anna')
    expect([data['orders']?.length, data['visits']?.length, data['questions']?.length]).toEqual([3, 3, 1])
    expect(answer.body).toContain('My name is Anna')
    const entries = await selling.bench.core.db.read
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'consumer.exported')
      .execute()
    expect(entries.map(({ subject }) => subject)).toEqual([`consumer:${selling.consumerId}`])
  })

  it('gets nobody else’s', async () => {
    const ben = await selling.signIn('oSim0ben')
    const answer = await ask('GET', '/api/consumer/own-data', ben.cookie)
    expect(answer.json<{ orders: unknown[] }>().orders).toEqual([])
    expect((await ask('GET', '/api/consumer/own-data', '')).statusCode).toBe(401)
  })
})

describe('a consumer who wants to be forgotten', () => {
  it('is told what has to come to its end first, and nothing is erased', async () => {
    const view = (await ask('GET', '/api/consumer/own-data/erasure')).json<ErasureView>()
    expect(view).toMatchObject({ openMatters: ['question'], keptOrders: 3 })
    expect((await ask('GET', '/privacy/erase')).body).toContain('A question of yours is not answered yet.')
    expect((await ask('POST', '/privacy/erase')).statusCode).toBe(303)
    expect((await rows('consumerSession')).length).toBe(1)
  })

  it('is nobody any more once that is done, while the books stay whole', async () => {
    const { db, http } = selling.bench.core
    await db.write('answer', async (tx) => {
      const ticket = await tx.selectFrom('ticket').selectAll().executeTakeFirstOrThrow()
      await tx
        .updateTable('ticket')
        .set({ state: 'closed', resolvedAtMs: 1, closedAtMs: 1 })
        .where('ticketId', '=', ticket.ticketId)
        .execute()
    })
    // A low score plans a call-back, and what was said on the telephone names them.
    const { disputeId } = (await ask('GET', '/api/consumer/own-data'))
      .json<{
        questions: Array<{ ticketId: string }>
      }>()
      .questions.map(({ ticketId }) => ({ disputeId: ticketId }))[0] ?? { disputeId: '' }
    await selling.bench.core.commerce?.disputes.rate(selling.consumerId, disputeId, { score: 1 })
    const { callBackId } = await db.read.selectFrom('callBack').select('callBackId').executeTakeFirstOrThrow()
    await selling.bench.cookieOf('lead')
    await db.write('a try', async (tx) => {
      const { staffId } = await tx.selectFrom('staff').select('staffId').executeTakeFirstOrThrow()
      await tx
        .insertInto('callBackTry')
        .values({
          callBackId,
          attempt: 1,
          atMs: 1,
          staffId,
          result: 'not_reached',
          note: 'Anna’s brother answered',
          answers: '[]',
        })
        .execute()
    })
    const told = (await ask('GET', '/api/consumer/own-data')).json<{ callBacks: unknown[] }>()
    expect(told.callBacks).toMatchObject([{ note: 'Anna’s brother answered' }])
    expect(
      (
        await db.read
          .selectFrom('ticketSearchTerm')
          .select('term')
          .where('term', 'in', ['ann', 'nna'])
          .execute()
      ).length,
    ).toBe(2)
    const done = await ask('POST', '/privacy/erase')
    expect([done.statusCode, done.body]).toEqual([
      200,
      expect.stringContaining('We no longer know who you are'),
    ])
    expect([await rows('consumerSession'), await rows('notice')]).toEqual([[], []])
    // The phone is out at once, also of pages that were kept.
    const [order] = selling.orders
    expect((await ask('GET', `/o/${order?.orderId}`)).statusCode).toBe(401)
    const said = await db.read.selectFrom('ticketMessage').select(['text', 'key', 'sender']).execute()
    expect(said.filter(({ sender }) => sender === 'consumer').map(({ key }) => key)).not.toContain(null)
    expect(JSON.stringify(said)).not.toContain('Anna')
    expect(JSON.stringify(await db.read.selectFrom('ticket').selectAll().execute())).not.toContain('Anna')
    // The index of the search has forgotten it too, down to the signs it is made of.
    expect(
      await db.read
        .selectFrom('ticketSearchTerm')
        .select('term')
        .where('term', 'in', ['ann', 'nna'])
        .execute(),
    ).toEqual([])
    expect(JSON.stringify(await db.read.selectFrom('ticketText').selectAll().execute())).not.toContain('Anna')
    expect(await db.read.selectFrom('callBackTry').select(['note', 'answers']).execute()).toEqual([
      { note: '', answers: '[]' },
    ])
    expect(await db.read.selectFrom('callBack').select('state').execute()).toEqual([{ state: 'cancelled' }])
    const kept = await db.read
      .selectFrom('payment')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    expect(kept.count).toBe(3)
    // The same person is a new one to us.
    const again = await selling.signIn('oSim0anna')
    expect(again.consumerId).not.toBe(selling.consumerId)
    const list = await http.inject({
      method: 'GET',
      url: '/api/consumer/orders',
      headers: { cookie: again.cookie },
    })
    expect(list.json<{ orders: unknown[] }>().orders).toEqual([])
  })
})
