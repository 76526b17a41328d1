import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StaffOrderList } from '#protocol/api/staff/orders.ts'
import { CABINET } from '#test/core/core-bench.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

let selling: SellingBench
let order: Record<'orderId' | 'sessionId' | 'consumerId' | 'transactionId' | 'providerOrderId', string>
beforeAll(async () => {
  selling = await createSellingBench(5)
  const found = await selling.bench.core.db.read
    .selectFrom('order as o')
    .innerJoin('payment as p', 'p.orderId', 'o.orderId')
    .innerJoin('charge as c', 'c.orderId', 'o.orderId')
    .select(['o.orderId', 'o.sessionId', 'o.consumerId', 'p.transactionId', 'c.providerOrderId'])
    .executeTakeFirstOrThrow()
  order = { ...found, providerOrderId: String(found.providerOrderId) }
})
afterAll(() => selling.close())

async function search(query: string, role: 'lead' | 'operator' = 'lead'): Promise<string[]> {
  const answer = await selling.bench.core.http.inject({
    method: 'GET',
    url: `/api/staff/orders?query=${encodeURIComponent(query)}`,
    headers: { cookie: await selling.bench.cookieOf(role) },
  })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json<StaffOrderList>().orders.map(({ orderId }) => orderId)
}

describe('looking for an order', () => {
  it.each([
    ['its number', () => order.orderId],
    ['its number in capitals', () => ` ${order.orderId.toUpperCase()} `],
    ['the end of its number, as read aloud', () => order.orderId.slice(-5)],
    ['its visit', () => order.sessionId],
    ['the payment', () => order.transactionId],
    ['the number of the payment app', () => order.providerOrderId],
  ])('finds exactly it by %s', async (_, text) => {
    expect(await search(text())).toEqual([order.orderId])
  })

  it.each([
    ['the consumer', () => order.consumerId],
    ['the label of the consumer', () => `C-${order.consumerId.slice(-4).toUpperCase()}`],
    ['the cabinet', () => CABINET],
    ['nothing', () => ''],
  ])('finds all of them by %s', async (_, text) => {
    expect((await search(text())).toSorted()).toEqual(selling.orders.map(({ orderId }) => orderId).toSorted())
  })

  it.each(['%', '____', 'nothing like it', "' OR 1=1"])('finds nothing by %s', async (text) => {
    expect(await search(text)).toEqual([])
  })

  it('looks at no row that it does not show', () => {
    const connection = new Sqlite(path.join(selling.bench.folder, 'core', 'core.sqlite'), { readonly: true })
    const planOf = (text: string) =>
      connection
        .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`)
        .all()
        .map(({ detail }) => detail)
    const plans = [
      `SELECT orderId FROM "order" WHERE substr("orderId", -4) = 'abcd' AND "orderId" LIKE '%abcd'`,
      `SELECT consumerId FROM consumer WHERE substr("consumerId", -4) = 'abcd' AND "consumerId" LIKE '%abcd'`,
      `SELECT orderId FROM charge WHERE providerOrderId = '1'`,
      `SELECT orderId FROM "order" WHERE cabinetId = 'cab-001' ORDER BY createdAtMs DESC LIMIT 200`,
    ].flatMap(planOf)
    connection.close()
    expect(plans.filter((detail) => /^SCAN|TEMP B-TREE/.test(detail))).toEqual([])
  })
})
