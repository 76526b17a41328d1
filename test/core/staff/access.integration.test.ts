import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROLES, type Role } from '#protocol/api/common.ts'
import { PERMISSIONS, type Permission } from '#core/staff/permissions.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())

const asks = (
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  options: { cookie?: string; payload?: object; origin?: string } = {},
) =>
  bench.core.http.inject({
    method,
    url,
    headers: {
      ...(options.cookie === undefined ? {} : { cookie: options.cookie }),
      ...(options.origin === undefined ? {} : { origin: options.origin }),
    },
    ...(options.payload === undefined ? {} : { payload: options.payload }),
  })

/** One request for each staff route of cabinets; what it answers besides 401 and 403 does not matter here. */
const ROUTES: Array<[method: 'GET' | 'POST' | 'PUT', url: string, permission: Permission, payload?: object]> =
  [
    ['GET', '/api/staff/home', 'home.read'],
    ['GET', '/api/staff/fleet', 'fleet.read'],
    ['GET', `/api/staff/cabinets/${CABINET}`, 'fleet.read'],
    ['GET', `/api/staff/cabinets/${CABINET}/readings`, 'readings.read'],
    [
      'PUT',
      `/api/staff/cabinets/${CABINET}/setpoint`,
      'setpoint.change',
      { expectedVersion: 99, setpointDeciCelsius: 30, reason: 'x' },
    ],
    [
      'POST',
      `/api/staff/cabinets/${CABINET}/commands`,
      'command.send',
      { commandId: 'cm-1', name: 'door.lock', reason: 'x' },
    ],
    [
      'PUT',
      `/api/staff/cabinets/${CABINET}/planogram`,
      'planogram.change',
      { expectedVersion: 99, shelves: [{ id: 's1', products: [] }] },
    ],
    ['POST', `/api/staff/cabinets/${CABINET}/enrolment-codes`, 'cabinet.enrol'],
    ['POST', '/api/staff/cabinets/no-such-cabinet/revoke', 'cabinet.revoke'],
    ['GET', '/api/staff/alarms', 'fleet.read'],
    ['POST', '/api/staff/alarms/no-such-alarm/acknowledge', 'alarm.acknowledge'],
    ['GET', '/api/staff/dead-letters', 'deadLetter.read'],
    ['GET', '/api/staff/audit', 'audit.read'],
  ]

describe.each(ROLES)('a %s', (role: Role) => {
  it.each(ROUTES)('%s %s as the table says', async (method, url, permission, payload) => {
    const answer = await asks(method, url, {
      cookie: await bench.cookieOf(role),
      ...(payload === undefined ? {} : { payload }),
    })
    const isAllowed = (PERMISSIONS[permission] as readonly Role[]).includes(role)
    expect(answer.statusCode === 403, `${answer.statusCode} ${answer.body}`).toBe(!isAllowed)
  })
})

describe('somebody who is not signed in', () => {
  it.each(ROUTES)('%s %s is refused', async (method, url, _permission, payload) => {
    const answer = await asks(method, url, payload === undefined ? {} : { payload })
    expect([answer.statusCode, answer.json().code]).toEqual([401, 'not_signed_in'])
  })
  it('is refused with a cookie that nobody was given', async () => {
    expect((await asks('GET', '/api/staff/me', { cookie: 'sid=made-up' })).statusCode).toBe(401)
  })
})

describe('every route', () => {
  it('says who may use it, or does not exist', async () => {
    await bench.core.http.ready()
    expect(() => bench.core.http.swagger()).not.toThrow()
    const document = bench.core.http.swagger() as { paths?: Record<string, unknown> }
    expect(Object.keys(document.paths ?? {})).toContain('/api/staff/fleet')
  })
  it('answers what does not exist with the catalogue', async () => {
    const answer = await asks('GET', '/api/staff/no-such-thing')
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'not_found'])
  })
  it('finds nothing under an address that was mistyped or cut off, instead of asking to correct a request', async () => {
    await bench.core.http.ready()
    const document = bench.core.http.swagger() as { paths?: Record<string, Record<string, unknown>> }
    const named = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
      path.startsWith('/api/staff/') && path.includes('{') && 'get' in methods ? [path] : [],
    )
    expect(named.length).toBeGreaterThan(10)
    const cookies = await Promise.all(
      (['manager', 'admin', 'finance'] as const).map((role) => bench.cookieOf(role)),
    )
    const unfit: string[] = []
    for (const path of named)
      for (const word of ['none', 'x~y'])
        for (const cookie of cookies) {
          const { statusCode } = await asks('GET', path.replaceAll(/\{[^}]+\}/g, word), { cookie })
          if (statusCode !== 404 && statusCode !== 403) unfit.push(`${path} ${word}: ${statusCode}`)
        }
    expect(unfit).toEqual([])
  })
  it('refuses a change that comes from another site', async () => {
    const answer = await asks('POST', '/api/staff/sign-out', {
      cookie: await bench.cookieOf('agent'),
      origin: 'https://evil.example',
    })
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'foreign_origin'])
  })
  it('refuses a field that it does not know, naming it', async () => {
    const answer = await asks('POST', '/api/staff/sign-in', {
      payload: { name: 'a', password: 'b', isAdmin: true },
    })
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'bad_request'])
    expect(answer.json().message).toMatch(/isAdmin|not a known field/i)
  })
})

describe('an operator', () => {
  it('does not see the cabinets of another operator', async () => {
    await bench.core.accounts.create({
      name: 'stranger',
      displayName: 'Stranger',
      role: 'operator',
      language: 'en',
      operator: 'operator-other',
      password: 'another password',
    })
    const signIn = await asks('POST', '/api/staff/sign-in', {
      payload: { name: 'stranger', password: 'another password' },
    })
    const cookie = String(signIn.headers['set-cookie']).split(';')[0] as string
    expect((await asks('GET', '/api/staff/fleet', { cookie })).json().cabinets).toEqual([])
    for (const [method, url, permission, payload] of ROUTES) {
      if (!url.includes(CABINET) || !(PERMISSIONS[permission] as readonly Role[]).includes('operator'))
        continue
      const answer = await asks(method, url, { cookie, ...(payload === undefined ? {} : { payload }) })
      expect([url, answer.statusCode]).toEqual([url, 404])
    }
  })
})

describe('signing in', () => {
  const tries = (name: string, password: string) =>
    asks('POST', '/api/staff/sign-in', { payload: { name, password } })

  it('gives a cookie that scripts and other sites cannot use, and takes it away again', async () => {
    await bench.cookieOf('manager')
    const answer = await tries('bench-manager', 'a password for the bench')
    expect(String(answer.headers['set-cookie'])).toMatch(/^sid=[\w-]{43}; .*HttpOnly; SameSite=Strict/)
    expect(answer.json()).toMatchObject({ role: 'manager', refundLimitFen: 50_000 })
    const cookie = String(answer.headers['set-cookie']).split(';')[0] as string
    expect((await asks('POST', '/api/staff/sign-out', { cookie })).statusCode).toBe(204)
    expect((await asks('GET', '/api/staff/me', { cookie })).statusCode).toBe(401)
  })
  it('says the same for a wrong password and for a name that does not exist', async () => {
    const [wrong, unknown] = [await tries('bench-manager', 'guess'), await tries('nobody', 'guess')]
    expect(wrong.json().message).toBe(unknown.json().message)
    expect([wrong.statusCode, unknown.statusCode]).toEqual([401, 401])
  })
  it('stops who guesses, even with the right password afterwards', async () => {
    await bench.cookieOf('finance')
    for (let guess = 0; guess < 8; guess++) await tries('bench-finance', `guess ${guess}`)
    const answer = await tries('bench-finance', 'a password for the bench')
    expect([answer.statusCode, answer.json().code]).toEqual([429, 'too_many_requests'])
  })
})
