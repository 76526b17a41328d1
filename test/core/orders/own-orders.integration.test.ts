import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OrderList } from '#protocol/api/consumer.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

const EARLIER = 70
let selling: SellingBench
beforeAll(async () => {
  selling = await createSellingBench(1)
  const { db } = selling.bench.core
  const { orderId = '' } = selling.orders[0] ?? {}
  await db.write('many orders', async (tx) => {
    const order = await tx
      .selectFrom('order')
      .selectAll()
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow()
    const session = await tx
      .selectFrom('session')
      .selectAll()
      .where('sessionId', '=', order.sessionId)
      .executeTakeFirstOrThrow()
    for (let index = 0; index < EARLIER; index++) {
      const name = String(index).padStart(3, '0')
      const sessionId = `seearlier${name}`
      await tx
        .insertInto('session')
        .values({ ...session, sessionId, requestId: `request-${name}`, commandId: `command-${name}` })
        .execute()
      await tx
        .insertInto('order')
        // Three at a time have the same instant.
        .values({
          ...order,
          orderId: `orearlier${name}`,
          sessionId,
          createdAtMs: 1000 + Math.floor(index / 3),
        })
        .execute()
    }
  })
})
afterAll(() => selling.close())

const ask = (url: string, cookie = selling.cookie) =>
  selling.bench.core.http.inject({ method: 'GET', url, headers: { cookie } })

describe('a consumer with very many orders', () => {
  it('comes to the earliest of them page by page, to each once', async () => {
    const pages: OrderList[] = []
    let address = '/api/consumer/orders'
    for (let page = 0; page < 10; page++) {
      const list = (await ask(address)).json<OrderList>()
      pages.push(list)
      if (list.earlierThan === undefined) break
      address = `/api/consumer/orders?before=${list.earlierThan}`
    }
    const seen = pages.flatMap(({ orders }) => orders)
    expect(seen.length).toBe(EARLIER + 1)
    expect(new Set(seen.map(({ orderId }) => orderId)).size).toBe(EARLIER + 1)
    expect(seen.map(({ atMs }) => atMs)).toEqual(seen.map(({ atMs }) => atMs).toSorted((a, b) => b - a))
    expect(Math.max(...pages.map(({ orders }) => orders.length))).toBeLessThan(40)
  })
  it('follows a link on the page, without a script', async () => {
    const { body } = await ask('/orders')
    const link = /href="(\/orders\?before=[a-z0-9]+)"/.exec(body)?.[1] ?? ''
    const next = await ask(link)
    expect(next.statusCode).toBe(200)
    expect(next.body).toContain('/o/orearlier0')
  })
  it('does not read of visits that never came about', async () => {
    const { db } = selling.bench.core
    const { orderId = '' } = selling.orders[0] ?? {}
    const order = await db.read
      .selectFrom('order')
      .selectAll()
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow()
    const session = await db.read
      .selectFrom('session')
      .selectAll()
      .where('sessionId', '=', order.sessionId)
      .executeTakeFirstOrThrow()
    for (const state of ['not_opened', 'settled'] as const)
      await db.write('a visit', async (tx) => {
        const sessionId = `se${state}`
        await tx
          .insertInto('session')
          .values({
            ...session,
            sessionId,
            state,
            requestId: `request-${state}`,
            commandId: `command-${state}`,
          })
          .execute()
        await tx
          .insertInto('order')
          .values({
            ...order,
            orderId: `or${state}`,
            sessionId,
            state: 'void',
            createdAtMs: order.createdAtMs + 1,
          })
          .execute()
      })
    const { orders } = (await ask('/api/consumer/orders')).json<OrderList>()
    expect(orders.map((one) => one.orderId).slice(0, 2)).toEqual(['orsettled', orderId])
  })
  it('cannot begin at an order of somebody else', async () => {
    const other = await selling.signIn('oSim0other')
    expect((await ask('/api/consumer/orders?before=orearlier001', other.cookie)).statusCode).toBe(404)
  })
})
