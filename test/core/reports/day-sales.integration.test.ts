import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDaySales } from '#core/reports/day-sales.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

const DAY_MS = 86_400_000
const FIRST = Date.parse('2026-10-01T00:00+08:00')
let bench: CoreBench
let nowMs = FIRST + 30 * DAY_MS
beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())

async function order(orderId: string, atMs: number, skus: readonly string[], cabinetId = 'cab-001') {
  await bench.core.db.write('an order', async (tx) => {
    const consumerId = 'co1'
    await tx
      .insertInto('consumer')
      .values({
        consumerId,
        openidSealed: 'x',
        openidIndex: 'x',
        language: 'zh',
        createdAtMs: 0,
        permissionLostAtMs: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await tx
      .insertInto('session')
      .values({
        sessionId: `se-${orderId}`,
        requestId: `request-${orderId}`,
        cabinetId,
        consumerId,
        kind: 'sale',
        state: 'settled',
        deniedReason: null,
        planogramVersion: 1,
        commandId: `cm-${orderId}`,
        requestedAtMs: atMs,
        startedAtMs: null,
        openedAtMs: null,
        closedAtMs: null,
        reconciledAtMs: null,
        reconciled: null,
      })
      .execute()
    await tx
      .insertInto('order')
      .values({
        orderId,
        sessionId: `se-${orderId}`,
        cabinetId,
        consumerId,
        state: 'paid',
        heldReason: null,
        heldAtMs: null,
        releasedAtMs: null,
        totalFen: 100,
        paidFen: 100,
        refundedFen: 0,
        createdAtMs: atMs,
        pricedAtMs: null,
        chargedAtMs: null,
        decision: null,
      })
      .execute()
    for (const [position, sku] of skus.entries())
      await tx
        .insertInto('orderLine')
        .values({
          lineId: `${orderId}-${position}`,
          orderId,
          position,
          sku,
          quantity: 1,
          unitPriceFen: 100,
          amountFen: 100,
          probability: 1,
          refundedQuantity: 0,
          refundedFen: 0,
        })
        .execute()
  })
}

describe('what was sold', () => {
  it('is the same whether its days were counted before or not, and today is counted anew', async () => {
    await order('or1', FIRST, ['cola-330', 'cola-330', 'tea-oolong'])
    await order('or2', FIRST + 2 * DAY_MS - 1, ['cola-330'])
    await order('or3', nowMs, ['tea-oolong'])
    const sales = createDaySales(bench.core.db.read, () => nowMs)
    const all = () => sales.of(null, FIRST, FIRST + 31 * DAY_MS)
    const part = await sales.of(null, FIRST + DAY_MS, FIRST + 2 * DAY_MS)
    expect(Object.fromEntries(part.ordersByCabinet)).toEqual({ 'cab-001': 1 })
    for (let round = 0; round < 2; round++) {
      const { ordersByCabinet, ordersBySku } = await all()
      expect(Object.fromEntries(ordersByCabinet)).toEqual({ 'cab-001': 3 })
      expect(Object.fromEntries(ordersBySku)).toEqual({ 'cola-330': 2, 'tea-oolong': 2 })
    }
    await order('or4', nowMs + 1, ['cola-330'])
    nowMs += 2
    expect((await all()).ordersBySku.get('cola-330')).toBe(3)
  })
  it('by another operator is not theirs', async () => {
    const sales = createDaySales(bench.core.db.read, () => nowMs)
    const theirs = await sales.of('operator-nobody', FIRST, FIRST + 31 * DAY_MS)
    expect([theirs.ordersByCabinet.size, theirs.ordersBySku.size]).toEqual([0, 0])
  })
})
