import { generateSync } from 'otplib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountView, PeopleList, PersonDone, SecondFactorSetup } from '#protocol/api/accounts.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

const PASSWORD = 'a password for the bench'
const OWN_PASSWORD = 'quite another long phrase'

let bench: CoreBench
beforeAll(async () => {
  // The last of two equal flags holds.
  bench = await createCoreBench({ guessesMost: 3 }, () => ['--second-factor', 'required'])
})
afterAll(() => bench.close())

const asks = (method: 'GET' | 'POST' | 'PUT', url: string, cookie?: string, payload?: object) =>
  bench.core.http.inject({
    method,
    url,
    headers: { 'user-agent': 'Bench/1', ...(cookie === undefined ? {} : { cookie }) },
    ...(payload === undefined ? {} : { payload }),
  })
const signIn = async (name: string, password: string, code?: string) =>
  asks('POST', '/api/staff/sign-in', undefined, { name, password, ...(code === undefined ? {} : { code }) })
const cookieOf = (answer: { headers: Record<string, unknown> }) =>
  String(answer.headers['set-cookie']).split(';')[0] as string
/** Codes are taken once: each is of a later step than the one before, as far as the core allows one to be ahead. */
const codeIn = (secret: string, steps: number) =>
  generateSync({ secret, epoch: Math.floor(bench.core.deps.clock.now() / 1000) + 30 * steps })
const actions = async (staffId: string) => {
  const rows = await bench.core.db.read
    .selectFrom('audit')
    .select(['action', 'detail'])
    .where('subject', '=', `staff:${staffId}`)
    .orderBy('seq')
    .execute()
  return rows.map(({ action }) => action)
}
async function account(name: string, role: 'agent' | 'lead' | 'manager' | 'admin'): Promise<string> {
  return bench.core.accounts.create({
    name,
    displayName: name,
    role,
    language: 'en',
    operator: null,
    password: PASSWORD,
  })
}
/** Signs in, sets up a second factor and gives what is needed to come again. */
async function secured(name: string) {
  const cookie = cookieOf(await signIn(name, PASSWORD))
  const begun = await asks('POST', '/api/staff/account/second-factor/begin', cookie, { password: PASSWORD })
  const { secret } = begun.json() as SecondFactorSetup
  const confirmed = await asks('POST', '/api/staff/account/second-factor/confirm', cookie, {
    code: codeIn(secret, -1),
  })
  const { recoveryCodes } = confirmed.json() as { recoveryCodes: string[] }
  return { cookie, secret, recoveryCodes }
}

describe('a lead whose installation requires a second factor', () => {
  it('may do nothing but set it up, then may work', async () => {
    await account('lea', 'lead')
    const cookie = cookieOf(await signIn('lea', PASSWORD))
    expect((await asks('GET', '/api/staff/me', cookie)).json()).toMatchObject({
      lacks: 'second_factor',
      permissions: [],
    })
    const refused = await asks('GET', '/api/staff/fleet', cookie)
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'second_factor_needed'])

    const mended = await secured('lea')
    expect(mended.recoveryCodes).toHaveLength(10)
    expect((await asks('GET', '/api/staff/fleet', mended.cookie)).statusCode).toBe(200)
    expect((await asks('GET', '/api/staff/me', cookie)).statusCode, 'the sign-in without a code').toBe(401)
  })
  it('signs in with password and code, neither alone, and no code twice', async () => {
    await account('lin', 'lead')
    const { secret } = await secured('lin')
    const without = await signIn('lin', PASSWORD)
    expect([without.statusCode, without.json().code]).toEqual([401, 'second_factor_code_needed'])
    const code = codeIn(secret, 0)
    expect((await signIn('lin', 'wrong password', code)).json().code).toBe('wrong_credentials')
    expect((await signIn('lin', PASSWORD, code)).statusCode).toBe(200)
    expect((await signIn('lin', PASSWORD, code)).json().code).toBe('second_factor_wrong')
  })
  it('lets one of two in who type the same code at the same moment', async () => {
    await account('leo', 'lead')
    const { secret } = await secured('leo')
    const code = codeIn(secret, 0)
    const answers = await Promise.all([signIn('leo', PASSWORD, code), signIn('leo', PASSWORD, code)])
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 401])
  })
  it('comes in with a recovery code when the phone is lost, once', async () => {
    const staffId = await account('lou', 'lead')
    const { recoveryCodes } = await secured('lou')
    const [code] = recoveryCodes as [string]
    const answer = await signIn('lou', PASSWORD, code)
    const view = (await asks('GET', '/api/staff/account', cookieOf(answer))).json() as AccountView
    expect(view.secondFactor).toMatchObject({ isOn: true, recoveryCodesLeft: 9, isRequired: true })
    expect((await signIn('lou', PASSWORD, code)).json().code).toBe('second_factor_wrong')
    expect(await actions(staffId)).toContain('staff.recovery_code_used')
  })
  it('cannot switch it off', async () => {
    await account('luc', 'lead')
    const { cookie, recoveryCodes } = await secured('luc')
    const answer = await asks('POST', '/api/staff/account/second-factor/off', cookie, {
      code: recoveryCodes[0] as string,
    })
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'not_allowed'])
  })
  it('keeps its secret sealed: the row does not show it', async () => {
    const staffId = await account('liv', 'lead')
    const { secret } = await secured('liv')
    const row = await bench.core.db.read
      .selectFrom('staff')
      .selectAll()
      .where('staffId', '=', staffId)
      .executeTakeFirstOrThrow()
    expect(row.totpSecret).toBeTypeOf('string')
    expect(JSON.stringify(row)).not.toContain(secret)
  })
})

describe('whoever guesses', () => {
  it('is stopped over restarts of the core, and a colleague unlocks the account', async () => {
    const staffId = await account('gus', 'agent')
    await account('mia', 'manager')
    for (let guess = 0; guess < 3; guess++) await signIn('gus', `guess number ${guess}`)
    const resting = await signIn('gus', PASSWORD)
    expect([resting.statusCode, resting.json().code]).toEqual([429, 'too_many_requests'])
    const row = await bench.core.db.read
      .selectFrom('staff')
      .select('lockedUntilMs')
      .where('staffId', '=', staffId)
      .executeTakeFirstOrThrow()
    expect(row.lockedUntilMs, 'kept in the database').toBeGreaterThan(bench.core.deps.clock.now())

    const { cookie } = await secured('mia')
    const answer = await asks('POST', `/api/staff/people/${staffId}/unlock`, cookie, {
      reason: 'was on the phone',
    })
    expect((answer.json() as PersonDone).person.lockedUntilMs).toBeNull()
    expect((await signIn('gus', PASSWORD)).statusCode).toBe(200)
    expect(await actions(staffId)).toEqual(expect.arrayContaining(['staff.locked_out', 'staff.unlocked']))
  })
  it('finds codes no faster than passwords', async () => {
    await account('ida', 'lead')
    await secured('ida')
    const codes = ['000000', '111111', '222222']
    for (const code of codes) await signIn('ida', PASSWORD, code)
    expect((await signIn('ida', PASSWORD, '333333')).json().code).toBe('too_many_requests')
  })
})

describe('somebody signed in at two places', () => {
  it('sees both, ends one, and that one is out at once', async () => {
    await account('ava', 'agent')
    const [here, there] = [cookieOf(await signIn('ava', PASSWORD)), cookieOf(await signIn('ava', PASSWORD))]
    const { sessions } = (await asks('GET', '/api/staff/account', here)).json() as AccountView
    expect(sessions.map(({ device }) => device)).toEqual(['Bench/1', 'Bench/1'])
    expect(sessions.filter(({ isThis }) => isThis)).toHaveLength(1)
    const other = sessions.find(({ isThis }) => !isThis) as AccountView['sessions'][number]
    expect((await asks('POST', `/api/staff/account/sessions/${other.sessionId}/end`, here)).statusCode).toBe(
      204,
    )
    expect((await asks('GET', '/api/staff/me', there)).statusCode).toBe(401)
    expect((await asks('GET', '/api/staff/me', here)).statusCode).toBe(200)
  })
  it('cannot end the sign-in of somebody else', async () => {
    await account('ann', 'agent')
    await account('ben', 'agent')
    const [ann, ben] = [cookieOf(await signIn('ann', PASSWORD)), cookieOf(await signIn('ben', PASSWORD))]
    const { sessions } = (await asks('GET', '/api/staff/account', ben)).json() as AccountView
    const answer = await asks('POST', `/api/staff/account/sessions/${sessions[0]?.sessionId}/end`, ann)
    expect(answer.statusCode).toBe(404)
    expect((await asks('GET', '/api/staff/me', ben)).statusCode).toBe(200)
  })
  it('is signed out elsewhere by a new password', async () => {
    await account('amy', 'agent')
    const [here, there] = [cookieOf(await signIn('amy', PASSWORD)), cookieOf(await signIn('amy', PASSWORD))]
    const change = { current: PASSWORD, next: OWN_PASSWORD }
    expect((await asks('POST', '/api/staff/account/password', here, change)).statusCode).toBe(204)
    expect((await asks('GET', '/api/staff/me', there)).statusCode).toBe(401)
    expect((await signIn('amy', PASSWORD)).statusCode).toBe(401)
    expect((await signIn('amy', OWN_PASSWORD)).statusCode).toBe(200)
  })
  it.each([
    ['the old one', PASSWORD],
    ['the name in it', 'my name is zoe and no more'],
    ['one letter over and over', 'aaaaaaaaaaaaaaaa'],
  ])('is not given a password with %s', async (_, next) => {
    const known = await signIn('zoe', PASSWORD)
    if (known.statusCode !== 200) await account('zoe', 'agent')
    const cookie = cookieOf(await signIn('zoe', PASSWORD))
    const answer = await asks('POST', '/api/staff/account/password', cookie, { current: PASSWORD, next })
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'password_unfit'])
  })
})

describe('a manager', () => {
  it('makes an account whose first password only serves to choose another', async () => {
    await account('max', 'manager')
    const { cookie } = await secured('max')
    const made = await asks('POST', '/api/staff/people', cookie, {
      name: 'new.agent',
      displayName: 'New Agent',
      role: 'agent',
      operator: null,
      language: 'zh',
    })
    const { firstPassword, person } = made.json() as PersonDone
    const theirs = cookieOf(await signIn('new.agent', firstPassword as string))
    expect((await asks('GET', '/api/staff/fleet', theirs)).json().code).toBe('password_change_needed')
    await asks('POST', '/api/staff/account/password', theirs, {
      current: firstPassword as string,
      next: OWN_PASSWORD,
    })
    expect((await asks('GET', '/api/staff/fleet', theirs)).statusCode).toBe(200)
    expect(await actions(person.staffId)).toEqual([
      'staff.created',
      'staff.signed_in',
      'staff.password_changed',
    ])
  })
  it('takes a role away with before and after on record, and the old sign-ins are out', async () => {
    const staffId = await account('rob', 'lead')
    await account('moe', 'manager')
    const theirs = (await secured('rob')).cookie
    const { cookie } = await secured('moe')
    const answer = await asks('POST', `/api/staff/people/${staffId}/change`, cookie, {
      role: 'agent',
      reason: 'moves to another desk',
    })
    expect((answer.json() as PersonDone).person.role).toBe('agent')
    expect((await asks('GET', '/api/staff/me', theirs)).statusCode).toBe(401)
    const { detail } = await bench.core.db.read
      .selectFrom('audit')
      .select('detail')
      .where('action', '=', 'staff.changed')
      .where('subject', '=', `staff:${staffId}`)
      .executeTakeFirstOrThrow()
    expect(JSON.parse(detail)).toEqual({
      reason: 'moves to another desk',
      role: { from: 'lead', to: 'agent' },
    })
  })
  it('changes neither themselves nor an admin, and makes no admin', async () => {
    const own = await account('meg', 'manager')
    const admin = await account('root', 'admin')
    const { cookie } = await secured('meg')
    const change = { isActive: false, reason: 'no reason' }
    for (const staffId of [own, admin]) {
      const answer = await asks('POST', `/api/staff/people/${staffId}/change`, cookie, change)
      expect([answer.statusCode, answer.json().code]).toEqual([403, 'not_allowed'])
    }
    const made = await asks('POST', '/api/staff/people', cookie, {
      name: 'root2',
      displayName: 'Root',
      role: 'admin',
      operator: null,
      language: 'en',
    })
    expect(made.json().code).toBe('not_allowed')
    const { people } = (await asks('GET', '/api/staff/people', cookie)).json() as PeopleList
    expect(
      people.filter(({ staffId }) => [own, admin].includes(staffId)).map((one) => one.mayChange),
    ).toEqual([false, false])
  })
})

describe('a step that asks again who one is', () => {
  it('is refused when the last proof is old, and goes through after a new one', async () => {
    await account('pia', 'manager')
    const target = await account('pal', 'agent')
    const { cookie, recoveryCodes } = await secured('pia')
    await bench.core.db.write('let the proof grow old', async (tx) => {
      await tx.updateTable('staffSession').set({ provedAtMs: 0 }).execute()
    })
    const unlock = () => asks('POST', `/api/staff/people/${target}/unlock`, cookie, { reason: 'x' })
    const refused = await unlock()
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'proof_needed'])
    const wrong = await asks('POST', '/api/staff/account/prove', cookie, { password: PASSWORD })
    expect(wrong.json().code, 'the password alone').toBe('second_factor_code_needed')
    await asks('POST', '/api/staff/account/prove', cookie, { code: recoveryCodes[0] as string })
    expect((await unlock()).statusCode).toBe(200)
  })
})
