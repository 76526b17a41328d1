import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { until } from '#test/support/eventually.ts'
import {
  compact,
  completeRequest,
  createRequest,
  detailsOf,
  LI_WEI,
  NO_CREDIT,
  NO_MONEY,
  orderPath,
  permit,
  queryOrder,
  sell,
  shapeOf,
  startBench,
  untilPaid,
  vector,
  type Bench,
} from './bench.ts'
import type { Json } from './merchant.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
  for (const openid of [LI_WEI, NO_MONEY, NO_CREDIT]) await permit(bench, openid)
})
afterAll(() => bench.stop())

const published = vector('service-order') as Record<string, { request: Json; response: Json }>

async function begin(changes: Json = {}): Promise<string> {
  const request = createRequest(bench, changes)
  const answer = await bench.merchant.post('/v3/payscore/serviceorder', request)
  expect(answer).toMatchObject({
    status: 200,
    isSigned: true,
    body: { state: 'DOING', state_description: 'USER_CONFIRM' },
  })
  return String(request['out_order_no'])
}
const act = (outOrderNo: string, name: string, body: Json) =>
  bench.merchant.post(orderPath(outOrderNo, name), body)
const named = (changes: Json = {}): Json => ({
  appid: bench.merchant.config.appId,
  service_id: bench.merchant.config.serviceId,
  ...changes,
})

describe('a service order in the shape that the provider publishes', () => {
  const adapt = (request: Json): Json => ({
    ...request,
    appid: bench.merchant.config.appId,
    service_id: bench.merchant.config.serviceId,
  })

  it('answers each call with the published fields', async () => {
    const { create, complete, modify, queryPaid } = published
    const outOrderNo = 'published-1'
    await bench.merchant.control('POST', '/faults', { kind: 'delayed_deduction', match: { outOrderNo } })
    const created = await bench.merchant.post('/v3/payscore/serviceorder', {
      ...adapt(create!.request),
      out_order_no: outOrderNo,
      openid: LI_WEI,
      notify_url: bench.callbacks.url,
    })
    expect(shapeOf(created.body)).toEqual(shapeOf(create!.response))
    const completed = await act(outOrderNo, 'complete', adapt(complete!.request))
    expect(shapeOf(completed.body)).toEqual(shapeOf(complete!.response))
    const modified = await act(outOrderNo, 'modify', adapt(modify!.request))
    expect(shapeOf(modified.body)).toEqual(shapeOf(modify!.response))
    await bench.merchant.control('POST', `/serviceorders/${outOrderNo}/deduct`)
    const { post_discounts: _gone, ...paid } = queryPaid!.response
    expect(shapeOf((await queryOrder(bench, outOrderNo)).body)).toEqual(shapeOf(paid))
  })

  it('cancels and collects with the published receipt', async () => {
    const cancelled = await begin()
    const receipt = await act(cancelled, 'cancel', adapt(published['cancel']!.request))
    expect(shapeOf(receipt.body)).toEqual(shapeOf(published['cancel']!.response))
    const pending = await sell(bench, 500, { openid: NO_MONEY })
    await until(async () => (await act(pending, 'pay', adapt(published['collect']!.request))).status === 200)
    await bench.merchant.control('PATCH', `/people/${NO_MONEY}`, { balanceFen: 500 })
    await untilPaid(bench, pending)
  })
})

describe('a sale', () => {
  it('is taken by itself a moment after complete, and a signed callback says so', async () => {
    const outOrderNo = await begin()
    const completed = await act(outOrderNo, 'complete', completeRequest(bench, 350))
    expect(completed.body).toMatchObject({
      state: 'DOING',
      state_description: 'MCH_COMPLETE',
      need_collection: true,
      collection: { state: 'USER_PAYING', total_amount: 350, paying_amount: 350, paid_amount: 0 },
    })
    const paid = await untilPaid(bench, outOrderNo)
    expect(paid).not.toHaveProperty('state_description')
    expect(paid['collection']).toMatchObject({ state: 'USER_PAID', paid_amount: 350, paying_amount: 0 })
    expect(detailsOf(paid)).toMatchObject([{ seq: 1, amount: 350, paid_type: 'NEWTON' }])
    const told = await until(() =>
      bench.callbacks.taken.find((one) => one.resource['out_order_no'] === outOrderNo),
    )
    expect(told).toMatchObject({ eventType: 'PAYSCORE.USER_PAID', isSigned: true })
    const callback = (vector('callbacks') as Record<string, { envelope: Json }>)['paid']!
    expect(shapeOf(told.envelope)).toEqual(shapeOf(callback.envelope))
    expect(told.resource).toEqual(paid)
  })

  it('of nothing is done at once and takes no money', async () => {
    const outOrderNo = await begin()
    const completed = await act(outOrderNo, 'complete', completeRequest(bench, 0))
    expect(completed.body).toMatchObject({ state: 'DONE', total_amount: 0, need_collection: false })
    expect(completed.body).not.toHaveProperty('collection')
  })

  it('subtracts discounts', async () => {
    const outOrderNo = await begin()
    const body = completeRequest(bench, 900, {
      total_amount: 800,
      post_discounts: [{ name: '满减', description: '满9减1', amount: 100 }],
    })
    expect((await act(outOrderNo, 'complete', body)).body).toMatchObject({ total_amount: 800 })
  })

  it('cannot be changed, cancelled or synced while the money is being taken', async () => {
    // It takes longer than all that is asked here, on any machine.
    const slow = await startBench({ deductionDelayMs: 60_000 })
    onTestFinished(() => slow.stop())
    await permit(slow, LI_WEI)
    const outOrderNo = await sell(slow, 350)
    const ask = (name: string, body: Json) => slow.merchant.post(orderPath(outOrderNo, name), body)
    const { appId: appid, serviceId: service_id } = slow.merchant.config
    const of = (more: Json): Json => ({ appid, service_id, ...more })
    for (const [name, body] of [
      ['modify', completeRequest(slow, 100, of({ reason: '少算' }))],
      ['sync', of({ type: 'Order_Paid', detail: { paid_time: compact(slow.clock.now()) } })],
    ] as const) {
      const answer = await ask(name, body)
      expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
      expect(answer.body['message']).toContain('271316754')
    }
    expect((await ask('cancel', of({ reason: '取消' }))).body['message']).toContain('271316592')
    await slow.merchant.control('POST', `/serviceorders/${outOrderNo}/deduct`)
    await untilPaid(slow, outOrderNo)
  })
})

describe('a create that is sent again', () => {
  it('with the same parameters answers with the same order, whatever the order of its fields', async () => {
    const request = createRequest(bench)
    const first = await bench.merchant.post('/v3/payscore/serviceorder', request)
    const again = await bench.merchant.post(
      '/v3/payscore/serviceorder',
      Object.fromEntries(Object.entries(request).reverse()),
    )
    expect(again.body['order_id']).toBe(first.body['order_id'])
    await act(String(request['out_order_no']), 'cancel', named({ reason: '结束' }))
  })

  it('with other parameters is refused by the handbook number', async () => {
    const request = createRequest(bench)
    await bench.merchant.post('/v3/payscore/serviceorder', request)
    const changed = await bench.merchant.post('/v3/payscore/serviceorder', {
      ...request,
      service_introduction: '别的',
    })
    expect(changed).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
    expect(changed.body['message']).toContain('271316598')
    await act(String(request['out_order_no']), 'cancel', named({ reason: '结束' }))
  })
})

describe('who may begin', () => {
  it.each([
    ['somebody without a permission', 'oSim0anna', 403, 'NO_AUTH', ''],
    ['somebody whom the evaluation refuses', NO_CREDIT, 400, 'INVALID_REQUEST', '268560785'],
  ])('%s may not', async (_who, openid, status, code, number) => {
    const answer = await bench.merchant.post('/v3/payscore/serviceorder', createRequest(bench, { openid }))
    expect(answer).toMatchObject({ status, body: { code } })
    expect(answer.body['message']).toContain(number)
  })

  it('an order that is left to the user to confirm comes back CREATED, which is a failure in this mode, and expires in 30 days', async () => {
    const lonely = await startBench()
    await permit(lonely, LI_WEI)
    const request = createRequest(lonely, { need_user_confirm: true })
    const answer = await lonely.merchant.post('/v3/payscore/serviceorder', request)
    expect(answer.body).toMatchObject({ state: 'CREATED' })
    lonely.clock.forward(30 * 86_400_000)
    expect((await queryOrder(lonely, String(request['out_order_no']))).body).toMatchObject({
      state: 'EXPIRED',
    })
    await lonely.stop()
  })

  it('a fourth order in progress is refused, and so is one while an earlier stays unpaid', async () => {
    const wang = 'oSim0wangfang'
    await permit(bench, wang)
    const three = [
      await begin({ openid: wang }),
      await begin({ openid: wang }),
      await begin({ openid: wang }),
    ]
    const fourth = () =>
      bench.merchant.post('/v3/payscore/serviceorder', createRequest(bench, { openid: wang }))
    expect((await fourth()).body['code']).toBe('INVALID_REQUEST')
    await bench.merchant.control('POST', '/faults', {
      kind: 'insufficient_balance',
      times: 50,
      match: { outOrderNo: three[0] },
    })
    await act(three[0]!, 'complete', completeRequest(bench, 500))
    await until(async () => String((await fourth()).body['message']).includes('271299627'))
    await bench.merchant.control('DELETE', '/faults')
    await untilPaid(bench, three[0]!)
  })
})

describe('a completion that breaks a rule', () => {
  const line = { name: '商品信息', amount: 350, description: '可乐', count: 1 }
  it.each<[string, (now: number) => Json, string]>([
    ['a line that is not named 商品信息', () => ({ post_payments: [{ ...line, name: '可乐' }] }), '商品信息'],
    ['no line at all', () => ({ post_payments: [], total_amount: 0 }), '至少'],
    [
      'a hundred and one lines',
      () => ({ post_payments: Array(101).fill({ ...line, amount: 1 }), total_amount: 101 }),
      '最多',
    ],
    [
      'a description above 30 characters',
      () => ({ post_payments: [{ ...line, description: '长'.repeat(31) }] }),
      '30',
    ],
    ['a count of zero', () => ({ post_payments: [{ ...line, count: 0 }] }), '/count'],
    ['a total that is not the sum', () => ({ total_amount: 351 }), '最终总金额计算非法'],
    [
      'a total above the cap of the service',
      () => ({ post_payments: [{ ...line, amount: 50_001 }], total_amount: 50_001 }),
      '上限',
    ],
    [
      'an end in the future of the provider',
      (now) => ({ time_range: { end_time: compact(now + 5_000) } }),
      '不能晚于',
    ],
    [
      'an end that is not after the start',
      (now) => ({ time_range: { end_time: compact(now - 60_000) } }),
      '晚于服务开始',
    ],
    ['an end that is no time', () => ({ time_range: { end_time: '20261301000000' } }), 'yyyyMMddHHmmss'],
    ['a fraction of a fen', () => ({ total_amount: 350.5 }), '整数'],
  ])('%s is refused', async (_what, changes, sentence) => {
    const outOrderNo = await begin()
    const answer = await act(outOrderNo, 'complete', completeRequest(bench, 350, changes(bench.clock.now())))
    expect(answer).toMatchObject({ status: 400, isSigned: true, body: { code: 'PARAM_ERROR' } })
    expect(answer.body['message']).toContain(sentence)
    await act(outOrderNo, 'cancel', named({ reason: '结束' }))
  })
})

describe('a creation that breaks a rule', () => {
  it.each<[string, Json, string]>([
    ['lines before the goods are known', { post_payments: [] }, '/post_payments'],
    ['an introduction above 20 characters', { service_introduction: '长'.repeat(21) }, '20'],
    [
      'another risk fund than the estimate',
      { risk_fund: { name: 'DEPOSIT', amount: 1 } },
      'ESTIMATE_ORDER_COST',
    ],
    ['no device', { device: undefined }, '/device'],
    ['an order number with a dot', { out_order_no: 'a.b' }, '/out_order_no'],
    ['a callback address with a query', { notify_url: 'https://a.test/n?x=1' }, '/notify_url'],
  ])('%s is refused', async (_what, changes, sentence) => {
    const answer = await bench.merchant.post('/v3/payscore/serviceorder', createRequest(bench, changes))
    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } })
    expect(answer.body['message']).toContain(sentence)
  })

  it('another appid or service is refused', async () => {
    const appid = await bench.merchant.post(
      '/v3/payscore/serviceorder',
      createRequest(bench, { appid: 'wx0000000000000000' }),
    )
    expect(appid.body['code']).toBe('APPID_MCHID_NOT_MATCH')
    const service = await bench.merchant.post(
      '/v3/payscore/serviceorder',
      createRequest(bench, { service_id: '1'.repeat(32) }),
    )
    expect(service).toMatchObject({ status: 403, body: { code: 'NO_AUTH' } })
  })
})

describe('a pending order', () => {
  async function pending(totalFen: number): Promise<string> {
    const request = createRequest(bench)
    const outOrderNo = String(request['out_order_no'])
    await bench.merchant.control('POST', '/faults', { kind: 'delayed_deduction', match: { outOrderNo } })
    await bench.merchant.post('/v3/payscore/serviceorder', request)
    await act(outOrderNo, 'complete', completeRequest(bench, totalFen))
    return outOrderNo
  }

  it('can only be lowered, again and again, and is taken at the last amount', async () => {
    const outOrderNo = await pending(900)
    const to = (totalFen: number) =>
      act(outOrderNo, 'modify', completeRequest(bench, totalFen, named({ reason: '退回一件' })))
    expect((await to(900)).body['code']).toBe('INVALID_REQUEST')
    expect((await to(1_000)).body['code']).toBe('INVALID_REQUEST')
    expect((await to(500)).body).toMatchObject({ total_amount: 500, collection: { paying_amount: 500 } })
    expect((await to(350)).body).toMatchObject({ total_amount: 350 })
    await bench.merchant.control('POST', `/serviceorders/${outOrderNo}/deduct`)
    expect(detailsOf((await queryOrder(bench, outOrderNo)).body)).toMatchObject([{ amount: 350 }])
  })

  it('can be told to be paid elsewhere, and then has no transaction', async () => {
    const outOrderNo = await pending(600)
    const synced = await act(
      outOrderNo,
      'sync',
      named({ type: 'Order_Paid', detail: { paid_time: compact(bench.clock.now()) } }),
    )
    expect(shapeOf(synced.body['collection'])).toEqual(shapeOf(published['sync']!.response['collection']))
    expect(detailsOf(synced.body)).toMatchObject([{ paid_type: 'MCH', amount: 600 }])
    expect((await act(outOrderNo, 'pay', named())).body['code']).toBe('INVALID_ORDER_STATE')
  })

  it('refuses to be cancelled or completed again', async () => {
    const outOrderNo = await pending(600)
    expect((await act(outOrderNo, 'cancel', named({ reason: '取消' }))).body['code']).toBe(
      'INVALID_ORDER_STATE',
    )
    expect((await act(outOrderNo, 'complete', completeRequest(bench, 600))).body['code']).toBe(
      'INVALID_ORDER_STATE',
    )
    await bench.merchant.control('POST', `/serviceorders/${outOrderNo}/deduct`)
  })
})

describe('a query', () => {
  it('of an unknown order says so', async () => {
    expect(await queryOrder(bench, 'nobody')).toMatchObject({
      status: 404,
      isSigned: true,
      body: { code: 'ORDER_NOT_EXIST' },
    })
  })
  it('names one of the two numbers, not both and not none', async () => {
    const { config } = bench.merchant
    const base = `/v3/payscore/serviceorder?service_id=${config.serviceId}&appid=${config.appId}`
    expect((await bench.merchant.get(base)).body['code']).toBe('PARAM_ERROR')
    expect((await bench.merchant.get(`${base}&out_order_no=a&query_id=b`)).body['code']).toBe('PARAM_ERROR')
  })
})
