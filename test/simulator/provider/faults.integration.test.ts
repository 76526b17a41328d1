import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '#test/support/eventually.ts'
import {
  completeRequest,
  createRequest,
  detailsOf,
  LI_WEI,
  NO_MONEY,
  orderPath,
  permit,
  queryOrder,
  sell,
  startBench,
  untilPaid,
  type Bench,
} from './bench.ts'
import type { Json } from './merchant.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
  await permit(bench, LI_WEI)
  await permit(bench, NO_MONEY)
})
afterEach(() => bench.merchant.control('DELETE', '/faults'))
afterAll(() => bench.stop())

const fault = (kind: string, more: Json = {}) => bench.merchant.control('POST', '/faults', { kind, ...more })
const callbacksOf = (outOrderNo: string) =>
  bench.callbacks.taken.filter((one) => one.resource['out_order_no'] === outOrderNo)
const recorded = async (outOrderNo: string) => {
  const { body } = await bench.merchant.control('GET', '/books')
  return (
    body['callbacks'] as Array<{ outOrderNo: string; state: string; attempts: number; deliveries: number }>
  ).filter((one) => one.outOrderNo === outOrderNo)
}

describe('an answer that never comes', () => {
  it('before the effect leaves nothing behind', async () => {
    await fault('timeout_before_effect', { match: { path: 'POST /v3/payscore/serviceorder' } })
    const request = createRequest(bench)
    await expect(
      bench.merchant.call('POST', '/v3/payscore/serviceorder', request, { timeoutMs: 100 }),
    ).rejects.toThrow()
    expect((await queryOrder(bench, String(request['out_order_no']))).body['code']).toBe('ORDER_NOT_EXIST')
  })

  it('after the effect has happened all the same', async () => {
    await fault('timeout_after_effect', { match: { path: '/complete' } })
    const request = createRequest(bench)
    const outOrderNo = String(request['out_order_no'])
    await bench.merchant.post('/v3/payscore/serviceorder', request)
    await expect(
      bench.merchant.call('POST', orderPath(outOrderNo, 'complete'), completeRequest(bench, 350), {
        timeoutMs: 100,
      }),
    ).rejects.toThrow()
    expect(detailsOf(await untilPaid(bench, outOrderNo))).toHaveLength(1)
  })

  it('is cut by the provider in the end', async () => {
    await fault('timeout_before_effect', { delayMs: 30 })
    await expect(queryOrder(bench, 'any')).rejects.toThrow()
  })
})

describe('an answer that is wrong', () => {
  it('can be a 500, as often as was set', async () => {
    await fault('http_500', { times: 2, match: { outOrderNo: 'five-hundred' } })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await queryOrder(bench, 'five-hundred')).status)
    expect(statuses).toEqual([500, 500, 404])
  })

  it('can be signed by somebody else', async () => {
    await fault('bad_response_signature')
    expect((await queryOrder(bench, 'any')).isSigned).toBe(false)
    expect((await queryOrder(bench, 'any')).isSigned).toBe(true)
  })

  it('can tell to ask less often, or take its time', async () => {
    await fault('rate_limited')
    expect(await queryOrder(bench, 'any')).toMatchObject({
      status: 429,
      isSigned: true,
      body: { code: 'FREQUENCY_LIMITED' },
    })
    await fault('slow_answer', { delayMs: 80 })
    const before = bench.clock.monoMs()
    expect((await queryOrder(bench, 'any')).status).toBe(404)
    expect(bench.clock.monoMs() - before).toBeGreaterThanOrEqual(75)
  })

  it('can show a state that nobody knows', async () => {
    await fault('delayed_deduction')
    const outOrderNo = await sell(bench, 350)
    await fault('unknown_state')
    expect((await queryOrder(bench, outOrderNo)).body).toMatchObject({ collection: { state: 'WAIT_PAY' } })
    expect((await queryOrder(bench, outOrderNo)).body).toMatchObject({ collection: { state: 'USER_PAYING' } })
    await bench.merchant.control('POST', `/serviceorders/${outOrderNo}/deduct`)
  })

  it('touches only what it is matched with', async () => {
    await fault('http_500', { match: { openid: NO_MONEY } })
    const mine = createRequest(bench)
    expect((await bench.merchant.post('/v3/payscore/serviceorder', mine)).status).toBe(200)
    expect(
      (await bench.merchant.post('/v3/payscore/serviceorder', createRequest(bench, { openid: NO_MONEY })))
        .status,
    ).toBe(500)
    await bench.merchant.post(orderPath(String(mine['out_order_no']), 'cancel'), {
      appid: bench.merchant.config.appId,
      service_id: bench.merchant.config.serviceId,
      reason: '结束',
    })
  })
})

describe('a callback', () => {
  it('that is refused is sent again on the ladder, the same bytes under the same id', async () => {
    const request = createRequest(bench)
    const outOrderNo = String(request['out_order_no'])
    bench.callbacks.answer = (one) =>
      one.resource['out_order_no'] === outOrderNo && callbacksOf(outOrderNo).length < 3 ? 500 : 204
    await bench.merchant.post('/v3/payscore/serviceorder', request)
    await bench.merchant.post(orderPath(outOrderNo, 'complete'), completeRequest(bench, 350))
    await until(async () => (await recorded(outOrderNo))[0]?.state === 'delivered')
    bench.callbacks.answer = () => 204
    expect(new Set(callbacksOf(outOrderNo).map((one) => JSON.stringify(one.envelope))).size).toBe(1)
    expect(await recorded(outOrderNo)).toMatchObject([{ attempts: 3, deliveries: 1 }])
  })

  it('can come twice', async () => {
    await fault('duplicate_callback')
    const outOrderNo = await sell(bench, 350)
    await until(() => callbacksOf(outOrderNo).length === 2)
    expect(new Set(callbacksOf(outOrderNo).map((one) => one.id)).size).toBe(1)
  })

  it('can come before the answer to the call that caused it', async () => {
    await fault('early_callback', { match: { path: '/complete' } })
    const request = createRequest(bench)
    const outOrderNo = String(request['out_order_no'])
    await bench.merchant.post('/v3/payscore/serviceorder', request)
    const answer = await bench.merchant.post(orderPath(outOrderNo, 'complete'), completeRequest(bench, 350))
    expect(callbacksOf(outOrderNo)).toHaveLength(1)
    expect(answer.body).toMatchObject({ state: 'DOING', collection: { state: 'USER_PAYING' } })
  })

  it('can be lost for good, though the money was taken', async () => {
    await fault('lost_callback', { match: { path: 'USER_PAID' } })
    const outOrderNo = await sell(bench, 350)
    await untilPaid(bench, outOrderNo)
    expect(await recorded(outOrderNo)).toMatchObject([{ state: 'lost', attempts: 0 }])
    expect(callbacksOf(outOrderNo)).toHaveLength(0)
  })

  it('can come with one about another merchant, rightly signed', async () => {
    await fault('foreign_callback')
    const outOrderNo = await sell(bench, 350)
    await until(() => callbacksOf(outOrderNo).length === 1)
    const foreign = await until(() => callbacksOf('foreign-order')[0])
    expect(foreign).toMatchObject({ isSigned: true, resource: { mchid: '1900000109' } })
  })

  it('can be a probe that must fail like any wrong signature', async () => {
    await fault('signature_probe')
    bench.callbacks.answer = (one) => (one.isSigned ? 204 : 401)
    const outOrderNo = await sell(bench, 350)
    await until(() => callbacksOf(outOrderNo).length === 2)
    bench.callbacks.answer = () => 204
    expect(
      callbacksOf(outOrderNo).map((one) => [one.isSigned, one.signature.startsWith('WECHATPAY/SIGNTEST/')]),
    ).toEqual([
      [false, true],
      [true, false],
    ])
  })

  it('can be signed by somebody else first and rightly after it was refused', async () => {
    await fault('bad_callback_signature')
    bench.callbacks.answer = (one) => (one.isSigned ? 204 : 401)
    const outOrderNo = await sell(bench, 350)
    await until(() => callbacksOf(outOrderNo).length === 2)
    bench.callbacks.answer = () => 204
    expect(callbacksOf(outOrderNo).map((one) => one.isSigned)).toEqual([false, true])
  })
})

describe('a deduction', () => {
  it('that is held stays pending without a word, until it is due', async () => {
    await fault('delayed_deduction', { delayMs: 2500 })
    const outOrderNo = await sell(bench, 350)
    expect((await queryOrder(bench, outOrderNo)).body).toMatchObject({
      state: 'DOING',
      state_description: 'MCH_COMPLETE',
      collection: { state: 'USER_PAYING' },
    })
    expect(callbacksOf(outOrderNo)).toHaveLength(0)
    await untilPaid(bench, outOrderNo)
  })

  it('without enough money is tried again by itself, and succeeds once there is some', async () => {
    const outOrderNo = await sell(bench, 350, { openid: NO_MONEY })
    await until(async () => {
      const { body } = await bench.merchant.control('GET', '/books')
      const order = (
        body['serviceOrders'] as Array<{ outOrderNo: string; collection: { attempts: number } }>
      ).find((one) => one.outOrderNo === outOrderNo)
      return (order?.collection.attempts ?? 0) >= 2
    })
    expect((await queryOrder(bench, outOrderNo)).body).toMatchObject({
      collection: { state: 'USER_PAYING', paid_amount: 0 },
    })
    await bench.merchant.control('PATCH', `/people/${NO_MONEY}`, { balanceFen: 1_000 })
    await untilPaid(bench, outOrderNo)
  })

  it('can be paid by hand in the order page', async () => {
    await fault('delayed_deduction')
    const request = createRequest(bench)
    const outOrderNo = String(request['out_order_no'])
    const created = await bench.merchant.post('/v3/payscore/serviceorder', request)
    await bench.merchant.post(orderPath(outOrderNo, 'complete'), completeRequest(bench, 350))
    const address = `${bench.merchant.config.baseUrl}/orders/${String(created.body['order_id'])}`
    expect(await (await fetch(`${address}?lang=en`)).text()).toContain('Pay now ¥3.50')
    const payed = await fetch(`${address}/pay?lang=en`, { method: 'POST' })
    expect(await payed.text()).toContain('Paid')
    expect((await queryOrder(bench, outOrderNo)).body).toMatchObject({ state: 'DONE' })
    expect((await fetch(`${address}/pay`, { method: 'POST' })).status).toBe(409)
  })
})

describe('a double payment', () => {
  it('really takes the money twice, shows in the query, and sends a callback for each', async () => {
    const balance = async () => {
      const { body } = await bench.merchant.control('GET', '/books')
      return (body['people'] as Array<{ openid: string; balanceFen: number }>).find(
        (one) => one.openid === LI_WEI,
      )!.balanceFen
    }
    const before = await balance()
    await fault('double_payment', { delayMs: 20 })
    const outOrderNo = await sell(bench, 350)
    const details = await until(async () => {
      const found = detailsOf((await queryOrder(bench, outOrderNo)).body)
      return found.length === 2 ? found : undefined
    })
    expect(details).toMatchObject([
      { seq: 1, amount: 350 },
      { seq: 2, amount: 350 },
    ])
    expect(details[0]!.transaction_id).not.toBe(details[1]!.transaction_id)
    expect(await balance()).toBe(before - 700)
    const told = await until(() =>
      callbacksOf(outOrderNo).length === 2 ? callbacksOf(outOrderNo) : undefined,
    )
    expect(new Set(told.map((one) => one.id)).size).toBe(2)
    expect(detailsOf(told[1]!.resource).map((one) => one.transaction_id)).toContain(
      details[1]!.transaction_id,
    )
  })
})

describe('the control interface', () => {
  it.each<[string, Json]>([
    ['an unknown kind', { kind: 'earthquake' }],
    ['a match on something else', { kind: 'http_500', match: { colour: 'red' } }],
    ['zero times', { kind: 'http_500', times: 0 }],
    ['half a time', { kind: 'http_500', times: 0.5 }],
  ])('answers %s with a sentence that helps', async (_what, body) => {
    const answer = await bench.merchant.control('POST', '/faults', body)
    expect(answer.status).toBe(400)
    expect(String(answer.body['message']).length).toBeGreaterThan(10)
  })

  it('takes new people', async () => {
    const made = await bench.merchant.control('POST', '/people', { name: 'Bo', balanceFen: 100 })
    expect(made).toMatchObject({ status: 201, body: { name: 'Bo', balanceFen: 100, standing: 'good' } })
  })

  it('shows the books as a page', async () => {
    const page = await (await fetch(`${bench.merchant.config.baseUrl}/`)).text()
    expect(page).toContain('Service orders')
    expect(page).toContain('USER_PAID')
  })
})

describe('a restart of the provider', () => {
  it('forgets nothing: pending orders are taken, refunds settle, callbacks go out', async () => {
    await fault('refund_slow', { delayMs: 1_500 })
    const paidNo = await sell(bench, 900)
    const transactionId = detailsOf(await untilPaid(bench, paidNo))[0]!.transaction_id
    await bench.merchant.post('/v3/refund/domestic/refunds', {
      transaction_id: transactionId,
      out_refund_no: 'over-restart',
      notify_url: bench.callbacks.url,
      amount: { refund: 900, total: 900, currency: 'CNY' },
    })
    bench.callbacks.answer = () => 500
    await fault('delayed_deduction', { delayMs: 1_000 })
    const pendingNo = await sell(bench, 350)
    await bench.restart()
    bench.callbacks.answer = () => 204
    await untilPaid(bench, pendingNo)
    await until(() => bench.callbacks.taken.some((one) => one.resource['out_refund_no'] === 'over-restart'))
    await until(async () => (await recorded(pendingNo)).every((one) => one.state === 'delivered'))
    expect((await queryOrder(bench, paidNo)).body).toMatchObject({ state: 'DONE' })
  })
})
