import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createOrderRows } from '#core/orders/view-rows.ts'
import { createKysely } from '#core/platform/sqlite-driver.ts'
import { versionTriggers } from '#core/platform/view-versions.ts'
import type { CoreBench } from '#test/core/core-bench.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

const clock = createSystemClock()
let selling: SellingBench
let bench: CoreBench
let consumerId: string
let cookie: string
/** Every case has an order of its own. */
let orders: SellingBench['orders']
let used = 0

beforeAll(async () => {
  selling = await createSellingBench(12)
  ;({ bench, consumerId, cookie, orders } = selling)
})
afterAll(() => selling.close())

const nextOrder = () => orders[used++] as (typeof orders)[number]
const look = (orderId: string, headers: Record<string, string> = {}) =>
  bench.core.http.inject({ method: 'GET', url: `/o/${orderId}`, headers: { cookie, ...headers } })
/** Looked at twice, so that the second was a kept page. */
async function lookedAt(): Promise<{ orderId: string; lineId: string; tag: string }> {
  const order = nextOrder()
  const [first, second] = [await look(order.orderId), await look(order.orderId)]
  expect([first.statusCode, second.statusCode]).toEqual([200, 200])
  expect(second.headers['etag']).toBe(first.headers['etag'])
  expect(second.body).toBe(first.body)
  return { ...order, tag: String(second.headers['etag']) }
}

describe('somebody who looks at their order again', () => {
  it('asks with the tag of what they see, and is told that it is still so', async () => {
    const { orderId, tag } = await lookedAt()
    const again = await look(orderId, { 'if-none-match': tag })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })

  it('reads it in the language they change to', async () => {
    const { orderId } = await lookedAt()
    const inChinese = await bench.core.http.inject({
      method: 'GET',
      url: `/o/${orderId}?lang=zh`,
      headers: { cookie },
    })
    expect(inChinese.body).toContain('lang="zh-CN"')
  })

  it('sees a refund with the very next look', async () => {
    const { orderId, lineId, tag } = await lookedAt()
    const refunded = await bench.core.http.inject({
      method: 'POST',
      url: `/api/staff/orders/${orderId}/refunds`,
      headers: { cookie: await bench.cookieOf('lead') },
      payload: {
        refundId: 'rfkept000001',
        lines: [{ lineId, quantity: 1 }],
        reason: 'quality',
        stock: 'not_returned',
        tellConsumer: false,
      },
    })
    expect(refunded.statusCode, refunded.body).toBeLessThan(300)
    const after = await look(orderId, { 'if-none-match': tag })
    expect(after.statusCode).toBe(200)
    expect(after.body).toContain('<h2>Refund')
  })

  it('sees the dispute that was just sent', async () => {
    const { orderId, lineId } = await lookedAt()
    const sent = await bench.core.http.inject({
      method: 'POST',
      url: `/api/consumer/orders/${orderId}/disputes`,
      headers: { cookie },
      payload: { requestId: 'kept-dispute-1', reason: 'other', lines: [{ lineId, quantity: 1 }] },
    })
    expect(sent.statusCode, sent.body).toBe(201)
    expect((await look(orderId)).body).toContain(`/d/${sent.json<{ disputeId: string }>().disputeId}`)
  })

  it('sees a second payment that the provider tells of', async () => {
    const { orderId, tag } = await lookedAt()
    await bench.core.db.write('a second payment', async (tx) => {
      const { chargeId } = await tx
        .selectFrom('charge')
        .select('chargeId')
        .where('orderId', '=', orderId)
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('payment')
        .values({
          paymentId: 'pa-second',
          chargeId,
          orderId,
          transactionId: '4200000000000000000000009999',
          amountFen: 1200,
          paidAtMs: clock.now(),
          foundBy: 'callback',
          foundAtMs: clock.now(),
          isDuplicate: 1,
          reservedFen: 0,
          refundedFen: 0,
        })
        .execute()
    })
    const after = await look(orderId, { 'if-none-match': tag })
    expect(after.statusCode).toBe(200)
    expect(after.body).toContain('a second time')
    expect(after.body).not.toContain('Charged once')
  })

  it('sees the new name of a product, and what another program wrote', async () => {
    const { orderId, tag } = await lookedAt()
    const other = new Sqlite(path.join(bench.folder, 'core', 'core.sqlite'))
    other.prepare("UPDATE product SET nameEn = 'Cola of another name' WHERE sku = 'cola-330'").run()
    other.close()
    const after = await look(orderId, { 'if-none-match': tag })
    expect(after.body).toContain('Cola of another name')
  })
})

describe('a page that is kept', () => {
  it('is nobody else’s', async () => {
    const { orderId } = await lookedAt()
    const ben = await selling.signIn('oSim0ben')
    const answers = [
      await bench.core.http.inject({ method: 'GET', url: `/o/${orderId}` }),
      await bench.core.http.inject({
        method: 'GET',
        url: `/o/${orderId}`,
        headers: { cookie: ben.cookie },
      }),
    ]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 404])
  })

  it('is out of reach as soon as the phone is signed out', async () => {
    const { orderId, tag } = await lookedAt()
    await bench.core.db.write('sign out', (tx) =>
      tx
        .updateTable('consumerSession')
        .set({ revokedAtMs: clock.now() })
        .where('consumerId', '=', consumerId)
        .execute(),
    )
    expect((await look(orderId, { 'if-none-match': tag })).statusCode).toBe(401)
  })
})

describe('everything that the page of an order is told from', () => {
  it('moves its version in the database itself', async () => {
    const asked = new Set(['evidence', 'blob', 'product'])
    const rows = createOrderRows(
      createKysely((query) => {
        for (const [, table] of query.sql.matchAll(/(?:from|join) "(\w+)"/g)) asked.add(String(table))
        return { rows: [{}] }
      }),
    )
    await rows.order('or1')
    const order = await bench.core.db.read.selectFrom('order').selectAll().limit(1).executeTakeFirstOrThrow()
    await rows.of(order)
    const connection = new Sqlite(path.join(bench.folder, 'core', 'core.sqlite'), { readonly: true })
    const triggers = new Set(
      connection.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all(),
    )
    connection.close()
    expect([...asked].flatMap(versionTriggers).filter((name) => !triggers.has(name))).toEqual([])
  })
})
