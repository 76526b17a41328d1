import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '#test/support/eventually.ts'
import {
  compact,
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
let outOrderNo: string
let transactionId: string
beforeAll(async () => {
  bench = await startBench()
  await permit(bench, LI_WEI)
  outOrderNo = await sell(bench, 950)
  transactionId = detailsOf(await untilPaid(bench, outOrderNo))[0]!.transaction_id
  await bench.merchant.post('/v3/merchant-service/complaint-notifications', { url: bench.callbacks.url })
})
afterAll(() => bench.stop())

const published = vector('complaint') as Record<string, Json>
const base = '/v3/merchant-service/complaints-v2'
const detail = async (complaintId: string) => (await bench.merchant.get(`${base}/${complaintId}`)).body
const act = (complaintId: string, name: string, body: Json) =>
  bench.merchant.post(`${base}/${complaintId}/${name}`, body)
const ours = () => ({ complainted_mchid: bench.merchant.config.mchId })
async function complain(more: Json = {}): Promise<string> {
  const { body } = await bench.merchant.control('POST', '/complaints', {
    outOrderNo,
    text: '多扣了钱',
    phone: '13800000000',
    ...more,
  })
  return String(body['complaintId'])
}

describe('a complaint filed with the provider', () => {
  it('is told, listed and shown with the published fields, the phone number encrypted for the merchant', async () => {
    const complaintId = await complain({ refundFen: 350 })
    const told = await until(() =>
      bench.callbacks.taken.find((one) => one.resource['complaint_id'] === complaintId),
    )
    expect(told).toMatchObject({
      eventType: 'COMPLAINT.CREATE',
      isSigned: true,
      resource: { action_type: 'CREATE_COMPLAINT' },
    })
    const shown = await detail(complaintId)
    expect(shapeOf(shown)).toEqual(shapeOf(published['detail']))
    expect(bench.merchant.decryptField(String(shown['payer_phone']))).toBe('13800000000')
    const text = compact(bench.clock.now())
    const day = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`
    const listed = await bench.merchant.get(`${base}?begin_date=${day}&end_date=${day}&limit=1`)
    expect(listed.body).toMatchObject({ limit: 1, offset: 0, data: [{ complaint_id: complaintId }] })
  })

  it('is answered first and closed afterwards', async () => {
    const complaintId = await complain()
    expect((await act(complaintId, 'complete', ours())).body['code']).toBe('INVALID_REQUEST')
    expect(await act(complaintId, 'response', { ...ours(), response_content: '正在核实' })).toMatchObject({
      status: 204,
      isSigned: true,
    })
    expect(await detail(complaintId)).toMatchObject({
      complaint_state: 'PROCESSING',
      incoming_user_response: false,
    })
    await bench.merchant.control('POST', `/complaints/${complaintId}/continue`, { text: '还没收到' })
    expect(await detail(complaintId)).toMatchObject({ incoming_user_response: true })
    expect((await act(complaintId, 'complete', ours())).status).toBe(204)
    expect(await detail(complaintId)).toMatchObject({ complaint_state: 'PROCESSED' })
    const history = await bench.merchant.get(`${base}/${complaintId}/negotiation-historys`)
    expect((history.body['data'] as Json[]).map((one) => one['operate_type'])).toEqual([
      'MERCHANT_CONFIRM_COMPLETE',
      'USER_CONTINUE_COMPLAINT',
      'MERCHANT_RESPONSE',
      'USER_CREATE_COMPLAINT',
    ])
  })

  it('about money is not settled by agreeing: it ends when the money has come back', async () => {
    const complaintId = await complain({ refundFen: 350 })
    await act(complaintId, 'update-refund-progress', published['approveRefund']!)
    expect(await detail(complaintId)).toMatchObject({ complaint_state: 'PROCESSING' })
    await bench.merchant.post('/v3/refund/domestic/refunds', {
      transaction_id: transactionId,
      out_refund_no: 'for-complaint',
      amount: { refund: 350, total: 950, currency: 'CNY' },
    })
    await until(async () => (await detail(complaintId))['complaint_state'] === 'PROCESSED')
  })

  it('can be rejected with a reason only', async () => {
    const complaintId = await complain({ refundFen: 350 })
    expect((await act(complaintId, 'update-refund-progress', { action: 'REJECT' })).body['code']).toBe(
      'PARAM_ERROR',
    )
    expect((await act(complaintId, 'update-refund-progress', published['rejectRefund']!)).status).toBe(204)
    expect(await detail(complaintId)).toMatchObject({ complaint_state: 'PROCESSED' })
  })

  it('belongs to the merchant it names, and a list spans 30 days at most', async () => {
    const complaintId = await complain()
    expect(
      (await act(complaintId, 'response', { complainted_mchid: '1', response_content: 'x' })).body['code'],
    ).toBe('NO_AUTH')
    expect((await bench.merchant.get(`${base}?begin_date=2026-01-01&end_date=2026-03-01`)).body['code']).toBe(
      'PARAM_ERROR',
    )
    expect((await bench.merchant.get(`${base}/unknown`)).status).toBe(404)
  })
})

describe("the person's own pages", () => {
  const url = () => bench.merchant.config.baseUrl
  const send = (path: string, fields: Record<string, string>) =>
    fetch(`${url()}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: `person=${LI_WEI}` },
      body: new URLSearchParams(fields),
    })

  it('let them complain about an order', async () => {
    const { body } = await bench.merchant.control('GET', '/books')
    const { queryId } = (body['serviceOrders'] as Array<{ outOrderNo: string; queryId: string }>).find(
      (one) => one.outOrderNo === outOrderNo,
    )!
    expect(
      (await send(`/orders/${queryId}/complain?lang=en`, { text: 'charged twice', refund: '1' })).status,
    ).toBe(200)
    expect(JSON.stringify((await bench.merchant.control('GET', '/books')).body['complaints'])).toContain(
      'charged twice',
    )
  })

  it('show what they allowed, and let them take it back', async () => {
    const wallet = () =>
      fetch(`${url()}/wallet?lang=en`, { headers: { cookie: `person=${LI_WEI}` } }).then((answer) =>
        answer.text(),
      )
    expect(await wallet()).toContain('This shop is allowed')
    expect((await send('/wallet/withdraw', {})).status).toBe(303)
    expect(await wallet()).toContain('Not allowed')
    await until(() => bench.callbacks.taken.some((one) => one.eventType === 'PAYSCORE.USER_CLOSE_SERVICE'))
  })
})
