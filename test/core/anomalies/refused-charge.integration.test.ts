import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { advanceOrder, insertOrder } from '#core/orders/store.ts'
import { CABINET } from '#test/core/core-bench.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

const clock = createSystemClock()
const ids = createIds(clock, createSystemRandom())

let selling: SellingBench
beforeAll(async () => {
  selling = await createSellingBench(0)
})
afterAll(() => selling.close())

/** An order that waits for a person after the provider refused its charge for good. */
async function refusedOrder() {
  const [sessionId, orderId] = [ids.next('session'), ids.next('order')]
  const [chargeId, anomalyId] = [ids.next('charge'), ids.next('anomaly')]
  const who = { cabinetId: CABINET, consumerId: selling.consumerId }
  const atMs = clock.now()
  await selling.bench.core.db.write('an order whose charge was refused', async (tx) => {
    await tx
      .insertInto('session')
      .values({
        sessionId,
        requestId: ids.next('request'),
        ...who,
        kind: 'sale',
        state: 'reconciled',
        deniedReason: null,
        planogramVersion: 1,
        commandId: ids.next('command'),
        requestedAtMs: atMs,
        startedAtMs: atMs,
        openedAtMs: atMs,
        closedAtMs: atMs,
        reconciledAtMs: atMs,
        reconciled: null,
      })
      .execute()
    await insertOrder(tx, { orderId, sessionId, ...who })
    await tx
      .insertInto('orderLine')
      .values({
        lineId: ids.next('order'),
        orderId,
        position: 0,
        sku: 'cola-330',
        quantity: 1,
        unitPriceFen: 450,
        amountFen: 450,
        probability: 0.9,
        refundedQuantity: 0,
        refundedFen: 0,
      })
      .execute()
    await advanceOrder(tx, orderId, 'held', { totalFen: 450 })
    await tx
      .insertInto('charge')
      .values({
        chargeId,
        sessionId,
        orderId,
        consumerId: who.consumerId,
        state: 'failed',
        authorisation: 'granted',
        declinedCode: null,
        outOrderNo: orderId,
        providerOrderId: null,
        capFen: 20_000,
        amountFen: 450,
        lines: '[]',
        preparedAtMs: atMs,
        submittedAtMs: atMs,
        pendingAtMs: null,
        paidAtMs: null,
        polls: 0,
      })
      .execute()
    await tx
      .insertInto('anomaly')
      .values({
        anomalyId,
        kind: 'ambiguous',
        state: 'in_review',
        subjectId: orderId,
        orderId,
        sessionId,
        ...who,
        detectedAtMs: atMs,
        rule: 'receipt-anomaly-1',
        inputs: '{}',
        outcome: null,
        decidedBy: null,
        decidedAtMs: null,
        reasonKey: 'anomaly.over_cap',
        reasonValues: '{}',
        note: null,
        decisionId: null,
      })
      .execute()
  })
  return { sessionId, orderId, anomalyId }
}

async function decide(
  anomalyId: string,
  body: object,
): Promise<{ status: number; code: string | undefined }> {
  const { core } = selling.bench
  const answer = await core.http.inject({
    method: 'POST',
    url: `/api/staff/anomalies/${anomalyId}/decide`,
    headers: { cookie: await selling.bench.cookieOf('lead') },
    payload: body,
  })
  return { status: answer.statusCode, code: answer.json<{ code?: string }>().code }
}

async function stateOf({ sessionId, orderId, anomalyId }: Awaited<ReturnType<typeof refusedOrder>>) {
  const { read } = selling.bench.core.db
  const [session, order, anomaly] = await Promise.all([
    read.selectFrom('session').select('state').where('sessionId', '=', sessionId).executeTakeFirstOrThrow(),
    read.selectFrom('order').select('state').where('orderId', '=', orderId).executeTakeFirstOrThrow(),
    read.selectFrom('anomaly').select('state').where('anomalyId', '=', anomalyId).executeTakeFirstOrThrow(),
  ])
  return { session: session.state, order: order.state, anomaly: anomaly.state }
}

describe('an order whose charge the provider refused for good', () => {
  it('ends its visit when it is let go', async () => {
    const refused = await refusedOrder()
    expect(await decide(refused.anomalyId, { decision: 'void' })).toMatchObject({ status: 200 })
    expect(await stateOf(refused)).toEqual({ session: 'settled', order: 'void', anomaly: 'explained' })
  })

  it.each([
    { decision: 'charge_as_recognised' },
    { decision: 'charge_corrected', lines: [{ sku: 'cola-330', quantity: 1 }] },
    { decision: 'explain' },
    { decision: 'dismiss' },
  ])('takes no other decision, and stays as it was: %o', async (decision) => {
    const refused = await refusedOrder()
    expect(await decide(refused.anomalyId, decision)).toEqual({ status: 409, code: 'conflict' })
    expect(await stateOf(refused)).toEqual({ session: 'reconciled', order: 'held', anomaly: 'in_review' })
  })
})
