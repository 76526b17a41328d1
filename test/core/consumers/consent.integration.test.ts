import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { createConsent } from '#core/consumers/consent.ts'
import { type Consumers, createConsumers } from '#core/consumers/consumers.ts'
import { type Database, openDatabase } from '#core/platform/database.ts'
import { createCookies, createHttpApp, type HttpApp } from '#core/platform/http.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { createSeal } from '#core/privacy/seal.ts'

const PUBLIC_URL = 'http://127.0.0.1:8080'
let folder: string
let db: Database
let app: HttpApp
let consumers: Consumers
/** Who has agreed at the provider, by the code that we asked with. */
const agreed = new Map<string, string>()
/** What was wanted before somebody was known, and done when they came back. */
let carriedOut: Array<[cabinetId: string, wish: string]>

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'consent-'))
  const clock = createSystemClock()
  const random = createSystemRandom()
  const ids = createIds(clock, random)
  const log = pino({ level: 'silent' })
  db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
  const deps = { db, clock, random, ids, log, policy: createPolicy() }
  const cookies = createCookies(PUBLIC_URL)
  const seal = createSeal({ sealKey: random.bytes(32), indexKey: random.bytes(32) }, random)
  carriedOut = []
  consumers = createConsumers({ ...deps, cookies, seal })
  app = await createHttpApp({
    log,
    ids,
    publicUrl: () => PUBLIC_URL,
    authenticators: { consumer: (request) => consumers.authenticate(request) },
  })
  const consent = createConsent(app, {
    ...deps,
    consumers,
    cookies,
    seal,
    wishes: {
      carryOut: async (_consumerId, cabinetId, wish) => {
        carriedOut.push([cabinetId, wish])
        return '/d/ticket-1'
      },
      givenUp: (cabinetId) => `/c/${cabinetId}/help`,
    },
    publicUrl: () => PUBLIC_URL,
    desk: {
      ask: async (code, returnUrl, save) => {
        await db.write('ask', save)
        return `https://provider.example/consent?redirect_url=${encodeURIComponent(returnUrl)}&code=${code}`
      },
      findOpenid: async (code) => agreed.get(code),
    },
  })
  app.get<{ Querystring: { wish?: string } }>(
    '/begin',
    { config: { access: { kind: 'public' } } },
    async (request, reply) => ({
      url: await consent.begin(request, reply, 'cab-001', request.query.wish),
    }),
  )
  app.get('/who', { config: { access: { kind: 'consumer' } } }, async (request) => ({
    consumerId: request.consumer?.consumerId,
  }))
})
afterEach(async () => {
  await app.close()
  await db.close()
  rmSync(folder, { recursive: true, force: true })
})

async function begin(wish?: string) {
  const answer = await app.inject({ url: wish === undefined ? '/begin' : `/begin?wish=${wish}` })
  const returnUrl = new URL(
    new URL(answer.json<{ url: string }>().url).searchParams.get('redirect_url') ?? '',
  )
  const cookie = answer.cookies[0]
  return {
    state: returnUrl.searchParams.get('state') ?? '',
    path: returnUrl.pathname + returnUrl.search,
    cookies: { consent: cookie?.value ?? '' },
    cookie,
  }
}

describe('a consumer who agrees at the provider', () => {
  it('comes back to the cabinet, and is known from then on', async () => {
    const { state, path: back, cookies, cookie } = await begin()
    expect([cookie?.httpOnly, cookie?.sameSite]).toEqual([true, 'Lax'])
    agreed.set(state, 'oSim0anna')
    const answer = await app.inject({ url: back, cookies })
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/c/cab-001?consent=ok'])
    const token = answer.cookies.find(({ name }) => name === 'consumer')?.value ?? ''
    const who = await app.inject({ url: '/who', cookies: { consumer: token } })
    const { consumerId } = who.json<{ consumerId: string }>()
    expect(await consumers.openidOf(db.read, consumerId)).toBe('oSim0anna')
    const row = await db.read.selectFrom('consumer').selectAll().executeTakeFirstOrThrow()
    expect(JSON.stringify(row)).not.toContain('oSim0anna')
  })
  it('is the same consumer the second time', async () => {
    for (let round = 0; round < 2; round++) {
      const { state, path: back, cookies } = await begin()
      agreed.set(state, 'oSim0anna')
      await app.inject({ url: back, cookies })
    }
    expect(await db.read.selectFrom('consumer').select('consumerId').execute()).toHaveLength(1)
  })
})

describe('somebody who wanted to ask something and had to be known first', () => {
  it('comes back to what they wanted, once, and it lies nowhere readable', async () => {
    const { state, path: back, cookies } = await begin('the-door-is-shut')
    const kept = async () => db.read.selectFrom('consent').select('wishSealed').execute()
    expect(JSON.stringify(await kept())).not.toContain('the-door-is-shut')
    agreed.set(state, 'oSim0anna')
    expect((await app.inject({ url: back, cookies })).headers.location).toBe('/d/ticket-1')
    expect(await kept()).toEqual([{ wishSealed: null }])
    await app.inject({ url: back, cookies })
    expect(carriedOut).toEqual([['cab-001', 'the-door-is-shut']])
  })
  it('is back where they asked when they would rather not be known', async () => {
    const { path: back, cookies } = await begin('the-door-is-shut')
    const answer = await app.inject({ url: `${back}&declined=1`, cookies })
    expect(answer.headers.location).toBe('/c/cab-001/help?refused=consent_required')
    expect(carriedOut).toEqual([])
  })
})

describe('a return that nobody should trust', () => {
  it('in another browser than the one that asked binds nobody', async () => {
    const { state, path: back } = await begin()
    agreed.set(state, 'oSim0anna')
    const stranger = await begin()
    expect((await app.inject({ url: back })).statusCode).toBe(404)
    expect((await app.inject({ url: back, cookies: stranger.cookies })).statusCode).toBe(404)
    expect(await db.read.selectFrom('consumer').select('consumerId').execute()).toEqual([])
  })
  it('without an agreement at the provider binds nobody', async () => {
    const { path: back, cookies } = await begin()
    const answer = await app.inject({ url: `${back}&authorization_code=forged`, cookies })
    expect(answer.headers.location).toBe('/c/cab-001?refused=consent_required')
  })
  it('with a made-up cookie is nobody', async () => {
    expect((await app.inject({ url: '/who', cookies: { consumer: 'guess' } })).statusCode).toBe(401)
  })
})
