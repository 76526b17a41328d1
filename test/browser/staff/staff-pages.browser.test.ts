import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildConsole, firstRouteSizes } from '#scripts/build-console.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { DESK, launchBrowser, openWatchedPage, type WatchedPage } from '#test/support/browser.ts'
import { createFakeStaffInterface, type FakeStaffInterface } from './fake-staff-interface.ts'
import { aSetpoint, aTicket, NOW_MS, ORDER_ID } from './staff-fixtures.ts'

/** The staff pages in a real browser, over an interface that gives each state on demand. */
let browser: Browser
let dist: string
let fake: FakeStaffInterface
let url: string

beforeAll(async () => {
  dist = (await buildConsole()).folder
  browser = await launchBrowser()
})
afterAll(() => browser?.close())
beforeEach(async () => {
  fake = await createFakeStaffInterface(dist)
  url = await fake.app.listen({ port: 0, host: '127.0.0.1' })
  return () => fake.close()
})

type Language = 'zh' | 'en'
/** @param path below /staff; the page's clock stands at the time of the fixtures */
async function desk(
  path: string,
  language: Language = 'zh',
  more: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const options = {
    ...DESK,
    viewport: { width: 1440, height: 900 },
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    ...more,
  }
  const watched = await openWatchedPage(browser, options, url)
  const { page } = watched
  await page.clock.install({ time: NOW_MS })
  await page.clock.resume()
  await page.context().addCookies([{ name: 'lang', value: language, url }])
  await open(page, path)
  return watched
}
async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${url}/staff${path}`)
  await page.waitForSelector('h1')
}
async function done({ page, problems }: WatchedPage): Promise<void> {
  expect(problems).toEqual([])
  await page.context().close()
}
function sent(what: string) {
  return fake.sent.filter((entry) => entry.what === what).map((entry) => entry.body)
}

describe('a consumer was charged twice', () => {
  for (const language of ['zh', 'en'] as const)
    it(`is refunded, answered and closed in four clicks (${language})`, async () => {
      const watched = await desk('/tickets/tk-1041', language)
      const { page } = watched
      let clicks = 0
      const click = async (selector: string) => {
        clicks++
        await page.locator(selector).click()
      }
      await click('.advice .button')
      await click('#refund-send:enabled')
      await click('#refund-next')
      await click('#resolve-send')
      await page.locator('.outcome, .ticket-head .badge.tone-ok').first().waitFor()
      expect(clicks).toBeLessThanOrEqual(4)
      expect(sent('refund')).toMatchObject([
        { amountFen: 1650, reason: 'duplicate', ticketId: 'tk-1041', tellConsumer: true },
      ])
      expect(sent('resolve')).toMatchObject([
        { outcome: 'refunded', rootCause: 'provider', reply: expect.stringContaining('16.50') },
      ])
      await done(watched)
    })

  it('is refunded, answered and closed in six keys without a pointer', async () => {
    const watched = await desk('/tickets/tk-1041')
    const { page } = watched
    await page.locator('.advice .button').waitFor()
    const keys = ['r', 'Enter', 'Enter', 'Enter']
    const ready = ['#refund-send:focus:enabled', '#refund-next:focus', '#resolve-send:focus']
    for (const [index, key] of keys.entries()) {
      await page.keyboard.press(key)
      const next = ready[index]
      if (next) await page.locator(next).waitFor()
    }
    await expect.poll(() => sent('resolve').length).toBe(1)
    expect(keys.length).toBeLessThanOrEqual(6)
    await done(watched)
  })

  it('says that nobody knows yet when the answer is lost, and sends the same refund again', async () => {
    fake.loseNextRefundAnswer = true
    const watched = await desk('/tickets/tk-1041', 'en')
    const { page } = watched
    await page.locator('.advice .button').click()
    await page.locator('#refund-send:enabled').click()
    const alert = page.locator('refund-dialog [role=alert]')
    await alert.waitFor()
    expect(await alert.innerText()).toContain('nobody knows yet')
    expect(await page.locator('refund-dialog .badge.tone-ok').count()).toBe(0)
    await page.locator('#refund-send').click()
    await page.locator('#refund-next').waitFor()
    const [first, second] = sent('refund')
    expect(second).toEqual(first)
    expect(fake.refunds).toHaveLength(1)
    // The provider has not confirmed: the page waits and says so.
    expect(await page.locator('refund-dialog').innerText()).toContain('not done yet')
    await page.context().close()
  })

  it('is never offered more than was paid', async () => {
    const watched = await desk('/tickets/tk-1041')
    const { page } = watched
    await page.locator('.advice .button').click()
    await page.locator('#refund-send:enabled').waitFor()
    await page.locator('refund-dialog input[type=number]').fill('50')
    await page.locator('refund-dialog input[type=number]').press('Tab')
    await page.locator('.calculation .tone-text-bad').waitFor()
    expect(await page.locator('#refund-send').isEnabled()).toBe(false)
    await done(watched)
  })

  it('goes to a lead when the amount is above the authority', async () => {
    const watched = await desk('/tickets/tk-1041', 'en')
    const { page } = watched
    await page.locator('.advice .button').click()
    await page.locator('refund-dialog input[type=number]').fill('32')
    await page.locator('refund-dialog input[type=number]').press('Tab')
    await page.getByRole('button', { name: 'Ask for approval of ¥32.00' }).waitFor()
    await done(watched)
  })
})

describe('a new ticket', () => {
  it('waits behind a button, and no row moves under the pointer', async () => {
    const watched = await desk('/tickets', 'en')
    const { page } = watched
    await page.locator('.link-live').waitFor()
    const before = await page.locator('a.row-link').allInnerTexts()
    expect(before[0]).toContain('#1042')
    fake.tickets.push(aTicket(1050, { priority: 'urgent', firstResponseDueMs: NOW_MS - 60_000 }))
    fake.tell({ kind: 'ticket', subjectId: 'tk-1050' })
    const button = page.getByRole('button', { name: '1 new' })
    await button.waitFor()
    expect(await page.locator('a.row-link').allInnerTexts()).toEqual(before)
    await button.click()
    expect((await page.locator('a.row-link').allInnerTexts())[0]).toContain('#1050')
    await done(watched)
  })
})

describe('single keys', () => {
  it('stay letters while somebody types', async () => {
    const watched = await desk('/tickets/tk-1041')
    const { page } = watched
    await page.locator('#composer').click()
    await page.keyboard.type('re')
    expect(await page.locator('#composer').inputValue()).toBe('re')
    expect(await page.locator('dialog[open]').count()).toBe(0)
    await done(watched)
  })
  it('can be listed and switched off', async () => {
    const watched = await desk('/tickets/tk-1041')
    const { page } = watched
    await page.locator('.advice .button').waitFor()
    await page.keyboard.press('?')
    await page.locator('shortcut-dialog input[type=checkbox]').uncheck()
    await page.keyboard.press('Escape')
    await page.keyboard.press('r')
    expect(await page.locator('dialog[open]').count()).toBe(0)
    await done(watched)
  })
})

describe('a receipt that a rule left open', () => {
  it('is decided by a person, with the lines as they really were', async () => {
    const watched = await desk('/tickets/tk-1041', 'en')
    const { page } = watched
    await page.locator('.advice .button').waitFor()
    await page.keyboard.press('d')
    const dialog = page.locator('decide-dialog')
    await dialog.getByLabel('Refund').check()
    await dialog.getByRole('group', { name: 'Mango yoghurt' }).getByRole('button', { name: 'Fewer' }).click()
    await dialog.locator('#decide-send').click()
    await expect
      .poll(() => sent('decide'))
      .toMatchObject([
        {
          decision: 'refund',
          lines: [
            { sku: 'cola', quantity: 1 },
            { sku: 'milk', quantity: 1 },
          ],
        },
      ])
    await done(watched)
  })
})

describe('the evidence of an order', () => {
  it('is read mark by mark with the arrow keys, and as a table', async () => {
    const watched = await desk(`/orders/${ORDER_ID}`, 'en')
    const { page } = watched
    const axis = page.locator('.axis')
    await axis.focus()
    await page.keyboard.press('Home')
    const heard: string[] = []
    for (let index = 0; index < 6; index++) {
      await page.keyboard.press('ArrowRight')
      heard.push((await axis.getAttribute('aria-valuetext')) ?? '')
    }
    expect(heard.join(' ')).toContain('1 cola taken')
    await page.getByRole('button', { name: 'Show as table' }).first().click()
    expect(await page.locator('evidence-axis table').innerText()).toContain('paid a second time')
    await done(watched)
  })
  it('opens a picture, and says of one that it is still at the cabinet', async () => {
    const watched = await desk(`/orders/${ORDER_ID}`, 'en')
    const { page } = watched
    await page.locator('.shot').first().click()
    await page.locator('.viewer-image').waitFor()
    expect(await page.locator('.viewer').getAttribute('open')).not.toBeNull()
    await page.keyboard.press('Escape')
    expect(await page.locator('.shot').last().isEnabled()).toBe(false)
    await done(watched)
  })
})

describe('the setpoint of a cabinet', () => {
  it('is changed in two clicks and shows both values until the cabinet has answered', async () => {
    const watched = await desk('/cabinets/cab-001', 'en')
    const { page } = watched
    const card = page.locator('setpoint-card')
    await card.getByRole('button', { name: 'Half a degree colder' }).click()
    await card.getByRole('button', { name: 'Set 3.5 °C' }).click()
    await expect.poll(() => card.locator('.setpoint-state').innerText()).toContain('on its way')
    expect(await card.locator('.pair').innerText()).toMatch(/3\.5 °C[\s\S]*4\.0 °C/)
    expect(sent('setpoint')).toEqual([{ expectedVersion: 3, setpointDeciCelsius: 35, reason: '' }])
    fake.cabinet = {
      ...fake.cabinet,
      setpoint: aSetpoint({
        state: 'applied',
        desired: 35,
        desiredVersion: 4,
        reported: 35,
        reportedAtMs: NOW_MS,
      }),
    }
    fake.tell({ kind: 'setpoint', subjectId: 'cab-001', cabinetId: 'cab-001' })
    await expect
      .poll(() => card.locator('.setpoint-state').innerText(), { timeout: 2000 })
      .toContain('Applied')
    await done(watched)
  })

  for (const [state, words] of [
    ['rejected', 'refused 3.0 °C'],
    ['queued_offline', 'offline'],
    ['delivered', 'has not applied it yet'],
    ['timed_out', 'No answer'],
    ['superseded', 'Replaced by a newer change'],
    ['drift', 'changed at the cabinet'],
  ] as const)
    it(`says in words what ${state} means, with the value that really holds`, async () => {
      fake.cabinet = {
        ...fake.cabinet,
        setpoint: aSetpoint({
          state,
          desired: 30,
          rejectReason: state === 'rejected' ? 'out_of_range' : null,
        }),
      }
      const watched = await desk('/cabinets/cab-001', 'en')
      const card = watched.page.locator('setpoint-card')
      await card.waitFor()
      expect(await card.locator('.setpoint-state').innerText()).toContain(words)
      expect(await card.locator('.pair').innerText()).toMatch(/3\.0 °C[\s\S]*4\.0 °C/)
      await done(watched)
    })

  it('outside of the range is not sent', async () => {
    const watched = await desk('/cabinets/cab-001', 'en')
    const card = watched.page.locator('setpoint-card')
    await card.locator('#setpoint-input').fill('9')
    await card.locator('#setpoint-input').press('Enter')
    await expect.poll(() => card.locator('#setpoint-input').getAttribute('aria-invalid')).toBe('true')
    expect(sent('setpoint')).toEqual([])
    await done(watched)
  })
})

describe('the connection of the console', () => {
  it('that falls silent is told within five seconds and taken back when it returns', async () => {
    const watched = await desk('/fleet')
    const { page } = watched
    await page.locator('.link-live').waitFor()
    fake.isFeedSilent = true
    const startedMs = performance.now()
    await page.locator('.stale-banner').waitFor({ timeout: 10_000 })
    expect(performance.now() - startedMs).toBeLessThan(6000)
    fake.isFeedSilent = false
    await page.locator('.stale-banner').waitFor({ state: 'detached', timeout: 20_000 })
    await page.context().close()
  })
})

describe('somebody who is not signed in', () => {
  it('signs in and comes to the page that was asked for', async () => {
    fake.isSignedIn = false
    const watched = await desk('/fleet', 'en')
    const { page } = watched
    await page.getByLabel('Name').fill('li')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.getByRole('alert').innerText()).toContain('password is wrong')
    await page.getByLabel('Password').fill('right')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/staff/fleet')
    await page.locator('a.row-link').first().waitFor()
    await page.context().close()
  })
  it('is not led to another site by a link', async () => {
    fake.isSignedIn = false
    const watched = await desk('/login?next=//example.com/x', 'en')
    const { page } = watched
    await page.getByLabel('Name').fill('li')
    await page.getByLabel('Password').fill('right')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/staff/')
    await page.context().close()
  })
})

describe('an order whose weights fit more than one choice of goods', () => {
  it('says how sure the weights are, why, what else it could have been and the difference in money', async () => {
    const watched = await desk(`/orders/${ORDER_ID}`, 'en')
    const lines = watched.page.locator('section.card', { has: watched.page.locator('#card-lines') })
    await lines.locator('.alternatives').waitFor()
    const text = (await lines.innerText()).replaceAll(/\s+/g, ' ')
    expect(text).toContain('84.2 %')
    expect(text).toContain('two mixes fit More than one choice of goods weighs nearly the same.')
    expect(text).toContain('alternatively 1 × Cola −¥13.00 · 11.0 %')
    expect(text).toContain('beam-1.0.0')
    await done(watched)
  })
})

describe('a list', () => {
  it('that is empty says so', async () => {
    fake.mood = 'empty'
    const watched = await desk('/tickets', 'en')
    await watched.page.locator('.blank').waitFor()
    expect(await watched.page.locator('.blank').innerText()).toContain('Nothing is waiting')
    await done(watched)
  })
  it('that cannot be loaded says what happened and tries again when asked', async () => {
    fake.mood = 'broken'
    const watched = await desk('/tickets', 'en')
    const { page } = watched
    await page.locator('.blank[role=alert]').waitFor()
    fake.mood = 'full'
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('a.row-link').first().waitFor()
    await page.context().close()
  })
})

const ROUTES = [
  '/login',
  '/',
  '/tickets',
  '/tasks',
  '/tickets/tk-1041',
  '/tickets/tk-1044',
  '/orders',
  `/orders/${ORDER_ID}`,
  '/approvals',
  '/incidents',
  '/fleet',
  '/cabinets/cab-001',
  '/alarms',
  '/dead-letters',
  '/dead-letters/1',
  '/system',
  '/cabinets/cab-001/delivery',
  '/audit',
  '/help',
] as const

describe('every page', () => {
  beforeEach(() => {
    fake.role = 'manager'
  })
  for (const [language, colorScheme] of [
    ['zh', 'light'],
    ['en', 'dark'],
  ] as const)
    it(`passes axe (${language}, ${colorScheme}), keeps its policy and asks no other host`, async () => {
      const watched = await desk('/help', language, { bypassCSP: true, colorScheme })
      const found: Record<string, string[]> = {}
      for (const route of ROUTES) {
        await open(watched.page, route)
        await watched.page.waitForLoadState('load')
        await watched.page.locator('h1').first().waitFor()
        const violations = await findViolations(watched.page)
        if (violations.length > 0) found[route] = violations
      }
      expect(found).toEqual({})
      await done(watched)
    })

  it('passes axe with its dialogs and menus open', async () => {
    const watched = await desk('/tickets/tk-1041', 'en', { bypassCSP: true })
    const { page } = watched
    const found: Record<string, string[]> = {}
    const look = async (name: string) => {
      const violations = await findViolations(page)
      if (violations.length > 0) found[name] = violations
    }
    await page.locator('.advice .button').click()
    await page.locator('#refund-send:enabled').waitFor()
    await look('refund')
    await page.locator('#refund-send').click()
    await page.locator('#refund-next').waitFor()
    await look('refund done')
    await page.locator('#refund-next').click()
    await page.locator('#resolve-send').waitFor()
    await look('resolve')
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await page.locator('#template-filter').waitFor()
    await look('templates')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Show as table' }).first().click()
    await look('evidence as a table')
    await page.keyboard.press('d')
    await page.locator('#decide-send').waitFor()
    await look('decide')
    await open(page, '/tickets')
    await page.getByRole('button', { name: 'New ticket' }).click()
    await page.locator('new-ticket-dialog dialog[open]').waitFor()
    await look('new ticket')
    await open(page, '/approvals')
    await page.getByRole('button', { name: 'Approve' }).first().click()
    await page.locator('dialog[open]').waitFor()
    await look('approve')
    await open(page, '/cabinets/cab-001')
    await page.getByRole('button', { name: 'Lock the door' }).click()
    await page.locator('dialog[open]').waitFor()
    await look('command')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Calibrate a shelf' }).click()
    await look('calibration')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Take out of service' }).click()
    await look('out of service')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Change' }).first().click()
    await look('selling hours')
    await page.keyboard.press('Escape')
    await page.locator('command-panel summary').first().click()
    await look('the steps of a command')
    expect(found).toEqual({})
    await done(watched)
  })

  it('fits from 320 to 1920 pixels in both languages', async () => {
    const tooWide: string[] = []
    for (const language of ['zh', 'en'] as const) {
      const watched = await desk('/help', language)
      for (const route of ROUTES) {
        await open(watched.page, route)
        await watched.page.waitForLoadState('load')
        for (const width of [320, 375, 768, 1280, 1920]) {
          await watched.page.setViewportSize({ width, height: 900 })
          const pixels = await overflowPixels(watched.page)
          if (pixels > 0) tooWide.push(`${language} ${route} at ${width}: ${pixels}`)
        }
      }
      await done(watched)
    }
    expect(tooWide).toEqual([])
  })

  it('moves the focus to its heading and says its title', async () => {
    const watched = await desk('/', 'en')
    const { page } = watched
    await page.locator('nav.rail a', { hasText: 'Fleet' }).click()
    await page.waitForURL('**/fleet')
    await expect.poll(() => page.title()).toBe('Fleet · Cabinet console')
    await expect.poll(() => page.locator('h1:focus').count()).toBe(1)
    await done(watched)
  })

  it('needs at most 150 KiB of script before the first route shows', () => {
    expect(firstRouteSizes()['staff/index.html']).toBeLessThan(150)
  })
})
