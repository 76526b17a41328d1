import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '#test/support/eventually.ts'
import {
  detailsOf,
  LI_WEI,
  permit,
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
  await permit(bench, LI_WEI)
})
afterAll(() => bench.stop())

const published = vector('refund') as Record<string, { response: Json }>
let serial = 0

async function payment(amountFen: number): Promise<{ outOrderNo: string; transactionId: string }> {
  const outOrderNo = await sell(bench, amountFen)
  const paid = await untilPaid(bench, outOrderNo)
  return { outOrderNo, transactionId: detailsOf(paid)[0]!.transaction_id }
}
function request(transactionId: string, refundFen: number, paidFen: number, changes: Json = {}): Json {
  return {
    transaction_id: transactionId,
    out_refund_no: `refund${++serial}`,
    reason: '商品已退回',
    notify_url: bench.callbacks.url,
    amount: { refund: refundFen, total: paidFen, currency: 'CNY' },
    ...changes,
  }
}
const refund = (body: Json) => bench.merchant.post('/v3/refund/domestic/refunds', body)
const query = (outRefundNo: unknown) =>
  bench.merchant.get(`/v3/refund/domestic/refunds/${String(outRefundNo)}`)
const untilStatus = (outRefundNo: unknown, status: string) =>
  until(async () => {
    const { body } = await query(outRefundNo)
    return body['status'] === status ? body : undefined
  })
const told = (outRefundNo: unknown) =>
  until(() => bench.callbacks.taken.find((one) => one.resource['out_refund_no'] === outRefundNo))
const balanceFen = async () => {
  const { body } = await bench.merchant.control('GET', '/books')
  return (body['people'] as Array<{ openid: string; balanceFen: number }>).find(
    (one) => one.openid === LI_WEI,
  )!.balanceFen
}

describe('a refund', () => {
  it('is accepted first and arrives later, with the published fields, a callback, and the money', async () => {
    const { transactionId } = await payment(950)
    const before = await balanceFen()
    const body = request(transactionId, 350, 950)
    const accepted = await refund(body)
    expect(accepted).toMatchObject({
      status: 200,
      isSigned: true,
      body: { status: 'PROCESSING', channel: 'ORIGINAL' },
    })
    expect(shapeOf(accepted.body)).toEqual(shapeOf(published['create']!.response))
    const arrived = await untilStatus(body['out_refund_no'], 'SUCCESS')
    expect(shapeOf(arrived)).toEqual(shapeOf(published['query']!.response))
    const callback = await told(body['out_refund_no'])
    expect(callback).toMatchObject({ eventType: 'REFUND.SUCCESS', isSigned: true })
    expect(shapeOf(callback.resource)).toEqual(
      shapeOf((vector('callbacks') as Record<string, { resource: Json }>)['refundSuccess']!.resource),
    )
    expect(await balanceFen()).toBe(before + 350)
  })

  it('can be over, and told, before the answer to the call that asked for it', async () => {
    const { transactionId } = await payment(500)
    await bench.merchant.control('POST', '/faults', { kind: 'early_callback', match: { path: '/refunds' } })
    const body = request(transactionId, 500, 500)
    expect((await refund(body)).body['status']).toBe('PROCESSING')
    expect(
      bench.callbacks.taken.filter((one) => one.resource['out_refund_no'] === body['out_refund_no']),
    ).toHaveLength(1)
  })

  it('asked for twice under one number happens once; with another amount it is refused', async () => {
    const { transactionId } = await payment(500)
    const body = request(transactionId, 200, 500)
    const first = await refund(body)
    const again = await refund(body)
    expect(again.body['refund_id']).toBe(first.body['refund_id'])
    const changed = await refund({ ...body, amount: { refund: 201, total: 500, currency: 'CNY' } })
    expect(changed).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
  })

  it('never exceeds what was paid, counting what is still under way', async () => {
    const { transactionId } = await payment(500)
    expect((await refund(request(transactionId, 300, 500))).status).toBe(200)
    expect((await refund(request(transactionId, 201, 500))).body['code']).toBe('INVALID_REQUEST')
    expect((await refund(request(transactionId, 200, 500))).status).toBe(200)
    expect((await refund(request(transactionId, 1, 500))).body['code']).toBe('INVALID_REQUEST')
  })

  it.each<[string, (tx: string) => Json, string]>([
    ['of an unknown transaction', () => ({ transaction_id: '4200000000000000' }), 'RESOURCE_NOT_EXISTS'],
    [
      'under the service order number, which is no trade number of an automatic deduction',
      () => ({ transaction_id: undefined, out_trade_no: 'order1' }),
      'RESOURCE_NOT_EXISTS',
    ],
    ['with a wrong total', () => ({ amount: { refund: 1, total: 499, currency: 'CNY' } }), 'INVALID_REQUEST'],
    ['of nothing', () => ({ amount: { refund: 0, total: 500, currency: 'CNY' } }), 'PARAM_ERROR'],
    ['in another currency', () => ({ amount: { refund: 1, total: 500, currency: 'USD' } }), 'PARAM_ERROR'],
  ])('%s is refused', async (_what, changes, code) => {
    const { transactionId } = await payment(500)
    expect((await refund(request(transactionId, 100, 500, changes(transactionId)))).body['code']).toBe(code)
  })

  it('after 365 days is refused', async () => {
    const late = await startBench()
    await permit(late, LI_WEI)
    const outOrderNo = await sell(late, 500)
    const transactionId = detailsOf(await untilPaid(late, outOrderNo))[0]!.transaction_id
    late.clock.forward(366 * 86_400_000)
    const answer = await late.merchant.post(
      '/v3/refund/domestic/refunds',
      request(transactionId, 100, 500, { notify_url: undefined }),
    )
    expect(answer.body).toMatchObject({ code: 'INVALID_REQUEST' })
    await late.stop()
  })
})

describe('a refund that does not arrive', () => {
  it('when closed gives the amount free for a new number', async () => {
    const { outOrderNo, transactionId } = await payment(500)
    await bench.merchant.control('POST', '/faults', { kind: 'refund_closed', match: { outOrderNo } })
    const body = request(transactionId, 500, 500)
    await refund(body)
    expect((await told(body['out_refund_no'])).eventType).toBe('REFUND.CLOSED')
    expect((await refund(body)).body['status']).toBe('CLOSED')
    const next = request(transactionId, 500, 500)
    await refund(next)
    await untilStatus(next['out_refund_no'], 'SUCCESS')
  })

  it('when abnormal is sent another way, with card and name encrypted', async () => {
    const { outOrderNo, transactionId } = await payment(500)
    await bench.merchant.control('POST', '/faults', { kind: 'refund_abnormal', match: { outOrderNo } })
    const body = request(transactionId, 500, 500)
    const accepted = await refund(body)
    expect((await told(body['out_refund_no'])).eventType).toBe('REFUND.ABNORMAL')
    const path = `/v3/refund/domestic/refunds/${String(accepted.body['refund_id'])}/apply-abnormal-refund`
    const card = { out_refund_no: body['out_refund_no'], type: 'USER_BANK_CARD', bank_type: 'ICBC_DEBIT' }
    const clear = await bench.merchant.post(path, {
      ...card,
      bank_account: '6222000000001234',
      real_name: '李伟',
    })
    expect(clear.body['code']).toBe('PARAM_ERROR')
    const sent = await bench.merchant.post(path, {
      ...card,
      bank_account: bench.merchant.encrypt('6222000000001234'),
      real_name: bench.merchant.encrypt('李伟'),
    })
    expect(sent.body).toMatchObject({
      status: 'PROCESSING',
      user_received_account: 'ICBC_DEBIT1234',
      channel: 'OTHER_BANKCARD',
    })
    await untilStatus(body['out_refund_no'], 'SUCCESS')
  })

  it('when slow stays under way until it is settled', async () => {
    const { outOrderNo, transactionId } = await payment(500)
    await bench.merchant.control('POST', '/faults', { kind: 'refund_slow', match: { outOrderNo } })
    const body = request(transactionId, 500, 500)
    await refund(body)
    expect((await query(body['out_refund_no'])).body['status']).toBe('PROCESSING')
    await bench.merchant.control('POST', `/refunds/${String(body['out_refund_no'])}/settle`)
    expect((await query(body['out_refund_no'])).body['status']).toBe('SUCCESS')
  })

  it('when refused for lack of money keeps its number and can be asked again', async () => {
    const { outOrderNo, transactionId } = await payment(500)
    await bench.merchant.control('POST', '/faults', { kind: 'refund_refused', match: { outOrderNo } })
    const body = request(transactionId, 500, 500)
    expect(await refund(body)).toMatchObject({ status: 403, body: { code: 'NOT_ENOUGH' } })
    expect((await query(body['out_refund_no'])).status).toBe(404)
    expect((await refund(body)).status).toBe(200)
  })

  it('when the account of the payer is not in order is refused, and may be asked again', async () => {
    const { outOrderNo, transactionId } = await payment(500)
    await bench.merchant.control('POST', '/faults', {
      kind: 'refund_account_abnormal',
      match: { outOrderNo },
    })
    const body = request(transactionId, 500, 500)
    expect(await refund(body)).toMatchObject({ status: 403, body: { code: 'USER_ACCOUNT_ABNORMAL' } })
    expect((await query(body['out_refund_no'])).status).toBe(404)
    expect((await refund(body)).status).toBe(200)
  })

  it('when asked too soon after the last one is told to wait', async () => {
    const strict = await startBench({ refundSpacingMs: 60_000 })
    await permit(strict, LI_WEI)
    const outOrderNo = await sell(strict, 500)
    const transactionId = detailsOf(await untilPaid(strict, outOrderNo))[0]!.transaction_id
    const ask = (body: Json) =>
      strict.merchant.post('/v3/refund/domestic/refunds', { ...body, notify_url: undefined })
    const second = request(transactionId, 100, 500)
    await ask(request(transactionId, 100, 500))
    expect(await ask(second)).toMatchObject({ status: 429, body: { code: 'FREQUENCY_LIMITED' } })
    strict.clock.forward(60_000)
    expect((await ask(second)).status).toBe(200)
    await strict.stop()
  })
})
