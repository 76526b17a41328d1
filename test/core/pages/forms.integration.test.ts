import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createFakeConsumerInterface,
  type FakeConsumerInterface,
} from '#test/support/fake-consumer-interface.ts'

let fake: FakeConsumerInterface
beforeEach(async () => {
  // No build here: the pages must read and their forms work without script and styles.
  fake = await createFakeConsumerInterface('/nonexistent')
})
afterEach(() => fake.app.close())

const REQUEST = 'rq00000000000000000000000000000000'.slice(0, 32)
function form(url: string, fields: Record<string, string | string[]>) {
  const body = new URLSearchParams()
  for (const [name, values] of Object.entries(fields))
    for (const value of [values].flat()) body.append(name, value)
  return fake.app.inject({
    method: 'POST',
    url,
    payload: body.toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'text/html',
      origin: 'http://127.0.0.1',
    },
  })
}

describe('a phone without JavaScript', () => {
  it('opens the cabinet with the form and comes back to the page that shows the visit', async () => {
    const sent = await form('/c/cab-001', { requestId: REQUEST })
    expect([sent.statusCode, sent.headers.location]).toEqual([303, '/c/cab-001'])
    expect(fake.sent).toEqual([
      { path: '/api/consumer/sessions', body: { requestId: REQUEST, cabinetId: 'cab-001' } },
    ])
    const page = await fake.app.inject({ url: '/c/cab-001?lang=en' })
    expect(page.body).toContain('Unlocking')
    expect(page.body).not.toContain('Open the door</span>')
  })
  it('is led to the consent of the payment app by a link that says what it is', async () => {
    fake.refuseOpening = {
      code: 'consent_required',
      context: { consentUrl: 'https://pay.example/consent?a=1&b=2' },
    }
    const page = await form('/c/cab-001?lang=en', { requestId: REQUEST })
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('href="https://pay.example/consent?a=1&amp;b=2"')
  })
  it('reads why the door stays closed and where the unpaid order is', async () => {
    fake.refuseOpening = { code: 'consumer_in_arrears', context: { orderId: 'or-arrears' } }
    const sent = await form('/c/cab-001', { requestId: REQUEST })
    const page = await fake.app.inject({
      url: String(sent.headers.location),
      headers: { 'accept-language': 'en' },
    })
    expect(page.body).toContain('An earlier order is not paid yet')
    expect(page.body).toContain('href="/o/or-arrears"')
  })
  it('sends a dispute about two of three goods, and reads the answer', async () => {
    const sent = await form('/o/or-1/dispute', {
      requestId: REQUEST,
      reason: 'item_returned',
      line: ['line-cola-330', 'line-coffee-latte'],
      'quantity.line-cola-330': '1',
      note: '  ',
    })
    expect(sent.statusCode).toBe(303)
    expect(fake.sent[0]?.body).toEqual({
      requestId: REQUEST,
      reason: 'item_returned',
      lines: [
        { lineId: 'line-cola-330', quantity: 1 },
        { lineId: 'line-coffee-latte', quantity: 1 },
      ],
      language: 'zh',
    })
    const page = await fake.app.inject({ url: String(sent.headers.location) })
    expect(page.body).toContain('已立即处理')
    expect(page.body).toContain('¥3.50')
  })
  it('does not carry ticked goods into a question about the payment', async () => {
    await form('/o/or-1/dispute', { requestId: REQUEST, reason: 'charged_twice', line: 'line-cola-330' })
    expect(fake.sent[0]?.body).toMatchObject({ reason: 'charged_twice', lines: [] })
  })
  it('is asked for the reason when it was left out, and nothing is sent', async () => {
    const page = await form('/o/or-1/dispute', { requestId: REQUEST })
    expect(page.statusCode).toBe(400)
    expect(page.body).toContain('请选择哪里不对')
    expect(fake.sent).toEqual([])
  })
  it('writes, reopens and rates', async () => {
    await form('/d/tk-answered/messages', { requestId: REQUEST, text: '<b>谢谢</b>' })
    expect((await fake.app.inject({ url: '/d/tk-answered' })).body).toContain('&lt;b&gt;谢谢&lt;/b&gt;')
    await form('/d/tk-settled/rating', { score: '5' })
    expect((await fake.app.inject({ url: '/d/tk-settled?lang=en' })).body).toContain('You rated us 5 of 5')
    await form('/d/tk-settled/reopen', { requestId: REQUEST })
    expect(fake.disputes.get('tk-settled')?.state).toBe('in_review')
  })
})

describe('the language of a page', () => {
  it('is what the reader chose last, then what the browser asks for, else Chinese', async () => {
    const chosen = await fake.app.inject({ url: '/help?lang=en', headers: { 'accept-language': 'zh-CN' } })
    expect(chosen.body).toContain('<html lang="en">')
    const cookie = String(chosen.headers['set-cookie']).split(';')[0] ?? ''
    expect((await fake.app.inject({ url: '/help', headers: { cookie } })).body).toContain('<html lang="en">')
    expect(
      (await fake.app.inject({ url: '/help', headers: { 'accept-language': 'en-GB,en' } })).body,
    ).toContain('<html lang="en">')
    expect((await fake.app.inject({ url: '/help' })).body).toContain('<html lang="zh-CN">')
  })
})

describe('an address that leads nowhere', () => {
  it('tells a person calmly, and a program in JSON', async () => {
    const page = await fake.app.inject({
      url: '/nothing',
      headers: { accept: 'text/html', 'accept-language': 'en' },
    })
    expect([page.statusCode, page.body.includes('Nothing here')]).toEqual([404, true])
    const api = await fake.app.inject({ url: '/api/nothing', headers: { accept: 'application/json' } })
    expect([api.statusCode, api.json<{ code: string }>().code]).toEqual([404, 'not_found'])
  })
  it('says whose phone an order belongs to without saying what is in it', async () => {
    const page = await fake.app.inject({ url: '/o/somebody-elses?lang=en' })
    expect([page.statusCode, page.body.includes('belongs to the phone that bought it')]).toEqual([401, true])
  })
})
