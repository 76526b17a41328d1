import { generateSync } from 'otplib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { DESK, openWatchedPage, PHONE, type WatchedPage } from '#test/support/browser.ts'
import { type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** A whole system as it is set up for real work: leads and above need a code, and a proof of who one is grows old soon. */
const PROOF_MS = 4000
const STEP_SECONDS = 30
const clock = createSystemClock()
let desk: StaffDesk
beforeAll(async () => {
  desk = await startStaffDesk({ secondFactor: 'required', policy: { proofMs: PROOF_MS } })
})
afterAll(() => desk?.stop())

const passwordOf = (name: string) => desk.system.signIns().find((one) => one.name === name)?.password ?? ''
const open = (more: object = {}): Promise<WatchedPage> =>
  openWatchedPage(
    desk.browser,
    { ...DESK, viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...more },
    desk.url,
  )
async function typeSignIn(page: Page, name: string, password: string): Promise<void> {
  await page.goto(`${desk.url}/staff/login`)
  await page.locator('input[name=name]').fill(name)
  await page.locator('input[name=password]').fill(password)
  await page.locator('form button.primary').click()
}
const codeOf = (secret: string, stepsLater = 0) =>
  generateSync({ secret, epoch: Math.floor(clock.now() / 1000) + stepsLater * STEP_SECONDS })

/** Signs in for the first time, sets up the app and goes home. @returns the key and the recovery codes */
async function setUp(page: Page, name: string): Promise<{ secret: string; codes: string[] }> {
  await typeSignIn(page, name, passwordOf(name))
  await page.waitForURL('**/staff/account')
  const card = page.locator('second-factor-card')
  await card.locator('button.primary').click()
  await card.locator('input[name=password]').fill(passwordOf(name))
  await card.locator('button.primary').click()
  const secret = ((await card.locator('code.secret').textContent()) ?? '').replaceAll(' ', '')
  await card.locator('input[name=code]').fill(codeOf(secret, -1))
  await card.locator('button.primary').click()
  await card.locator('.recovery').waitFor()
  const codes = await card.locator('.recovery code').allTextContents()
  await card.locator('button.primary').click()
  await card.getByRole('button', { name: /anew|重新/ }).waitFor()
  return { secret, codes }
}

describe('a lead who signs in for the first time', () => {
  it('is led to the account, sets up an app in three steps, and then works and signs in with a code', async () => {
    const watched = await open()
    const { page, problems } = watched
    const { secret, codes } = await setUp(page, 'lead')
    expect(codes).toHaveLength(10)
    expect(await page.locator('.strip.tone-warn').count(), 'nothing is lacking any more').toBe(0)
    await page.locator('nav a[href$="/tickets"]').click()
    await page.locator('page-tickets h1').waitFor()

    await page.getByRole('button', { name: 'Sign out' }).click()
    await typeSignIn(page, 'lead', passwordOf('lead'))
    await page.locator('input[name=code]').fill(codeOf(secret))
    await page.locator('form button.primary').click()
    await page.locator('page-home h1').waitFor()
    // Answers with 401 and 403 are what this is about; Chromium logs each as an error.
    expect(problems.filter((problem) => !/40[13]/.test(problem))).toEqual([])
    await page.context().close()
  })
})

describe('an administrator who keeps accounts', () => {
  it('shows again who they are when some time has passed, and gives a new colleague a first password', async () => {
    const { page } = await open()
    const { codes } = await setUp(page, 'admin')
    await expect
      .poll(
        async () =>
          (
            await page.request.post(`${desk.url}/api/staff/people/nobody/unlock`, {
              data: { reason: 'is the proof old?' },
            })
          ).status(),
        { timeout: 3 * PROOF_MS },
      )
      .toBe(403)
    await page.locator('nav a[href$="/people"]').click()
    await page.getByRole('button', { name: 'New account' }).click()
    const form = page.locator('page-people dialog')
    await form.locator('input[name=name]').fill('li.wei')
    await form.locator('input[name=displayName]').fill('Li Wei')
    await form.locator('button.primary').click()

    const proof = page.locator('proof-dialog dialog')
    await proof.locator('input[name=code]').fill(codes[0] as string)
    await proof.locator('button.primary').click()
    const password = (await form.locator('code.secret').textContent()) ?? ''
    expect(password).toMatch(/^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/)
    await form.locator('button.primary').click()
    await page.getByRole('rowheader', { name: /Li Wei/ }).waitFor()
    await page.context().close()

    const theirs = await open({ locale: 'zh-CN' })
    await typeSignIn(theirs.page, 'li.wei', password)
    await theirs.page.waitForURL('**/staff/account')
    await theirs.page.locator('input[name=current]').fill(password)
    await theirs.page.locator('input[name=next]').fill('four words in a row')
    await theirs.page.getByRole('button', { name: '修改密码' }).click()
    await theirs.page.locator('.strip.tone-warn').waitFor({ state: 'detached' })
    await theirs.page.locator('nav a[href$="/tickets"]').click()
    await theirs.page.locator('page-tickets h1').waitFor()
    await theirs.page.context().close()
  })
})

describe.each([
  ['English', 'en-GB', 'light', DESK],
  ['Chinese', 'zh-CN', 'dark', PHONE],
] as const)('the pages about accounts in %s', (_, locale, colorScheme, device) => {
  it('keep the rules of accessibility and fit the screen', async () => {
    const { page } = await open({ ...device, locale, colorScheme })
    await typeSignIn(page, 'finance', passwordOf('finance'))
    await page.waitForURL('**/staff/account')
    await page.locator('second-factor-card button.primary').waitFor()
    expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
    await page.context().close()
  })
})
