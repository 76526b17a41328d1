import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  readComplaints,
  readOrder,
  readPermission,
  readPermissionToken,
  readRefund,
} from '#core/payments/payscore/reading.ts'
import { createRequests } from '#core/payments/payscore/requests.ts'
import {
  answerMessage,
  authorizationHeader,
  decryptResource,
  findForgery,
  isSignedBy,
  requestMessage,
  sign,
} from '#core/payments/payscore/signing.ts'
import { compactTime, parseCompactTime } from '#core/payments/payscore/wire-time.ts'

const VECTORS = path.resolve(import.meta.dirname, '../../../protocol/vectors/payscore')
interface Json {
  [key: string]: Json
}
const load = (name: string) => JSON.parse(readFileSync(path.join(VECTORS, `${name}.json`), 'utf8')) as Json
const text = (value: unknown) => String(value)

describe('signatures, against messages signed by other programs', () => {
  const vectors = load('signing') as unknown as {
    privateKeyPkcs8Base64: string
    publicKeyPem: string
    requests: Array<{
      name: string
      method: string
      pathWithQuery: string
      timestamp: string
      nonce: string
      body: string
      message: string
      signature: string
    }>
    publishedMessage: {
      method: string
      pathWithQuery: string
      timestamp: string
      nonce: string
      body: string
      message: string
    }
    authorizationHeader: {
      mchid: string
      nonce_str: string
      signature: string
      timestamp: string
      serial_no: string
      header: string
    }
    answer: { timestamp: string; nonce: string; body: string; message: string; signature: string }
    resource: { apiV3Key: string; nonce: string; associatedData: string; plain: string; ciphertext: string }
    publishedCallback: {
      timestamp: string
      nonce: string
      serial: string
      signature: string
      body: string
      certificatePem: string
    }
  }
  const privateKey = createPrivateKey({
    key: Buffer.from(vectors.privateKeyPkcs8Base64, 'base64'),
    format: 'der',
    type: 'pkcs8',
  })
  const publicKey = createPublicKey(vectors.publicKeyPem)

  it.each(vectors.requests)('signs $name', (request) => {
    expect(requestMessage(request)).toBe(request.message)
    expect(sign(requestMessage(request), privateKey)).toBe(request.signature)
  })
  it('builds the published message and header', () => {
    expect(requestMessage(vectors.publishedMessage)).toBe(vectors.publishedMessage.message)
    const {
      mchid,
      nonce_str: nonce,
      signature,
      timestamp,
      serial_no: serialNo,
      header,
    } = vectors.authorizationHeader
    expect(authorizationHeader({ mchId: mchid, nonce, signature, timestamp, serialNo })).toBe(header)
  })
  it('verifies an answer, and nothing that was altered', () => {
    const { answer } = vectors
    expect(isSignedBy(answerMessage(answer), answer.signature, publicKey)).toBe(true)
    expect(
      isSignedBy(
        answerMessage({ ...answer, body: answer.body.replace('NOT', 'NOW') }),
        answer.signature,
        publicKey,
      ),
    ).toBe(false)
  })
  it('verifies a callback that the provider published, with its own certificate', () => {
    const callback = vectors.publishedCallback
    const keys = new Map([[callback.serial, createPublicKey(callback.certificatePem)]])
    const atMs = Number(callback.timestamp) * 1000
    expect(findForgery(callback, callback.body, keys, atMs)).toBeUndefined()
    expect(findForgery(callback, `${callback.body} `, keys, atMs)).toContain('signature')
    expect(findForgery(callback, callback.body, keys, atMs + 301_000)).toContain('five minutes')
    expect(findForgery({ ...callback, serial: 'OTHER' }, callback.body, keys, atMs)).toContain(
      'not configured',
    )
  })
  it('opens an encrypted resource, and refuses an altered one', () => {
    const { resource } = vectors
    expect(decryptResource(resource.apiV3Key, resource)).toBe(resource.plain)
    const altered = `A${resource.ciphertext.slice(1)}`
    expect(() => decryptResource(resource.apiV3Key, { ...resource, ciphertext: altered })).toThrow()
    expect(() => decryptResource(resource.apiV3Key, { ...resource, ciphertext: 'AAAA' })).toThrow('too short')
  })
})

describe('the published answers', () => {
  const order = load('service-order')
  it('a created order is open', () => {
    expect(readOrder(order['create']?.['response'])).toMatchObject({ state: 'open', payments: [] })
  })
  it('a completed one is being collected', () => {
    expect(readOrder(order['complete']?.['response'])).toMatchObject({ state: 'collecting', totalFen: 950 })
  })
  it('a paid callback names its payment', () => {
    expect(readOrder(load('callbacks')['paid']?.['resource'])).toMatchObject({
      state: 'paid',
      payments: [
        {
          transactionId: '15646546545165651651',
          amountFen: 950,
          paidAtMs: parseCompactTime('20091225121210'),
        },
      ],
    })
  })
  it('one that was paid elsewhere has no payment of the provider', () => {
    expect(readOrder(order['sync']?.['response'])).toMatchObject({
      state: 'paid',
      payments: [],
      isPaidElsewhere: true,
    })
  })
  it('a state that nobody knows means: ask again', () => {
    const seen = {
      ...(load('callbacks')['paid']?.['resource'] as object),
      state: 'DOING',
      state_description: 'WAIT_PAY',
    }
    expect(readOrder(seen)?.state).toBe('unknown')
  })
  it('refunds and permissions are read from answers and callbacks alike', () => {
    const refund = load('refund')
    expect(readRefund(refund['create']?.['response'])).toMatchObject({ state: 'processing', amountFen: 350 })
    expect(readRefund(refund['query']?.['response'])).toMatchObject({ state: 'succeeded' })
    expect(readRefund(load('callbacks')['refundAbnormal']?.['resource'])).toMatchObject({ state: 'abnormal' })
    expect(readRefund(load('callbacks')['refundClosed']?.['resource'])).toMatchObject({ state: 'closed' })
    expect(readPermission(load('permissions')['query']?.['response'])).toMatchObject({ state: 'available' })
    expect(readPermissionToken(load('permissions')['apply']?.['response'])).toBe('1230000109')
  })
})

describe('our requests have the fields of the published ones', () => {
  const requests = createRequests({
    mchId: '1900012181',
    appId: 'wxd678efh567hg6787',
    serviceId: '2002000000000558128851361561536',
    notifyUrl: () => 'https://api.test.com',
    providerNowMs: () => parseCompactTime('20091225121011') as number,
  })
  it('create leaves post_payments out and names the device', () => {
    const body = JSON.parse(
      requests.createOrder({
        outOrderNo: 'or1',
        openid: 'oUp',
        cabinetId: 'cab-001',
        site: '很长很长的地址'.repeat(5),
        capFen: 20_000,
      }).body,
    ) as Json
    expect(body).not.toHaveProperty('post_payments')
    expect(body).toMatchObject({
      need_user_confirm: false,
      device: { start_device_id: 'cab-001' },
      risk_fund: { name: 'ESTIMATE_ORDER_COST' },
    })
    expect(Array.from(text(body['location']?.['start_location']))).toHaveLength(20)
  })
  it('complete names every line 商品信息 and ends before the present of the provider', () => {
    const lines = [{ description: '可乐 330ml', count: 1, amountFen: 350 }]
    const endedAtMs = parseCompactTime('20091225121500') as number
    const request = requests.completeOrder({
      outOrderNo: 'or1',
      lines,
      totalFen: 350,
      startedAtMs: 0,
      endedAtMs,
    })
    expect(request.path).toBe('/v3/payscore/serviceorder/or1/complete')
    expect(JSON.parse(request.body)).toMatchObject({
      post_payments: [{ name: '商品信息', description: '可乐 330ml', count: 1, amount: 350 }],
      total_amount: 350,
      time_range: { end_time: '20091225121010' },
    })
  })
  it('a visit without goods is one line of nothing', () => {
    const request = requests.completeOrder({
      outOrderNo: 'or1',
      lines: [],
      totalFen: 0,
      startedAtMs: 0,
      endedAtMs: 0,
    })
    expect(JSON.parse(request.body)).toMatchObject({ total_amount: 0, post_payments: [{ amount: 0 }] })
  })
})

describe('times on the wire', () => {
  it('are Beijing time', () => {
    expect(compactTime(Date.UTC(2026, 10, 22, 16, 0, 5))).toBe('20261123000005')
    expect(parseCompactTime('20261123000005')).toBe(Date.UTC(2026, 10, 22, 16, 0, 5))
    expect(parseCompactTime('not a time')).toBeUndefined()
  })
})

describe('a complaint as the provider published it', () => {
  const vector = load('complaint')
  it('is read with our order, its time and what is asked back', () => {
    expect(readComplaints({ data: [vector['detail']] })).toEqual([
      {
        complaintId: '200201820200101080076610000',
        state: 'pending',
        filedAtMs: Date.parse('2015-05-20T13:29:35+08:00'),
        text: '反馈一个重复扣费的问题',
        outOrderNo: '1234323JKHDFE1243252',
        refundAskedFen: 350,
      },
    ])
  })
  it('in a state that nobody published still needs somebody', () => {
    const strange = { ...(vector['detail'] as object), complaint_state: 'ESCALATED' }
    expect(readComplaints({ data: [strange] })?.[0]?.state).toBe('processing')
  })
  it('is answered and ended as published', () => {
    const requests = createRequests({
      mchId: '1900012181',
      appId: 'wx',
      serviceId: '2002',
      notifyUrl: () => 'https://shop.example/provider/callback',
      providerNowMs: () => 0,
    })
    const complaintId = '200201820200101080076610000'
    expect(JSON.parse(requests.respondToComplaint({ complaintId, text: '已与用户沟通解决' }).body)).toEqual(
      vector['respond'],
    )
    expect(JSON.parse(requests.completeComplaint({ complaintId }).body)).toEqual(vector['complete'])
  })
})
