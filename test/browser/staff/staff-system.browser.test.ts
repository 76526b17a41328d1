import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildConsole } from '#scripts/build-console.ts'
import { type RunningSystem, startSystem } from '#scripts/system.ts'
import { SHORT_EDGE_SETTINGS, SHORT_POLICY } from '#test/scenarios/play.ts'
import { putBack, refundsOf, shop, take } from '#test/scenarios/steps.ts'
import { type Consumer, createWorld, type World } from '#test/scenarios/world.ts'
import { DESK, launchBrowser, openWatchedPage, type WatchedPage } from '#test/support/browser.ts'
import { eventually } from '#test/support/eventually.ts'

/** The staff pages over the whole system: simulated cabinet, edge, core, provider, each on its real wire. */
let system: RunningSystem
let world: World
let browser: Browser
let consumer: Consumer
let orderId: string
const dataDir = mkdtempSync(path.join(tmpdir(), 'staff-pages-'))

beforeAll(async () => {
  await buildConsole()
  browser = await launchBrowser()
  system = await startSystem({ dataDir, seed: 1, policy: SHORT_POLICY, edgeSettings: SHORT_EDGE_SETTINGS })
  world = createWorld(system)
  consumer = await world.consumer('王芳')
  const visit = await shop(world, consumer, [
    take('s1', 'fruit-cup'),
    take('s2', 'salad-chicken'),
    take('s4', 'juice-orange'),
    putBack('s4', 'juice-orange'),
  ])
  const order = await consumer.orderIn(visit.session.sessionId, ['paid'], 30_000)
  orderId = order.orderId
  const line = order.lines.find(({ sku }) => sku === 'fruit-cup')
  await consumer.dispute(orderId, {
    reason: 'quality',
    lines: line ? [{ lineId: line.lineId, quantity: 1 }] : [],
    note: '水果杯有酸味',
  })
})
afterAll(async () => {
  await browser?.close()
  await system?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function signedIn(name: string, asked = '/'): Promise<WatchedPage> {
  const watched = await openWatchedPage(
    browser,
    { ...DESK, viewport: { width: 1440, height: 900 }, locale: 'en-GB' },
    system.core.url,
  )
  const { page } = watched
  const account = system.signIns().find((one) => one.name === name)
  await page.goto(`${system.core.url}/staff${asked}`)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(account?.password ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('nav.rail').waitFor()
  // Being asked to sign in is answered with 401, which Chromium logs as an error.
  watched.problems.length = 0
  return watched
}
async function openTicket(page: Page): Promise<void> {
  await page.locator('a.row-link', { hasText: 'Quality or expiry' }).click()
  await page.locator('ticket-thread').waitFor()
}

describe('a consumer says that the fruit cup was off', () => {
  it('the agent sees conversation, evidence and money on one screen', async () => {
    const { page, problems } = await signedIn('agent', '/tickets')
    await openTicket(page)
    expect(await page.locator('.thread').innerText()).toContain('水果杯有酸味')
    await page.locator('.curve').first().waitFor()
    expect(await page.locator('.curve').count()).toBeGreaterThanOrEqual(3)
    await eventually('the pictures', async () => (await page.locator('.shot img').count()) > 0)
    await eventually('a picture that has loaded', () =>
      page
        .locator('.shot img')
        .first()
        .evaluate<boolean, { naturalWidth: number }>((image) => image.naturalWidth > 0),
    )
    await page.getByRole('button', { name: 'Show as table' }).first().click()
    const table = await page.locator('evidence-axis table').innerText()
    expect(table).toContain('Door')
    expect(table).toContain('was paid')
    expect(await page.locator('.bench-money').innerText()).toContain('¥')
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('the agent refunds that line, answers and closes; the money goes back once', async () => {
    const { page, problems } = await signedIn('agent', '/tickets')
    await openTicket(page)
    await page.keyboard.press('r')
    const dialog = page.locator('refund-dialog')
    await dialog.locator('#refund-send:enabled').waitFor()
    await dialog.locator('.amount', { hasText: '¥12.80' }).waitFor()
    await dialog.getByRole('button', { name: 'Refund ¥12.80' }).click()
    await dialog.locator('#refund-next').click()
    await page.locator('#resolve-send:enabled').click()
    // The queue goes on by itself; one key leads back to what was settled.
    await page.locator('.walk-last', { hasText: 'Back to it' }).waitFor()
    await page.keyboard.press('b')
    await page.locator('.outcome').waitFor()
    const refunds = await eventually('the refund in the books of the provider', async () => {
      const found = refundsOf(await world.provider.books(), consumer)
      return found.length > 0 && found
    })
    expect(refunds.map(({ amountFen }) => amountFen)).toEqual([1280])
    // The page follows by itself until the provider has confirmed.
    await page.locator('.ledger', { hasText: 'Refund arrived' }).first().waitFor({ timeout: 15_000 })
    expect(problems).toEqual([])
    await page.context().close()
  })
})

describe('an operator makes a cabinet colder', () => {
  it('in two clicks, and sees it applied within two seconds of the answer', async () => {
    const { page, problems } = await signedIn('operator', `/cabinets/${system.cabinetId}`)
    const card = page.locator('setpoint-card')
    await card.locator('.figure', { hasText: '4.0 °C' }).first().waitFor()
    await card.getByRole('button', { name: 'Half a degree colder' }).click()
    await card.getByRole('button', { name: 'Set 3.5 °C' }).click()
    await eventually('the register of the thermostat read back', async () => {
      const technician = await world.staff('technician')
      const { cabinet } = await technician.cabinet()
      return cabinet.setpoint.reported === 35
    })
    await card.locator('.setpoint-state', { hasText: 'Applied' }).waitFor({ timeout: 2000 })
    expect(problems).toEqual([])
    await page.context().close()
  })
  it('and watches the shelves weigh and the door close while somebody shops', async () => {
    const { page } = await signedIn('operator', `/cabinets/${system.cabinetId}`)
    await page.locator('.badge', { hasText: 'Door closed' }).waitFor()
    const visit = shop(world, await world.consumer(), [take('s4', 'water-550')])
    await page.locator('.badge', { hasText: 'Door open' }).first().waitFor({ timeout: 15_000 })
    await visit
    await page.locator('.badge', { hasText: 'Door closed' }).waitFor({ timeout: 15_000 })
    await page.context().close()
  })
})

describe('the search of the header', () => {
  it('finds an order by its number and opens it', async () => {
    const { page, problems } = await signedIn('lead')
    await page.keyboard.press('s')
    await page.keyboard.type(orderId)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/staff/orders/${orderId}`)
    await page.locator('evidence-axis .curve').first().waitFor()
    expect(problems).toEqual([])
    await page.context().close()
  })
})

describe('somebody who is not signed in', () => {
  const opened = async (asked: string) => {
    const watched = await openWatchedPage(browser, { ...DESK, locale: 'en-GB' }, system.core.url)
    await watched.page.goto(`${system.core.url}/staff${asked}`)
    await watched.page.getByLabel('Name').fill('agent')
    return watched
  }
  const password = () => system.signIns().find(({ name }) => name === 'agent')?.password ?? ''
  it('is told that the password is wrong, and comes with the right one to the page that was asked for', async () => {
    const { page } = await opened('/fleet')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.getByRole('alert').innerText()).toContain('password is wrong')
    await page.getByLabel('Password').fill(password())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/staff/fleet')
    await page.locator('a.row-link').first().waitFor()
    await page.context().close()
  })
  it('is not led to another site by a link', async () => {
    const { page, problems } = await opened('/login?next=//example.com/x')
    await page.getByLabel('Password').fill(password())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/staff/')
    expect(problems.filter((one) => one.includes('another host'))).toEqual([])
    await page.context().close()
  })
})
