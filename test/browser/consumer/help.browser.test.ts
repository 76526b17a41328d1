import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OrderView } from '#protocol/api/consumer.ts'
import { buildConsole } from '#scripts/build-console.ts'
import { DEMO_CABINET, type RunningSystem, startSystem } from '#scripts/system.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import { type Consumer, createWorld, type World } from '#test/scenarios/world.ts'
import { launchBrowser } from '#test/support/browser.ts'
import { createPhones, fieldsOf, type Phones } from './phones.ts'

/** Help where somebody stands, in a real browser at a real cabinet. */
const CABINET = `/c/${DEMO_CABINET}`
const HELP = `${CABINET}/help`
let browser: Browser
let dataDir: string
let system: RunningSystem
let world: World
let url: string
let phoneOf: Phones['phoneOf']
let faultsOf: Phones['faultsOf']
/** Has bought a latte here. */
let buyer: Consumer
let order: OrderView

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'vc-help-'))
  await buildConsole()
  system = await startSystem({ dataDir })
  ;({ url } = system.core)
  world = createWorld(system)
  browser = await launchBrowser()
  ;({ phoneOf, faultsOf } = createPhones(browser, url))
  buyer = await world.consumer('Anna')
  const { session } = await shop(world, buyer, [take('s3', 'coffee-latte')])
  order = await buyer.orderIn(session.sessionId, ['paid'])
}, 240_000)
afterAll(async () => {
  await browser?.close()
  await system?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Taps are counted; nothing is typed. */
function thumbOn(page: Page) {
  let taps = 0
  return {
    tap: async (selector: string) => {
      taps++
      await page.locator(selector).first().tap()
    },
    taps: () => taps,
  }
}
const kind = (name: string) => `label:has([value="${name}"])`

describe.each(['zh', 'en'] as const)('somebody at a cabinet without an order, in %s', (language) => {
  it('has asked after three taps, from the page that the code opens, with nothing typed', async () => {
    const { page, problems, posts } = await phoneOf(buyer, language)
    const { tap, taps } = thumbOn(page)
    await page.goto(url + CABINET)
    await tap('[data-help]')
    await page.waitForURL(`**${HELP}`)
    await tap(kind(language === 'zh' ? 'door_shut' : 'goods'))
    await tap('button[type="submit"]')
    await page.waitForURL('**/d/**')
    expect(taps()).toBe(3)
    expect(fieldsOf(posts.at(-1))['text']).toBe('')
    const answer = await page.locator('main').innerText()
    expect(answer).toContain(language === 'zh' ? '门打不开' : 'Goods fell or are stuck')
    expect(answer).toContain(language === 'zh' ? '人工核对中' : 'A person is looking at it')
    expect(problems).toEqual([])
    await page.context().close()
  })
})

describe('the page of help at a cabinet', () => {
  it('shows what is known first: how the cabinet is, the last visit, and what usually helps with the kind that is tapped', async () => {
    const { page } = await phoneOf(buyer, 'en')
    await page.goto(url + HELP)
    expect(await page.locator('#status').innerText()).toContain('Open for you')
    expect(await page.locator('#visit').innerText()).toContain('1 item, ¥12.00')
    expect(await page.locator(`#visit a[href="/o/${order.orderId}/dispute"]`).count()).toBe(1)
    const answer = page.locator('.for-door_shut')
    expect(await answer.isVisible()).toBe(false)
    await page.locator(kind('door_shut')).tap()
    expect(await answer.isVisible()).toBe(true)
    expect(await page.locator('.for-food').first().isVisible()).toBe(false)
    await page.locator(kind('danger')).tap()
    expect(await page.locator('.for-danger a[href^="tel:"]').isVisible()).toBe(true)
    expect(await answer.isVisible()).toBe(false)
    await page.context().close()
  })
  it('takes a question about food with the purchase chosen already', async () => {
    const { page, posts } = await phoneOf(buyer, 'en')
    await page.goto(url + HELP)
    await page.locator(kind('food')).tap()
    await page.locator(kind('spoiled')).tap()
    await page.getByRole('button', { name: 'Send to support' }).tap()
    await page.waitForURL('**/d/**')
    expect(fieldsOf(posts.at(-1))).toMatchObject({ kind: 'food', problem: 'spoiled', order: order.orderId })
    await page.context().close()
  })
  it('sends a photograph with the question, also when the line drops once', async () => {
    const taken = await sharp({ create: { width: 3000, height: 2000, channels: 3, background: '#a33' } })
      .jpeg()
      .toBuffer()
    const { page, problems } = await phoneOf(buyer, 'en')
    await page.goto(url + HELP)
    await page.locator(kind('other')).tap()
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.locator('label', { hasText: 'Add a picture' }).tap(),
    ])
    await chooser.setFiles({ name: 'IMG_0001.jpg', mimeType: 'image/jpeg', buffer: taken })
    await page.getByText('Pictures to send: 1').waitFor()
    await page.route('**/pictures?*', (route) => route.abort(), { times: 1 })
    await page.getByRole('button', { name: 'Send to support' }).tap()
    await page.waitForURL('**/d/**')
    await page.getByRole('img', { name: 'Your picture 1' }).waitFor()
    expect(problems.filter((problem) => !problem.includes('ERR_FAILED'))).toEqual([])
    const ticketId = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    await page.context().close()
    const [picture] = (await (await world.staff('agent')).ticket(ticketId)).pictures
    expect(picture).toMatchObject({ from: 'consumer', widthPixels: 1600 })
  })
  it('leads somebody whom nobody knows to the payment app, and says why before they leave', async () => {
    const { page } = await phoneOf(undefined, 'en')
    await page.goto(url + HELP)
    expect(await page.locator('.action').innerText()).toContain('Your payment app then confirms')
    await page.locator(kind('page')).tap()
    await page.getByRole('button', { name: 'Send to support' }).tap()
    await page.getByRole('heading', { name: 'So that the answer finds you' }).waitFor()
    const link = await page.getByRole('link', { name: 'Continue to the payment app' }).getAttribute('href')
    expect(link).toContain('apply_permissions_token')
    await page.context().close()
  })
})

describe('help without JavaScript', () => {
  it('reads, searches, and takes a question by a plain form', async () => {
    const { page } = await phoneOf(buyer, 'en', { javaScriptEnabled: false })
    await page.goto(`${url}/help`)
    await page.getByRole('searchbox').fill('refund')
    await page.getByRole('button', { name: 'Search' }).tap()
    await page.waitForURL('**/help?q=refund')
    await page.getByText('Refunds: when, how').tap()
    expect(await page.locator('#refunds .article').isVisible()).toBe(true)
    await page.goto(url + HELP)
    await page.locator(kind('prices')).tap()
    await page.getByRole('textbox').fill('Is the second can cheaper?')
    await page.getByRole('button', { name: 'Send to support' }).tap()
    await page.waitForURL('**/d/**')
    expect(await page.locator('main').innerText()).toContain('Is the second can cheaper?')
    await page.context().close()
  })
})

describe('every state of help, in both languages, light and dark, and on a narrow phone', () => {
  it('has no violation that axe finds, fits 320 pixels, and breaks no rule of the content policy', async () => {
    const faults = [
      ...(await faultsOf(undefined, [HELP])),
      ...(await faultsOf(buyer, [
        HELP,
        `${HELP}?kind=food`,
        `${HELP}?kind=danger`,
        `${HELP}?refused=too_many_questions`,
        '/help',
        '/help?q=refund',
        '/help?q=zzzz',
        '/help/refunds',
        CABINET,
        `${CABINET}/code`,
        '/orders',
      ])),
    ]
    expect(faults).toEqual([])
  })
})
