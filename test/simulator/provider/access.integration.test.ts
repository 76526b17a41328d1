import { createVerify, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '#test/support/eventually.ts'
import { createRequest, LI_WEI, permit, shapeOf, startBench, vector, type Bench } from './bench.ts'
import type { Json } from './merchant.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench.stop())

const query = (code: string) =>
  bench.merchant.get(
    `/v3/payscore/permissions/authorization-code/${code}?service_id=${bench.merchant.config.serviceId}`,
  )
async function ask(code: string): Promise<string> {
  const { config } = bench.merchant
  const answer = await bench.merchant.post('/v3/payscore/permissions', {
    service_id: config.serviceId,
    appid: config.appId,
    authorization_code: code,
    notify_url: bench.callbacks.url,
  })
  return String(answer.body['apply_permissions_token'])
}

describe('what the provider hands the merchant', () => {
  it('can be read by its owner only, and stays the same after a restart', async () => {
    for (const file of Object.values(bench.files)) expect(statSync(file).mode & 0o777).toBe(0o600)
    await bench.restart()
    expect((await query('nobody')).isSigned).toBe(true)
  })
})

describe("a change of the provider's key", () => {
  it('is announced by file first, then the new key signs, also after a restart', async () => {
    const configured = () =>
      JSON.parse(readFileSync(bench.files.config, 'utf8')) as {
        providerPublicKeyId: string
        providerPublicKeys: unknown[]
      }
    const before = configured().providerPublicKeyId
    const { body: next } = await bench.merchant.control('POST', '/keys/announce')
    expect(configured()).toMatchObject({
      providerPublicKeyId: before,
      providerPublicKeys: [{ id: before }, next],
    })
    expect((await query('nobody')).isSigned).toBe(true)
    await bench.merchant.control('POST', '/keys/switch', { id: next['id'] })
    expect(configured().providerPublicKeyId).toBe(next['id'])
    expect((await query('nobody')).isSigned).toBe(true)
    await bench.restart()
    expect((await query('nobody')).isSigned).toBe(true)
    expect((await bench.merchant.control('POST', '/keys/switch', { id: 'PUB_KEY_ID_none' })).status).toBe(404)
  })
})

describe('a provider that is verified by certificate', () => {
  it('names a certificate that the merchant can fetch, read and verify with', async () => {
    const older = await startBench({ verifiedBy: 'certificate' })
    const answer = await older.merchant.raw('GET', '/v3/certificates')
    const listed = (
      JSON.parse(answer.text) as { data: Array<{ serial_no: string; encrypt_certificate: Json }> }
    ).data
    const certificate = new X509Certificate(older.merchant.decryptText(listed[0]!.encrypt_certificate))
    expect(certificate.serialNumber).toBe(listed[0]!.serial_no)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    const header = (name: string) => answer.headers.get(`wechatpay-${name}`)
    expect(header('serial')).toBe(certificate.serialNumber)
    const message = `${header('timestamp')}\n${header('nonce')}\n${answer.text}\n`
    expect(
      createVerify('RSA-SHA256')
        .update(message)
        .verify(certificate.publicKey, header('signature')!, 'base64'),
    ).toBe(true)
    await older.merchant.control('POST', '/keys/announce')
    expect(((await older.merchant.get('/v3/certificates')).body['data'] as unknown[]).length).toBe(2)
    await older.stop()
  })
})

describe('a request that is not what was signed', () => {
  const path = '/v3/payscore/permissions'
  const body = { service_id: 'x', appid: 'y', authorization_code: 'z' }
  it.each<[string, () => Promise<unknown>]>([
    [
      'a body changed by one byte',
      () => bench.merchant.call('POST', path, body, { sentBody: `${JSON.stringify(body)} ` }),
    ],
    ['an unknown serial', () => bench.merchant.call('POST', path, body, { signed: { serial: 'ABC' } })],
    [
      'a signature six minutes old',
      () =>
        bench.merchant.call('POST', path, body, {
          signed: { timestamp: Math.floor(bench.clock.now() / 1000) - 360 },
        }),
    ],
    [
      'a timestamp that is no number',
      () => bench.merchant.call('POST', path, body, { signed: { timestamp: 'now' } }),
    ],
  ])('%s is refused with SIGN_ERROR', async (_what, send) => {
    expect(await send()).toMatchObject({ status: 401, body: { code: 'SIGN_ERROR' } })
  })

  it('without any Authorization is refused', async () => {
    const bare = await fetch(`${bench.merchant.config.baseUrl}/v3/payscore/serviceorder`)
    expect(bare.status).toBe(401)
  })
})

describe('a permission', () => {
  const published = vector('permissions') as Record<string, { response: Json }>

  it('is unbound until the person agrees, then available, and a callback tells', async () => {
    const token = await ask('code-1')
    expect((await query('code-1')).body).toMatchObject({ authorization_state: 'UNBINDUSER' })
    const agreed = await bench.merchant.control('POST', '/consent', {
      applyPermissionsToken: token,
      openid: LI_WEI,
      redirectUrl: 'http://shop.test/back?cabinet=1',
    })
    expect(agreed.body).toEqual({
      authorizationCode: 'code-1',
      redirectUrl: 'http://shop.test/back?cabinet=1&authorization_code=code-1',
    })
    const known = await query('code-1')
    expect(known.body).toMatchObject({ authorization_state: 'AVAILABLE', openid: LI_WEI })
    expect(shapeOf(known.body)).toEqual(shapeOf(published['query']!.response))
    const told = await until(() =>
      bench.callbacks.taken.find((one) => one.resource['authorization_code'] === 'code-1'),
    )
    expect(told).toMatchObject({ eventType: 'PAYSCORE.USER_OPEN_SERVICE', isSigned: true })
    expect(shapeOf(told.resource)).toEqual(
      shapeOf((vector('callbacks') as Record<string, { resource: Json }>)['permissionOpened']!.resource),
    )
  })

  it('is found by the person too; a stranger is simply not available', async () => {
    const { config } = bench.merchant
    const of = (openid: string) =>
      bench.merchant.get(
        `/v3/payscore/permissions/openid/${openid}?service_id=${config.serviceId}&appid=${config.appId}`,
      )
    expect((await of(LI_WEI)).body).toMatchObject({ authorization_state: 'AVAILABLE' })
    expect((await of('oSomebody')).body).toMatchObject({ authorization_state: 'UNAVAILABLE' })
  })

  it('that was ended lets no new order begin, answers 204 and tells', async () => {
    const code = await permit(bench, 'oSim0anna')
    const ended = await bench.merchant.post(`/v3/payscore/permissions/authorization-code/${code}/terminate`, {
      service_id: bench.merchant.config.serviceId,
      reason: '用户注销',
    })
    expect(ended).toMatchObject({ status: 204, isSigned: true })
    await until(() => bench.callbacks.taken.some((one) => one.eventType === 'PAYSCORE.USER_CLOSE_SERVICE'))
    const refused = await bench.merchant.post(
      '/v3/payscore/serviceorder',
      createRequest(bench, { openid: 'oSim0anna' }),
    )
    expect(refused).toMatchObject({ status: 403, body: { code: 'NO_AUTH' } })
  })

  it('cannot be given an hour after it was asked for', async () => {
    const token = await ask('code-late')
    bench.clock.forward(3_600_001)
    const late = await bench.merchant.control('POST', '/consent', {
      applyPermissionsToken: token,
      openid: LI_WEI,
    })
    expect(late.status).toBe(400)
    expect((await query('code-late')).body).toMatchObject({ authorization_state: 'UNBINDUSER' })
  })
})

describe('the consent page', () => {
  const page = (token: string, lang: string) =>
    fetch(
      `${bench.merchant.config.baseUrl}/consent?apply_permissions_token=${token}&redirect_url=http://shop.test/back&lang=${lang}`,
    )
  const answerWith = (fields: Record<string, string>, cookie = '') =>
    fetch(`${bench.merchant.config.baseUrl}/consent`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie },
      body: new URLSearchParams(fields),
    })

  it('says in both languages what is asked, and lets the tester choose a person', async () => {
    const token = await ask('page-1')
    const zh = await (await page(token, 'zh')).text()
    expect(zh).toContain('同意并授权')
    expect(zh).toContain('李伟')
    expect(await (await page(token, 'en')).text()).toContain('Agree')
    expect((await page('wrong', 'en')).status).toBe(410)
  })

  it('sends the person back with the code, and remembers who it was', async () => {
    const token = await ask('page-2')
    const agreed = await answerWith({
      apply_permissions_token: token,
      redirect_url: 'http://shop.test/back?c=1',
      openid: 'oSim0wangfang',
      answer: 'agree',
    })
    expect(agreed.status).toBe(303)
    expect(agreed.headers.get('location')).toBe('http://shop.test/back?c=1&authorization_code=page-2')
    expect(agreed.headers.get('set-cookie')).toContain('person=oSim0wangfang')
  })

  it('sends a person who declines back without one', async () => {
    const token = await ask('page-3')
    const declined = await answerWith({
      apply_permissions_token: token,
      redirect_url: 'http://shop.test/back',
      answer: 'decline',
    })
    expect(declined.headers.get('location')).toBe('http://shop.test/back?declined=1')
    expect((await query('page-3')).body).toMatchObject({ authorization_state: 'UNBINDUSER' })
  })

  it('never sends anybody to something that is no web address', async () => {
    const token = await ask('page-4')
    const answer = await answerWith({
      apply_permissions_token: token,
      redirect_url: 'javascript:alert(1)',
      openid: LI_WEI,
      answer: 'agree',
    })
    expect(answer.status).toBe(400)
  })
})
