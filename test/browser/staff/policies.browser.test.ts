import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildConsole } from '#scripts/build-console.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { DESK, launchBrowser, openWatchedPage, type WatchedPage } from '#test/support/browser.ts'
import { createFakeStaffInterface, type FakeStaffInterface } from './fake-staff-interface.ts'
import { type FakePolicies, servePolicies } from './policy-fixtures.ts'
import { NOW_MS, ORDER_ID } from './staff-fixtures.ts'

/** Rules and restrictions in a real browser: nothing is saved that was not tried on past cases first. */
let browser: Browser
let dist: string
let fake: FakeStaffInterface
let policies: FakePolicies
let url: string

beforeAll(async () => {
  dist = (await buildConsole()).folder
  browser = await launchBrowser()
})
afterAll(() => browser?.close())
beforeEach(async () => {
  fake = await createFakeStaffInterface(dist)
  policies = servePolicies(fake)
  url = await fake.app.listen({ port: 0, host: '127.0.0.1' })
  return () => fake.close()
})

async function desk(
  path: string,
  language: 'zh' | 'en',
  more: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const watched = await openWatchedPage(
    browser,
    {
      ...DESK,
      viewport: { width: 1440, height: 900 },
      locale: language === 'zh' ? 'zh-CN' : 'en-GB',
      ...more,
    },
    url,
  )
  const { page } = watched
  await page.clock.install({ time: NOW_MS })
  await page.clock.resume()
  await page.context().addCookies([{ name: 'lang', value: language, url }])
  await page.goto(`${url}/staff${path}`)
  await page.waitForSelector('h1')
  return watched
}
async function done({ page, problems }: WatchedPage): Promise<void> {
  expect(problems).toEqual([])
  await page.context().close()
}
async function raise(page: Page, percent: string): Promise<void> {
  await page.locator('#limit-clearProbability').fill(percent)
  await page.getByRole('button', { name: 'What would it have decided?' }).click()
  await page.locator('#what-if').waitFor()
}

describe('a lead wants to charge only what is surer', () => {
  it('sees the limits in words, tries 98 % on past cases, opens one, and saves with a reason', async () => {
    const watched = await desk('/policies', 'en')
    const { page } = watched
    await page.locator('a[href$="/policies/receipt"]').click()
    expect(await page.getByLabel('Charge without a person from a certainty of').inputValue()).toBe('97')
    expect(await page.getByText('Make these limits hold').count()).toBe(0)
    await raise(page, '98')
    await page.getByText('6 of 1284 past cases would have been decided otherwise.').waitFor()
    expect(await page.getByRole('region', { name: 'From what to what' }).innerText()).toMatch(
      /charged\s+left to a person\s+5\s+−¥63\.50/,
    )
    expect(
      await page
        .getByRole('link', { name: `Open ${ORDER_ID}` })
        .first()
        .getAttribute('href'),
    ).toBe(`/staff/orders/${ORDER_ID}`)
    await page
      .getByLabel('Why? Others read it here and in the audit.')
      .fill('Too many wrong charges in October.')
    await page.getByRole('button', { name: 'Save version 2' }).click()
    await page.getByText('Saved. The new limits hold.').waitFor()
    expect(policies.saved).toEqual([
      {
        limits: { clearProbability: 0.98, blockedCameraProbability: 0.99, cheapestMixFen: 100 },
        reason: 'Too many wrong charges in October.',
        baseVersion: 1,
        seen: { cases: 1284, changed: 6 },
      },
    ])
    await done(watched)
  })

  it('cannot save what was not tried: figures of other limits than those on the screen are taken away', async () => {
    const watched = await desk('/policies/receipt', 'en')
    const { page } = watched
    await raise(page, '98')
    await page.locator('#limit-clearProbability').fill('98.5')
    await page.getByText('Look at the past cases first.').waitFor()
    expect(await page.locator('#what-if, #saving').count()).toBe(0)
    await done(watched)
  })

  it('goes back to an earlier version by the same way: tried first, then saved, and it says so', async () => {
    const watched = await desk('/policies/receipt', 'en')
    const { page } = watched
    await page.getByRole('button', { name: 'Go back to this (0)' }).click()
    await page.getByText('Going back to version 0').waitFor()
    await page.locator('#saving').waitFor()
    await page.getByLabel('Why?').fill('It asked too often.')
    await page.getByRole('button', { name: 'Save version 2' }).click()
    await page.getByText('back to version 0').waitFor()
    expect(policies.saved).toMatchObject([{ restoredFrom: 0, limits: { clearProbability: 0.95 } }])
    await done(watched)
  })

  it('is told when somebody else was faster, and loads what holds now', async () => {
    const watched = await desk('/policies/receipt', 'en')
    const { page } = watched
    await raise(page, '98')
    policies.hasConflict = true
    await page.getByLabel('Why?').fill('because')
    await page.getByRole('button', { name: 'Save version 2' }).click()
    await page.getByText('Somebody else has changed this rule meanwhile.', { exact: false }).waitFor()
    await page.getByRole('button', { name: 'Load again' }).click()
    await page.getByText('These limits hold now.', { exact: false }).waitFor()
    watched.problems.length = 0
    await done(watched)
  })

  it('is told what a limit may be, by the field itself and by the core', async () => {
    const watched = await desk('/policies/receipt', 'en')
    const { page } = watched
    await page.locator('#limit-blockedCameraProbability').fill('96')
    await page.getByRole('button', { name: 'What would it have decided?' }).click()
    await page.getByRole('alert').waitFor()
    expect(await page.locator('#what-if').count()).toBe(0)
    watched.problems.length = 0
    await done(watched)
  })
})

describe('restrictions of consumers', () => {
  it('shows objections first, and a lead lifts one with a reason', async () => {
    const watched = await desk('/restrictions', 'en')
    const { page } = watched
    expect(await page.locator('main li').first().innerText()).toContain('Open the objection')
    await page.getByRole('button', { name: /^Lift/ }).first().click()
    await page.getByLabel('Why? It is kept in the audit.').fill('A coat in front of the camera.')
    await page.locator('dialog').getByRole('button', { name: 'Lift' }).click()
    await page.getByText('Lifted.').waitFor()
    await done(watched)
  })
})

describe('a lead restricts a consumer whose visit they looked at', () => {
  it('from the order, with what, how long and why; the same form sent once', async () => {
    const consumerId = 'co0123456789abcdefghjkmnpqrstvwx'
    const watched = await desk(`/restrictions?consumer=${consumerId}&order=${ORDER_ID}`, 'en')
    const { page } = watched
    await page.getByLabel('Days').fill('7')
    await page.getByLabel('Why? Others who work here read it.').fill('Held a phone before the camera twice.')
    await page.getByRole('button', { name: 'Restrict', exact: true }).click()
    await page.getByText('Restricted.').waitFor()
    expect(policies.restricted).toMatchObject([
      {
        consumerId,
        level: 'limited',
        days: 7,
        orderId: ORDER_ID,
        restrictionId: expect.stringMatching(/^rs/),
      },
    ])
    await done(watched)
  })
})

describe('the pages of rules and restrictions', () => {
  for (const language of ['zh', 'en'] as const)
    for (const colorScheme of ['light', 'dark'] as const)
      it(`pass axe and fit a telephone (${language}, ${colorScheme})`, async () => {
        const found: string[] = []
        for (const path of [
          '/policies',
          '/policies/receipt',
          '/restrictions',
          '/restrictions?consumer=co1',
        ]) {
          const { page } = await desk(path, language, { colorScheme, bypassCSP: true })
          await page.locator('main .card').first().waitFor()
          if (path === '/policies/receipt') {
            await page.locator('#limit-clearProbability').fill('98')
            await page.locator('main form .button.primary').first().click()
            await page.locator('#saving').waitFor()
          }
          found.push(...(await findViolations(page)).map((line) => `${path} ${line}`))
          for (const width of [320, 390]) {
            await page.setViewportSize({ width, height: 844 })
            const over = await overflowPixels(page)
            if (over > 0) found.push(`${path} is ${over} pixels too wide at ${width}`)
          }
          await page.context().close()
        }
        expect(found).toEqual([])
      })
})
