import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildConsole, firstRouteSizes } from '#scripts/build-console.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { describeBrowser, launchBrowser, openWatchedPage, PHONE } from '#test/support/browser.ts'
import { aSession } from '#test/support/consumer-fixtures.ts'
import {
  createFakeConsumerInterface,
  type FakeConsumerInterface,
} from '#test/support/fake-consumer-interface.ts'

/** The pages in a real browser, over an interface that gives each state on demand. The whole system is in test/scenarios. */
let browser: Browser
let dist: string
let fake: FakeConsumerInterface
let url: string

beforeAll(async () => {
  process.stderr.write(`Browser: ${await describeBrowser()}\n`)
  dist = (await buildConsole()).folder
  browser = await launchBrowser()
})
afterAll(() => browser?.close())
beforeEach(async () => {
  fake = await createFakeConsumerInterface(dist)
  url = await fake.app.listen({ port: 0, host: '127.0.0.1' })
  return () => fake.app.close()
})

async function phone(language: 'zh' | 'en', more: Parameters<Browser['newContext']>[0] = {}) {
  return openWatchedPage(browser, { ...PHONE, locale: language === 'zh' ? 'zh-CN' : 'en-GB', ...more }, url)
}

describe('a consumer who was charged for something that they put back', () => {
  it('is settled in three taps, from the order to the answer, with nothing typed', async () => {
    const { page, problems } = await phone('zh')
    let taps = 0
    const tap = async (selector: string) => {
      taps++
      await page.locator(selector).first().tap()
    }
    await page.goto(`${url}/o/or-one`)
    await tap('[data-dispute]')
    await page.waitForURL('**/dispute')
    await tap('label:has([value="item_returned"])')
    await tap('button[type="submit"]')
    await page.waitForURL('**/d/**')
    expect(await page.locator('#answer').innerText()).toContain('已立即处理')
    expect(await page.locator('.refund').innerText()).toContain('¥3.50')
    expect(taps).toBe(3)
    expect(fake.sent[0]?.body).toMatchObject({
      reason: 'item_returned',
      lines: [{ lineId: 'line-fruit-cup', quantity: 1 }],
    })
    expect(problems).toEqual([])
    await page.context().close()
  })
  it('comes from the line itself when there are several, still in three taps', async () => {
    const { page } = await phone('en')
    await page.goto(`${url}/o/or-1`)
    await page.getByRole('link', { name: 'Something wrong with Cola' }).tap()
    await page.getByText('I put it back').tap()
    await page.getByRole('button', { name: 'Send' }).tap()
    await page.waitForURL('**/d/**')
    expect(fake.sent[0]?.body).toMatchObject({ lines: [{ lineId: 'line-cola-330', quantity: 2 }] })
    await page.context().close()
  })
})

describe('a visit at the cabinet', () => {
  it('follows the door by itself and ends on the order', async () => {
    const { page, problems } = await phone('en')
    await page.goto(`${url}/c/cab-001`)
    await page.getByRole('button', { name: 'Open the door' }).tap()
    await page.getByRole('heading', { name: 'Unlocking' }).waitFor()
    fake.session = aSession({ state: 'opened' })
    await page.getByRole('heading', { name: 'Take what you like' }).waitFor()
    fake.session = aSession({ state: 'closed' })
    await page.getByRole('heading', { name: 'Weighing' }).waitFor()
    fake.session = aSession({ state: 'settled', orderId: 'or-1', orderState: 'paid' })
    await page.waitForURL('**/o/or-1')
    expect(await page.locator('.amount').innerText()).toBe('¥19.00')
    expect(problems).toEqual([])
    await page.context().close()
  })
  it('can begin without a reload when the cabinet comes back while somebody waits', async () => {
    fake.cabinetStatus = 'offline'
    const { page } = await phone('en')
    await page.goto(`${url}/c/cab-001`)
    await page.getByText('cannot be reached right now').waitFor()
    fake.cabinetStatus = 'open'
    await page.getByRole('button', { name: 'Open the door' }).tap()
    await page.getByRole('heading', { name: 'Unlocking' }).waitFor()
    await page.context().close()
  })
  it('that ends without an order gives the button back', async () => {
    fake.session = aSession({ state: 'unlocking', openedAtMs: null })
    const { page } = await phone('en')
    await page.goto(`${url}/c/cab-001`)
    fake.session = aSession({ state: 'not_opened', openedAtMs: null })
    await page.getByRole('button', { name: 'Open the door' }).waitFor()
    expect(await page.locator('#session').innerText()).toContain('Nothing is charged')
    await page.context().close()
  })
  it('a second tap on the button while it works is no second request', async () => {
    const { page } = await phone('en')
    await page.goto(`${url}/c/cab-001`)
    await page.getByRole('button', { name: 'Open the door' }).dblclick()
    await page.getByRole('heading', { name: 'Unlocking' }).waitFor()
    expect(fake.sent).toHaveLength(1)
    await page.context().close()
  })
})

describe('a page that is left open', () => {
  it('shows and speaks an answer of support without a reload, and keeps what is being typed', async () => {
    const { page } = await phone('en')
    await page.goto(`${url}/d/tk-review`)
    await page.locator('#text').fill('half a sen')
    const dispute = fake.disputes.get('tk-review')
    if (dispute === undefined) throw new Error('the fixture is gone')
    fake.disputes.set('tk-review', {
      ...dispute,
      state: 'answered',
      messages: [
        {
          messageId: 'ms-9',
          atMs: dispute.openedAtMs,
          from: 'agent',
          authorName: 'Li',
          text: 'We looked at shelf 3.',
        },
      ],
    })
    await page.locator('#messages').getByText('We looked at shelf 3.').waitFor()
    expect(await page.locator('#spoken').textContent()).toBe('We looked at shelf 3.')
    expect(await page.locator('#text').inputValue()).toBe('half a sen')
    await page.context().close()
  })
})

describe('without JavaScript', () => {
  it('facts, proof and the form are there', async () => {
    const { page } = await phone('en', { javaScriptEnabled: false })
    await page.goto(`${url}/o/or-late`)
    const text = await page.locator('main').innerText()
    for (const fact of ['¥19.00', 'Paid', 'offline', '10:47', 'Cold brew latte', 'Cola was taken'])
      expect(text).toContain(fact)
    await page.goto(`${url}/o/or-1/dispute?line=line-cola-330`)
    await page.getByText('I did not take it').tap()
    await page.getByRole('button', { name: 'Send' }).tap()
    await page.waitForURL('**/d/**')
    expect(await page.locator('main').innerText()).toContain('A person is looking at it')
    await page.context().close()
  })
})

const STATES = [
  '/',
  '/c/cab-001',
  '/c/cab-001/code',
  '/c/cab-001?state=live',
  '/c/cab-001?state=offline',
  '/o/or-1',
  '/o/or-late',
  '/o/or-held',
  '/o/or-refunded',
  '/o/or-arrears',
  '/o/or-1/dispute?line=line-cola-330',
  '/d/tk-settled',
  '/d/tk-answered',
  '/orders',
  '/restriction',
  '/privacy',
  '/help',
]

describe.each(['zh', 'en'] as const)('every main state in %s', (language) => {
  async function eachState(page: Page, check: (state: string) => Promise<void>) {
    for (const state of STATES) {
      fake.session = state.endsWith('=live') ? aSession({ isCabinetOffline: true }) : null
      fake.cabinetStatus = state.endsWith('=offline') ? 'offline' : 'open'
      await page.goto(url + state)
      await check(state)
    }
  }
  it.each(['light', 'dark'] as const)('has no violation that axe finds (%s)', async (colorScheme) => {
    // axe is injected by the test, which the policy of the pages rightly refuses.
    const { page } = await phone(language, { colorScheme, bypassCSP: true })
    const violations: string[] = []
    await eachState(page, async (state) => {
      const found = await findViolations(page)
      violations.push(...found.map((text) => `${state} ${text}`))
    })
    expect(violations).toEqual([])
    await page.context().close()
  })
  it('fits a screen of 320 pixels, asks no other host, and breaks no rule of the content policy', async () => {
    const { page, problems } = await phone(language, { viewport: { width: 320, height: 640 } })
    const tooWide: string[] = []
    await eachState(page, async (state) => {
      const over = await overflowPixels(page)
      if (over > 0) tooWide.push(`${state} by ${over}px`)
    })
    expect(tooWide).toEqual([])
    expect(problems).toEqual([])
    await page.context().close()
  })
})

describe('a consumer for whom no door opens for a while', () => {
  it('reads why and until when, and objects with one tap and no word', async () => {
    const { page, problems } = await phone('en')
    await page.goto(`${url}/restriction`)
    const text = await page.locator('main').innerText()
    expect(text).toContain('covered during 5 of your visits')
    expect(text).toMatch(/Ends by itself/)
    expect(await page.locator('a[href="/o/or-late"]').count()).toBe(1)
    await page.getByRole('button', { name: 'Object' }).click()
    await page.waitForURL('**/d/tk-appeal')
    expect(fake.sent.at(-1)).toMatchObject({
      path: '/api/consumer/restriction/appeal',
      body: { text: '', language: 'en', requestId: expect.any(String) },
    })
    expect(problems).toEqual([])
    await page.context().close()
  })
})

describe('what a phone has to load', () => {
  it('is at most 15 KiB of script, compressed', () => {
    expect(firstRouteSizes()['consumer/consumer.ts']).toBeLessThanOrEqual(15)
  })
})
